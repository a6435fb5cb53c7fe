//! `omnigate simulate`: an operator for rehearsals, run until told to stop. One file a protocol; what all of them share is here.
//!
//! While it runs it takes orders as JSON lines on standard input: `{"do":"mo","from":"46701234567","to":"71234","text":"hej"}`,
//! `{"do":"faults","faults":{"throttle":true}}`, `{"do":"drop"}` and what else its protocol knows. The end of standard input ends nothing.

mod cimd2;
mod flags;
mod http;
mod line;
mod modem;
mod smpp;
mod tap;
mod ucp;

pub use cimd2::Cimd2;
pub use flags::Flags;
pub use http::Http;
pub use modem::Modem;
pub use smpp::Smpp;
pub use tap::Tap;
pub use ucp::Ucp;

use crate::clock::SystemClock;
use crate::command::context::{Context, print};
use crate::command::{block_on, exit};
use crate::platform::{Asked, Signals};
use crate::swedish;
use anyhow::Context as _;
use async_trait::async_trait;
use clap::Subcommand;
use domain::language::Language;
use indicatif::ProgressBar;
use rehearsal::Simulator;
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Be an operator.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// Be an SMSC that speaks SMPP: takes binds and messages, sends receipts and messages from phones, misbehaves on request
    Smpp(Box<Smpp>),
    /// Be an SMS centre that speaks EMI/UCP: the same, by another protocol
    Ucp(Box<Ucp>),
    /// Be a GSM terminal on a pseudo-terminal: takes messages by AT commands, sends reports and messages from phones, misbehaves on request
    Modem(Box<Modem>),
    /// Be an SMS centre that speaks CIMD2: the same, by another protocol
    Cimd2(Box<Cimd2>),
    /// Be a paging central that speaks TAP, on TCP and behind a modem that calls it: takes pages, misbehaves on request
    Tap(Box<Tap>),
    /// Be an operator that is reached by HTTP, in the shape of one whose profile is shipped
    Http(Box<Http>),
}

/// A simulated operator that runs.
#[async_trait]
trait Operator: Send + Sync {
    /// Where it is to be found: an address, or the name of a device.
    fn place(&self) -> String;

    /// Obeys an order, one line of JSON.
    fn obey(&self, order: &str) -> Result<(), String>;

    /// What it has seen, in a line for people.
    fn status(&self, language: Language) -> String;

    /// The same for programs.
    fn seen(&self) -> Value;

    /// Stops.
    async fn stop(self: Box<Self>);
}

/// Runs until SIGINT, SIGTERM or the end of `--for`.
///
/// # Errors
/// Flags that fit no fault; an address or a journal that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let (json, language) = (context.json, context.language(None));
    match args {
        Args::Smpp(args) => {
            let options = smpp::options(args)?;
            block_on(async move {
                let operator = listening(options, &args.listen).await?;
                rehearse(operator, args.flags.seconds, json, language).await
            })
        }
        Args::Ucp(args) => {
            let centre = ucp::centre(args)?;
            block_on(async move {
                let operator = simulator(centre, &args.listen).await?;
                let operator = line::with_modem(&args.line, args.flags.journal.as_ref(), operator).await?;
                rehearse(operator, args.flags.seconds, json, language).await
            })
        }
        Args::Tap(args) => {
            let central = tap::central(args)?;
            block_on(async move {
                let operator = simulator(central, &args.listen).await?;
                let operator = line::with_modem(&args.line, args.journal.as_ref(), operator).await?;
                rehearse(operator, args.seconds, json, language).await
            })
        }
        Args::Modem(args) => block_on(async move {
            let operator = modem::start(args).await?;
            rehearse(operator, args.seconds, json, language).await
        }),
        Args::Http(args) => block_on(async move {
            let operator = http::start(args).await?;
            rehearse(operator, args.seconds, json, language).await
        }),
        Args::Cimd2(args) => {
            let options = cimd2::options(args)?;
            block_on(async move {
                let operator = listening(options, &args.listen).await?;
                rehearse(operator, args.flags.seconds, json, language).await
            })
        }
    }
}

async fn rehearse(
    operator: Box<dyn Operator>,
    seconds: Option<u64>,
    json: bool,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let place = operator.place();
    if json {
        print(&format!("{}\n", json!({ "listening": place })))?;
    } else {
        let hint = language.pick("avsluta med Ctrl-C", "Ctrl-C ends it");
        print(&format!(
            "{} {place} ({hint})\n",
            language.pick("Operatören lyssnar på", "The operator listens on")
        ))?;
    }
    let line = status_line();
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    let mut listening = true;
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let end = tokio::time::sleep(seconds.map_or(Duration::MAX / 4, Duration::from_secs));
    tokio::pin!(end);
    loop {
        tokio::select! {
            asked = signals.next() => if asked == Asked::Stop { break },
            () = &mut end => break,
            order = orders.next_line(), if listening => match order {
                Ok(Some(order)) => obey(operator.as_ref(), &order, language),
                Ok(None) | Err(_) => listening = false,
            },
            _ = tick.tick() => line.set_message(operator.status(language)),
        }
    }
    line.finish_and_clear();
    let last = if json { operator.seen().to_string() } else { operator.status(language) };
    operator.stop().await;
    print(&format!("{last}\n"))?;
    Ok(exit(true))
}

fn obey(operator: &dyn Operator, order: &str, language: Language) {
    if !order.trim().is_empty()
        && let Err(error) = operator.obey(order)
    {
        eprintln!("{}", swedish::said(&error, language));
    }
}

/// A line that shows what happens; only on a terminal.
fn status_line() -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}

/// What the simulated operators of session protocols share is in the rehearsal crate, whatever they speak.
#[async_trait]
impl Operator for Simulator {
    fn place(&self) -> String {
        self.address().to_string()
    }

    fn obey(&self, order: &str) -> Result<(), String> {
        rehearsal::Command::parse(order).map(|command| self.command(command)).map_err(|e| e.to_string())
    }

    fn status(&self, language: Language) -> String {
        let stats = self.stats();
        language
            .pick("{b} inloggade, {s} mottagna, {r} kvitton, {m} svar, {f} avvisade av oss, {w} samtidigt som mest", "{b} bound, {s} taken, {r} receipts, {m} from phones, {f} not taken by the gateway, {w} unanswered at most")
            .replace("{b}", &stats.bound.to_string())
            .replace("{s}", &stats.accepted.to_string())
            .replace("{r}", &stats.receipts.to_string())
            .replace("{m}", &stats.mos.to_string())
            .replace("{f}", &stats.refused_deliveries.to_string())
            .replace("{w}", &stats.most_unanswered.to_string())
    }

    fn seen(&self) -> Value {
        let stats = self.stats();
        json!({
            "connections": stats.connections, "binds": stats.binds, "bind_tries": stats.bind_tries, "submits": stats.submits,
            "accepted": stats.accepted, "receipts": stats.receipts, "mos": stats.mos,
            "refused_deliveries": stats.refused_deliveries, "enquiries": stats.enquiries, "bad_pdus": stats.bad_pdus,
            "most_unanswered": stats.most_unanswered, "most_in_a_second": stats.most_in_a_second,
        })
    }

    async fn stop(self: Box<Self>) {
        Simulator::stop(*self).await;
    }
}

/// Starts one of them where its flags say.
async fn listening<O: rehearsal::Operator>(operator: O, listen: &str) -> anyhow::Result<Box<dyn Operator>> {
    Ok(Box::new(simulator(operator, listen).await?))
}

async fn simulator<O: rehearsal::Operator>(operator: O, listen: &str) -> anyhow::Result<Simulator> {
    let simulator = Simulator::start(operator, Arc::new(SystemClock::default())).await;
    simulator.with_context(|| {
        format!("the operator cannot listen on {listen} (is the port taken? 0 takes a free one)")
    })
}
