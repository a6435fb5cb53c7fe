//! The two character sets of a session: UTF-8 unless `SITE CHARSET` says otherwise.

use std::borrow::Cow;

/// How octets are read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// UTF-8; anything else is refused, never guessed.
    #[default]
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
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO-8859-1",
        }
    }

    /// The text of a line without its control characters (a tab becomes a blank); `None` when it is not of this set.
    #[must_use]
    pub fn read(self, line: &[u8]) -> Option<String> {
        let text = match self {
            Self::Utf8 => Cow::Borrowed(std::str::from_utf8(line).ok()?),
            Self::Latin1 => encoding_rs::WINDOWS_1252.decode_without_bom_handling(line).0,
        };
        Some(text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect())
    }

    /// The octets of a reply; what the set lacks becomes `?`.
    #[must_use]
    pub fn write(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
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
        assert_eq!(Charset::Latin1.read(b"Hej \xE5\x80\x1B[2J").as_deref(), Some("Hej å€[2J"));
        assert_eq!(Charset::Latin1.write("å€\r\n"), b"\xE5?\r\n");
        assert_eq!(Charset::parse("Latin1"), Some(Charset::Latin1));
        assert_eq!(Charset::parse("ebcdic"), None);
    }
}
