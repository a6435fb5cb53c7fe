//! Bringing a text into the characters of one link, where the operator carries fewer than the GSM alphabet has and no UCS-2.
//!
//! Every change is listed, and a text of which too little would be left is known by it.

use super::ascii::{instead, likeness};
use super::fold::{Change, fold_replacing};

/// What stands for a character that has no likeness.
const LOST: char = '?';

/// A text in the characters of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restricted {
    /// The text.
    pub text: String,
    /// Every replacement.
    pub changes: Vec<Change>,
    /// How many of them are more than an accent that is gone: `?`, or another sign.
    pub lost: usize,
    /// Whether nobody could read it: more of its letters and digits were lost than are left.
    pub is_unreadable: bool,
}

/// Brings `text` into `letters`, which are all from the GSM alphabet: itself, what looks like it, or `?`.
#[must_use]
pub fn restrict(text: &str, letters: &[char]) -> Restricted {
    let folded = fold_replacing(text);
    let mut changes = folded.changes;
    let is_gone = |change: &&Change| change.to == "?";
    let is_other = |change: &&Change| is_gone(change) || change.from.chars().any(|c| instead(c).is_some());
    let of_letters = |change: &&Change| is_gone(change) && change.from.chars().any(char::is_alphanumeric);
    let mut plain = String::with_capacity(folded.text.len());
    for (at, c) in folded.text.chars().enumerate() {
        let to = if letters.contains(&c) { c } else { alike(c, letters) };
        if to != c {
            changes.push(Change { at, from: c.to_string(), to: to.to_string() });
        }
        plain.push(to);
    }
    let left = plain.chars().filter(|c| c.is_alphanumeric()).count();
    let gone = changes.iter().filter(of_letters).count();
    let is_unreadable = gone > left || left == 0 && changes.iter().any(|change| is_gone(&change));
    let lost = changes.iter().filter(is_other).count();
    Restricted { text: plain, changes, lost, is_unreadable }
}

fn alike(c: char, letters: &[char]) -> char {
    if c.is_control() {
        return ' ';
    }
    let plain = char::from(likeness(c));
    let found = [Some(plain), instead(c)].into_iter().flatten().find(|c| letters.contains(c));
    found.unwrap_or(LOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_signs_and_what_nobody_could_read() {
        let swedish: Vec<char> = (' '..='Z').chain('a'..='z').chain("ÅÄÖåäö\n".chars()).collect();
        for (text, plain, changes, unreadable) in [
            ("Hej på dig", "Hej på dig", 0, false),
            ("Brand på “fem” – é €5\nnu", "Brand på \"fem\" - e ?5\nnu", 5, false),
            ("Larm 🔥🔥", "Larm ??", 2, false),
            ("[1] {2}", "(1) (2)", 4, false),
            ("Пожар", "?????", 5, true),
            ("Ring Пожар", "Ring ?????", 5, true),
            ("Ring genast Пожар", "Ring genast ?????", 5, false),
            ("🔥", "?", 1, true),
            ("?!", "?!", 0, false),
        ] {
            let found = restrict(text, &swedish);
            let said = (found.text.as_str(), found.changes.len(), found.is_unreadable);
            assert_eq!(said, (plain, changes, unreadable), "{text}");
        }
    }
}
