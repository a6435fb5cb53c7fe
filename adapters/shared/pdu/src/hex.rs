//! Hexadecimal as modems and operators write it: two digits an octet, upper case, read in either case.
//!
//! Never skips anything: white space inside a PDU is the caller's business.

use std::fmt::Write;

/// Octets to upper-case digits.
pub fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut digits, octet| {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{octet:02X}");
        digits
    })
}

/// Digits to octets; `None` for an odd number of digits or anything that is not one.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?)).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for (digits, octets) in
            [("", Some(vec![])), ("00fF", Some(vec![0, 255])), ("0", None), ("0g", None), ("åä", None)]
        {
            assert_eq!(decode(digits), octets, "{digits}");
        }
        assert_eq!(encode(&[0, 0xAB]), "00AB");
    }
}
