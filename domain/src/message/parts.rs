//! What became of each segment of a message: its id at the operator and its state, in one compact text.

use super::ways::PastWay;
use crate::state::State;
use std::fmt::Write as _;

/// How far one segment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartState {
    /// Not yet given to an operator, or to be given again.
    Waiting,
    /// Accepted by the operator; no final receipt yet.
    Sent,
    /// The phone has it.
    Delivered,
    /// The operator gave up or refused it.
    Failed,
    /// The operator's validity ran out.
    Expired,
    /// The operator says it does not know.
    Unknown,
}

impl PartState {
    const LETTERS: [(PartState, char); 6] = [
        (Self::Waiting, 'w'),
        (Self::Sent, 's'),
        (Self::Delivered, 'd'),
        (Self::Failed, 'f'),
        (Self::Expired, 'e'),
        (Self::Unknown, 'u'),
    ];

    /// Whether no receipt can change it any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sent)
    }

    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }

    fn letter(self) -> char {
        Self::LETTERS.iter().find(|(s, _)| *s == self).map_or('w', |(_, c)| *c)
    }

    fn from_letter(letter: char) -> Option<Self> {
        Self::LETTERS.iter().find(|(_, c)| *c == letter).map(|(s, _)| *s)
    }
}

/// One segment's fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// 1-based place in the message.
    pub seq: u8,
    /// How far it has come.
    pub state: PartState,
    /// The operator's id, as it was given; empty when it gave none.
    pub operator_id: String,
    /// The operator's error of the receipt, as it was given.
    pub error: String,
    /// It was given to the operator in one request with the segment before it: one receipt tells of both.
    pub joined: bool,
}

/// The fates of all segments of a message that were ever offered to an operator: on the way it is on now, and on those it left
/// (see [`super::PastWay`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    pub(super) now: Vec<Part>,
    pub(super) past: Vec<PastWay>,
}

impl Parts {
    /// The parts on the way it is on now, in order of `seq`.
    #[must_use]
    pub fn as_slice(&self) -> &[Part] {
        &self.now
    }

    /// Sets one segment's state; a final state stays ([`PartState::is_final`]). True when anything changed.
    pub fn set(&mut self, seq: u8, state: PartState, operator_id: &str, error: &str) -> bool {
        set_part(&mut self.now, seq, state, operator_id, error)
    }

    /// Marks a segment as having gone to the operator in one request with the one before it, under the same id.
    pub fn join(&mut self, seq: u8) {
        for part in self.now.iter_mut().filter(|p| p.seq == seq) {
            part.joined = true;
        }
    }

    /// Whether the operator has this segment already: it is not sent again.
    #[must_use]
    pub fn is_sent(&self, seq: u8) -> bool {
        self.now.iter().any(|p| p.seq == seq && p.state != PartState::Waiting)
    }

    /// The message's state by its parts on the way it is on now, once all `total` are final: all delivered = delivered, else the first
    /// that is not. A segment that another operator had taken before the message came here is not sent here again: then what became of
    /// it there counts.
    #[must_use]
    pub fn outcome(&self, total: u8) -> Option<State> {
        if self.past.is_empty() || self.now.is_empty() || self.now.len() >= usize::from(total) {
            return outcome_of(&self.now, total);
        }
        let mut all = self.now.clone();
        let elsewhere = self.past.iter().rev().flat_map(|way| &way.parts);
        for part in elsewhere.filter(|p| p.state != PartState::Waiting) {
            if all.iter().all(|p| p.seq != part.seq) {
                all.push(part.clone());
            }
        }
        outcome_of(&all, total)
    }

    /// One text for the store: `1s38601fa;2w`, a capital letter where a segment is joined to the one before it, fields of a part divided by `,` where an error follows; ways that were left after a `|`.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(self.now.len() * 24);
        encode_parts(&self.now, &mut text);
        self.past.iter().for_each(|way| way.encode(&mut text));
        text
    }

    /// Reads what [`Parts::encode`] wrote; a part that cannot be read is left out.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let (now, past) = text.split_once('|').unwrap_or((text, ""));
        Self { now: decode_parts(now), past: past.split('|').filter_map(PastWay::decode).collect() }
    }
}

pub(super) fn set_part(
    parts: &mut Vec<Part>,
    seq: u8,
    state: PartState,
    operator_id: &str,
    error: &str,
) -> bool {
    match parts.iter_mut().find(|p| p.seq == seq) {
        Some(part) if part.state.is_final() || (part.state == state && part.operator_id == operator_id) => {
            false
        }
        Some(part) => {
            part.state = state;
            if !operator_id.is_empty() {
                part.operator_id = operator_id.to_owned();
            }
            error.clone_into(&mut part.error);
            true
        }
        None => {
            let (operator_id, error) = (operator_id.to_owned(), error.to_owned());
            let part = Part { seq, state, operator_id, error, joined: false };
            let at = parts.partition_point(|p| p.seq < seq);
            parts.insert(at, part);
            true
        }
    }
}

pub(super) fn outcome_of(parts: &[Part], total: u8) -> Option<State> {
    if parts.len() < usize::from(total) || !parts.iter().all(|p| p.state.is_final()) {
        return None;
    }
    let worst = parts.iter().map(|p| p.state).find(|s| *s != PartState::Delivered);
    Some(match worst {
        None => State::Delivered,
        Some(PartState::Expired) => State::Expired,
        Some(PartState::Unknown) => State::Unknown,
        Some(_) => State::Failed,
    })
}

pub(super) fn encode_parts(parts: &[Part], text: &mut String) {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            text.push(';');
        }
        let letter = part.state.letter();
        let _ =
            write!(text, "{}{}", part.seq, if part.joined { letter.to_ascii_uppercase() } else { letter });
        push_clean(text, &part.operator_id);
        if !part.error.is_empty() {
            text.push(',');
            push_clean(text, &part.error);
        }
    }
}

pub(super) fn decode_parts(text: &str) -> Vec<Part> {
    text.split(';').filter_map(decode_part).collect()
}

fn decode_part(text: &str) -> Option<Part> {
    let letter_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (seq, rest) = text.split_at_checked(letter_at)?;
    let letter = rest.chars().next()?;
    let rest = rest.get(letter.len_utf8()..)?;
    let (operator_id, error) = rest.split_once(',').unwrap_or((rest, ""));
    Some(Part {
        seq: seq.parse().ok()?,
        state: PartState::from_letter(letter.to_ascii_lowercase())?,
        operator_id: operator_id.to_owned(),
        error: error.to_owned(),
        joined: letter.is_ascii_uppercase(),
    })
}

fn push_clean(text: &mut String, value: &str) {
    text.extend(value.chars().filter(|c| !matches!(c, ';' | ',' | '|') && !c.is_control()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_comes_back() {
        let mut parts = Parts::default();
        parts.set(2, PartState::Waiting, "", "");
        parts.set(1, PartState::Sent, "38601fa", "");
        parts.set(3, PartState::Failed, "x", "21b");
        assert_eq!(parts.encode(), "1s38601fa;2w;3fx,21b");
        parts.join(3);
        assert_eq!(parts.encode(), "1s38601fa;2w;3Fx,21b");
        assert_eq!(Parts::decode(&parts.encode()), parts);
        assert_eq!(Parts::decode(""), Parts::default());
        assert_eq!(Parts::decode("x;;9;1q"), Parts::default());
    }

    #[test]
    fn a_final_state_stays_and_all_must_be_final() {
        let mut parts = Parts::default();
        parts.set(1, PartState::Delivered, "a", "");
        assert!(!parts.set(1, PartState::Failed, "a", "9"));
        assert_eq!(parts.outcome(2), None);
        parts.set(2, PartState::Sent, "b", "");
        assert_eq!(parts.outcome(2), None);
        parts.set(2, PartState::Failed, "b", "9");
        assert_eq!(parts.outcome(2), Some(State::Failed));
    }
}
