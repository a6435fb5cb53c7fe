//! The two character sets of a session: UTF-8 unless `SITE CHARSET` says otherwise, or a line shows that it is the other.

use std::borrow::Cow;

/// The backspace: takes back the character before it. DEL is read as this too.
pub const ERASE: char = '\u{8}';
/// Takes back all that stands before it (control-U, and what telnet calls EL).
pub const ERASE_ALL: char = '\u{15}';

/// A part of a line as it was meant when it was typed by a person who erased in it. Nothing reaches beyond the part's beginning: a text that a program
/// hands over must not turn the command that stands before it into another.
#[must_use]
pub fn typed(part: &str) -> String {
    let mut meant = String::with_capacity(part.len());
    for c in part.chars() {
        match c {
            ERASE => drop(meant.pop()),
            ERASE_ALL => meant.clear(),
            c => meant.push(c),
        }
    }
    meant
}

/// How octets are read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// Nobody said which: UTF-8, and ISO-8859-1 for a line that cannot be that. Programs made for pagers write it and have no way to say so, and an
    /// alarm must not stay away for a letter.
    #[default]
    Unsaid,
    /// UTF-8; anything else is refused, never guessed.
    Utf8,
    /// ISO-8859-1, with the letters that Windows puts in its empty places (windows-1252, as the web reads it).
    Latin1,
}

impl Charset {
    /// Reads `utf-8`, `iso-8859-1` and their usual other names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "iso-8859-1" | "iso8859-1" | "latin1" | "latin-1" | "windows-1252" | "cp1252" => {
                Some(Self::Latin1)
            }
            _ => None,
        }
    }

    /// The name as it is shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unsaid | Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO-8859-1",
        }
    }

    /// The text of a line without its control characters (a tab becomes a blank); `None` when it is not of this set. What a person erases with stays, as
    /// [`ERASE`] and [`ERASE_ALL`]: only who knows the parts of the line can tell how far it reaches.
    #[must_use]
    pub fn read(self, line: &[u8]) -> Option<String> {
        let text = match (self, std::str::from_utf8(line)) {
            (Self::Unsaid | Self::Utf8, Ok(text)) => Cow::Borrowed(text),
            (Self::Utf8, Err(_)) => return None,
            (Self::Unsaid, Err(_)) | (Self::Latin1, _) => {
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(line).0
            }
        };
        let known = text.chars().map(|c| match c {
            '\t' => ' ',
            '\u{7f}' => ERASE,
            c => c,
        });
        Some(known.filter(|c| !c.is_control() || matches!(*c, ERASE | ERASE_ALL)).collect())
    }

    /// The octets of a reply; what the set lacks becomes `?`.
    #[must_use]
    pub fn write(self, text: &str) -> Vec<u8> {
        match self {
            Self::Unsaid | Self::Utf8 => text.as_bytes().to_vec(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sets() {
        assert_eq!(Charset::Utf8.read("Hej åäö".as_bytes()).as_deref(), Some("Hej åäö"));
        assert_eq!(Charset::Utf8.read(b"Hej \xE5"), None);
        assert_eq!(Charset::default().read("Hej å".as_bytes()).as_deref(), Some("Hej å"));
        assert_eq!(Charset::default().read(b"Hej \xE5\x80").as_deref(), Some("Hej å€"));
        assert_eq!(Charset::default().write("å"), "å".as_bytes());
        assert_eq!(Charset::Latin1.read(b"Hej \xE5\x80\x1B[2J").as_deref(), Some("Hej å€[2J"));
        assert_eq!(Charset::Latin1.write("å€\r\n"), b"\xE5?\r\n");
        assert_eq!(Charset::Utf8.read(b"Hejj\x7f du\x15").as_deref(), Some("Hejj\u{8} du\u{15}"));
        assert_eq!(Charset::parse("Latin1"), Some(Charset::Latin1));
        assert_eq!(Charset::parse("ebcdic"), None);
    }

    #[test]
    fn what_was_erased_is_gone() {
        for (part, meant) in [
            ("0701234568\u{8}7", "0701234567"),
            ("å\u{8}ä", "ä"),
            ("\u{8}\u{8}Hej", "Hej"),
            ("no\u{15}yes", "yes"),
            ("plain", "plain"),
        ] {
            assert_eq!(typed(part), meant);
        }
    }
}
