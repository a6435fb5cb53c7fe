//! Several texts in one column: fields divided by tabs, lines by line feeds, both escaped inside.

use domain::Timestamp;
use std::fmt::Write as _;

/// Milliseconds since 1970 UTC.
pub fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// The time of a number in the store; one outside what can be told is 1970.
pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// One line of fields.
pub fn encode<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for (n, field) in fields.into_iter().enumerate() {
        if n > 0 {
            text.push('\t');
        }
        for c in field.chars() {
            match c {
                '\\' => text.push_str("\\\\"),
                '\t' => text.push_str("\\t"),
                '\n' => text.push_str("\\n"),
                '\0' => text.push_str("\\0"),
                _ => {
                    let _ = text.write_char(c);
                }
            }
        }
    }
    text
}

/// The fields of a line.
pub fn split(line: &str) -> Vec<String> {
    line.split('\t').map(unescape).collect()
}

fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            (_, Some('t')) => text.push('\t'),
            (_, Some('n')) => text.push('\n'),
            (_, Some('0')) => text.push('\0'),
            (_, Some(other)) => text.push(other),
            (c, None) => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back() {
        for fields in [vec![""], vec!["a", "", "b"], vec!["tab\there", "line\nfeed", "back\\slash\\t", "\0"]]
        {
            let line = encode(fields.iter().copied());
            assert!(!line.contains('\n'));
            assert_eq!(split(&line), fields);
        }
    }
}
