//! The optional checksum: the sum of all octets from STX to the last TAB, modulo 256, as two hexadecimal digits.
//!
//! Over octets as they stand on the wire: an 8-bit character counts as 0x80 to 0xFF.

/// The checksum of the octets from STX to the last TAB, both included.
#[must_use]
pub fn sum(octets: &[u8]) -> u8 {
    octets.iter().fold(0, |sum: u8, octet| sum.wrapping_add(*octet))
}

/// The two digits, upper case.
#[must_use]
pub fn digits(sum: u8) -> [u8; 2] {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    [sum >> 4, sum & 0x0F].map(|nibble| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'))
}

/// Reads two digits of either case; `None` for anything else.
#[must_use]
pub fn read(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(nibble(*high)? << 4 | nibble(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_packets() {
        for (packet, digits) in [
            ("\u{2}01:001\t", b"37"),
            ("\u{2}40:003\t", b"3C"),
            ("\u{2}03:007\t021:12345678\t033:hello\t", b"A6"),
        ] {
            assert_eq!(&super::digits(sum(packet.as_bytes())), digits, "{packet}");
        }
        assert_eq!(sum(&[0xE5, 0xE5]), 0xCA, "octets, not characters");
        assert_eq!((read(b"b3"), read(b"B3"), read(b"3"), read(b"G0")), (Some(0xB3), Some(0xB3), None, None));
    }
}
