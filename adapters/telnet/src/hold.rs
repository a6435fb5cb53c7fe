//! `HOLDuntil YYMMDDHHMMSS [+/-GMT]` (RFC 1861, 4.5.6) and HylaFAX's form of ten digits without seconds.

use crate::texts::{self, Said};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Reads the time a message is held until. Twelve digits without a zone are in `local`; ten digits are in `short`. The zone is hours (`+1`, `-05`) or
/// hours and minutes (`+0100`, `+01:00`).
///
/// # Errors
/// What is wrong with it, for a person.
pub fn parse(argument: &str, local: &TimeZone, short: &TimeZone) -> Result<Timestamp, Said> {
    let mut words = argument.split_whitespace();
    let digits = words.next().ok_or(texts::HOLD_FORM)?;
    let (digits, glued) =
        digits.split_at_checked(digits.find(['+', '-']).unwrap_or(digits.len())).ok_or(texts::HOLD_FORM)?;
    let zone = words.next().or((!glued.is_empty()).then_some(glued));
    if words.next().is_some() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(texts::HOLD_FORM);
    }
    let civil = civil(digits)?;
    let zone = match (zone, digits.len()) {
        (Some(zone), _) => TimeZone::fixed(offset(zone)?),
        (None, 10) => short.clone(),
        (None, _) => local.clone(),
    };
    zone.to_timestamp(civil).map_err(|_| texts::HOLD_NO_TIME)
}

fn civil(digits: &str) -> Result<DateTime, Said> {
    if !matches!(digits.len(), 10 | 12) {
        return Err(texts::HOLD_FORM);
    }
    let two = |at: usize| digits.get(at..at + 2).and_then(|d| d.parse::<i8>().ok()).unwrap_or(0);
    DateTime::new(2000 + i16::from(two(0)), two(2), two(4), two(6), two(8), two(10), 0)
        .map_err(|_| texts::HOLD_NO_TIME)
}

fn offset(zone: &str) -> Result<Offset, Said> {
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.trim_start_matches(['+', '-']).chars().filter(|c| *c != ':').collect();
    if !(1..=4).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(texts::HOLD_ZONE);
    }
    let number: i32 = digits.parse().map_err(|_| texts::HOLD_ZONE)?;
    let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
    if hours > 14 || minutes > 59 {
        return Err(texts::HOLD_ZONE);
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).map_err(|_| texts::HOLD_ZONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send() {
        let stockholm = TimeZone::fixed(Offset::from_hours(1).expect("offset"));
        let cases = [
            ("261123120000", Ok("2026-11-23T11:00:00Z")),
            ("261123120000 +0000", Ok("2026-11-23T12:00:00Z")),
            ("261123120000 -5", Ok("2026-11-23T17:00:00Z")),
            ("261123120000+0530", Ok("2026-11-23T06:30:00Z")),
            ("2611231200", Ok("2026-11-23T12:00:00Z")),
            ("261323120000", Err(texts::HOLD_NO_TIME)),
            ("2611231", Err(texts::HOLD_FORM)),
            ("", Err(texts::HOLD_FORM)),
            ("261123120000 +99", Err(texts::HOLD_ZONE)),
            ("åäö", Err(texts::HOLD_FORM)),
        ];
        for (input, expected) in cases {
            let read = parse(input, &stockholm, &TimeZone::UTC).map(|t| t.to_string());
            assert_eq!(read.as_deref().map_err(|said| *said), expected, "{input}");
        }
    }
}
