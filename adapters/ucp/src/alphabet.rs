//! How the characters of a text message (MT 3) stand on the wire of one link: "IRA", which each centre reads in its own way.
//!
//! The specification means one octet a GSM septet. Centres are found that mean something else by the same octets; which one
//! is a setting of the link. Nothing is ever lost silently between two of them except where a table has no such letter: then
//! its ASCII likeness stands there, or `?`.

use domain::mo::MoBody;
use domain::text::ascii;
use domain::text::gsm7::{self, Shift};

/// What the octets of MT 3 mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alphabet {
    /// GSM 03.38, one octet a septet, escapes as two.
    #[default]
    Gsm,
    /// The same with the dollar and the currency sign in each other's places.
    GsmSwapped,
    /// ASCII.
    Ascii,
    /// The German variant of ISO 646 (ISO 21): ÄÖÜäöüß§.
    German,
    /// The Swedish variant of ISO 646: ÅÄÖåäö.
    Swedish,
}

const GERMAN: [(u8, char); 8] =
    [(0x40, '§'), (0x5B, 'Ä'), (0x5C, 'Ö'), (0x5D, 'Ü'), (0x7B, 'ä'), (0x7C, 'ö'), (0x7D, 'ü'), (0x7E, 'ß')];
const SWEDISH: [(u8, char); 6] =
    [(0x5B, 'Ä'), (0x5C, 'Ö'), (0x5D, 'Å'), (0x7B, 'ä'), (0x7C, 'ö'), (0x7D, 'å')];
/// Where GSM 03.38 has its dollar and its currency sign.
const DOLLAR: u8 = 0x02;
const CURRENCY: u8 = 0x24;

impl Alphabet {
    /// By its name in the configuration; what is none of them is GSM.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "gsm-swapped" => Self::GsmSwapped,
            "ascii" => Self::Ascii,
            "german" => Self::German,
            "swedish" => Self::Swedish,
            _ => Self::Gsm,
        }
    }

    /// Septets (one an octet) as octets for this link.
    #[must_use]
    pub fn to_wire(self, septets: &[u8]) -> Vec<u8> {
        match self.table() {
            Some(table) => gsm7::decode(septets).chars().map(|c| octet(table, c)).collect(),
            None if self == Self::GsmSwapped => swapped(septets),
            None => septets.to_vec(),
        }
    }

    /// Whether it lacks some of what GSM 03.38 has.
    #[must_use]
    pub fn is_narrow(self) -> bool {
        self.table().is_some()
    }

    /// Every character that it has.
    #[must_use]
    pub fn letters(self) -> Vec<char> {
        match self.table() {
            Some(table) => {
                let printed = (0x20..0x7F).map(|octet| character(table, octet));
                printed.chain(['\n', '\r']).collect()
            }
            None => gsm7::letters(),
        }
    }

    /// Octets of this link as the body of a message; `shift` is what its header says of national tables.
    #[must_use]
    pub fn read(self, octets: &[u8], shift: Shift) -> MoBody {
        let septets = match self.table() {
            Some(table) => {
                return MoBody::Text(octets.iter().map(|octet| character(table, *octet)).collect());
            }
            None if self == Self::GsmSwapped => swapped(octets),
            None => octets.to_vec(),
        };
        if shift == Shift::default() {
            MoBody::Gsm7(septets)
        } else {
            MoBody::Text(gsm7::decode_with(&septets, shift))
        }
    }

    fn table(self) -> Option<&'static [(u8, char)]> {
        match self {
            Self::Gsm | Self::GsmSwapped => None,
            Self::Ascii => Some(&[]),
            Self::German => Some(&GERMAN),
            Self::Swedish => Some(&SWEDISH),
        }
    }
}

fn octet(table: &[(u8, char)], c: char) -> u8 {
    if let Some((octet, _)) = table.iter().find(|(_, letter)| *letter == c) {
        return *octet;
    }
    let plain = ascii::likeness(c);
    // A national letter has taken the place of this sign.
    if table.iter().any(|(taken, _)| *taken == plain) {
        ascii::instead(c).and_then(|c| u8::try_from(c).ok()).unwrap_or(b'?')
    } else {
        plain
    }
}

fn character(table: &[(u8, char)], octet: u8) -> char {
    table.iter().find(|(known, _)| *known == octet).map_or_else(|| char::from(octet), |(_, letter)| *letter)
}

/// Dollar and currency sign change places, except behind an escape.
fn swapped(septets: &[u8]) -> Vec<u8> {
    let mut escaped = false;
    let swap = |septet: &u8| {
        let plain = !std::mem::replace(&mut escaped, *septet == gsm7::ESCAPE);
        match *septet {
            DOLLAR if plain => CURRENCY,
            CURRENCY if plain => DOLLAR,
            other => other,
        }
    };
    septets.iter().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_each() {
        let text = "Åäö @$§[€";
        for (alphabet, wire, back) in [
            (Alphabet::Gsm, &b"\x0e\x7b\x7c \x00\x02\x5f\x1b\x3c\x1b\x65"[..], text),
            (Alphabet::GsmSwapped, b"\x0e\x7b\x7c \x00\x24\x5f\x1b\x3c\x1b\x65", text),
            (Alphabet::Ascii, b"Aao @$?[?", "Aao @$?[?"),
            (Alphabet::German, b"A\x7b\x7c ?$\x40(?", "Aäö ?$§(?"),
            (Alphabet::Swedish, b"\x5d\x7b\x7c @$?(?", "Åäö @$?(?"),
        ] {
            let septets = gsm7::encode(text).expect("in the alphabet");
            assert_eq!(alphabet.to_wire(&septets), wire, "{alphabet:?}");
            let read = match alphabet.read(wire, Shift::default()) {
                MoBody::Text(text) => text,
                MoBody::Gsm7(septets) => gsm7::decode(&septets),
                other => panic!("{other:?}"),
            };
            assert_eq!(read, back, "{alphabet:?}");
        }
    }
}
