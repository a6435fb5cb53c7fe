//! Moments as programs write them: RFC 3339, and the wider ISO 8601 and XML Schema.

use crate::Timestamp;
use jiff::ToSpan as _;

/// Reads a moment; it must name its offset. 24:00:00 is the end of its day, the next one's 00:00 (ISO 8601, XML Schema part 2 3.2.7).
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let (date, time) = text.split_at_checked(text.find(['T', 't', ' '])?.checked_add(1)?)?;
    let rest = time.strip_prefix("24")?;
    let clock = rest.split(['Z', 'z', '+', '-', '[']).next()?;
    if !clock.chars().all(|c| matches!(c, '0' | ':' | '.' | ',')) {
        return None;
    }
    let midnight: Timestamp = format!("{date}00{rest}").parse().ok()?;
    midnight.checked_add(24.hours()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_day_is_the_beginning_of_the_next() {
        for (text, expected) in [
            ("2026-11-23T10:00:00+01:00", Some("2026-11-23T09:00:00Z")),
            ("2026-12-31T24:00:00Z", Some("2027-01-01T00:00:00Z")),
            ("2026-11-23T24:00:00.000+01:00", Some("2026-11-23T23:00:00Z")),
            ("2026-11-23T24:00Z", Some("2026-11-24T00:00:00Z")),
            ("2026-11-23T24:00:00", None),
            ("2026-11-23T24:00:01Z", None),
            ("2026-11-23T24:30:00Z", None),
            ("2026-11-23T25:00:00Z", None),
            ("9999-12-31T24:00:00Z", None),
            ("24", None),
            ("T24", None),
            ("å T24", None),
            ("", None),
        ] {
            assert_eq!(read(text).map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }
}
