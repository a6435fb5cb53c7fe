//! `omnigate simulate tap`: a paging central that speaks TAP 1.8, on TCP and behind a modem.

use super::flags;
use super::line::LineFlags;
use crate::config::Period;
use ::modem::simulator::{CentralOptions, SERVICE};
use ::modem::tap::codec::Charset;
use clap::ValueEnum;
use rehearsal::SimulatorOptions;
use secrecy::SecretString;
use std::path::PathBuf;

/// What the central's seven bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CharsetFlag {
    /// ASCII
    Ascii,
    /// The Swedish form of ISO 646: å is }
    #[value(name = "646-se")]
    Swedish,
}

/// `simulate tap`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  omnigate simulate tap --modem modem0
  omnigate simulate tap --listen 127.0.0.1:0 --password 000000 \\
      --journal central.jsonl
  omnigate simulate tap --modem modem0 --line-fault busy_every=2 --fault nack_every=5

In omnigate.toml:
  port = \"modem0\" and dial = [\"08-123 45 67\"]   (every number leads here)
  hosts = [\"127.0.0.1:4001\"]

Orders:
  {\"do\":\"faults\",\"faults\":{\"status\":511}}, {\"do\":\"drop\"}, {\"do\":\"unbind\"} (113, then ESC EOT), {\"do\":\"line\",\"faults\":{\"busy\":true}}, {\"do\":\"hang_up\"}

Faults:
  status (511, 113, 516, ..; 4 = ESC EOT, 21 = NAK, 30 = RS alone), status_every, no_answer, no_answer_every, reply_delay (ms), nack_every, damage_every, wrong_command_every (ID=), empty_every (ACK alone), unknown_every, drop_every, garbage_every, half_open, refuse, bind_status (509), no_bind_answer, throttle (512), drip (ms)

Line faults:
  busy, busy_every, busy_number, no_carrier, no_dial_tone, no_answer, deaf, drop_after (octets), drop_every, noise, ring (ms)")]
pub struct Tap {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4001")]
    pub listen: String,
    /// The modem in front of it
    #[command(flatten)]
    pub line: LineFlags,
    /// The password of the log-on; any when none is given
    #[arg(long)]
    pub password: Option<String>,
    /// What its seven bits mean
    #[arg(long, value_enum, default_value = "ascii")]
    pub charset: CharsetFlag,
    /// How long it thinks before it answers a page: 20ms, 1s
    #[arg(long, default_value = "0ms")]
    pub delay: Period,
    /// Misbehave (see below); may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = flags::fault)]
    pub fault: Vec<flags::Fault>,
    /// Misbehave later: after so long, these faults as JSON and no others: 10s:{"status":516}
    #[arg(long, value_name = "AFTER:FAULTS", value_parser = flags::later)]
    pub later: Vec<flags::Later>,
    /// Write every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// What the flags say.
///
/// # Errors
/// Flags that fit no fault.
pub(super) fn central(args: &Tap) -> anyhow::Result<CentralOptions> {
    let password = args.password.iter();
    let common = SimulatorOptions {
        listen: args.listen.clone(),
        accounts: password.map(|word| (SERVICE.to_owned(), SecretString::from(word.as_str()))).collect(),
        reply_delay: args.delay.0,
        receipts: None,
        journal: args.journal.clone(),
        faults: rehearsal::faults(&flags::together(&args.fault))?,
        schedule: args.later.clone(),
        ..SimulatorOptions::default()
    };
    let charset = match args.charset {
        CharsetFlag::Ascii => Charset::Ascii,
        CharsetFlag::Swedish => Charset::Swedish,
    };
    Ok(CentralOptions { common, charset })
}
