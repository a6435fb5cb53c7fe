//! Text of `format=flowed` (RFC 3676): lines that a mail program broke are joined again, before anything else is judged by lines.

use crate::trim::Line;

/// The paragraphs as lines. `delsp`: the blank that marks a soft break is no part of the text.
#[must_use]
pub fn lines(text: &str, delsp: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // The quote depth of the paragraph that goes on.
    let mut open = None;
    for line in text.lines() {
        let unquoted = line.trim_start_matches('>');
        let depth = line.len() - unquoted.len();
        // A blank was put before what would be misread at a line's beginning.
        let content = unquoted.strip_prefix(' ').unwrap_or(unquoted);
        let is_signature = content == "-- ";
        let soft = content.strip_suffix(' ').filter(|_| !is_signature);
        let kept = soft.filter(|_| delsp).unwrap_or(content);
        match lines.last_mut() {
            Some(last) if open == Some(depth) && !is_signature => last.text.push_str(kept),
            _ if depth == 0 => lines.push(Line { text: kept.to_owned(), quoted: false }),
            _ => lines.push(Line { text: format!("{} {kept}", ">".repeat(depth)), quoted: true }),
        }
        open = soft.map(|_| depth);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs() {
        let shown = |text: &str, delsp| {
            let lines = lines(text, delsp);
            lines
                .iter()
                .map(|l| format!("{}{}", if l.quoted { "Q" } else { "" }, l.text))
                .collect::<Vec<_>>()
                .join("|")
        };
        for (text, delsp, expected) in [
            ("Pump 3 har \r\nstannat.\r\nRing \r\ndriften", false, "Pump 3 har stannat.|Ring driften"),
            ("Pumpsta \ntionen \n3", true, "Pumpstationen3"),
            ("  > 5 bar\n From Karl\n  inryckt", false, " > 5 bar|From Karl| inryckt"),
            (" > 5 bar", false, "> 5 bar"),
            ("> en lång \n> fråga\n>> äldre \nJa", false, "Q> en lång fråga|Q>> äldre |Ja"),
            ("slut \n-- \nKarl", false, "slut |-- |Karl"),
            ("a\n\nb \n\nc", false, "a||b |c"),
        ] {
            assert_eq!(shown(text, delsp), expected, "{text}");
        }
    }
}
