//! Makes what a stranger wrote fit to stand in a header: one place, so that no header is forgotten.
//!
//! The mail builder panics on a line break in a display name, and mail programs act on others; nothing that has not been through here
//! reaches a header.

use lettre::Address;
use lettre::message::Mailbox;

/// Longest text in a header, in characters.
const LONGEST: usize = 200;

/// A text in one line: control characters and marks that turn the direction of writing are gone, blanks folded, at most
/// 200 characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
    };
    let visible: String = text.chars().map(|c| if acts(c) { ' ' } else { c }).collect();
    let mut line = String::new();
    for word in visible.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.chars().take(LONGEST).collect()
}

/// The same in printable ASCII, for headers that programs read.
#[must_use]
pub fn ascii(text: &str) -> String {
    one_line(text).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

/// A body: line ends are CRLF, other control characters but the tab are gone.
#[must_use]
pub fn body(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
        lines.push(line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>());
    }
    lines.join("\r\n")
}

/// A mailbox with a name that anybody may have written; without a name when nothing of it is fit.
#[must_use]
pub fn mailbox(name: &str, address: Address) -> Mailbox {
    let name: String = one_line(name)
        .chars()
        .filter(|c| !matches!(c, '"' | '\\' | '<' | '>' | '@' | ',' | ';' | ':'))
        .collect();
    let name = name.trim();
    Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address)
}

/// An address; `None` when it is none.
#[must_use]
pub fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let fit = text.len() <= 254 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
    // The mail library takes `example.se?subject=x` for a domain.
    let a_domain = |c: char| c.is_alphanumeric() || !c.is_ascii() || "-._[]:".contains(c);
    if fit && domain.chars().all(a_domain) { text.parse().ok() } else { None }
}

/// Characters that are fit for a Message-ID; everything else is dropped.
#[must_use]
pub fn message_id(text: &str) -> String {
    let fit = |c: &char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(*c);
    text.chars().filter(fit).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_one_line() {
        assert_eq!(one_line("a\r\nBcc: x\u{202E}\u{2028}y\t z"), "a Bcc: x y z");
        assert_eq!(ascii("Tandläk\r\n"), "Tandl?k");
        assert_eq!(body("a\nb\r\nc\rd\0\u{1b}[2J"), "a\r\nb\r\nc\r\nd[2J");
        assert_eq!(address("a b@c.se"), None);
        assert_eq!(address("a@c.se?subject=x"), None);
        assert!(address("a@åäö.se").is_some() && address("a@[127.0.0.1]").is_some());
        assert_eq!(message_id("a\r\n<b>@c"), "ab@c");
        assert_eq!(one_line(&"x".repeat(1000)).len(), 200);
    }
}
