//! ISO-8859-1, one octet a character, and the windows-1252 reading of what should have been it.
//!
//! Never guesses a character set: the caller says which of the two decoders a source deserves.

use super::gsm7::NotInAlphabet;

/// Windows-1252 at 80..=9F; the five holes keep their ISO-8859-1 control characters.
#[rustfmt::skip]
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// Encodes to one octet a character.
///
/// # Errors
/// The first character above U+00FF.
pub fn encode(text: &str) -> Result<Vec<u8>, NotInAlphabet> {
    text.chars()
        .enumerate()
        .map(|(at_char, char)| u8::try_from(char).map_err(|_| NotInAlphabet { at_char, char }))
        .collect()
}

/// Encodes with `?` for every character above U+00FF.
pub fn encode_lossy(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect()
}

/// Decodes strict ISO-8859-1: every octet is the code point of the same number.
pub fn decode(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// Decodes as windows-1252, which is what most senders of "ISO-8859-1" mean by the octets 80..=9F.
pub fn decode_lenient(octets: &[u8]) -> String {
    octets
        .iter()
        .map(|octet| match octet {
            0x80..=0x9F => WINDOWS[usize::from(octet - 0x80)],
            octet => char::from(*octet),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        assert_eq!(encode("åäö"), Ok(vec![0xE5, 0xE4, 0xF6]));
        assert_eq!(encode("a€"), Err(NotInAlphabet { at_char: 1, char: '€' }));
        assert_eq!(encode_lossy("a€ö"), [b'a', b'?', 0xF6]);
        assert_eq!(decode(&[0xE5, 0x80]), "å\u{80}");
        assert_eq!(decode_lenient(&[0xE5, 0x80, 0x93, 0x81]), "å€“\u{81}");
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&all)), Ok(all));
    }
}
