//! The data coding scheme (3GPP TS 23.038 section 4).
//!
//! Never fails: a reserved value is read as the default alphabet, as the standard asks.

use domain::text::Alphabet;

/// A data coding scheme, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dcs(pub u8);

impl Dcs {
    /// The scheme for an alphabet; `flash` is class 0, shown at once and not stored.
    pub fn new(alphabet: Alphabet, flash: bool) -> Self {
        let coding = match alphabet {
            Alphabet::Gsm7 => 0x00,
            Alphabet::Binary => 0x04,
            Alphabet::Ucs2 => 0x08,
        };
        Self(coding | if flash { 0x10 } else { 0 })
    }

    /// The alphabet of the user data. Compressed user data cannot be read and counts as binary.
    pub fn alphabet(self) -> Alphabet {
        if self.is_compressed() {
            return Alphabet::Binary;
        }
        match (self.0 >> 4, self.0 >> 2 & 0b11) {
            (0..=7, 0b01) | (0xF, 0b01 | 0b11) => Alphabet::Binary,
            (0..=7, 0b10) | (0xE, _) => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        }
    }

    /// Whether the user data is compressed.
    pub fn is_compressed(self) -> bool {
        self.0 & 0xA0 == 0x20
    }

    /// The message class 0..=3, when one is given.
    pub fn class(self) -> Option<u8> {
        match self.0 >> 4 {
            1 | 3 | 5 | 7 | 0xF => Some(self.0 & 0b11),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        use Alphabet::{Binary, Gsm7, Ucs2};
        for (octet, alphabet, class) in [
            (0x00, Gsm7, None),
            (0x04, Binary, None),
            (0x08, Ucs2, None),
            (0x0C, Gsm7, None),
            (0x10, Gsm7, Some(0)),
            (0x12, Gsm7, Some(2)),
            (0x18, Ucs2, Some(0)),
            (0x20, Binary, None),
            (0x48, Ucs2, None),
            (0x80, Gsm7, None),
            (0xA4, Gsm7, None),
            (0xC8, Gsm7, None),
            (0xD0, Gsm7, None),
            (0xE0, Ucs2, None),
            (0xF0, Gsm7, Some(0)),
            (0xF5, Binary, Some(1)),
        ] {
            assert_eq!((Dcs(octet).alphabet(), Dcs(octet).class()), (alphabet, class), "{octet:02X}");
        }
        assert_eq!(Dcs::new(Ucs2, true), Dcs(0x18));
    }
}
