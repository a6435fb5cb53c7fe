//! What a simulated modem can be told while it runs: one JSON object a line.
//!
//! `{"do":"mo","from":"46701234567","text":"hej"}` · `{"do":"faults","faults":{"no_network":true}}` (all others end) ·
//! `{"do":"unplug"}` · `{"do":"plug"}` · `{"do":"restart"}` · `{"do":"ring"}`. Faults have the names of the fields of
//! [`ModemFaults`]; times are milliseconds.

use super::options::ModemFaults;
use serde_json::Value;
use std::time::Duration;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModemCommand {
    /// A phone sends a message; long texts go in parts.
    Mo {
        /// The phone's number, or a name.
        from: String,
        /// What it says.
        text: String,
    },
    /// Misbehave like this from now on.
    Faults(ModemFaults),
    /// The port vanishes.
    Unplug,
    /// It comes back.
    Plug,
    /// The modem starts anew.
    Restart,
    /// Somebody calls.
    Ring,
}

/// A line that is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ModemCommandError(String);

impl ModemCommandError {
    pub(super) fn of_fault(name: &str) -> Self {
        Self(format!("the fault \"{name}\" does not exist or has another kind of value"))
    }
}

impl ModemCommand {
    /// Reads a line.
    ///
    /// # Errors
    /// [`ModemCommandError`] says what was not understood.
    pub fn parse(line: &str) -> Result<Self, ModemCommandError> {
        let value: Value =
            serde_json::from_str(line).map_err(|e| ModemCommandError(format!("no JSON: {e}")))?;
        let wanted = |name: &str| {
            let text = value.get(name).and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| ModemCommandError(format!("\"{name}\" is missing")))
        };
        match wanted("do")?.as_str() {
            "mo" => Ok(Self::Mo { from: wanted("from")?, text: wanted("text")? }),
            "faults" => Ok(Self::Faults(modem_faults(value.get("faults").unwrap_or(&Value::Null))?)),
            "unplug" => Ok(Self::Unplug),
            "plug" => Ok(Self::Plug),
            "restart" => Ok(Self::Restart),
            "ring" => Ok(Self::Ring),
            other => Err(ModemCommandError(format!(
                "\"{other}\" is none of mo, faults, unplug, plug, restart, ring"
            ))),
        }
    }
}

/// Reads faults by their names; what is not named is off.
///
/// # Errors
/// [`ModemCommandError`] names the fault that does not exist or has a value of the wrong kind.
pub fn modem_faults(value: &Value) -> Result<ModemFaults, ModemCommandError> {
    let mut faults = ModemFaults::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        if !set(&mut faults, name, value) {
            return Err(ModemCommandError::of_fault(name));
        }
    }
    Ok(faults)
}

/// Sets one fault; false when it does not exist.
fn set(faults: &mut ModemFaults, name: &str, value: &Value) -> bool {
    let (flag, number) = (value.as_bool(), value.as_u64());
    fn put<T>(place: &mut T, value: Option<T>) -> bool {
        value.map(|value| *place = value).is_some()
    }
    match name {
        "deaf" => put(&mut faults.deaf, flag),
        "chatter" => put(&mut faults.chatter, flag),
        "no_network" => put(&mut faults.no_network, flag),
        "no_sim" => put(&mut faults.no_sim, flag),
        "full" => put(&mut faults.full, flag),
        "no_answer_every" => put(&mut faults.no_answer_every, number),
        "no_prompt_every" => put(&mut faults.no_prompt_every, number),
        "status_every" => put(&mut faults.status_every, number),
        "restart_every" => put(&mut faults.restart_every, number),
        "status" => put(&mut faults.status, number.and_then(|n| u16::try_from(n).ok()).map(Some)),
        "signal" => put(&mut faults.signal, number.and_then(|n| u8::try_from(n).ok()).map(Some)),
        "drip" => put(&mut faults.drip, number.map(Duration::from_millis).map(Some)),
        "delay" => put(&mut faults.delay, number.map(Duration::from_millis).map(Some)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let faults = ModemFaults { no_network: true, status: Some(38), ..ModemFaults::default() };
        for (line, expect) in [
            (
                r#"{"do":"mo","from":"467","text":"hej"}"#,
                ModemCommand::Mo { from: "467".into(), text: "hej".into() },
            ),
            (r#"{"do":"faults","faults":{"no_network":true,"status":38}}"#, ModemCommand::Faults(faults)),
            (r#"{"do":"unplug"}"#, ModemCommand::Unplug),
        ] {
            assert_eq!(ModemCommand::parse(line), Ok(expect), "{line}");
        }
        for bad in ["", "{}", r#"{"do":"dance"}"#, r#"{"do":"faults","faults":{"daef":true}}"#] {
            assert!(ModemCommand::parse(bad).is_err(), "{bad}");
        }
    }
}
