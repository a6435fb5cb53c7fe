//! A pattern of a line of text: `OK: {ids}`, `Error: {detail}`, `0: *`. Case does not matter outside of the holes.
//!
//! No regular expressions: a pattern is read once from left to right, each hole up to the text that follows it, so that no answer can
//! make it slow.

/// Names of the holes.
pub(super) const HOLES: [&str; 5] = ["id", "ids", "code", "detail", "to"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// What fills it is kept under the name; `None` = passed over.
    Hole(Option<&'static str>),
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

impl Pattern {
    /// Reads a pattern; what is wrong with it otherwise.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            let hole = match c {
                '*' => None,
                '{' => {
                    let (name, after) = rest.split_once('}').ok_or("a { without its }")?;
                    rest = after;
                    let known = HOLES.iter().find(|known| **known == name);
                    let known = known.ok_or_else(|| {
                        format!("there is no {{{name}}} in a pattern; there are {}", HOLES.join(", "))
                    })?;
                    Some(*known)
                }
                other => {
                    literal.push(other);
                    continue;
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal).to_lowercase()));
            } else if matches!(pieces.last(), Some(Piece::Hole(_))) {
                return Err("two holes with nothing between them".to_owned());
            }
            pieces.push(Piece::Hole(hole));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal.to_lowercase()));
        }
        if pieces.is_empty() { Err("an empty pattern".to_owned()) } else { Ok(Self(pieces)) }
    }

    /// Whether it has this hole.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Hole(Some(known)) if *known == name))
    }

    /// What fills the holes, when the text begins as the pattern says. A text at the end of the pattern must end the line.
    pub(super) fn fits(&self, text: &str) -> Option<Vec<(&'static str, String)>> {
        let line = text.trim().lines().next().unwrap_or_default();
        let mut found = Vec::new();
        let mut rest = line;
        let mut hole: Option<Option<&'static str>> = None;
        for piece in &self.0 {
            match piece {
                Piece::Hole(name) => hole = Some(*name),
                Piece::Text(literal) => {
                    let at = find(rest, literal)?;
                    match hole.take() {
                        None if at != 0 => return None,
                        Some(Some(name)) => found.push((name, rest.get(..at)?.trim().to_owned())),
                        _ => {}
                    }
                    rest = rest.get(at..)?;
                    let length = literal.chars().count();
                    rest = rest.get(rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at)..)?;
                }
            }
        }
        match hole {
            Some(Some(name)) => found.push((name, rest.trim().to_owned())),
            Some(None) => {}
            None if !rest.is_empty() => return None,
            None => {}
        }
        Some(found)
    }
}

/// Where a text that is in lower case stands in another, whatever that one's case.
fn find(text: &str, lower: &str) -> Option<usize> {
    let begins = |at: usize| {
        let mut rest = text.get(at..).unwrap_or_default().chars();
        lower.chars().all(|wanted| {
            rest.next().is_some_and(|c| c == wanted || c.to_lowercase().eq(std::iter::once(wanted)))
        })
    };
    text.char_indices().map(|(at, _)| at).chain([text.len()]).find(|at| begins(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let check = |pattern: &str, text: &str| {
            let found = Pattern::parse(pattern).expect(pattern).fits(text);
            found.map(|f| f.into_iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" "))
        };
        let cases = [
            ("OK: {ids}", "ok: 12,13\r\n", Some("ids=12,13")),
            ("OK: {id}", "Error: no", None),
            ("OK*", "OK", Some("")),
            ("OK", "OKAY", None),
            ("0: *", "0: Accepted for delivery", Some("")),
            ("{code}: {detail}", "12: wrong: number", Some("code=12 detail=wrong: number")),
            ("Error: {detail} (*", "error: no å money (kr)", Some("detail=no å money")),
            ("*ok*", "it is OK so", Some("")),
            ("Å{id}", "å7", Some("id=7")),
            ("OK: {id}", "", None),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(check(pattern, text).as_deref(), expected, "{pattern} {text}");
        }
        for bad in ["", "{", "{x}", "{id}{code}", "**"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
