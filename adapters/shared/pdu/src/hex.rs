//! Hexadecimal as modems and operators write it: two digits an octet, upper case, read in either case.
//!
//! Never skips anything: white space inside a PDU is the caller's business.

/// The digits.
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Octets to upper-case digits.
pub fn encode(octets: &[u8]) -> String {
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0x0F)]);
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

/// Digits to octets; `None` for an odd number of digits or anything that is not one.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    decode_octets(digits.as_bytes())
}

/// [`decode`] for digits that are octets of a frame.
pub fn decode_octets(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, odd) = digits.as_chunks::<2>();
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
