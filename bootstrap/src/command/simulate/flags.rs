//! The flags that simulated operators of all session protocols share, and what they become.

use crate::config::Period;
use crate::swedish::WrongUsage;
use domain::language::Words;
use rehearsal::{Faults, MoOptions, ReceiptOptions, SimulatorOptions, faults};
use secrecy::SecretString;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of every simulated operator that listens.
#[derive(Debug, Clone, clap::Args)]
pub struct Flags {
    /// Who may bind; anybody when none is given
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = account)]
    pub account: Vec<Account>,
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
    /// What they say, with the message's number for an n in braces; `Hej` and that number when absent
    // The help would show the braces of the default as the end of a line.
    #[arg(long, default_value = "Hej {n}", hide_default_value = true, value_name = "TEXT")]
    pub mo_text: String,
    /// Messages and receipts that may wait for the gateway's answer, per session
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub deliver_window: usize,
    /// How long until what the gateway did not take is delivered again
    #[arg(long, default_value = "1s")]
    pub retry_after: Period,
    /// Misbehave (see below); may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = fault)]
    pub fault: Vec<Fault>,
    /// Misbehave later: after so long, these faults as JSON and no others: 10s:{"throttle":true}
    #[arg(long, value_name = "AFTER:FAULTS", value_parser = later)]
    pub later: Vec<Later>,
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
    /// None that the reader of the command line has not found.
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
            accounts: self.account.clone(),
            max_binds: self.max_binds,
            reply_delay: self.delay.0,
            receipts,
            mo,
            echo: self.echo,
            deliver_window: self.deliver_window.max(1),
            retry_after: self.retry_after.0,
            journal: self.journal.clone(),
            faults: faults(&together(&self.fault))?,
            schedule: self.later.clone(),
        })
    }
}

/// Who may log in.
pub(super) type Account = (String, SecretString);
/// A fault's name and value.
pub(super) type Fault = (String, Value);
/// When, and which faults.
pub(super) type Later = (Duration, Faults);

pub(super) fn account(text: &str) -> Result<Account, WrongUsage> {
    let (name, password) = text
        .split_once(':')
        .ok_or_else(|| WrongUsage::new(Words::new("skrivs NAMN:LÖSENORD", "written NAME:PASSWORD")))?;
    Ok((name.to_owned(), SecretString::from(password)))
}

/// A fault of an operator.
pub(super) fn fault(text: &str) -> Result<Fault, String> {
    checked(text, |one| faults(one).map(drop).map_err(|e| e.to_string()))
}

/// `throttle`, `drop_every=10`, `drop-every=10`, when whoever has it knows it.
pub(super) fn checked(text: &str, known: impl FnOnce(&Value) -> Result<(), String>) -> Result<Fault, String> {
    let (name, value) = text.split_once('=').map_or((text, Value::Bool(true)), |(name, value)| {
        (name, value.parse::<u64>().map_or_else(|_| Value::Bool(value == "true"), Value::from))
    });
    let one = (name.replace('-', "_"), value);
    known(&together(std::slice::from_ref(&one))).map(|()| one)
}

/// Faults in one object, as those read them that have them.
pub(super) fn together(given: &[Fault]) -> Value {
    Value::Object(given.iter().cloned().collect())
}

/// `10s:{"throttle":true}`
pub(super) fn later(text: &str) -> Result<Later, WrongUsage> {
    let (after, rest) = text.split_once(':').ok_or_else(|| {
        WrongUsage::new(Words::new(
            "skrivs TID:FEL, som 10s:{\"throttle\":true}",
            "written AFTER:FAULTS, as 10s:{\"throttle\":true}",
        ))
    })?;
    let after: Period = after.parse().map_err(|e: String| WrongUsage::new(e))?;
    let value: Value = serde_json::from_str(rest).map_err(|e| WrongUsage::new(format!("no JSON: {e}")))?;
    let faults = faults(&value).map_err(|e| WrongUsage::new(e.to_string()))?;
    Ok((after.0, faults))
}
