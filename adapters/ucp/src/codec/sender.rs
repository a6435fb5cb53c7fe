//! A sender of letters in OAdC (OTOA 5039): the number of useful semi-octets, then the septets packed, all in hex.
//!
//! Exact when writing; when reading also lengths that were rounded up to whole octets are understood.

use domain::text::gsm7;
use pdu::hex;

/// Septets of the longest name: 22 hexadecimal digits.
pub const LONGEST_NAME: usize = 11;

/// A name that does not fit into OAdC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sender takes {septets} septets; at most {LONGEST_NAME} fit")]
pub struct TooLongName {
    /// What it takes.
    pub septets: usize,
}

/// A name as OAdC. What the GSM alphabet lacks becomes `?`.
///
/// # Errors
/// [`TooLongName`]
pub fn pack_sender(name: &str) -> Result<String, TooLongName> {
    let septets = gsm7::encode_lossy(name);
    if septets.len() > LONGEST_NAME {
        return Err(TooLongName { septets: septets.len() });
    }
    let semi_octets = u8::try_from((septets.len() * 7).div_ceil(4)).unwrap_or(u8::MAX);
    let packed = gsm7::pack(&septets, 0);
    Ok(hex::encode(&[&[semi_octets], &packed[..]].concat()))
}

/// The name that OAdC stands for; `None` when it is no such form.
#[must_use]
pub fn unpack_sender(oadc: &[u8]) -> Option<String> {
    let octets = hex::decode_octets(oadc)?;
    let (semi_octets, packed) = octets.split_first()?;
    let mut septets = gsm7::unpack(packed, usize::from(*semi_octets) * 4 / 7, 0);
    // Seven letters in eight octets leave seven zero bits: a padding, or an @ that nobody has at the end of his name.
    if septets.len() == 8 && septets.last() == Some(&0) {
        septets.pop();
    }
    Some(gsm7::decode(&septets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_names() {
        assert_eq!(pack_sender("ALPHA@NUM").as_deref(), Ok("10412614190438AB4D"));
        for (oadc, name) in [
            ("10412614190438AB4D", Some("ALPHA@NUM")),
            ("08F4F29C0E", Some("test")),
            ("0D41E110306C1E01", Some("ABC@CMG")),
            ("0E61F1985C369F01", Some("abcdefg")),
            ("", None),
            ("1", None),
            ("07", Some("")),
            ("0XF4", None),
        ] {
            assert_eq!(unpack_sender(oadc.as_bytes()).as_deref(), name, "{oadc}");
        }
    }

    #[test]
    fn names_come_back() {
        for name in ["A", "Åhléns", "Räddning", "abcdefg", "12345678901", "a€b", "Kommun  &/"] {
            let packed = pack_sender(name).expect("fits");
            assert!(packed.len() <= 22, "{packed}");
            assert_eq!(unpack_sender(packed.as_bytes()).as_deref(), Some(name));
        }
        assert_eq!(pack_sender("123456789012"), Err(TooLongName { septets: 12 }));
    }
}
