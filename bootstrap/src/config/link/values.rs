//! Values in the keys of links: octets, numbers as operators write them, classes of failures.

use domain::routing::FailureClass;
use std::str::FromStr;

/// Octets as hexadecimal digits: `"0A 1B"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl FromStr for Octets {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits =
            digits.filter(|digits| digits.len() % 2 == 0).ok_or("octets are pairs of hexadecimal digits")?;
        let octet = |pair: &[u8]| pair.iter().fold(0_u8, |octet, digit| octet << 4 | digit);
        Ok(Self(digits.chunks(2).map(octet).collect()))
    }
}

/// A number in decimal, or in hexadecimal after `0x`: `"1025"`, `"0x0401"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u32);

impl FromStr for Code {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number.map(Self).map_err(|_| "a number, in hexadecimal after 0x: \"0x0401\"")
    }
}

/// The same in two octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(pub u16);

impl FromStr for Tag {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Code(number) = text.parse()?;
        u16::try_from(number).map(Self).map_err(|_| "a tag has two octets: at most 0xffff")
    }
}

/// What an operator means by a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class(pub FailureClass);

impl FromStr for Class {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "permanent" => FailureClass::Permanent,
            "temporary" => FailureClass::Temporary,
            "limited" => FailureClass::Limited,
            "throttled" => FailureClass::Throttled,
            _ => return Err("a class is permanent, temporary, limited (three tries) or throttled"),
        }))
    }
}

/// How far a clock is from UTC: `"+02:00"`, `"-05:30"`, `"Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcOffset(pub jiff::tz::Offset);

impl FromStr for UtcOffset {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "an offset from UTC is \"+02:00\"";
        if text == "Z" {
            return Ok(Self(jiff::tz::Offset::UTC));
        }
        let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(rest), _) => (1, rest),
            (_, Some(rest)) => (-1, rest),
            _ => return Err(WRONG),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(WRONG)?;
        let part = |text: &str, most: i32| {
            let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<i32>().ok().filter(|n| digits && *n <= most)
        };
        let (hours, minutes) = part(hours, 15).zip(part(minutes, 59)).ok_or(WRONG)?;
        let offset = jiff::tz::Offset::from_seconds(sign * (hours * 3_600 + minutes * 60));
        offset.map(Self).map_err(|_| WRONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!("0a 1B".parse(), Ok(Octets(vec![0x0a, 0x1b])));
        assert_eq!(("0x0401".parse(), "1025".parse()), (Ok(Code(1025)), Ok(Code(1025))));
        assert_eq!(("0x1400".parse(), "0x10000".parse::<Tag>().is_err()), (Ok(Tag(0x1400)), true));
        assert_eq!("throttled".parse(), Ok(Class(FailureClass::Throttled)));
        let offset = |text: &str| text.parse::<UtcOffset>().map(|o| o.0.seconds());
        assert_eq!((offset("+02:00"), offset("-05:30"), offset("Z")), (Ok(7_200), Ok(-19_800), Ok(0)));
        for bad in ["0", "0g", "+2", "++1:00", "+02:60", "2", "å"] {
            assert!(bad.parse::<Octets>().is_err() || bad.is_empty(), "{bad}");
            assert!(bad.parse::<UtcOffset>().is_err(), "{bad}");
        }
        assert!(
            "0x".parse::<Code>().is_err() && "-1".parse::<Code>().is_err() && "x".parse::<Class>().is_err()
        );
    }
}
