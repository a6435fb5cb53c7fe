//! `omnigate simulate smpp`: an operator for rehearsals, run until told to stop.
//!
//! While it runs it takes orders as JSON lines on standard input: `{"do":"mo","from":"46701234567","to":"71234","text":"hej"}`,
//! `{"do":"faults","faults":{"throttle":true}}`, `{"do":"unbind"}`, `{"do":"drop"}`. The end of standard input ends nothing.

use crate::clock::SystemClock;
use crate::command::context::{Context, print};
use crate::command::{block_on, exit};
use crate::config::Period;
use crate::platform::{Asked, Signals};
use anyhow::{Context as _, anyhow, bail};
use clap::{Subcommand, ValueEnum};
use domain::language::Language;
use indicatif::ProgressBar;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use smpp::simulator::{
    Command, Faults, IdForm, MoOptions, ReceiptForm, ReceiptIdForm, ReceiptOptions, Simulator,
    SimulatorOptions, Stats, faults,
};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Be an operator.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// Be an SMSC that speaks SMPP: takes binds and messages, sends receipts and messages from phones, misbehaves on request
    Smpp(Box<Smpp>),
}

/// `simulate smpp`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  omnigate simulate smpp --receipts\n  \
                  omnigate simulate smpp --listen 127.0.0.1:0 --receipts --receipt-delay 2s --journal operator.jsonl\n  \
                  omnigate simulate smpp --fault throttle_every=10 --fault drop_every=1000\n\n\
                  Faults: throttle, throttle_every, status, status_every, no_answer, no_answer_every, reply_delay (ms),\n\
                  duplicate_every, unknown_every, nack_every, wrong_command_every, empty_every, out_of_order, drop_every,\n\
                  garbage_every, half_open, refuse, bind_status, no_bind_answer, deaf, drip (ms), congestion.")]
pub struct Smpp {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:2775")]
    pub listen: String,
    /// Who may bind; anybody when none is given
    #[arg(long, value_name = "NAME:PASSWORD")]
    pub account: Vec<String>,
    /// Binds that one name may have at a time; 0 = any number
    #[arg(long, default_value_t = 0)]
    pub max_binds: usize,
    /// How long it thinks before it answers a message: 20ms, 1s
    #[arg(long, default_value = "0ms")]
    pub delay: Period,
    /// Send receipts for messages that ask for them
    #[arg(long)]
    pub receipts: bool,
    /// How long after its reply a message's receipt comes
    #[arg(long, default_value = "100ms")]
    pub receipt_delay: Period,
    /// Where the facts of a receipt stand
    #[arg(long, value_enum, default_value = "both")]
    pub receipt_form: Form,
    /// How the message id is spelled in a receipt
    #[arg(long, value_enum, default_value = "same")]
    pub receipt_id: Spelling,
    /// Every so many messages fail (UNDELIV); 0 = none
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub fail_every: u64,
    /// Send each receipt twice
    #[arg(long)]
    pub duplicate_receipts: bool,
    /// Send the receipt before the reply to the message
    #[arg(long)]
    pub receipt_before_reply: bool,
    /// The form of message ids; by default the one that the receipts' spelling starts from
    #[arg(long, value_enum)]
    pub id_form: Option<Ids>,
    /// Phones answer each message with the same text
    #[arg(long)]
    pub echo: bool,
    /// Phones send so many messages a second by themselves
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub mo_rate: u32,
    /// The number that they send to
    #[arg(long, default_value = "71234", value_name = "NUMBER")]
    pub mo_to: String,
    /// What they say; {n} becomes the number of the message
    #[arg(long, default_value = "Hej {n}", value_name = "TEXT")]
    pub mo_text: String,
    /// Messages and receipts that may wait for the gateway's answer, per session
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub deliver_window: usize,
    /// How long until what the gateway did not take is delivered again
    #[arg(long, default_value = "1s")]
    pub retry_after: Period,
    /// Misbehave (see below); may be given several times
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub fault: Vec<String>,
    /// Misbehave later: after so long, these faults as JSON and no others: 10s:{"throttle":true}
    #[arg(long, value_name = "AFTER:FAULTS")]
    pub later: Vec<String>,
    /// Write every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// See [`ReceiptForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// In the text alone
    Text,
    /// In optional parameters alone
    Parameters,
    /// In both
    Both,
}

/// See [`ReceiptIdForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spelling {
    /// As in the reply
    Same,
    /// A decimal id in hexadecimal
    Hex,
    /// A hexadecimal id in decimal
    Decimal,
    /// With leading zeros
    Padded,
    /// In capitals
    Capitals,
}

/// See [`IdForm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ids {
    /// 1700000000123
    Decimal,
    /// 18bcfe5687b
    Hex,
    /// 0018bcfe-687b-4000-8000-9e3779b97f4a
    Uuid,
}

/// Runs until SIGINT, SIGTERM or the end of `--for`.
///
/// # Errors
/// Flags that fit no fault; an address or a journal that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let Args::Smpp(args) = args;
    let options = options(args)?;
    block_on(rehearse(options, args.seconds, context.json, context.language(None)))
}

async fn rehearse(
    options: SimulatorOptions,
    seconds: Option<u64>,
    json: bool,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let listen = options.listen.clone();
    let simulator = Simulator::start(options, Arc::new(SystemClock::default())).await.with_context(|| {
        format!("the operator cannot listen on {listen} (is the port taken? 0 takes a free one)")
    })?;
    let address = simulator.address();
    if json {
        print(&format!("{}\n", json!({ "listening": address.to_string() })))?;
    } else {
        let hint = language.pick("avsluta med Ctrl-C", "Ctrl-C ends it");
        print(&format!(
            "{} {address} ({hint})\n",
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
                Ok(Some(order)) => obey(&simulator, &order),
                Ok(None) | Err(_) => listening = false,
            },
            _ = tick.tick() => line.set_message(status(&simulator.stats(), language)),
        }
    }
    line.finish_and_clear();
    let stats = simulator.stats();
    simulator.stop().await;
    if json {
        print(&format!("{}\n", as_json(&stats)))?;
    } else {
        print(&format!("{}\n", status(&stats, language)))?;
    }
    Ok(exit(true))
}

fn obey(simulator: &Simulator, order: &str) {
    if order.trim().is_empty() {
        return;
    }
    match Command::parse(order) {
        Ok(command) => simulator.command(command),
        Err(error) => eprintln!("{error}"),
    }
}

/// A line that shows what happens; only on a terminal.
fn status_line() -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}

fn status(stats: &Stats, language: Language) -> String {
    language
        .pick("{b} inloggade, {s} mottagna, {r} kvitton, {m} svar, {f} avvisade av oss, {w} samtidigt som mest", "{b} bound, {s} taken, {r} receipts, {m} from phones, {f} not taken by the gateway, {w} unanswered at most")
        .replace("{b}", &stats.bound.to_string())
        .replace("{s}", &stats.accepted.to_string())
        .replace("{r}", &stats.receipts.to_string())
        .replace("{m}", &stats.mos.to_string())
        .replace("{f}", &stats.refused_deliveries.to_string())
        .replace("{w}", &stats.most_unanswered.to_string())
}

fn as_json(stats: &Stats) -> Value {
    json!({
        "connections": stats.connections, "binds": stats.binds, "bind_tries": stats.bind_tries, "submits": stats.submits,
        "accepted": stats.accepted, "receipts": stats.receipts, "mos": stats.mos,
        "refused_deliveries": stats.refused_deliveries, "enquiries": stats.enquiries, "bad_pdus": stats.bad_pdus,
        "most_unanswered": stats.most_unanswered, "most_in_a_second": stats.most_in_a_second,
    })
}

fn options(args: &Smpp) -> anyhow::Result<SimulatorOptions> {
    let accounts = args.account.iter().map(|account| {
        let (name, password) =
            account.split_once(':').ok_or_else(|| anyhow!("--account {account:?}: NAME:PASSWORD"))?;
        Ok((name.to_owned(), SecretString::from(password)))
    });
    // A decimal spelling of an id starts from a hexadecimal one.
    let id_form = args.id_form.unwrap_or(match args.receipt_id {
        Spelling::Decimal | Spelling::Capitals => Ids::Hex,
        _ => Ids::Decimal,
    });
    let mo = (args.mo_rate > 0).then(|| MoOptions {
        rate: args.mo_rate,
        from: 46_701_000_000,
        to: args.mo_to.clone(),
        text: args.mo_text.clone(),
    });
    Ok(SimulatorOptions {
        listen: args.listen.clone(),
        accounts: accounts.collect::<anyhow::Result<_>>()?,
        max_binds: args.max_binds,
        id_form: match id_form {
            Ids::Decimal => IdForm::Decimal,
            Ids::Hex => IdForm::Hex,
            Ids::Uuid => IdForm::Uuid,
        },
        reply_delay: args.delay.0,
        receipts: args.receipts.then(|| receipts(args)),
        mo,
        echo: args.echo,
        deliver_window: args.deliver_window.max(1),
        retry_after: args.retry_after.0,
        journal: args.journal.clone(),
        faults: named_faults(&args.fault)?,
        schedule: args.later.iter().map(|text| scheduled(text)).collect::<anyhow::Result<_>>()?,
        ..SimulatorOptions::default()
    })
}

fn receipts(args: &Smpp) -> ReceiptOptions {
    ReceiptOptions {
        delay: args.receipt_delay.0,
        form: match args.receipt_form {
            Form::Text => ReceiptForm::Text,
            Form::Parameters => ReceiptForm::Parameters,
            Form::Both => ReceiptForm::Both,
        },
        id_form: match args.receipt_id {
            Spelling::Same => ReceiptIdForm::Same,
            Spelling::Hex => ReceiptIdForm::Hex,
            Spelling::Decimal => ReceiptIdForm::Decimal,
            Spelling::Padded => ReceiptIdForm::Padded,
            Spelling::Capitals => ReceiptIdForm::Capitals,
        },
        fail_every: args.fail_every,
        copies: if args.duplicate_receipts { 2 } else { 1 },
        before_reply: args.receipt_before_reply,
    }
}

/// `throttle`, `drop_every=10`, `drop-every=10`.
fn named_faults(given: &[String]) -> anyhow::Result<Faults> {
    let mut named = Map::new();
    for text in given {
        let (name, value) =
            text.split_once('=').map_or((text.as_str(), Value::Bool(true)), |(name, value)| {
                (name, value.parse::<u64>().map_or_else(|_| Value::Bool(value == "true"), Value::from))
            });
        named.insert(name.replace('-', "_"), value);
    }
    faults(&Value::Object(named)).map_err(|e| anyhow!("--fault: {e}"))
}

/// `10s:{"throttle":true}`
fn scheduled(text: &str) -> anyhow::Result<(Duration, Faults)> {
    let Some((after, rest)) = text.split_once(':') else {
        bail!("--later {text:?}: AFTER:FAULTS, as 10s:{{\"throttle\":true}}")
    };
    let after: Period = after.parse().map_err(|e: String| anyhow!("--later {text:?}: {e}"))?;
    let value: Value = serde_json::from_str(rest).with_context(|| format!("--later {text:?}"))?;
    Ok((after.0, faults(&value).map_err(|e| anyhow!("--later: {e}"))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command as Verb};
    use clap::Parser as _;

    fn read(flags: &[&str]) -> anyhow::Result<SimulatorOptions> {
        let cli = Cli::try_parse_from(["omnigate", "simulate", "smpp"].iter().chain(flags))?;
        match cli.command {
            Verb::Simulate(Args::Smpp(args)) => options(&args),
            other => bail!("{other:?}"),
        }
    }

    #[test]
    fn flags_become_options() {
        let options =
            read(&["--receipts", "--delay", "20ms", "--receipt-id", "decimal", "--duplicate-receipts"])
                .expect("options");
        let receipts = options.receipts.expect("receipts");
        assert_eq!((options.reply_delay, options.id_form), (Duration::from_millis(20), IdForm::Hex));
        assert_eq!((receipts.copies, receipts.id_form), (2, ReceiptIdForm::Decimal));
        assert!(read(&[]).expect("options").receipts.is_none());
    }

    #[test]
    fn faults_by_name() {
        let options =
            read(&["--fault", "throttle", "--fault", "drop-every=7", "--later", "2s:{\"deaf\":true}"])
                .expect("options");
        assert!(options.faults.throttle && options.faults.drop_every == 7);
        assert!(options.schedule.iter().any(|(at, faults)| *at == Duration::from_secs(2) && faults.deaf));
        for bad in [["--fault", "thortle"], ["--later", "soon"], ["--account", "nocolon"], ["--delay", "x"]] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
    }
}
