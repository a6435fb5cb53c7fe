//! Which alphabet a text is sent in, and what becomes of characters that do not fit (3GPP TS 23.038 section 4).
//!
//! Never loses a letter without being told to: only [`Policy::Fold`] does, and it lists every loss.

use super::fold::{Change, fold, fold_replacing, nfc};
use super::gsm7::{self, NotInAlphabet};
use crate::language::Words;
use crate::words;
use std::borrow::Cow;
use std::fmt;

/// How the user data of a message is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alphabet {
    /// The GSM 7-bit default alphabet.
    Gsm7,
    /// UTF-16, big-endian.
    Ucs2,
    /// Octets that are not text.
    Binary,
}

impl Alphabet {
    /// The number it is stored under.
    pub fn code(self) -> i16 {
        match self {
            Self::Gsm7 => 0,
            Self::Binary => 1,
            Self::Ucs2 => 2,
        }
    }

    /// The alphabet stored under `code`.
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Gsm7),
            1 => Some(Self::Binary),
            2 => Some(Self::Ucs2),
            _ => None,
        }
    }

    /// Its name in the APIs: `gsm7`, `ucs2` or `binary`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
            Self::Binary => "binary",
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What to do with a text that the GSM alphabet does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// Fold accents and typography; UCS-2 when a letter or a sign would be lost. CR LF becomes LF.
    #[default]
    Auto,
    /// Change nothing: UCS-2 as soon as one character does not fit exactly.
    Keep,
    /// Always GSM: fold, and `?` for what has no equal.
    Fold,
    /// Refuse.
    Reject,
    /// Always UCS-2, changing nothing: for one who cut the text himself, whose parts must be of one kind. Has no name.
    Unicode,
}

impl Policy {
    /// Reads a name: `auto`, `keep`, `fold` or `reject`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "keep" => Some(Self::Keep),
            "fold" => Some(Self::Fold),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }
}

/// The decision of [`choose`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The alphabet to send in.
    pub alphabet: Alphabet,
    /// The text as it will arrive, in normalization form C.
    pub text: Cow<'a, str>,
    /// Every character that was changed to get there; normalization does not count.
    pub changes: Vec<Change>,
}

/// Why there is no alphabet for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// [`Policy::Reject`] met a character outside the GSM alphabet.
    #[error(transparent)]
    NotInAlphabet(#[from] NotInAlphabet),
}

impl TextError {
    /// What is wrong, for the person who wrote the text.
    #[must_use]
    pub fn words(&self) -> Words {
        let Self::NotInAlphabet(NotInAlphabet { at_char, char }) = self;
        words!(
            "tecken {at_char} ({char:?}) finns inte i alfabetet",
            "character {at_char} ({char:?}) is not in the alphabet"
        )
    }
}

/// Chooses the cheapest alphabet that keeps the text, within `policy`.
///
/// # Errors
/// Under [`Policy::Reject`] only: the first character that does not fit.
pub fn choose(text: &str, policy: Policy) -> Result<Chosen<'_>, TextError> {
    let text = nfc(text);
    let misfit = text.chars().enumerate().find(|(_, c)| !gsm7::is_exact_char(*c));
    let plain = |alphabet, text| Chosen { alphabet, text, changes: Vec::new() };
    Ok(match (policy, misfit) {
        (Policy::Keep | Policy::Reject, None) => plain(Alphabet::Gsm7, text),
        (Policy::Keep, Some(_)) | (Policy::Unicode, _) => plain(Alphabet::Ucs2, text),
        (Policy::Reject, Some((at_char, char))) => return Err(NotInAlphabet { at_char, char }.into()),
        (Policy::Auto | Policy::Fold, None) if !text.contains("\r\n") => plain(Alphabet::Gsm7, text),
        (Policy::Auto, _) => {
            let folded = fold(&text);
            if folded.lost > 0 {
                plain(Alphabet::Ucs2, text)
            } else {
                Chosen { alphabet: Alphabet::Gsm7, text: Cow::Owned(folded.text), changes: folded.changes }
            }
        }
        (Policy::Fold, _) => {
            let folded = fold_replacing(&text);
            Chosen { alphabet: Alphabet::Gsm7, text: Cow::Owned(folded.text), changes: folded.changes }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices() {
        use Alphabet::{Gsm7, Ucs2};
        for (text, policy, alphabet, expect) in [
            ("Hej åäö ÅÄÖ éÉ €", Policy::Auto, Gsm7, "Hej åäö ÅÄÖ éÉ €"),
            ("“Hej” – á", Policy::Auto, Gsm7, "\"Hej\" - a"),
            ("a\r\nb", Policy::Auto, Gsm7, "a\nb"),
            ("Hej 😀 “x”", Policy::Auto, Ucs2, "Hej 😀 “x”"),
            ("Καλημέρα", Policy::Auto, Ucs2, "Καλημέρα"),
            ("a\u{308}", Policy::Keep, Gsm7, "ä"),
            ("“Hej”", Policy::Keep, Ucs2, "“Hej”"),
            ("ç", Policy::Keep, Ucs2, "ç"),
            ("ç", Policy::Auto, Gsm7, "Ç"),
            ("a\r\nb", Policy::Keep, Gsm7, "a\r\nb"),
            ("Hej 😀 á", Policy::Fold, Gsm7, "Hej ? a"),
            ("Hej", Policy::Reject, Gsm7, "Hej"),
            ("", Policy::Auto, Gsm7, ""),
            ("Hej“\r\n", Policy::Unicode, Ucs2, "Hej“\r\n"),
            ("Hej", Policy::Unicode, Ucs2, "Hej"),
        ] {
            let chosen = choose(text, policy).unwrap();
            assert_eq!((chosen.alphabet, chosen.text.as_ref()), (alphabet, expect), "{text:?} {policy:?}");
            assert_eq!(chosen.changes.is_empty(), nfc(text) == expect, "{text:?} {policy:?}");
        }
        assert_eq!(
            choose("aá", Policy::Reject),
            Err(TextError::NotInAlphabet(NotInAlphabet { at_char: 1, char: 'á' }))
        );
    }

    #[test]
    fn codes_and_names() {
        for (alphabet, code, name) in
            [(Alphabet::Gsm7, 0, "gsm7"), (Alphabet::Binary, 1, "binary"), (Alphabet::Ucs2, 2, "ucs2")]
        {
            assert_eq!((alphabet.code(), alphabet.to_string().as_str()), (code, name));
            assert_eq!(Alphabet::from_code(code), Some(alphabet));
        }
        assert_eq!(Alphabet::from_code(3), None);
    }
}
