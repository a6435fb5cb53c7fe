//! The text after `DATA`, line by line, up to a dot alone on a line (RFC 1861, 4.5.1).

use super::{Session, Step};
use crate::charset::typed;
use crate::texts::{self, Said};

/// A text that is being entered.
#[derive(Debug, Default)]
pub(super) struct Entry {
    text: String,
    lines: usize,
    wrong: Option<Said>,
}

impl Session {
    /// A line of `DATA`: a dot alone ends it, and of two at its beginning one was put there by the client. One dot is the text's own: people and HylaFAX
    /// double none.
    pub(super) fn text_line(&mut self, octets: &[u8]) -> Step {
        if octets == b"." {
            return self.end_of_text();
        }
        let (charset, most) = (self.charset, self.config.max_text);
        let Some(entry) = &mut self.entry else { return Step::Nothing };
        let octets = octets.strip_prefix(b".").filter(|rest| rest.starts_with(b".")).unwrap_or(octets);
        if entry.text.len().saturating_add(octets.len()) >= most {
            entry.wrong = Some(texts::TEXT_LONG);
            entry.text = String::new();
        }
        match charset.read(octets) {
            _ if entry.wrong.is_some() => {}
            None => entry.wrong = Some(texts::NOT_TEXT),
            Some(line) => {
                if entry.lines > 0 {
                    entry.text.push('\n');
                }
                entry.lines += 1;
                entry.text.push_str(&typed(&line));
            }
        }
        Step::Nothing
    }

    fn end_of_text(&mut self) -> Step {
        let entry = self.entry.take().unwrap_or_default();
        match entry.wrong {
            Some(texts::TEXT_LONG) => self.say(552, texts::TEXT_LONG),
            Some(wrong) => self.say(550, wrong),
            None if entry.text.trim().is_empty() => self.say(550, texts::TEXT_EMPTY),
            None => {
                self.page.text = Some(entry.text);
                self.say(250, texts::TEXT_TAKEN)
            }
        }
    }
}
