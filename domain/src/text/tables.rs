//! The tables behind [`super::gsm7`] (3GPP TS 23.038 section 6.2.1 and annex A).
//!
//! Built at compile time; a look-up of an ASCII or Latin letter is one array access. Nothing here changes a text.

use super::gsm7::ESCAPE;

/// A look-up's answer for a character that is not in the alphabet.
pub(super) const NONE: u8 = 0xFF;
/// Set in a look-up's answer when the code stands in the extension table.
pub(super) const EXTENDED: u8 = 0x80;

#[rustfmt::skip]
pub(super) const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

pub(super) const EXTENSION: [(u8, char); 10] = [
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

pub(super) const TURKISH_SINGLE: [(u8, char); 7] =
    [(0x47, 'Ğ'), (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x67, 'ğ'), (0x69, 'ı'), (0x73, 'ş')];

pub(super) const TURKISH_LOCKING: [(u8, char); 8] =
    [(0x04, '€'), (0x07, 'ı'), (0x0B, 'Ğ'), (0x0C, 'ğ'), (0x1C, 'Ş'), (0x1D, 'ş'), (0x40, 'İ'), (0x60, 'ç')];

pub(super) const SPANISH_SINGLE: [(u8, char); 9] = [
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

/// The code of a character: plain, `EXTENDED | code`, or `NONE`.
pub(super) fn code(c: char) -> u8 {
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

/// The character of a code in one of the short tables.
pub(super) fn find(table: &[(u8, char)], septet: u8) -> Option<char> {
    table.iter().find(|(code, _)| *code == septet).map(|(_, c)| *c)
}
