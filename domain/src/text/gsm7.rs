//! The GSM 7-bit default alphabet, its extension table and septet packing (3GPP TS 23.038 sections 6.1.2 and 6.2.1).
//!
//! A septet is kept as one octet with the high bit clear; an escaped character is two of them (`1B xx`).
//! This module never replaces a character it cannot encode, except in [`encode_lossy`], which says so in its name.

use std::fmt;

/// The escape to the extension table.
pub const ESCAPE: u8 = 0x1B;

/// Septets of one message without a user data header.
pub const SINGLE: usize = 160;

const NONE: u8 = 0xFF;
const EXTENDED: u8 = 0x80;

#[rustfmt::skip]
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{0C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

const TURKISH_SINGLE: [(u8, char); 7] =
    [(0x47, 'Ğ'), (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x67, 'ğ'), (0x69, 'ı'), (0x73, 'ş')];

const TURKISH_LOCKING: [(u8, char); 8] =
    [(0x04, '€'), (0x07, 'ı'), (0x0B, 'Ğ'), (0x0C, 'ğ'), (0x1C, 'Ş'), (0x1D, 'ş'), (0x40, 'İ'), (0x60, 'ç')];

const SPANISH_SINGLE: [(u8, char); 9] = [
    (0x09, 'ç'),
    (0x41, 'Á'),
    (0x49, 'Í'),
    (0x4F, 'Ó'),
    (0x55, 'Ú'),
    (0x61, 'á'),
    (0x69, 'í'),
    (0x6F, 'ó'),
    (0x75, 'ú'),
];

/// Septet of every ASCII character: plain, `EXTENDED | code`, or `NONE`.
const ASCII: [u8; 128] = ascii_table();
/// The same for U+00A0..=U+00FF.
const LATIN: [u8; 96] = latin_table();

const fn ascii_table() -> [u8; 128] {
    let mut table = [NONE; 128];
    let mut i = 0;
    while i < 128 {
        let c = BASIC[i] as usize;
        if c < 128 && i != ESCAPE as usize {
            table[c] = i as u8;
        }
        i += 1;
    }
    let mut i = 0;
    while i < EXTENSION.len() {
        let c = EXTENSION[i].1 as usize;
        if c < 128 {
            table[c] = EXTENDED | EXTENSION[i].0;
        }
        i += 1;
    }
    table
}

const fn latin_table() -> [u8; 96] {
    let mut table = [NONE; 96];
    let mut i = 0;
    while i < 128 {
        let c = BASIC[i] as usize;
        if c >= 0xA0 && c <= 0xFF {
            table[c - 0xA0] = i as u8;
        }
        i += 1;
    }
    table
}

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

fn code(c: char) -> u8 {
    match u32::from(c) {
        point @ 0..=0x7F => ASCII[point as usize],
        0xE7 => 0x09,
        point @ 0xA0..=0xFF => LATIN[point as usize - 0xA0],
        0x20AC => EXTENDED | 0x65,
        0x0391..=0x03A9 => greek(c),
        _ => NONE,
    }
}

fn greek(c: char) -> u8 {
    match c {
        'Δ' => 0x10,
        'Φ' => 0x12,
        'Γ' => 0x13,
        'Λ' => 0x14,
        'Ω' => 0x15,
        'Π' => 0x16,
        'Ψ' => 0x17,
        'Σ' => 0x18,
        'Θ' => 0x19,
        'Ξ' => 0x1A,
        // Latin capitals have their ASCII codes in the basic table.
        other => alias(other).map_or(NONE, |latin| ASCII[latin as usize & 0x7F]),
    }
}

/// What a character is sent as when that is another character of the alphabet.
pub(super) fn alias(c: char) -> Option<char> {
    Some(match c {
        'ç' => 'Ç',
        'Α' => 'A',
        'Β' => 'B',
        'Ε' => 'E',
        'Ζ' => 'Z',
        'Η' => 'H',
        'Ι' => 'I',
        'Κ' => 'K',
        'Μ' => 'M',
        'Ν' => 'N',
        'Ο' => 'O',
        'Ρ' => 'P',
        'Τ' => 'T',
        'Υ' => 'Y',
        'Χ' => 'X',
        _ => return None,
    })
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

fn find(table: &[(u8, char)], septet: u8) -> Option<char> {
    table.iter().find(|(code, _)| *code == septet).map(|(_, c)| *c)
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

    #[test]
    fn packing() {
        for (text, fill, expect) in [
            ("hello", 0, "E8329BFD06"),
            ("[10€]", 0, "1B5E0CB6296F7C"),
            ("abcdefg@", 0, "61F1985C369F01"),
            ("abc", 3, "088BC7"),
            ("", 0, ""),
        ] {
            let septets = encode(text).unwrap();
            let packed = pack(&septets, fill);
            let hex: String = packed.iter().map(|o| format!("{o:02X}")).collect();
            // The last of eight septets that are `@` packs into an octet of its own only when there is room needed.
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
