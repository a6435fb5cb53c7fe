//! What is wrong with a configuration, said so that a person can mend it.

use super::place::line_of;
use domain::language::{Language, Words};
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, 1-based; `None` = the file as a whole.
    pub line: Option<usize>,
    /// The key: `link.TS0.window`; empty when the text itself cannot be read.
    pub key: String,
    /// What is wrong and what is allowed; what is said in one language only is looked up in the catalogue of the other.
    pub what: Words,
}

impl Problem {
    /// A problem at a place (octet offset) of a text.
    #[must_use]
    pub fn at(text: &str, offset: usize, key: impl Into<String>, what: impl Into<Words>) -> Self {
        Self { line: Some(line_of(text, offset)), key: key.into(), what: what.into() }
    }

    /// What the TOML reader says: it names what is allowed.
    #[must_use]
    pub fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let line = error.span().map(|s| line_of(text, s.start));
        let source = line.and_then(|l| text.lines().nth(l - 1)).unwrap_or_default().trim();
        let key = source.split(['=', '#']).next().unwrap_or_default().trim();
        let key = if source.contains('=') { key } else { "" };
        Self { line, key: key.to_owned(), what: for_people(error.message().trim_end()).into() }
    }

    /// A problem of the whole.
    #[must_use]
    pub fn whole(key: impl Into<String>, what: impl Into<Words>) -> Self {
        Self { line: None, key: key.into(), what: what.into() }
    }
}

/// What a key takes that is a whole number, as a programmer and as anybody would say it.
const WHOLE_NUMBERS: &[(&str, &str)] = &[
    ("expected u8", "expected a whole number from 0 to 255"),
    ("expected u16", "expected a whole number from 0 to 65535"),
    ("expected u32", "expected a whole number from 0 to 4294967295"),
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected usize", "expected a whole number, 0 or more"),
    ("expected i8", "expected a whole number from -128 to 127"),
    ("expected i16", "expected a whole number from -32768 to 32767"),
    ("expected i32", "expected a whole number"),
    ("expected i64", "expected a whole number"),
];

/// What the TOML reader takes a text for that stands without quotation marks: `127.0.0.1:8080`, `10m`, `True`.
const NO_VALUES: [&str; 10] = [
    "float",
    "mantissa",
    "fraction",
    "exponent",
    "date-time",
    "datetime",
    "boolean",
    "integer number",
    "octal number",
    "hexadecimal number",
];

/// What serde says, without what only a programmer knows: `expected struct SmtpDomain`.
pub(super) fn for_people(message: &str) -> String {
    let number = WHOLE_NUMBERS.iter().find_map(|(kind, range)| Some((message.strip_suffix(kind)?, range)));
    if let Some((before, range)) = number {
        return format!("{before}{range}");
    }
    let kind = message.strip_prefix("invalid ").and_then(|rest| rest.split(',').next());
    if kind.is_some_and(|kind| NO_VALUES.contains(&kind)) {
        return "this is no value: a text stands in quotation marks (\"10.0.0.1:80\"), a number does not, and a yes or no is true or false".to_owned();
    }
    let Some((before, after)) = message.split_once("expected struct ") else {
        return message.replace("expected a sequence", "expected a list: [ … ]");
    };
    let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    format!("{before}expected a table of its own: [[ … ]] or {{ … }}{rest}")
}

/// A configuration that is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    problems: Vec<Problem>,
}

impl ConfigError {
    /// Problems of a file.
    #[must_use]
    pub fn new(file: &Path, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), problems }
    }

    /// One problem of a file as a whole.
    #[must_use]
    pub fn whole(file: &Path, what: impl Into<Words>) -> Self {
        Self::new(file, vec![Problem::whole("", what)])
    }

    /// What the TOML reader says.
    #[must_use]
    pub fn of_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        Self::new(file, vec![Problem::of_toml(text, error)])
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Everything that is wrong, a line each, in a language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        let said = |problem: &Problem| crate::swedish::words(&problem.what, language);
        self.problems.iter().map(|p| self.line(p, &said(p))).collect::<Vec<_>>().join("\n")
    }

    fn line(&self, problem: &Problem, what: &str) -> String {
        let mut text = self.file.display().to_string();
        if let Some(line) = problem.line {
            text.push_str(&format!(":{line}"));
        }
        if !problem.key.is_empty() {
            text.push_str(&format!(": {}", problem.key));
        }
        format!("{text}: {what}")
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// In English, as logs are.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_language(Language::English))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_of_a_programmer() {
        for (said, expected) in [
            (
                "invalid value: integer `-1`, expected u16",
                "invalid value: integer `-1`, expected a whole number from 0 to 65535",
            ),
            (
                "invalid type: string \"x\", expected struct SmtpDomain",
                "invalid type: string \"x\", expected a table of its own: [[ … ]] or { … }",
            ),
            (
                "invalid type: string \"x\", expected a sequence",
                "invalid type: string \"x\", expected a list: [ … ]",
            ),
            ("unknown field `x`, expected `y`", "unknown field `x`, expected `y`"),
        ] {
            assert_eq!(for_people(said), expected);
        }
    }
}
