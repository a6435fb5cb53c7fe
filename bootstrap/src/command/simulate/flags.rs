//! The flags that simulated operators of all session protocols share, and what they become.

use crate::config::Period;
use anyhow::{Context as _, anyhow, bail};
use rehearsal::{Faults, MoOptions, ReceiptOptions, SimulatorOptions, faults};
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::time::Duration;

/// Flags of every simulated operator that listens.
#[derive(Debug, Clone, clap::Args)]
pub struct Flags {
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
    /// Every so many messages fail (UNDELIV); 0 = none
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub fail_every: u64,
    /// Send each receipt twice
    #[arg(long)]
    pub duplicate_receipts: bool,
    /// Send the receipt before the reply to the message
    #[arg(long)]
    pub receipt_before_reply: bool,
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

impl Flags {
    /// What they say.
    ///
    /// # Errors
    /// Flags that fit no fault, an account without a password.
    pub fn options(&self, listen: &str) -> anyhow::Result<SimulatorOptions> {
        let receipts = self.receipts.then_some(ReceiptOptions {
            delay: self.receipt_delay.0,
            fail_every: self.fail_every,
            copies: if self.duplicate_receipts { 2 } else { 1 },
            before_reply: self.receipt_before_reply,
        });
        let mo = (self.mo_rate > 0).then(|| MoOptions {
            rate: self.mo_rate,
            from: 46_701_000_000,
            to: self.mo_to.clone(),
            text: self.mo_text.clone(),
        });
        Ok(SimulatorOptions {
            listen: listen.to_owned(),
            tls: None,
            accounts: self.account.iter().map(|text| account(text)).collect::<anyhow::Result<_>>()?,
            max_binds: self.max_binds,
            reply_delay: self.delay.0,
            receipts,
            mo,
            echo: self.echo,
            deliver_window: self.deliver_window.max(1),
            retry_after: self.retry_after.0,
            journal: self.journal.clone(),
            faults: named_faults(&self.fault)?,
            schedule: self.later.iter().map(|text| scheduled(text)).collect::<anyhow::Result<_>>()?,
        })
    }
}

fn account(text: &str) -> anyhow::Result<(String, SecretString)> {
    let (name, password) =
        text.split_once(':').ok_or_else(|| anyhow!("--account {text:?}: NAME:PASSWORD"))?;
    Ok((name.to_owned(), SecretString::from(password)))
}

/// `throttle`, `drop_every=10`, `drop-every=10`.
pub(super) fn named_faults(given: &[String]) -> anyhow::Result<Faults> {
    faults(&Value::Object(named(given))).map_err(|e| anyhow!("--fault: {e}"))
}

/// Faults by their names, whatever they are.
pub(super) fn named(given: &[String]) -> Map<String, Value> {
    let mut named = Map::new();
    for text in given {
        let (name, value) =
            text.split_once('=').map_or((text.as_str(), Value::Bool(true)), |(name, value)| {
                (name, value.parse::<u64>().map_or_else(|_| Value::Bool(value == "true"), Value::from))
            });
        named.insert(name.replace('-', "_"), value);
    }
    named
}

/// `10s:{"throttle":true}`
pub(super) fn scheduled(text: &str) -> anyhow::Result<(Duration, Faults)> {
    let Some((after, rest)) = text.split_once(':') else {
        bail!("--later {text:?}: AFTER:FAULTS, as 10s:{{\"throttle\":true}}")
    };
    let after: Period = after.parse().map_err(|e: String| anyhow!("--later {text:?}: {e}"))?;
    let value: Value = serde_json::from_str(rest).with_context(|| format!("--later {text:?}"))?;
    Ok((after.0, faults(&value).map_err(|e| anyhow!("--later: {e}"))?))
}
