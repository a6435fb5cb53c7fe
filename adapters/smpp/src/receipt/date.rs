//! The dates of a receipt text: told apart by their length, in the local time of the SMSC.
//!
//! Which zone that is stands nowhere on the wire: the link's settings know, so the result has no zone.

use jiff::civil::DateTime;

/// A date and time where the SMSC is.
pub type ReceiptDate = DateTime;

/// Reads YYMMDDhhmm (10 digits), YYMMDDhhmmss or YYYYMMDDhhmm (12), YYYYMMDDhhmmss (14). All zeros, another length
/// or a day that never was give None: a receipt is worth having without its dates.
pub fn parse_date(text: &[u8]) -> Option<ReceiptDate> {
    if !text.iter().all(u8::is_ascii_digit) || text.iter().all(|digit| *digit == b'0') {
        return None;
    }
    match text.len() {
        10 => short_year(text),
        // "201506201641" is June 2015: as YYMMDD it would be the 6th of a 15th month. What could be both is read
        // by the commoner form.
        12 => short_year(text).or_else(|| full_year(text)),
        14 => full_year(text),
        _ => None,
    }
}

fn short_year(text: &[u8]) -> Option<DateTime> {
    let (year, rest) = text.split_at_checked(2)?;
    build(2000 + number(year), rest)
}

fn full_year(text: &[u8]) -> Option<DateTime> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.starts_with(b"20") {
        return None;
    }
    build(number(year), rest)
}

/// MMDDhhmm and perhaps ss.
fn build(year: i16, rest: &[u8]) -> Option<DateTime> {
    let mut pairs = rest.chunks(2).map(|pair| number(pair) as i8);
    let (month, day, hour, minute) = (pairs.next()?, pairs.next()?, pairs.next()?, pairs.next()?);
    DateTime::new(year, month, day, hour, minute, pairs.next().unwrap_or(0), 0).ok()
}

/// At most four digits as a number.
fn number(digits: &[u8]) -> i16 {
    digits.iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_length() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(parse_date(text.as_bytes()), expect.map(|date| date.parse().unwrap()), "{text}");
        };
        check("1005232039", Some("2010-05-23T20:39:00"));
        check("110206193041", Some("2011-02-06T19:30:41"));
        check("201506201641", Some("2015-06-20T16:41:00"));
        check("201011121314", Some("2020-10-11T12:13:14"));
        check("20110314181534", Some("2011-03-14T18:15:34"));
        check("0000000000", None);
        check("1013452039", None);
        check("10052320", None);
        check("10052320x9", None);
        check("", None);
    }
}
