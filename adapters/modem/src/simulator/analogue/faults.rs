//! How a simulated telephone line misbehaves.

use crate::simulator::ModemCommandError;
use serde_json::Value;
use std::time::Duration;

/// Faults. `..._every`: each so manieth call, 0 = never.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineFaults {
    /// The modem answers nothing at all.
    pub deaf: bool,
    /// Every call is answered with BUSY.
    pub busy: bool,
    /// Each so manieth is.
    pub busy_every: u64,
    /// Calls to this number are: its digits.
    pub busy_number: Option<u64>,
    /// NO CARRIER.
    pub no_carrier: bool,
    /// NO DIALTONE.
    pub no_dial_tone: bool,
    /// NO ANSWER.
    pub no_answer: bool,
    /// The carrier is lost after so many octets of the other side, in every call.
    pub drop_after: Option<u64>,
    /// The same in each so manieth call only.
    pub drop_every: u64,
    /// Every third octet of the other side comes damaged.
    pub noise: bool,
    /// How long it rings.
    pub ring: Duration,
}

impl LineFaults {
    pub(super) fn result(&self, dialled: u64, number: &str) -> Option<&'static str> {
        let wanted = self.busy_number.map(|number| number.to_string());
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let busy_number = wanted.is_some_and(|wanted| digits.trim_start_matches('0') == wanted);
        let every = self.busy_every > 0 && dialled.is_multiple_of(self.busy_every);
        match self {
            _ if self.no_dial_tone => Some("NO DIALTONE"),
            _ if self.busy || every || busy_number => Some("BUSY"),
            _ if self.no_carrier => Some("NO CARRIER"),
            _ if self.no_answer => Some("NO ANSWER"),
            _ => None,
        }
    }

    pub(super) fn lost_after(&self, dialled: u64) -> Option<u64> {
        self.drop_after.filter(|_| self.drop_every == 0 || dialled.is_multiple_of(self.drop_every))
    }
}

/// Reads faults by their names; what is not named is off.
///
/// # Errors
/// [`ModemCommandError`] names the fault that does not exist or has a value of the wrong kind.
pub fn line_faults(value: &Value) -> Result<LineFaults, ModemCommandError> {
    let mut faults = LineFaults::default();
    for (name, value) in value.as_object().into_iter().flatten() {
        if !set(&mut faults, name, value) {
            return Err(ModemCommandError::of_fault(name));
        }
    }
    Ok(faults)
}

fn set(faults: &mut LineFaults, name: &str, value: &Value) -> bool {
    let (flag, number) = (value.as_bool(), value.as_u64());
    fn put<T>(place: &mut T, value: Option<T>) -> bool {
        value.map(|value| *place = value).is_some()
    }
    match name {
        "deaf" => put(&mut faults.deaf, flag),
        "busy" => put(&mut faults.busy, flag),
        "no_carrier" => put(&mut faults.no_carrier, flag),
        "no_dial_tone" => put(&mut faults.no_dial_tone, flag),
        "no_answer" => put(&mut faults.no_answer, flag),
        "noise" => put(&mut faults.noise, flag),
        "busy_every" => put(&mut faults.busy_every, number),
        "drop_every" => put(&mut faults.drop_every, number),
        "busy_number" => put(&mut faults.busy_number, number.map(Some)),
        "drop_after" => put(&mut faults.drop_after, number.map(Some)),
        "ring" => put(&mut faults.ring, number.map(Duration::from_millis)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_call_comes_to() {
        let faults = |value| line_faults(&value).expect("faults");
        for (value, first, second) in [
            (json!({}), None, None),
            (json!({"busy": true}), Some("BUSY"), Some("BUSY")),
            (json!({"busy_every": 2}), None, Some("BUSY")),
            (json!({"busy_number": 81_234_567}), Some("BUSY"), Some("BUSY")),
            (json!({"no_dial_tone": true}), Some("NO DIALTONE"), Some("NO DIALTONE")),
        ] {
            let faults = faults(value);
            assert_eq!((faults.result(1, "08-1234567"), faults.result(2, "08-1234567")), (first, second));
        }
        assert_eq!(faults(json!({"drop_after": 5, "drop_every": 2})).lost_after(2), Some(5));
        assert!(line_faults(&json!({"bussy": true})).is_err() && line_faults(&json!({"busy": 1})).is_err());
    }
}
