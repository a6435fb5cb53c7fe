//! Replies with enhanced status codes (RFC 5321, 4.2; RFC 3463). ASCII only, English: other mail servers quote them.

use domain::language::Language;
use domain::refusal::{Code, Refusal};

/// A reply to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// A reply with an enhanced status code (`2.1.0`).
    #[must_use]
    pub fn new(code: u16, status: &str, text: &str) -> Self {
        Self { code, lines: vec![format!("{status} {text}")] }
    }

    /// A reply without one: greetings, EHLO and intermediate replies have none.
    #[must_use]
    pub fn bare(code: u16, lines: Vec<String>) -> Self {
        Self { code, lines }
    }

    /// What a refusal is here.
    #[must_use]
    pub fn refusal(refusal: &Refusal) -> Self {
        let (code, status) = match refusal.code {
            Code::InvalidNumber | Code::NoRecipient => (550, "5.1.1"),
            Code::NoRoute | Code::UnknownLink => (550, "5.1.2"),
            Code::TooManyRecipients => (452, "4.5.3"),
            Code::TextTooLong | Code::TooLarge => (552, "5.3.4"),
            Code::NoText
            | Code::TextNotEncodable
            | Code::PagerTextOnly
            | Code::PagerDigitsOnly
            | Code::Malformed => (554, "5.6.0"),
            Code::NotAuthenticated => (530, "5.7.0"),
            Code::RateLimited => (450, "4.7.0"),
            Code::Busy => (452, "4.3.1"),
            Code::StoreUnavailable => (451, "4.3.0"),
            code if code.is_temporary() => (451, "4.3.0"),
            _ => (550, "5.7.1"),
        };
        Self::new(code, status, &format!("{}: {}", refusal.code, refusal.text(Language::English)))
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The octets on the wire. What a peer supplied cannot add lines or move a terminal.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        let last = self.lines.len().saturating_sub(1);
        for (n, line) in self.lines.iter().enumerate() {
            let mark = if n == last { ' ' } else { '-' };
            let shown: String = line
                .chars()
                .take(400)
                .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
                .collect();
            out.push_str(&format!("{}{mark}{shown}\r\n", self.code));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_is_quoted() {
        let shown = Reply::new(550, "5.1.1", "no <a\r\n250 ok\u{1b}[2J\u{e5}>").render();
        assert_eq!(shown, "550 5.1.1 no <a??250 ok?[2J?>\r\n");
        assert_eq!(Reply::bare(250, vec!["a".into(), "b".into()]).render(), "250-a\r\n250 b\r\n");
    }

    #[test]
    fn every_refusal_has_its_class() {
        for code in Code::ALL {
            let reply = Reply::refusal(&Refusal::new(*code)).code();
            let temporary = code.is_temporary() || *code == Code::TooManyRecipients;
            assert_eq!((400..500).contains(&reply), temporary, "{code} {reply}");
        }
    }
}
