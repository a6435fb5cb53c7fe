//! User data as text (parameter 033, section 3.3 "character conversion"): GSM septets written with escapes that survive 7-bit links.
//!
//! Every septet can be written in ASCII, as itself or as `_` and two characters. On 8-bit links the characters of
//! ISO-8859-1 may stand as themselves. Unescaped, some ASCII characters mean letters (`[` is Ä, as in ISO 646-SE), so they
//! are never written for their own sake. Reading takes both forms on any link and keeps an unknown `_` as it is.

use domain::text::gsm7::{self, ESCAPE};
use domain::text::latin1;

/// The escape to the extension table, written.
const EXTENSION: &[u8; 2] = b"XX";

/// Septets that are written as `_` and two characters.
#[rustfmt::skip]
const ESCAPES: [(u8, &[u8; 2]); 43] = [
    (0x00, b"Oa"), (0x01, b"L-"), (0x03, b"Y-"), (0x04, b"e`"), (0x05, b"e'"), (0x06, b"u`"), (0x07, b"i`"), (0x08, b"o`"),
    (0x09, b"C,"), (0x0B, b"O/"), (0x0C, b"o/"), (0x0E, b"A*"), (0x0F, b"a*"), (0x10, b"gd"), (0x11, b"--"), (0x12, b"gf"),
    (0x13, b"gg"), (0x14, b"gl"), (0x15, b"go"), (0x16, b"gp"), (0x17, b"gi"), (0x18, b"gs"), (0x19, b"gt"), (0x1A, b"gx"),
    (ESCAPE, EXTENSION), (0x1C, b"AE"), (0x1D, b"ae"), (0x1E, b"ss"), (0x1F, b"E'"), (0x22, b"qq"), (0x24, b"ox"),
    (0x40, b"!!"), (0x5B, b"A\""), (0x5C, b"O\""), (0x5D, b"N~"), (0x5E, b"U\""), (0x5F, b"so"), (0x60, b"??"),
    (0x7B, b"a\""), (0x7C, b"o\""), (0x7D, b"n~"), (0x7E, b"u\""), (0x7F, b"a`"),
];

/// Unescaped ASCII that means another character than in ASCII.
const NATIONAL: [(u8, u8); 12] = [
    (b'@', 0x00),
    (b'$', 0x02),
    (b'_', 0x11),
    (b'[', 0x5B),
    (b'\\', 0x5C),
    (b']', 0x0E),
    (b'^', 0x5E),
    (b'{', 0x7B),
    (b'|', 0x7C),
    (b'}', 0x0F),
    (b'~', 0x7E),
    (b'`', 0x60),
];

/// How a septet is written.
const WRITTEN: [Form; 128] = forms();
/// What an unescaped octet below 0x80 is read as.
const READ: [u8; 128] = readings();
/// Not a septet.
const NONE: u8 = 0xFF;

#[derive(Clone, Copy)]
enum Form {
    Plain(u8),
    Escaped([u8; 2]),
}

const fn forms() -> [Form; 128] {
    let mut forms = [Form::Plain(b'?'); 128];
    let mut i = 0;
    while i < 128 {
        if i >= 0x20 || i == 0x0A || i == 0x0D {
            forms[i] = Form::Plain(i as u8);
        }
        i += 1;
    }
    forms[0x02] = Form::Plain(b'$');
    let mut i = 0;
    while i < ESCAPES.len() {
        forms[ESCAPES[i].0 as usize] = Form::Escaped(*ESCAPES[i].1);
        i += 1;
    }
    forms
}

const fn readings() -> [u8; 128] {
    let mut readings = [NONE; 128];
    let mut i = 0x20;
    while i < 0x7F {
        readings[i] = i as u8;
        i += 1;
    }
    readings[0x0A] = 0x0A;
    readings[0x0D] = 0x0D;
    let mut i = 0;
    while i < NATIONAL.len() {
        readings[NATIONAL[i].0 as usize] = NATIONAL[i].1;
        i += 1;
    }
    readings
}

/// Writes septets (one an octet, escapes as `1B xx`). `eight_bit` lets the characters of ISO-8859-1 stand as themselves.
#[must_use]
pub fn encode(septets: &[u8], eight_bit: bool) -> Vec<u8> {
    let mut octets = Vec::with_capacity(septets.len() + septets.len() / 8);
    let mut escaped = false;
    for septet in septets.iter().map(|octet| octet & 0x7F) {
        let plain = if eight_bit && !escaped { itself(septet) } else { None };
        match WRITTEN.get(usize::from(septet)) {
            _ if plain.is_some() => octets.extend(plain),
            Some(Form::Escaped([first, second])) => octets.extend_from_slice(&[b'_', *first, *second]),
            Some(Form::Plain(octet)) => octets.push(*octet),
            None => {}
        }
        escaped = septet == ESCAPE && !escaped;
    }
    octets
}

/// The octet of a character that may stand as itself on an 8-bit link.
fn itself(septet: u8) -> Option<u8> {
    match septet {
        0x00 => Some(b'@'),
        0x22 => Some(b'"'),
        ESCAPE => None,
        _ => {
            let character = gsm7::decode(&[septet]).chars().next()?;
            u8::try_from(character).ok().filter(|octet| *octet >= 0xA1)
        }
    }
}

/// What stands in a text.
enum Unit {
    Septet(u8),
    /// A character that the GSM alphabet lacks; an 8-bit link may carry it.
    Other(char),
}

/// Reads one unit off the front.
fn next(octets: &[u8]) -> Option<(Unit, &[u8])> {
    if let [b'_', first, second, rest @ ..] = octets
        && let Some((septet, _)) = ESCAPES.iter().find(|(_, written)| **written == [*first, *second])
    {
        return Some((Unit::Septet(*septet), rest));
    }
    let (octet, rest) = octets.split_first()?;
    let unit = match READ.get(usize::from(*octet)) {
        Some(&NONE) => Unit::Other(char::from(*octet)),
        Some(septet) => Unit::Septet(*septet),
        None => {
            let character =
                latin1::decode_lenient(&[*octet]).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
            match gsm7::encode(character.encode_utf8(&mut [0; 4])).as_deref() {
                Ok([septet]) if gsm7::is_exact_char(character) => Unit::Septet(*septet),
                _ => Unit::Other(character),
            }
        }
    };
    Some((unit, rest))
}

/// Reads a text as septets; `None` when it holds a character that the GSM alphabet lacks.
#[must_use]
pub fn septets(mut octets: &[u8]) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(octets.len());
    while let Some((unit, rest)) = next(octets) {
        match unit {
            Unit::Septet(septet) => septets.push(septet),
            Unit::Other(_) => return None,
        }
        octets = rest;
    }
    Some(septets)
}

/// Reads a text as it will be shown.
#[must_use]
pub fn decode(mut octets: &[u8]) -> String {
    let (mut text, mut septets) = (String::with_capacity(octets.len()), Vec::new());
    while let Some((unit, rest)) = next(octets) {
        match unit {
            Unit::Septet(septet) => septets.push(septet),
            Unit::Other(character) => {
                text.push_str(&gsm7::decode(&septets));
                septets.clear();
                text.push(character);
            }
        }
        octets = rest;
    }
    text.push_str(&gsm7::decode(&septets));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(text: &str, eight_bit: bool) -> String {
        latin1::decode(&encode(&gsm7::encode_lossy(text), eight_bit))
    }

    #[test]
    fn written() {
        for (text, seven, eight) in [
            ("hej", "hej", "hej"),
            ("ÄÖÅäöå", "_A\"_O\"_A*_a\"_o\"_a*", "ÄÖÅäöå"),
            ("@$_\"", "_Oa$_--_qq", "@$_--\""),
            (
                "€{}[]~\\|^\u{C}",
                "_XXe_XX(_XX)_XX<_XX>_XX=_XX/_XX_!!_XX_gl_XX\n",
                "_XXe_XX(_XX)_XX<_XX>_XX=_XX/_XX_!!_XX_gl_XX\n",
            ),
            ("ΔΩ", "_gd_go", "_gd_go"),
            ("¡", "_!!", "¡"),
        ] {
            assert_eq!((write(text, false).as_str(), write(text, true).as_str()), (seven, eight));
            assert_eq!(decode(&latin1::encode_lossy(seven)), text);
            assert_eq!(decode(&latin1::encode_lossy(eight)), text);
        }
    }

    #[test]
    fn read_as_it_comes() {
        for (cimd, text) in [
            ("[\\]{|}^~@$", "ÄÖÅäöåÜü@$"),
            ("snake_case _ _", "snake_case _ _"),
            ("_zz_X", "_zz_X"),
            ("_", "_"),
            ("Á\u{80}", "Á€"),
        ] {
            assert_eq!(decode(&latin1::encode_lossy(cimd)), text, "{cimd}");
        }
        assert_eq!(septets("Á".as_bytes()), None);
        assert_eq!(septets(b"_XX"), Some(vec![ESCAPE]), "the pair may go on in the next part");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn septets_come_back(text in proptest::collection::vec(0_u8..128, 0..160), eight_bit: bool) {
            let octets = encode(&text, eight_bit);
            prop_assert!(octets.iter().all(|octet| !matches!(octet, 0 | 2 | 3 | 9)));
            prop_assert!(eight_bit || octets.is_ascii());
            prop_assert!(octets.len() <= 3 * text.len());
            prop_assert_eq!(septets(&octets), Some(text));
        }

        #[test]
        fn any_octets_are_read(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = decode(&octets);
            if let Some(septets) = septets(&octets) {
                prop_assert_eq!(gsm7::decode(&septets), text);
            }
        }
    }
}
