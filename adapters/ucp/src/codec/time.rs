//! Times on the wire: `DDMMYYhhmmss` (SCTS, DSCTS) and `DDMMYYhhmm` (VP, DDT), in the centre's own local time.

use jiff::civil::DateTime;

/// Reads 12 or 10 digits; the century is this one.
#[must_use]
pub fn read_time(digits: &[u8]) -> Option<DateTime> {
    let pair = |at: usize| -> Option<i8> {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = digits.get(at..at + 2)? else { return None };
        i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
    };
    if !matches!(digits.len(), 10 | 12) {
        return None;
    }
    let second = if digits.len() == 12 { pair(10)? } else { 0 };
    DateTime::new(2000 + i16::from(pair(4)?), pair(2)?, pair(0)?, pair(6)?, pair(8)?, second, 0).ok()
}

/// `DDMMYYhhmmss`
#[must_use]
pub fn seconds(at: DateTime) -> String {
    format!("{}{:02}", minutes(at), at.second())
}

/// `DDMMYYhhmm`
#[must_use]
pub fn minutes(at: DateTime) -> String {
    format!(
        "{:02}{:02}{:02}{:02}{:02}",
        at.day(),
        at.month(),
        at.year().rem_euclid(100),
        at.hour(),
        at.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn both_ways() {
        let at = date(2026, 11, 23).at(5, 7, 9, 0);
        assert_eq!((seconds(at).as_str(), minutes(at).as_str()), ("231126050709", "2311260507"));
        assert_eq!(read_time(b"231126050709"), Some(at));
        assert_eq!(read_time(b"2311260507"), Some(date(2026, 11, 23).at(5, 7, 0, 0)));
        for bad in ["", "2311260", "321126050709", "23112605070x", "231326050709", "2311262460"] {
            assert_eq!(read_time(bad.as_bytes()), None, "{bad}");
        }
    }
}
