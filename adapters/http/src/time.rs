//! Times and durations as callers write them: RFC 3339 instants, `10m` or ISO 8601 `PT10M`.

use domain::refusal::{Code, Refusal};
use domain::{Timestamp, Words, moment};
use jiff::{Span, SpanRelativeTo};
use std::time::Duration;

/// Reads an instant; it must name its offset: `2026-11-23T10:00:00+01:00`.
///
/// # Errors
/// `invalid_time` naming the field.
pub(crate) fn instant(field: &'static str, text: &str) -> Result<Timestamp, Refusal> {
    let wrong = || {
        Refusal::field(
            Code::InvalidTime,
            field,
            Words::new(
                "RFC 3339 med tidszon: 2026-11-23T10:00:00+01:00",
                "RFC 3339 with an offset: 2026-11-23T10:00:00+01:00",
            ),
        )
    };
    // A plus sign in a query string that was not escaped has become a space.
    let mended = text.trim().replace(' ', "+");
    moment::read(text.trim()).or_else(|| moment::read(&mended)).ok_or_else(wrong)
}

/// Reads a duration: `90s`, `10m`, `2h 30m`, `1d`, `PT10M`. A day has 24 hours.
///
/// # Errors
/// `invalid_time` naming the field.
pub(crate) fn duration(field: &'static str, text: &str) -> Result<Duration, Refusal> {
    let wrong = || {
        Refusal::field(
            Code::InvalidTime,
            field,
            Words::new("en tid: 90s, 10m, 2h 30m, 1d, PT10M", "a duration: 90s, 10m, 2h 30m, 1d, PT10M"),
        )
    };
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let minutes = |n: u64| Some(Duration::from_secs(n * 60));
        for (text, expected) in [
            ("10m", minutes(10)),
            ("PT10M", minutes(10)),
            (" 2h 30m ", minutes(150)),
            ("1d", minutes(1440)),
            ("P1D", minutes(1440)),
            ("90s", Some(Duration::from_secs(90))),
            ("1 month", None),
            ("-10m", None),
            ("10", None),
            ("", None),
            ("soon", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(duration("valid_for", text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn instants() {
        let ten = "2026-11-23T09:00:00Z";
        for (text, expected) in [
            (ten, Some(ten)),
            ("2026-11-23T10:00:00+01:00", Some(ten)),
            ("2026-11-23T10:00:00 01:00", Some(ten)),
            ("2026-11-23T10:00:00", None),
            ("2026-11-23T24:00:00 15:00", Some(ten)),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(instant("send_at", text).ok().map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
    }
}
