//! The two languages the gateway speaks to people, and what is said in both.

use std::borrow::Cow;
use std::fmt;

/// A language of the interface. What machines read (codes, keys) has no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Language {
    /// Swedish, the default of the installation.
    #[default]
    Swedish,
    /// English.
    English,
}

impl Language {
    /// Reads `sv` or `en` (with or without a region, as in `sv-SE`); anything else is `None`.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "sv" => Some(Self::Swedish),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// Picks one of two texts.
    #[must_use]
    pub fn pick<'a>(self, swedish: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Swedish => swedish,
            Self::English => english,
        }
    }
}

/// Something said in both languages, so that who hears it chooses. Names, numbers and other programs' words are the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Words {
    swedish: Cow<'static, str>,
    /// `None` = as in Swedish.
    english: Option<Cow<'static, str>>,
}

impl Words {
    /// Says it in Swedish and in English. [`crate::words!`] does the same with blanks to fill in.
    #[must_use]
    pub fn new(swedish: impl Into<Cow<'static, str>>, english: impl Into<Cow<'static, str>>) -> Self {
        let (swedish, english) = (swedish.into(), english.into());
        Self { english: (english != swedish).then_some(english), swedish }
    }

    /// What is said in a language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match (language, &self.english) {
            (Language::English, Some(english)) => english,
            _ => &self.swedish,
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.swedish.is_empty() && self.english.is_none()
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self { swedish: text.into(), english: None }
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Self { swedish: text.into(), english: None }
    }
}

/// In English, as logs are.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.in_language(Language::English))
    }
}

/// [`Words`] of two format strings, Swedish first: `words!("högst {most} tecken", "at most {most} characters")`.
#[macro_export]
macro_rules! words {
    ($swedish:literal, $english:literal $(, $value:expr)* $(,)?) => {
        $crate::language::Words::new(::std::format!($swedish $(, $value)*), ::std::format!($english $(, $value)*))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_both() {
        let most = 3;
        let said = words!("högst {most} av {}", "at most {most} of {}", 9);
        assert_eq!(said.in_language(Language::Swedish), "högst 3 av 9");
        assert_eq!(said.in_language(Language::English), "at most 3 of 9");
        let name = Words::from("TS0");
        assert_eq!(name.in_language(Language::English), name.in_language(Language::Swedish));
        assert_eq!(Words::new("TS0", "TS0"), name);
        assert!(Words::default().is_empty() && !said.is_empty());
    }
}
