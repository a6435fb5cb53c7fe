//! How subject and body make one text: `{subject} {body}`, and whitespace folded.

use std::fmt;
use std::str::FromStr;

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A word in braces that stands for nothing.
    #[error("{{{0}}} stands for nothing; there are {{subject}}, {{body}} and {{from}}")]
    Unknown(String),
    /// A brace without its other half.
    #[error("a brace is not closed")]
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Subject,
    Body,
    From,
}

/// How a mail becomes text. `{subject}`, `{body}` and `{from}` stand for its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

impl Default for Template {
    /// `{subject} {body}`.
    fn default() -> Self {
        Self(vec![Piece::Subject, Piece::Literal(" ".to_owned()), Piece::Body])
    }
}

impl FromStr for Template {
    type Err = TemplateError;
    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            pieces.push(Piece::Literal(literal.to_owned()));
            let (name, after) = after.split_once('}').ok_or(TemplateError::Open)?;
            pieces.push(match name {
                "subject" => Piece::Subject,
                "body" => Piece::Body,
                "from" => Piece::From,
                other => return Err(TemplateError::Unknown(other.to_owned())),
            });
            rest = after;
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Subject => f.write_str("{subject}"),
            Piece::Body => f.write_str("{body}"),
            Piece::From => f.write_str("{from}"),
        })
    }
}

impl Template {
    /// The text of a mail. What the mail says is never read as a template.
    #[must_use]
    pub fn text(&self, subject: &str, body: &str, from: &str) -> String {
        let (subject, body) = (fold(subject), fold(body));
        let mut text = String::with_capacity(subject.len() + body.len() + 16);
        for piece in &self.0 {
            text.push_str(match piece {
                Piece::Literal(literal) => literal,
                Piece::Subject => &subject,
                Piece::Body => &body,
                Piece::From => from,
            });
        }
        fold(&text)
    }
}

/// Whitespace folded: one blank for many, lines kept but no empty ones, nothing at the ends; control characters gone.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.lines() {
        let words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty());
        for (n, word) in words.enumerate() {
            if !folded.is_empty() {
                folded.push(if n == 0 { '\n' } else { ' ' });
            }
            folded.push_str(word);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            ("{subject} {body}", "Pump 3 Hög nivå\ni brunnen"),
            ("{body}", "Hög nivå\ni brunnen"),
            ("{from}: {subject}", "a@b.se: Pump 3"),
            ("LARM {subject}", "LARM Pump 3"),
        ];
        for (form, expected) in cases {
            let template: Template = form.parse().expect("template");
            assert_eq!(
                template.text("Pump  3 ", "\r\n Hög\tnivå\r\n\r\ni brunnen\0\r\n", "a@b.se"),
                expected
            );
            assert_eq!(template.to_string(), form);
        }
        assert_eq!(Template::default().text("{body}", "x", ""), "{body} x");
        assert_eq!("{x}".parse::<Template>(), Err(TemplateError::Unknown("x".into())));
        assert_eq!("{subject".parse::<Template>(), Err(TemplateError::Open));
    }
}
