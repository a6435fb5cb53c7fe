//! What a story records: what drivers asked and were told, what the operator saw, what the gateway says at the end. Only
//! records; [`crate::checker`] judges.

use crate::clock::wall_ms;
use crate::doors::{Answer, Door};
use crate::gateway::Doors;
use crate::journal::Entry;
use crate::readback::Row;
use std::sync::{Mutex, PoisonError};

/// Begins every marker.
const SIGN: char = 'M';
/// Digits of a marker.
const DIGITS: usize = 8;

/// A text that names one message and survives being cut into parts: `M00000042;`, repeated to the wanted length.
#[must_use]
pub fn marked_text(number: u64, length: usize) -> String {
    let marker = format!("{SIGN}{number:0DIGITS$};");
    let mut text = marker.clone();
    while text.len() < length {
        text.push_str(&marker);
    }
    text
}

/// The message's number in a text or a part of one.
#[must_use]
pub fn marker(text: &str) -> Option<u64> {
    text.match_indices(SIGN).find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let digits = rest.get(..DIGITS)?;
        let whole =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && rest.get(DIGITS..=DIGITS) == Some(";");
        if whole { digits.parse().ok() } else { None }
    })
}

/// A telephone number that belongs to one message alone, so that rows can be told apart without their text.
#[must_use]
pub fn number_of(message: u64) -> String {
    format!("467{message:08}")
}

/// One try to hand a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The message's number; several attempts with one number are one message, tried again under one idempotency key.
    pub message: u64,
    /// The door.
    pub door: Door,
    /// Who sent.
    pub sender: String,
    /// To whom, as digits with country code.
    pub to: String,
    /// When the driver began, in ms since 1970.
    pub began_at: u64,
    /// When it had its answer.
    pub ended_at: u64,
    /// The answer.
    pub answer: Answer,
}

impl Attempt {
    /// Whether the gateway has promised anything.
    #[must_use]
    pub fn accepted(&self) -> bool {
        matches!(self.answer, Answer::Accepted(_))
    }

    /// The id that the door told.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.answer {
            Answer::Accepted(id) => id.as_deref(),
            _ => None,
        }
    }
}

/// The books as `omnigate audit` tells them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Whether the audit itself was content.
    pub in_order: bool,
    /// Messages ever accepted.
    pub accepted: Option<u64>,
    /// Messages in each state, and those that retention removed.
    pub parts: Vec<(String, u64)>,
    /// What the audit complains of.
    pub wrong: String,
}

impl Books {
    /// From the audit's JSON.
    #[must_use]
    pub fn from_audit(in_order: bool, value: &serde_json::Value) -> Self {
        let states = value.get("by_state").and_then(serde_json::Value::as_object);
        let states = states.into_iter().flatten().map(|(name, count)| (name.clone(), count.as_u64()));
        let removed = ("removed".to_owned(), value.get("removed").and_then(serde_json::Value::as_u64));
        let parts = states.chain([removed]).filter_map(|(name, count)| Some((name, count?))).collect();
        let accepted = value.get("accepted").and_then(serde_json::Value::as_u64);
        Self {
            in_order,
            accepted,
            parts,
            wrong: value.get("wrong").map(ToString::to_string).unwrap_or_default(),
        }
    }
}

/// Everything that is known of one story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// What the drivers did.
    pub attempts: Vec<Attempt>,
    /// The operator's journal.
    pub operator: Vec<Entry>,
    /// What the API says at the end.
    pub rows: Vec<Row>,
    /// Texts in the inbox at the end.
    pub inbox: Vec<String>,
    /// The audit at the end.
    pub books: Option<Books>,
}

/// Records attempts of several drivers at once.
#[derive(Debug, Default)]
pub struct Recorder {
    attempts: Mutex<Vec<Attempt>>,
}

impl Recorder {
    /// Sends message `number` through a door and writes down what came of it.
    pub fn send(&self, door: Door, doors: Doors, number: u64, length: usize) -> Answer {
        let to = number_of(number);
        let began_at = wall_ms();
        let answer = door.send(doors, &to, &marked_text(number, length));
        self.push(Attempt {
            message: number,
            door,
            sender: crate::settings::USER.into(),
            to,
            began_at,
            ended_at: wall_ms(),
            answer: answer.clone(),
        });
        answer
    }

    /// Writes down an attempt that a story made by itself.
    pub fn push(&self, attempt: Attempt) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }

    /// Everything so far.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{marked_text, marker, number_of};

    #[test]
    fn a_marker_survives_being_cut() {
        let text = marked_text(42, 400);
        assert!(text.len() >= 400 && marker(&text) == Some(42));
        for at in 0..100 {
            assert_eq!(marker(&text[at..at + 60]), Some(42), "cut at {at}");
        }
        for none in ["", "M123", "M0000004", "M0000004x;", "Mååååååååå;"] {
            assert_eq!(marker(none), None, "{none}");
        }
        assert_eq!(number_of(7), "46700000007");
    }
}
