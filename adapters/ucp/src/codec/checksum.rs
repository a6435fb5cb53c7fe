//! The checksum of a frame (EMI/UCP section 2, "CHK"): the sum of octets, modulo 256, as two upper-case hex digits.
//!
//! It counts from the first digit of TRN up to and including the slash before the checksum; STX is not counted.

/// The checksum of these octets.
#[must_use]
pub fn checksum(octets: &[u8]) -> u8 {
    octets.iter().fold(0, |sum: u8, octet| sum.wrapping_add(*octet))
}

/// Its two digits.
pub(super) fn digits(sum: u8) -> [u8; 2] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    [digit(sum >> 4), digit(sum & 0x0F)]
}

/// Reads two digits, of either case.
pub(super) fn read(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(nibble(*high)? << 4 | nibble(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sums() {
        for (counted, sum) in [
            ("00/00019/R/60/A//", 0x6D),
            ("04/00023/R/31/A/0003/", 0x2D),
            ("00/00022/R/51/N/31//", 0x07),
            ("02/00035/O/31/0234765439845/0139/", 0xA0),
        ] {
            assert_eq!(checksum(counted.as_bytes()), sum, "{counted}");
        }
    }

    #[test]
    fn digits_both_ways() {
        for sum in 0..=255 {
            assert_eq!(read(&digits(sum)), Some(sum));
        }
        assert_eq!((digits(0x2D), read(b"2d"), read(b"2"), read(b"2G")), (*b"2D", Some(0x2D), None, None));
    }
}
