//! The seven bits of a central: ASCII, or the Swedish form of ISO 646 (SEN 850200 B), where å ä ö stand in the places of `} { |`.

use super::SUB;
use domain::text::ascii::{instead, likeness};

/// What the seven bits mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// ASCII; a letter that is missing becomes the one that looks like it.
    #[default]
    Ascii,
    /// ISO 646-SE.
    Swedish,
}

/// The Swedish letters and their places.
const SWEDISH: [(char, u8); 6] =
    [('Ä', b'['), ('Ö', b'\\'), ('Å', b']'), ('ä', b'{'), ('ö', b'|'), ('å', b'}')];

impl Charset {
    /// By its name in the configuration; what is none of them is ASCII.
    #[must_use]
    pub fn named(name: &str) -> Self {
        if name == "646-se" { Self::Swedish } else { Self::Ascii }
    }

    /// A text as octets of seven bits. Control characters are escaped by SUB where the central knows that, else they become spaces;
    /// a carriage return before a line feed is dropped.
    #[must_use]
    pub fn encode(self, text: &str, escapes: bool) -> Vec<u8> {
        let mut octets = Vec::with_capacity(text.len());
        for c in text.replace("\r\n", "\n").chars() {
            match self.octet(c) {
                octet @ 0x20..0x7F => octets.push(octet),
                octet @ 0..0x20 if escapes => octets.extend([SUB, octet + 0x40]),
                _ => octets.push(b' '),
            }
        }
        octets
    }

    /// Every character that it has, and the line feed: as it is or as a space.
    #[must_use]
    pub fn letters(self) -> Vec<char> {
        let printed = (0x20..0x7F).map(|octet| self.character(octet));
        printed.chain(['\n', '\r']).collect()
    }

    fn character(self, octet: u8) -> char {
        let letter = SWEDISH.iter().find(|(_, place)| self == Self::Swedish && *place == octet);
        letter.map_or(char::from(octet), |(letter, _)| *letter)
    }

    fn octet(self, c: char) -> u8 {
        if self == Self::Ascii {
            return likeness(c);
        }
        match SWEDISH.iter().find(|(letter, _)| *letter == c) {
            Some((_, place)) => *place,
            // Whose places the letters have taken.
            None => likeness(instead(c).unwrap_or(c)),
        }
    }

    /// Octets of seven bits as a text; escapes are resolved.
    #[must_use]
    pub fn decode(self, octets: &[u8]) -> String {
        let mut text = String::with_capacity(octets.len());
        let mut escaped = false;
        for octet in octets.iter().map(|octet| octet & 0x7F) {
            if escaped {
                escaped = false;
                text.push(char::from(octet.wrapping_sub(0x40) & 0x7F));
            } else if octet == SUB {
                escaped = true;
            } else {
                text.push(self.character(octet));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_charsets() {
        for (charset, escapes, text, octets) in [
            (Charset::Ascii, false, "Hej åäö é €\r\n1", &b"Hej aao e ? 1"[..]),
            (Charset::Ascii, true, "a\nb", b"a\x1AJb"),
            (Charset::Swedish, false, "Åäö [x]\\ é", b"]{| (x)/ e"),
        ] {
            assert_eq!(charset.encode(text, escapes), octets, "{text}");
        }
        assert_eq!(Charset::Swedish.decode(b"]{| x\x1AJy"), "Åäö x\ny");
        assert_eq!(Charset::Ascii.decode(b"a{\xE1"), "a{a");
    }

    #[test]
    fn swedish_letters_come_back() {
        let text = "Räksmörgås på ÅÄÖ";
        assert_eq!(Charset::Swedish.decode(&Charset::Swedish.encode(text, true)), text);
        for charset in [Charset::Ascii, Charset::Swedish] {
            let letters: String = charset.letters().into_iter().filter(|c| !c.is_control()).collect();
            assert_eq!(charset.decode(&charset.encode(&letters, false)), letters, "{charset:?}");
        }
        let (ascii, swedish) = (Charset::Ascii.letters(), Charset::Swedish.letters());
        assert!(
            ascii.contains(&'[')
                && !ascii.contains(&'å')
                && swedish.contains(&'å')
                && !swedish.contains(&'[')
        );
    }
}
