//! `omnigate simulate modem`: a GSM terminal on a pseudo-terminal, or behind a TCP port.

use super::{Operator, flags};
use crate::clock::SystemClock;
use crate::config::Period;
use ::modem::simulator::{ModemCommand, ModemOptions, ModemSimulator, modem_faults};
use anyhow::Context as _;
use async_trait::async_trait;
use domain::language::Language;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// `simulate modem`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  omnigate simulate modem --path modem0 --receipts\n  \
                  omnigate simulate modem --pin 1234 --fault chatter\n  \
                  omnigate simulate modem --listen 127.0.0.1:7000 --fault no-answer-every=10\n\n\
                  Orders: {\"do\":\"mo\",\"from\":\"46701234567\",\"text\":\"hej\"}, {\"do\":\"faults\",\"faults\":{\"no_network\":true}}, \
                  {\"do\":\"unplug\"}, {\"do\":\"plug\"}, {\"do\":\"restart\"}, {\"do\":\"ring\"}.\n\
                  Faults: deaf, no_answer_every, no_prompt_every, status (+CMS ERROR), status_every, chatter, restart_every, \
                  no_network, signal (0-31), no_sim, full, drip (ms), delay (ms).")]
pub struct Modem {
    /// A lasting name for the pseudo-terminal: a link that is made anew when the modem is plugged in
    #[arg(long, value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Listen here like a terminal server, instead of a pseudo-terminal; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The SIM asks for this PIN, and locks after three wrong ones
    #[arg(long)]
    pub pin: Option<String>,
    /// What the modem says its make is
    #[arg(long, default_value = "Omnigate", value_name = "NAME")]
    pub maker: String,
    /// Messages that its memory holds
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub memory: u16,
    /// How long the network takes to take a message: 20ms, 3s
    #[arg(long, default_value = "20ms")]
    pub delay: Period,
    /// Send status reports for messages that ask for them
    #[arg(long)]
    pub receipts: bool,
    /// How long after a message its report comes
    #[arg(long, default_value = "100ms")]
    pub receipt_delay: Period,
    /// Every so many messages are not delivered; 0 = none
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub fail_every: u64,
    /// Hand messages over directly (+CMT, +CDS) instead of storing them
    #[arg(long)]
    pub direct: bool,
    /// Misbehave (see below); may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = fault)]
    pub fault: Vec<flags::Fault>,
    /// Write every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// Plugs it in.
///
/// # Errors
/// Flags that fit no fault; a pseudo-terminal, link, port or journal that cannot be had.
pub(super) async fn start(args: &Modem) -> anyhow::Result<Box<dyn Operator>> {
    let options = options(args)?;
    let simulator = ModemSimulator::start(options, Arc::new(SystemClock::default())).await;
    Ok(Box::new(simulator.context("the modem cannot be plugged in")?))
}

/// A fault of a modem.
fn fault(text: &str) -> Result<flags::Fault, String> {
    flags::checked(text, |one| modem_faults(one).map(drop).map_err(|e| e.to_string()))
}

fn options(args: &Modem) -> anyhow::Result<ModemOptions> {
    Ok(ModemOptions {
        path: args.path.clone(),
        tcp: args.listen.clone(),
        pin: args.pin.clone(),
        maker: args.maker.clone(),
        memory: args.memory,
        delay: args.delay.0,
        receipts: args.receipts.then_some(args.receipt_delay.0),
        fail_every: args.fail_every,
        direct: args.direct,
        journal: args.journal.clone(),
        faults: modem_faults(&flags::together(&args.fault))?,
    })
}

#[async_trait]
impl Operator for ModemSimulator {
    fn place(&self) -> String {
        self.port()
    }

    fn obey(&self, order: &str) -> Result<(), String> {
        let command = ModemCommand::parse(order).map_err(|e| e.to_string())?;
        if self.command(command) { Ok(()) } else { Err("too many orders wait".to_owned()) }
    }

    fn status(&self, language: Language) -> String {
        let stats = self.stats();
        language
            .pick(
                "{s} mottagna, {r} kvitton och {m} svar hämtade, {k} i minnet",
                "{s} taken, {r} reports and {m} messages of phones fetched, {k} in the memory",
            )
            .replace("{s}", &stats.accepted.to_string())
            .replace("{r}", &stats.receipts.to_string())
            .replace("{m}", &stats.mos.to_string())
            .replace("{k}", &stats.stored.to_string())
    }

    fn seen(&self) -> Value {
        let stats = self.stats();
        json!({
            "submits": stats.submits, "accepted": stats.accepted, "receipts": stats.receipts, "mos": stats.mos,
            "pins": stats.pins, "stored": stats.stored, "device": self.device(),
        })
    }

    async fn stop(self: Box<Self>) {
        ModemSimulator::stop(*self).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn flags_become_options() {
        let read = |flags: &[&str]| {
            let cli = crate::cli::Cli::try_parse_from(["omnigate", "simulate", "modem"].iter().chain(flags))
                .ok()?;
            match cli.command {
                crate::cli::Command::Simulate(crate::command::simulate::Args::Modem(args)) => {
                    options(&args).ok()
                }
                _ => None,
            }
        };
        let options = read(&["--receipts", "--pin", "1234", "--fault", "status=38", "--fault", "chatter"])
            .expect("options");
        assert_eq!(
            (options.faults.status, options.faults.chatter, options.pin.as_deref()),
            (Some(38), true, Some("1234"))
        );
        assert!(options.receipts.is_some() && read(&["--fault", "daef"]).is_none());
    }
}
