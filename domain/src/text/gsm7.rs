//! The GSM 7-bit default alphabet, and its extension table (3GPP TS 23.038 section 6.2.1).
//!
//! A septet is kept as one octet with the high bit clear; an escaped character is two of them (`1B xx`).
//! This module never replaces a character it cannot encode, except in [`encode_lossy`], which says so in its name.

use super::tables::{
    BASIC, EXTENDED, EXTENSION, NONE, SPANISH_SINGLE, TURKISH_LOCKING, TURKISH_SINGLE, code, find,
};
use std::fmt;

pub use super::packing::{fill_bits, pack, unpack};
pub(super) use super::tables::alias;

/// The escape to the extension table.
pub const ESCAPE: u8 = 0x1B;

/// Septets of one message without a user data header.
pub const SINGLE: usize = 160;

/// A character that the alphabet does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("character {at_char} ({char:?}) is not in the alphabet")]
pub struct NotInAlphabet {
    /// Index of the character in the text, counted in characters.
    pub at_char: usize,
    /// The character itself.
    pub char: char,
}

/// A national language whose shift tables are known here (3GPP TS 23.038 annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShiftLanguage {
    /// Identifier 1: single and locking shift.
    Turkish,
    /// Identifier 2: single shift only.
    Spanish,
}

impl ShiftLanguage {
    /// The language of a shift element's value; `None` for one without a table here, which is read as the default.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Turkish),
            2 => Some(Self::Spanish),
            _ => None,
        }
    }
}

impl fmt::Display for ShiftLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Turkish => "turkish",
            Self::Spanish => "spanish",
        })
    }
}

/// Which tables stand in for the default ones while decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shift {
    /// Replaces the extension table (element 24).
    pub single: Option<ShiftLanguage>,
    /// Replaces the basic table (element 25).
    pub locking: Option<ShiftLanguage>,
}

/// Septets the text takes (1 or 2 a character), or `None` when a character is not in the alphabet.
///
/// `ç` counts as `Ç` and the Greek capitals that look Latin as their Latin letters, as in [`encode`].
pub fn septet_len(text: &str) -> Option<usize> {
    let mut septets = 0;
    for c in text.chars() {
        septets += width(code(c))?;
    }
    Some(septets)
}

/// Septets of one character: 1 or 2, or `None` when it is not in the alphabet.
pub fn char_len(c: char) -> Option<usize> {
    width(code(c))
}

/// Whether every character comes back as itself after encoding and decoding (so `ç` and Greek `Α` do not count).
pub fn is_exact(text: &str) -> bool {
    text.chars().all(is_exact_char)
}

/// [`is_exact`] for one character.
pub fn is_exact_char(c: char) -> bool {
    code(c) != NONE && alias(c).is_none()
}

/// Every character of the alphabet.
#[must_use]
pub fn letters() -> Vec<char> {
    let basic = (0..0x80).filter(|septet| *septet != ESCAPE).map(|septet| vec![septet]);
    let escaped = (0..0x80).filter(|septet| *septet != ESCAPE).map(|septet| vec![ESCAPE, septet]);
    let mut all: Vec<char> =
        basic.chain(escaped).flat_map(|septets| decode(&septets).chars().collect::<Vec<_>>()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Encodes to one septet an octet, escapes as `1B xx`.
///
/// # Errors
/// The first character that is not in the alphabet.
pub fn encode(text: &str) -> Result<Vec<u8>, NotInAlphabet> {
    let mut septets = Vec::with_capacity(text.len());
    for (at_char, char) in text.chars().enumerate() {
        match code(char) {
            NONE => return Err(NotInAlphabet { at_char, char }),
            coded => push(&mut septets, coded),
        }
    }
    Ok(septets)
}

/// Encodes with `?` for every character that is not in the alphabet.
pub fn encode_lossy(text: &str) -> Vec<u8> {
    let mut septets = Vec::with_capacity(text.len());
    for c in text.chars() {
        match code(c) {
            NONE => septets.push(b'?'),
            coded => push(&mut septets, coded),
        }
    }
    septets
}

/// Decodes one septet an octet with the default tables; the high bit of an octet is ignored.
///
/// An escape before a code that the extension table lacks gives the basic character of that code, a double escape
/// gives a space, and an escape at the end is dropped.
pub fn decode(septets: &[u8]) -> String {
    decode_with(septets, Shift::default())
}

/// [`decode`] with national language tables.
pub fn decode_with(septets: &[u8], shift: Shift) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut rest = septets.iter().map(|octet| octet & 0x7F);
    while let Some(septet) = rest.next() {
        if septet != ESCAPE {
            text.push(basic(septet, shift.locking));
        } else if let Some(escaped) = rest.next() {
            text.push(extended(escaped, shift));
        }
    }
    text
}

fn width(coded: u8) -> Option<usize> {
    match coded {
        NONE => None,
        coded => Some(1 + usize::from(coded >> 7)),
    }
}

fn push(septets: &mut Vec<u8>, coded: u8) {
    if coded & EXTENDED != 0 {
        septets.push(ESCAPE);
    }
    septets.push(coded & 0x7F);
}

fn basic(septet: u8, locking: Option<ShiftLanguage>) -> char {
    if locking == Some(ShiftLanguage::Turkish)
        && let Some(c) = find(&TURKISH_LOCKING, septet)
    {
        return c;
    }
    BASIC[usize::from(septet & 0x7F)]
}

fn extended(septet: u8, shift: Shift) -> char {
    if septet == ESCAPE {
        return ' ';
    }
    let national = match shift.single {
        Some(ShiftLanguage::Turkish) => find(&TURKISH_SINGLE, septet),
        Some(ShiftLanguage::Spanish) => find(&SPANISH_SINGLE, septet),
        None => None,
    };
    national.or_else(|| find(&EXTENSION, septet)).unwrap_or_else(|| basic(septet, shift.locking))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_character_of_the_tables_comes_back() {
        for (i, c) in BASIC.iter().enumerate().filter(|(i, _)| *i != usize::from(ESCAPE)) {
            let text = c.to_string();
            assert_eq!(encode(&text), Ok(vec![i as u8]), "{c:?}");
            assert_eq!(decode(&[i as u8]), text);
            assert!(is_exact(&text));
        }
        for (code, c) in EXTENSION {
            assert_eq!(encode(&c.to_string()), Ok(vec![ESCAPE, code]));
            assert_eq!(decode(&[ESCAPE, code]), c.to_string());
        }
    }

    #[test]
    fn lengths() {
        for (text, expect) in [
            ("", Some(0)),
            ("hej", Some(3)),
            ("åäöÅÄÖéÉ", Some(8)),
            ("[€]", Some(6)),
            ("ç", Some(1)),
            ("ΑΒΧ", Some(3)),
            ("α", None),
            ("\t", None),
            ("\u{1B}", None),
            ("`", None),
            ("😀", None),
        ] {
            assert_eq!(septet_len(text), expect, "{text:?}");
            assert_eq!(encode(text).ok().map(|s| s.len()), expect, "{text:?}");
        }
        assert_eq!(encode("abα"), Err(NotInAlphabet { at_char: 2, char: 'α' }));
        assert_eq!(encode_lossy("aα€"), [b'a', b'?', ESCAPE, 0x65]);
    }

    #[test]
    fn look_alikes_are_sent_but_are_not_exact() {
        assert_eq!(encode("çΑΧ"), Ok(vec![0x09, b'A', b'X']));
        assert!(!is_exact("ç") && !is_exact("Α") && is_exact("Ω€"));
    }

    #[test]
    fn odd_escapes() {
        for (septets, expect) in [
            (&[ESCAPE, 0x48, ESCAPE, 0x4A][..], "HJ"),
            (&[ESCAPE, ESCAPE, 0x41], " A"),
            (&[0x41, ESCAPE], "A"),
            (&[ESCAPE], ""),
            (&[0xC1], "A"),
        ] {
            assert_eq!(decode(septets), expect, "{septets:02X?}");
        }
    }

    #[test]
    fn national_tables() {
        let turkish = Shift { single: Some(ShiftLanguage::Turkish), locking: None };
        assert_eq!(decode_with(&[ESCAPE, 0x47, ESCAPE, 0x65, ESCAPE, 0x14, 0x47], turkish), "Ğ€^G");
        let locking = Shift { single: None, locking: Some(ShiftLanguage::Turkish) };
        assert_eq!(decode_with(&[0x40, 0x60, 0x41], locking), "İçA");
        let spanish = Shift { single: Some(ShiftLanguage::Spanish), locking: None };
        assert_eq!(decode_with(&[ESCAPE, 0x41, ESCAPE, 0x09, 0x41], spanish), "ÁçA");
    }

    proptest! {
        #[test]
        fn exact_text_survives_encoding(text in "\\PC{0,60}") {
            match encode(&text) {
                Ok(septets) => {
                    prop_assert_eq!(septet_len(&text), Some(septets.len()));
                    if is_exact(&text) {
                        prop_assert_eq!(decode(&septets), text);
                    }
                }
                Err(_) => prop_assert_eq!(septet_len(&text), None),
            }
        }

        #[test]
        fn any_octets_decode(octets in proptest::collection::vec(any::<u8>(), 0..200), fill: u8, n in 0usize..500) {
            let text = decode(&unpack(&octets, n, fill));
            prop_assert!(encode(&text).is_ok());
            decode_with(&octets, Shift { single: Some(ShiftLanguage::Turkish), locking: Some(ShiftLanguage::Turkish) });
        }
    }
}
