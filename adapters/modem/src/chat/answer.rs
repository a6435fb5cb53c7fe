//! How a command ended (3GPP TS 27.007 section 4.1, V.250 section 5.7).
//!
//! Reads numeric and verbose results; never judges what an error means for a message ([`crate::errors`] does).

use crate::errors::Kind;

/// What a modem said to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub command: String,
    /// The lines before the end.
    pub lines: Vec<String>,
    /// How it ended.
    pub end: End,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// `OK`.
    Ok,
    /// An error.
    Error(Fault),
    /// The prompt for the text did not come: nothing of it was written.
    NoPrompt,
    /// Nothing in time. What was asked may have been done.
    Silence,
}

/// An error of a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `ERROR` and no more.
    Plain,
    /// With its number.
    Code(Kind, u16),
    /// In words that are no known number.
    Words(String),
}

/// Verbose results that modems use although numbers were asked for.
const VERBOSE: [(&str, u16); 14] = [
    ("sim not inserted", 10),
    ("sim pin required", 11),
    ("sim puk required", 12),
    ("sim failure", 13),
    ("sim busy", 14),
    ("sim wrong", 15),
    ("incorrect password", 16),
    ("memory full", 20),
    ("not found", 22),
    ("no network service", 30),
    ("network timeout", 31),
    ("operation not allowed", 3),
    ("operation not supported", 4),
    ("phone failure", 0),
];

impl Answer {
    /// Whether it ended with `OK`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.end == End::Ok
    }

    /// The number of its error, when it ended with one.
    #[must_use]
    pub fn code(&self) -> Option<(Kind, u16)> {
        match self.end {
            End::Error(Fault::Code(kind, code)) => Some((kind, code)),
            _ => None,
        }
    }

    /// The first line that begins so, without the beginning.
    #[must_use]
    pub fn after(&self, prefix: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(prefix)).map(str::trim)
    }

    /// The lines as one text, for parsers of whole answers.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join("\r\n")
    }
}

/// Reads a line as the end of a command; `None` when it is none.
#[must_use]
pub fn end(line: &str) -> Option<End> {
    match line {
        "OK" => return Some(End::Ok),
        "ERROR" | "COMMAND NOT SUPPORT" | "TOO MANY PARAMETERS" => return Some(End::Error(Fault::Plain)),
        _ => {}
    }
    let (kind, rest) = line
        .strip_prefix("+CMS ERROR:")
        .map(|rest| (Kind::Cms, rest))
        .or_else(|| line.strip_prefix("+CME ERROR:").map(|rest| (Kind::Cme, rest)))?;
    let words = rest.trim();
    if let Ok(code) = words.parse() {
        return Some(End::Error(Fault::Code(kind, code)));
    }
    let lower = words.to_ascii_lowercase();
    let known = VERBOSE.iter().find(|(text, _)| *text == lower).map(|(_, code)| *code);
    Some(End::Error(match known {
        Some(code) => Fault::Code(Kind::Cme, code),
        None => Fault::Words(words.to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let code = |kind, code| Some(End::Error(Fault::Code(kind, code)));
        for (line, expect) in [
            ("OK", Some(End::Ok)),
            ("ERROR", Some(End::Error(Fault::Plain))),
            ("+CMS ERROR: 38", code(Kind::Cms, 38)),
            ("+CMS ERROR:500", code(Kind::Cms, 500)),
            ("+CME ERROR: SIM PIN required", code(Kind::Cme, 11)),
            ("+CMS ERROR: Unknown error", Some(End::Error(Fault::Words("Unknown error".into())))),
            ("+CMTI: \"SM\",3", None),
            ("OKAY", None),
        ] {
            assert_eq!(end(line), expect, "{line}");
        }
    }
}
