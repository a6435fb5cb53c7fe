//! A simulated modem that calls a simulated operator: the flags for it, and both as one operator.

use super::{Operator, flags};
use crate::clock::SystemClock;
use ::modem::simulator::{AnalogueModem, AnalogueOptions, line_faults};
use anyhow::Context as _;
use async_trait::async_trait;
use domain::language::Language;
use rehearsal::Simulator;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// The flags of a modem beside an operator.
#[derive(Debug, Clone, clap::Args)]
pub struct LineFlags {
    /// Plug in an analogue modem that calls this operator: a pseudo-terminal of this lasting name
    #[arg(long, value_name = "FILE")]
    pub modem: Option<PathBuf>,
    /// The same behind a terminal server: listen here; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "modem")]
    pub modem_listen: Option<String>,
    /// The modem or the telephone line misbehaves: busy, no_carrier, no_answer, drop_after=70, … (all: simulate tap --help)
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = fault)]
    pub line_fault: Vec<flags::Fault>,
}

/// A fault of a line.
fn fault(text: &str) -> Result<flags::Fault, String> {
    flags::checked(text, |one| line_faults(one).map(drop).map_err(|e| e.to_string()))
}

/// An operator that may be called.
struct Called {
    operator: Simulator,
    modem: AnalogueModem,
}

/// Plugs the modem in, if there is to be one.
///
/// # Errors
/// Flags that fit no fault; a pseudo-terminal or port that cannot be had.
pub(super) async fn with_modem(
    flags: &LineFlags,
    journal: Option<&PathBuf>,
    operator: Simulator,
) -> anyhow::Result<Box<dyn Operator>> {
    let faults = line_faults(&flags::together(&flags.line_fault))?;
    if flags.modem.is_none() && flags.modem_listen.is_none() {
        return Ok(Box::new(operator));
    }
    let options = AnalogueOptions {
        path: flags.modem.clone(),
        tcp: flags.modem_listen.clone(),
        target: operator.address().to_string(),
        journal: journal.cloned(),
        faults,
    };
    let modem = AnalogueModem::start(options, Arc::new(SystemClock::default())).await;
    Ok(Box::new(Called { operator, modem: modem.context("the modem cannot be plugged in")? }))
}

#[async_trait]
impl Operator for Called {
    fn place(&self) -> String {
        format!("{} + {}", self.operator.address(), self.modem.port())
    }

    fn obey(&self, order: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(order).unwrap_or(Value::Null);
        let done = match value.get("do").and_then(Value::as_str) {
            Some("line") => {
                let faults = line_faults(value.get("faults").unwrap_or(&Value::Null));
                self.modem.set_faults(faults.map_err(|e| e.to_string())?)
            }
            Some("hang_up") => self.modem.hang_up(),
            _ => return Operator::obey(&self.operator, order),
        };
        if done { Ok(()) } else { Err("too many orders wait".to_owned()) }
    }

    fn status(&self, language: Language) -> String {
        let stats = self.modem.stats();
        let calls = language.pick("{d} uppringningar, {c} kopplade", "{d} dialled, {c} connected");
        let calls =
            calls.replace("{d}", &stats.dialled.to_string()).replace("{c}", &stats.connected.to_string());
        format!("{calls}; {}", Operator::status(&self.operator, language))
    }

    fn seen(&self) -> Value {
        let (mut seen, stats) = (Operator::seen(&self.operator), self.modem.stats());
        if let Some(seen) = seen.as_object_mut() {
            seen.insert("dialled".to_owned(), json!(stats.dialled));
            seen.insert("calls".to_owned(), json!(stats.connected));
            seen.insert("modem".to_owned(), json!(self.modem.port()));
        }
        seen
    }

    async fn stop(self: Box<Self>) {
        let Self { operator, modem } = *self;
        drop(modem);
        Simulator::stop(operator).await;
    }
}
