//! Replies: three digits and a text, several lines when there is more to say (RFC 1861, section 4.2 and 4.3).
//!
//! Whatever a user supplied is made harmless for a terminal here, on the way out, so that no caller can forget it.

use domain::language::Language;
use domain::refusal::{Code, Refusal};

/// A reply to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    lines: Vec<(u16, bool, String)>,
}

impl Reply {
    /// A reply of one line.
    #[must_use]
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { lines: vec![(code, true, text.into())] }
    }

    /// Lines of one code, joined by `-` as clients of this family read them.
    #[must_use]
    pub fn many(code: u16, lines: Vec<String>, last: impl Into<String>) -> Self {
        let mut lines: Vec<_> = lines.into_iter().map(|line| (code, false, line)).collect();
        lines.push((code, true, last.into()));
        Self { lines }
    }

    /// Help: 214 on every line, ended by 250.
    #[must_use]
    pub fn help(lines: impl IntoIterator<Item = String>, last: &str) -> Self {
        let mut lines: Vec<_> = lines.into_iter().map(|line| (214, true, line)).collect();
        lines.push((250, true, last.to_owned()));
        Self { lines }
    }

    /// What a refusal is here: 554 for what may be tried again, 552 for too much, 503 for what is missing, else 550.
    #[must_use]
    pub fn refusal(refusal: &Refusal, language: Language) -> Self {
        let code = match refusal.code {
            code if code.is_temporary() => 554,
            Code::TooManyRecipients | Code::TextTooLong | Code::TooLarge => 552,
            Code::NoRecipient | Code::NoText => 503,
            _ => 550,
        };
        Self::new(code, format!("{} {}", refusal.code, refusal.text(language)))
    }

    /// The code of its last line.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.lines.last().map_or(0, |(code, _, _)| *code)
    }

    /// Whether it says that something was wrong.
    #[must_use]
    pub fn is_error(&self) -> bool {
        (500..600).contains(&self.code())
    }

    /// The text on the wire, with line ends.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        for (code, last, text) in &self.lines {
            out.push_str(&format!("{code}{}{}\r\n", if *last { ' ' } else { '-' }, harmless(text)));
        }
        out
    }
}

/// A text without what a terminal or a log would act on: control characters (C0, DEL, C1, line and paragraph separators) and marks that
/// turn the direction of writing.
#[must_use]
pub fn harmless(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    text.chars()
        .map(|c| if matches!(c, '\n' | '\t' | '\r') { ' ' } else { c })
        .filter(|c| !acts(*c))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(Reply::new(250, "ok").render(), "250 ok\r\n");
        assert_eq!(Reply::many(250, vec!["a".into()], "b").render(), "250-a\r\n250 b\r\n");
        assert_eq!(Reply::help(["a".to_owned()], "b").render(), "214 a\r\n250 b\r\n");
    }

    #[test]
    fn no_terminal_is_moved() {
        for attack in ["\x1b[2Jx", "a\u{9b}31mx", "a\r\n250 okx", "\u{202e}x", "\x07\x08\x7fx", "\u{2028}x"] {
            let shown = Reply::new(550, attack).render();
            assert_eq!(shown.matches("\r\n").count(), 1, "{attack:?}");
            assert!(
                shown.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{2028}'),
                "{attack:?}"
            );
            assert!(shown.ends_with("x\r\n"));
        }
    }

    #[test]
    fn refusals_keep_their_class() {
        let code = |c| Reply::refusal(&Refusal::new(c), Language::English).code();
        assert_eq!(code(Code::Busy), 554);
        assert_eq!(code(Code::TextTooLong), 552);
        assert_eq!(code(Code::InvalidNumber), 550);
        assert_eq!(code(Code::NoText), 503);
    }
}
