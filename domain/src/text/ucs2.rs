//! UCS-2 as it is used on the air: UTF-16, big-endian, no byte order mark (3GPP TS 23.038 section 6.2.3).
//!
//! Never fails: a lone surrogate becomes U+FFFD and an odd last octet is dropped.

/// UTF-16 code units of one message without a user data header.
pub const SINGLE: usize = 70;

/// UTF-16 code units the text takes.
pub fn unit_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Encodes to big-endian octets, two a code unit, without a byte order mark.
pub fn encode(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(unit_len(text) * 2);
    for unit in text.encode_utf16() {
        octets.extend_from_slice(&unit.to_be_bytes());
    }
    octets
}

/// Decodes big-endian octets. A leading FEFF is removed; a leading FFFE means that the sender wrote little-endian.
pub fn decode(octets: &[u8]) -> String {
    match octets {
        [0xFE, 0xFF, rest @ ..] => decode_units(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => decode_units(rest, u16::from_le_bytes),
        all => decode_units(all, u16::from_be_bytes),
    }
}

fn decode_units(octets: &[u8], order: fn([u8; 2]) -> u16) -> String {
    let (pairs, _odd) = octets.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| order(*pair)))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decoding() {
        for (octets, expect) in [
            (&[0x30, 0x42, 0x53, 0xF6][..], "あ叶"),
            (&[0xFE, 0xFF, 0x00, 0x41], "A"),
            (&[0xFF, 0xFE, 0x41, 0x00], "A"),
            (&[0xD8, 0x3D, 0xDE, 0x00], "😀"),
            (&[0xD8, 0x3D, 0x00, 0x41], "\u{FFFD}A"),
            (&[0xDE, 0x00], "\u{FFFD}"),
            (&[0x00, 0x41, 0x00], "A"),
            (&[], ""),
        ] {
            assert_eq!(decode(octets), expect, "{octets:02X?}");
        }
        assert_eq!(encode("å😀"), [0x00, 0xE5, 0xD8, 0x3D, 0xDE, 0x00]);
        assert_eq!(unit_len("å😀"), 3);
    }

    proptest! {
        #[test]
        fn text_survives(text in "[^\u{FEFF}\u{FFFE}]{0,50}") {
            let octets = encode(&text);
            prop_assert_eq!(octets.len(), unit_len(&text) * 2);
            prop_assert_eq!(decode(&octets), text);
        }

        #[test]
        fn any_octets_decode(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(decode(&octets).chars().count() <= octets.len() / 2);
        }
    }
}
