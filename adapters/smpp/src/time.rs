//! The 16 characters of SMPP time (section 7.1.1): `YYMMDDhhmmsstnnp` absolute, `YYMMDDhhmmss000R` relative.
//!
//! Prefer relative for validity, which is immune to clocks and zones, and absolute for schedules. Never reads a
//! clock: a relative time stays relative until the caller adds it to an instant.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

/// Characters of either form.
const LEN: usize = 16;
/// Seconds in the unit of `nn`.
const QUARTER: i32 = 15 * 60;
/// `nn` at most: twelve hours.
const QUARTERS: i32 = 48;
/// Years of two digits are of this century.
const CENTURY: i16 = 2000;
/// A relative time cannot say more than this in whole days; years are avoided, since their length is not agreed on.
const DAYS: u64 = 30;
const DAY: u64 = 24 * 60 * 60;

/// An SMPP time that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmppTime {
    /// A moment, to a tenth of a second.
    Absolute(Timestamp),
    /// So long from now.
    Relative(Relative),
}

/// A relative time in its own units. Each is at most 99.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "units of time")]
pub struct Relative {
    pub years: u8,
    pub months: u8,
    pub days: u8,
    pub hours: u8,
    pub minutes: u8,
    pub seconds: u8,
}

/// Why a time cannot be read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimeError {
    /// Neither empty nor 16 characters.
    #[error("a time has 16 characters")]
    Length,
    /// Something else than a digit where one must be.
    #[error("a time is made of digits")]
    Digits,
    /// The last character is none of '+', '-', 'R'.
    #[error("a time ends with '+', '-' or 'R'")]
    Direction,
    /// No such day, hour or zone.
    #[error("no such date or time")]
    Range,
}

/// The absolute form of a moment, as a clock at `offset` shows it. Whole quarters of an hour only; years 2000 to
/// 2099.
///
/// # Errors
/// [`TimeError::Range`] outside of that.
pub fn absolute(at: Timestamp, offset: Offset) -> Result<String, TimeError> {
    let local = offset.to_datetime(at);
    let year = local.year() - CENTURY;
    let quarters = offset.seconds() / QUARTER;
    if !(0..100).contains(&year) || offset.seconds() % QUARTER != 0 || quarters.abs() > QUARTERS {
        return Err(TimeError::Range);
    }
    let mut text = String::with_capacity(LEN);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{year:02}{:02}{:02}{:02}{:02}{:02}{}{:02}{}",
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
        local.subsec_nanosecond() / 100_000_000,
        quarters.abs(),
        if quarters < 0 { '-' } else { '+' }
    );
    Ok(text)
}

/// The relative form of a duration, in days and less, rounded up to a second so that nothing expires early, and
/// cut at 30 days, which is more than operators keep a message.
pub fn relative(duration: Duration) -> String {
    let seconds = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).min(DAYS * DAY);
    let part = |unit: u64, limit: u64| (seconds / unit % limit) as u8;
    Relative {
        days: part(DAY, DAYS + 1),
        hours: part(60 * 60, 24),
        minutes: part(60, 60),
        seconds: part(1, 60),
        ..Relative::default()
    }
    .text()
}

/// Reads either form; empty is None.
///
/// # Errors
/// [`TimeError`]. Months and days of relative times are taken as they are, also outside natural ranges.
pub fn parse(text: &[u8]) -> Result<Option<SmppTime>, TimeError> {
    if text.is_empty() {
        return Ok(None);
    }
    let text: &[u8; LEN] = text.try_into().map_err(|_| TimeError::Length)?;
    let [y1, y2, mo1, mo2, d1, d2, h1, h2, mi1, mi2, s1, s2, tenth, n1, n2, direction] = *text;
    let year = two(y1, y2)?;
    let month = two(mo1, mo2)?;
    let day = two(d1, d2)?;
    let hour = two(h1, h2)?;
    let minute = two(mi1, mi2)?;
    let second = two(s1, s2)?;
    let tenth = two(b'0', tenth)?;
    let quarters = i32::from(two(n1, n2)?);
    let sign = match direction {
        b'R' => {
            let relative = Relative {
                years: year,
                months: month,
                days: day,
                hours: hour,
                minutes: minute,
                seconds: second,
            };
            return Ok(Some(SmppTime::Relative(relative)));
        }
        b'+' => 1,
        b'-' => -1,
        _ => return Err(TimeError::Direction),
    };
    if quarters > QUARTERS {
        return Err(TimeError::Range);
    }
    let local = DateTime::new(
        CENTURY + i16::from(year),
        month as i8,
        day as i8,
        hour as i8,
        minute as i8,
        second as i8,
        i32::from(tenth) * 100_000_000,
    )
    .map_err(|_| TimeError::Range)?;
    let offset = Offset::from_seconds(sign * quarters * QUARTER).map_err(|_| TimeError::Range)?;
    offset.to_timestamp(local).map(|at| Some(SmppTime::Absolute(at))).map_err(|_| TimeError::Range)
}

impl Relative {
    /// The 16 characters. Units above 99 cannot be said and become 99.
    pub fn text(self) -> String {
        let mut text = String::with_capacity(LEN);
        for unit in [self.years, self.months, self.days, self.hours, self.minutes, self.seconds] {
            // Writing to a String cannot fail.
            let _ = write!(text, "{:02}", unit.min(99));
        }
        text.push_str("000R");
        text
    }

    /// The moment this far after `from`, by the calendar in UTC. None beyond the end of time.
    pub fn after(self, from: Timestamp) -> Option<Timestamp> {
        let span = Span::new()
            .years(i64::from(self.years))
            .months(i64::from(self.months))
            .days(i64::from(self.days))
            .hours(i64::from(self.hours))
            .minutes(i64::from(self.minutes))
            .seconds(i64::from(self.seconds));
        Offset::UTC.to_timestamp(Offset::UTC.to_datetime(from).checked_add(span).ok()?).ok()
    }
}

impl SmppTime {
    /// The moment that is meant when read at `now`. None beyond the end of time.
    pub fn resolve(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            SmppTime::Absolute(at) => Some(at),
            SmppTime::Relative(relative) => relative.after(now),
        }
    }
}

/// A number of two digits.
fn two(tens: u8, ones: u8) -> Result<u8, TimeError> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok((tens - b'0') * 10 + (ones - b'0'))
    } else {
        Err(TimeError::Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn absolute_as_a_clock_there_shows_it() {
        let check = |instant: &str, hours: i8, expect: &str| {
            assert_eq!(absolute(at(instant), Offset::constant(hours)).unwrap(), expect);
            assert_eq!(parse(expect.as_bytes()), Ok(Some(SmppTime::Absolute(at(instant)))));
        };
        check("2013-01-01T01:00:00+01:00", 1, "130101010000004+");
        check("2013-01-01T01:00:00+06:00", 6, "130101010000024+");
        check("2013-07-01T01:00:00+02:00", 2, "130701010000008+");
        check("2026-12-31T23:59:59.9Z", -5, "261231185959920-");
        check("2026-02-28T00:00:00Z", 0, "260228000000000+");
    }

    #[test]
    fn what_cannot_be_said() {
        assert_eq!(absolute(at("1999-12-31T23:59:59Z"), Offset::UTC), Err(TimeError::Range));
        assert_eq!(absolute(at("2026-01-01T00:00:00Z"), Offset::constant(13)), Err(TimeError::Range));
        let odd = Offset::from_seconds(61).unwrap();
        assert_eq!(absolute(at("2026-01-01T00:00:00Z"), odd), Err(TimeError::Range));
    }

    #[test]
    fn relative_in_natural_ranges() {
        let check = |seconds, expect: &str| assert_eq!(relative(Duration::from_secs(seconds)), expect);
        check(3_600, "000000010000000R");
        check(0, "000000000000000R");
        check(86_399, "000000235959000R");
        check(28 * 86_400, "000028000000000R");
        check(90 * 86_400, "000030000000000R");
        assert_eq!(relative(Duration::from_millis(1)), "000000000001000R");
    }

    #[test]
    fn read_or_refused() {
        let check = |text: &str, expect| assert_eq!(parse(text.as_bytes()), Err(expect), "{text}");
        assert_eq!(parse(b""), Ok(None));
        check("1511101456", TimeError::Length);
        check("15111014560700x+", TimeError::Digits);
        check("151110145607000Z", TimeError::Direction);
        check("151310145607000+", TimeError::Range);
        check("151110145607049+", TimeError::Range);
    }

    #[test]
    fn relative_resolves_by_the_calendar() {
        let now = at("2026-01-31T10:00:00Z");
        let resolve = |text: &str| parse(text.as_bytes()).unwrap().unwrap().resolve(now);
        assert_eq!(resolve("000000010000000R"), Some(at("2026-01-31T11:00:00Z")));
        assert_eq!(resolve("000100000000000R"), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(resolve("991299999999000R").map(|at| at > now), Some(true));
    }
}
