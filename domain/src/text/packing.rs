//! Packing septets into octets and back (3GPP TS 23.038 section 6.1.2.1.1).
//!
//! Never guesses how many septets there are: that number travels beside the octets (TP-User-Data-Length).

/// Packs septets into octets, least significant bit first, after `fill_bits` (0..=6) zero bits.
pub fn pack(septets: &[u8], fill_bits: u8) -> Vec<u8> {
    let mut held = u32::from(fill_bits % 7);
    let mut octets = Vec::with_capacity((septets.len() * 7 + held as usize).div_ceil(8));
    let mut bits: u32 = 0;
    for septet in septets {
        bits |= u32::from(septet & 0x7F) << held;
        held += 7;
        while held >= 8 {
            octets.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        octets.push(bits.to_le_bytes()[0]);
    }
    octets
}

/// Unpacks up to `septets` septets that start after `fill_bits` (0..=6) bits; fewer when the octets end sooner.
///
/// The count has to come from the message: a final `@` is seven zero bits and cannot be told from padding.
pub fn unpack(octets: &[u8], septets: usize, fill_bits: u8) -> Vec<u8> {
    let skip = usize::from(fill_bits % 7);
    let there = (octets.len() * 8).saturating_sub(skip) / 7;
    (0..septets.min(there))
        .map(|i| {
            let bit = i * 7 + skip;
            let low = octets.get(bit / 8).copied().unwrap_or(0);
            let high = octets.get(bit / 8 + 1).copied().unwrap_or(0);
            (u16::from_le_bytes([low, high]) >> (bit % 8)).to_le_bytes()[0] & 0x7F
        })
        .collect()
}

/// The fill bits that bring the text after a header of `header_octets` (with its length octet) to a septet boundary.
pub fn fill_bits(header_octets: usize) -> u8 {
    u8::try_from((7 - header_octets * 8 % 7) % 7).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::gsm7;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packing() {
        for (text, fill, expect) in [
            ("hello", 0, "E8329BFD06"),
            ("[10€]", 0, "1B5E0CB6296F7C"),
            ("abcdefg@", 0, "61F1985C369F01"),
            ("abc", 3, "088BC7"),
            ("", 0, ""),
        ] {
            let septets = gsm7::encode(text).unwrap();
            let packed = pack(&septets, fill);
            let hex: String = packed.iter().map(|o| format!("{o:02X}")).collect();
            assert_eq!(hex, expect, "{text}");
            assert_eq!(unpack(&packed, septets.len(), fill), septets);
        }
        assert_eq!(unpack(&[0xFF], 100, 0), [0x7F]);
        assert_eq!((fill_bits(0), fill_bits(6), fill_bits(7)), (0, 1, 0));
    }

    proptest! {
        #[test]
        fn septets_survive_packing(septets in proptest::collection::vec(0u8..128, 0..200), fill in 0u8..7) {
            let packed = pack(&septets, fill);
            prop_assert_eq!(packed.len(), (septets.len() * 7 + usize::from(fill)).div_ceil(8));
            prop_assert_eq!(unpack(&packed, septets.len(), fill), septets);
        }
    }
}
