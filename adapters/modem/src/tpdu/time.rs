//! Service centre time stamps (3GPP TS 23.040 section 9.2.3.11).
//!
//! Never invents a time: octets that name none give `None`, and the caller uses the time of receipt.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::fmt;

const MINUS: u8 = 0x08;

/// A local time with its distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The local time, to the second; the year is 1990..=2089.
    pub local: DateTime,
    /// Local time less UTC in quarters of an hour, -79..=79.
    pub quarters: i8,
    /// Whether a zone of zero has the minus sign, as some centres write it. It says nothing more.
    pub minus_zero: bool,
}

impl Stamp {
    /// Reads the seven octets; `None` when they name no time.
    pub fn decode(octets: [u8; 7]) -> Option<Self> {
        let [year, month, day, hour, minute, second, zone] = octets;
        let year = i16::from(swapped(year)?);
        let year = if year < 90 { 2000 + year } else { 1900 + year };
        let local = DateTime::new(
            year,
            swapped(month)?,
            swapped(day)?,
            swapped(hour)?,
            swapped(minute)?,
            swapped(second)?,
            0,
        )
        .ok()?;
        // The sign stands in the octet before its nibbles are swapped.
        let quarters = swapped(zone & !MINUS)?;
        let minus = zone & MINUS != 0;
        Some(Self {
            local,
            quarters: if minus { -quarters } else { quarters },
            minus_zero: minus && quarters == 0,
        })
    }

    /// Writes the seven octets.
    pub fn encode(&self) -> [u8; 7] {
        let year = i8::try_from(self.local.year().rem_euclid(100)).unwrap_or(0);
        let sign = if self.quarters < 0 || self.minus_zero && self.quarters == 0 { MINUS } else { 0 };
        let quarters = i8::try_from(self.quarters.unsigned_abs().min(79)).unwrap_or(0);
        [
            swap(year),
            swap(self.local.month()),
            swap(self.local.day()),
            swap(self.local.hour()),
            swap(self.local.minute()),
            swap(self.local.second()),
            swap(quarters) | sign,
        ]
    }

    /// The instant; `None` outside what a timestamp can hold.
    pub fn at(&self) -> Option<jiff::Timestamp> {
        let offset = Offset::from_seconds(i32::from(self.quarters) * 15 * 60).ok()?;
        offset.to_timestamp(self.local).ok()
    }
}

impl fmt::Display for Stamp {
    /// RFC 3339, `2002-08-26T19:37:41+00:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = u16::from(self.quarters.unsigned_abs()) * 15;
        let sign = if self.quarters < 0 { '-' } else { '+' };
        write!(f, "{}{sign}{:02}:{:02}", self.local, minutes / 60, minutes % 60)
    }
}

fn swapped(octet: u8) -> Option<i8> {
    let (tens, ones) = (octet & 0x0F, octet >> 4);
    (tens < 10 && ones < 10).then(|| i8::try_from(tens * 10 + ones).ok()).flatten()
}

fn swap(value: i8) -> u8 {
    let value = value.unsigned_abs().min(99);
    ((value % 10) << 4) | (value / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    #[test]
    fn stamps() {
        for (digits, expect) in [
            ("70402132522423", "2007-04-12T23:25:42+08:00"),
            ("7040213252242B", "2007-04-12T23:25:42-08:00"),
            ("51117200000080", "2015-11-27T00:00:00+02:00"),
            ("99202150750329", "1999-02-12T05:57:30-03:00"),
            ("20806291731408", "2002-08-26T19:37:41+00:00"),
            ("20806291731400", "2002-08-26T19:37:41+00:00"),
        ] {
            let octets: [u8; 7] = hex::decode(digits).unwrap().try_into().unwrap();
            let stamp = Stamp::decode(octets).unwrap();
            assert_eq!(stamp.to_string(), expect);
            assert_eq!(stamp.at(), Some(expect.parse().unwrap()));
            assert_eq!(stamp.encode(), octets);
        }
    }

    #[test]
    fn what_names_no_time() {
        for octets in [[0; 7], [0xFF; 7], [0x70, 0x31, 0, 0, 0, 0, 0], [0x70, 0x40, 0x21, 0x42, 0, 0, 0]] {
            assert_eq!(Stamp::decode(octets), None, "{octets:02X?}");
        }
    }
}
