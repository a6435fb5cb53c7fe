//! What happened at the simulated operator, one JSON object a line, in the order in which it happened.
//!
//! Written by hand, since it stands on the path of every submit; flushed when a connection has handled what it read.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The journal, or none.
#[derive(Debug)]
pub struct Journal(Option<Mutex<BufWriter<File>>>);

/// One line.
pub struct Line(String);

impl Line {
    /// Of an event at a time in ms since 1970.
    #[must_use]
    pub fn new(at_ms: i64, event: &str) -> Self {
        let mut text = String::with_capacity(256);
        let _ = write!(text, "{{\"at_ms\":{at_ms},\"event\":\"{event}\"");
        Self(text)
    }

    /// A number.
    #[must_use]
    pub fn number(mut self, name: &str, value: u64) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    /// A number, or null.
    #[must_use]
    pub fn maybe(mut self, name: &str, value: Option<u32>) -> Self {
        let _ = match value {
            Some(value) => write!(self.0, ",\"{name}\":{value}"),
            None => write!(self.0, ",\"{name}\":null"),
        };
        self
    }

    /// A text.
    #[must_use]
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, ",\"{name}\":\"");
        for c in value.chars() {
            match c {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                c if c < ' ' || c == '\u{7f}' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
        self
    }
}

impl Journal {
    /// Appends to a file, or to nothing.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self(file.map(|file| Mutex::new(BufWriter::with_capacity(256 * 1024, file)))))
    }

    #[must_use]
    /// Whether there is one: if not, nobody needs to make lines.
    pub fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Writes a line. Errors of the disk are not the simulated operator's concern.
    pub fn write(&self, Line(mut line): Line) {
        if let Some(file) = &self.0 {
            line.push_str("}\n");
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        }
    }

    /// Hands everything to the system.
    pub fn flush(&self) {
        if let Some(file) = &self.0 {
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json() {
        let Line(text) =
            Line::new(7, "submit").number("seq", 5).text("text", "a\"b\\c\n\u{1}å").maybe("answer", None);
        let value: serde_json::Value = serde_json::from_str(&(text + "}")).expect("json");
        assert_eq!(
            value,
            serde_json::json!({"at_ms":7,"event":"submit","seq":5,"text":"a\"b\\c\n\u{1}å","answer":null})
        );
    }
}
