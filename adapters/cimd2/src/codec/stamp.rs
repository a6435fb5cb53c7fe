//! Times (`yymmddhhmmss`, section 5): the operator's local time without a zone; and the names of messages made of them.
//!
//! Two digits of a year and no zone: good as part of a message's name and for people, not for reckoning.

use domain::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Digits of a number that all its spellings share: without country code, plus sign or zeros.
const COMMON_DIGITS: usize = 9;

/// The name of a message: its destination and the operator's time stamp. Replies and reports may spell the destination in
/// different ways, so only the digits that all of them share are in it. Empty without a stamp.
#[must_use]
pub fn identity(destination: &str, stamp: &str) -> String {
    let stamp = stamp.trim();
    if stamp.is_empty() {
        return String::new();
    }
    let digits: Vec<char> = destination.chars().filter(char::is_ascii_digit).collect();
    let common: String = digits.iter().skip(digits.len().saturating_sub(COMMON_DIGITS)).collect();
    format!("{common}:{stamp}")
}

/// Reads twelve digits; years 70 to 99 are of the last century. `None` when they name no time.
#[must_use]
pub fn parse(digits: &[u8]) -> Option<DateTime> {
    let digits: [u8; 12] = digits.trim_ascii().try_into().ok()?;
    let pairs: [i8; 6] = std::array::from_fn(|place| {
        let digit = |at: usize| match digits.get(at) {
            Some(octet @ b'0'..=b'9') => i8::try_from(octet - b'0').unwrap_or(-1),
            _ => i8::MIN,
        };
        let (tens, ones) = (digit(place * 2), digit(place * 2 + 1));
        if tens < 0 || ones < 0 { -1 } else { tens * 10 + ones }
    });
    let [year, month, day, hour, minute, second] = pairs;
    if year < 0 {
        return None;
    }
    let century = if year >= 70 { 1900 } else { 2000 };
    DateTime::new(century + i16::from(year), month, day, hour, minute, second, 0).ok()
}

/// Writes twelve digits, as a clock of that zone shows it.
#[must_use]
pub fn format(at: Timestamp, zone: &TimeZone) -> String {
    let at = zone.to_datetime(at);
    format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}",
        at.year().rem_euclid(100),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let at = parse(b"971107131230").expect("a time");
        assert_eq!(at.to_string(), "1997-11-07T13:12:30");
        assert_eq!(parse(b" 261123045959 ").map(|at| at.year()), Some(2026));
        for wrong in ["", "9711071312", "971307131230", "97110713123x", "971107131260x", "-71107131230"] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
        let instant = TimeZone::UTC.to_timestamp(at).expect("in range");
        assert_eq!(format(instant, &TimeZone::UTC), "971107131230");
        let east = TimeZone::fixed(jiff::tz::Offset::constant(1));
        assert_eq!(format(instant, &east), "971107141230");
    }
}
