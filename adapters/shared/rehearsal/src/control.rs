//! What a simulated operator can be told while it runs: one JSON object a line.
//!
//! `{"do":"mo","from":"46701234567","to":"71234","text":"hej"}` · `{"do":"faults","faults":{"throttle":true}}` (all others
//! end) · `{"do":"unbind"}` · `{"do":"drop"}` · `{"do":"raw","octets":"00000010.."}`. Faults have the names of the fields of
//! [`Faults`]; times are milliseconds.

use crate::options::Faults;
use serde_json::Value;
use std::time::Duration;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A phone sends a message.
    Mo {
        /// The phone.
        from: String,
        /// The number it sends to.
        to: String,
        /// What it says; long texts go in parts.
        text: String,
    },
    /// Misbehave like this from now on.
    Faults(Faults),
    /// Say goodbye to every session.
    Unbind,
    /// Drop every connection.
    Drop,
    /// Write these octets to every bound session.
    Raw(Vec<u8>),
}

/// A line that is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(String);

impl Command {
    /// Reads a line.
    ///
    /// # Errors
    /// [`CommandError`] says what was not understood.
    pub fn parse(line: &str) -> Result<Self, CommandError> {
        let value: Value = serde_json::from_str(line).map_err(|e| CommandError(format!("no JSON: {e}")))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let wanted = |name: &str| text(name).ok_or_else(|| CommandError(format!("\"{name}\" is missing")));
        match wanted("do")?.as_str() {
            "mo" => Ok(Self::Mo { from: wanted("from")?, to: wanted("to")?, text: wanted("text")? }),
            "faults" => Ok(Self::Faults(faults(value.get("faults").unwrap_or(&Value::Null))?)),
            "unbind" => Ok(Self::Unbind),
            "drop" => Ok(Self::Drop),
            "raw" => octets(&wanted("octets")?).map(Self::Raw),
            other => Err(CommandError(format!("\"{other}\" is none of mo, faults, unbind, drop, raw"))),
        }
    }
}

/// Reads faults by their names; what is not named is off.
///
/// # Errors
/// [`CommandError`] names the fault that does not exist or has a value of the wrong kind.
pub fn faults(value: &Value) -> Result<Faults, CommandError> {
    let mut faults = Faults::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        let wrong =
            || CommandError(format!("the fault \"{name}\" does not exist or has another kind of value"));
        if !set(&mut faults, name, value) {
            return Err(wrong());
        }
    }
    Ok(faults)
}

/// Sets one fault; false when it does not exist.
fn set(faults: &mut Faults, name: &str, value: &Value) -> bool {
    let (flag, number) = (value.as_bool(), value.as_u64());
    let small = number.and_then(|n| u32::try_from(n).ok());
    let time = number.map(Duration::from_millis);
    let (flags, counts, times) = (
        [
            ("throttle", &mut faults.throttle),
            ("no_answer", &mut faults.no_answer),
            ("out_of_order", &mut faults.out_of_order),
            ("half_open", &mut faults.half_open),
            ("refuse", &mut faults.refuse),
            ("no_bind_answer", &mut faults.no_bind_answer),
            ("deaf", &mut faults.deaf),
        ],
        [
            ("throttle_every", &mut faults.throttle_every),
            ("status_every", &mut faults.status_every),
            ("no_answer_every", &mut faults.no_answer_every),
            ("duplicate_every", &mut faults.duplicate_every),
            ("unknown_every", &mut faults.unknown_every),
            ("nack_every", &mut faults.nack_every),
            ("wrong_command_every", &mut faults.wrong_command_every),
            ("empty_every", &mut faults.empty_every),
            ("drop_every", &mut faults.drop_every),
            ("garbage_every", &mut faults.garbage_every),
            ("damage_every", &mut faults.damage_every),
        ],
        [("reply_delay", &mut faults.reply_delay), ("drip", &mut faults.drip)],
    );
    if let Some((place, flag)) =
        flags.into_iter().find(|(known, _)| *known == name).map(|(_, place)| place).zip(flag)
    {
        *place = flag;
    } else if let Some((place, number)) =
        counts.into_iter().find(|(known, _)| *known == name).map(|(_, place)| place).zip(number)
    {
        *place = number;
    } else if let Some((place, time)) =
        times.into_iter().find(|(known, _)| *known == name).map(|(_, place)| place).zip(time)
    {
        *place = Some(time);
    } else {
        match (name, small) {
            ("status", Some(status)) => faults.status = Some(status),
            ("bind_status", Some(status)) => faults.bind_status = Some(status),
            ("congestion", Some(state)) => faults.congestion = u8::try_from(state).ok(),
            _ => return false,
        }
    }
    true
}

fn octets(hex: &str) -> Result<Vec<u8>, CommandError> {
    let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    let pair = |pair: &[char]| match pair {
        [high, low] => Some((high.to_digit(16)? * 16 + low.to_digit(16)?) as u8),
        _ => None,
    };
    digits
        .chunks(2)
        .map(pair)
        .collect::<Option<_>>()
        .ok_or_else(|| CommandError("\"octets\" is not hexadecimal".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let mo = Command::Mo { from: "4670".into(), to: "71234".into(), text: "hej".into() };
        assert_eq!(Command::parse(r#"{"do":"mo","from":"4670","to":"71234","text":"hej"}"#), Ok(mo));
        let faults = Faults {
            throttle: true,
            drop_every: 7,
            reply_delay: Some(Duration::from_millis(20)),
            status: Some(0x14),
            ..Faults::default()
        };
        let line =
            r#"{"do":"faults","faults":{"throttle":true,"drop_every":7,"reply_delay":20,"status":20}}"#;
        assert_eq!(Command::parse(line), Ok(Command::Faults(faults)));
        assert_eq!(Command::parse(r#"{"do":"faults","faults":{}}"#), Ok(Command::Faults(Faults::default())));
        assert_eq!(Command::parse(r#"{"do":"raw","octets":"00 ff"}"#), Ok(Command::Raw(vec![0, 255])));
        for bad in [
            "",
            "{}",
            r#"{"do":"dance"}"#,
            r#"{"do":"mo"}"#,
            r#"{"do":"faults","faults":{"thortle":true}}"#,
            r#"{"do":"raw","octets":"0"}"#,
        ] {
            assert!(Command::parse(bad).is_err(), "{bad}");
        }
    }
}
