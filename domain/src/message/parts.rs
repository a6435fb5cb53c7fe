//! What became of each segment of a message: its id at the operator and its state, in one compact text.

use super::ways::PastWay;
use crate::state::State;
use std::fmt::Write as _;

/// The place, in a shipment and among the parts, of a text that goes as one request for the operator to cut: one reply and one
/// receipt end all of it. Segments count from 1.
pub const WHOLE: u8 = 0;

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
    /// The operator took it back because somebody asked for that.
    Cancelled,
}

impl PartState {
    const LETTERS: [(PartState, char); 7] = [
        (Self::Waiting, 'w'),
        (Self::Sent, 's'),
        (Self::Delivered, 'd'),
        (Self::Failed, 'f'),
        (Self::Expired, 'e'),
        (Self::Unknown, 'u'),
        (Self::Cancelled, 'c'),
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
            Self::Cancelled => "cancelled",
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
    /// 1-based place in the message, or [`WHOLE`].
    pub seq: u8,
    /// How far it has come.
    pub state: PartState,
    /// The operator's id, as it was given; empty when it gave none.
    pub operator_id: String,
    /// The operator's error of the receipt, as it was given.
    pub error: String,
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

    /// Whether the operator has this segment already, alone or in the whole: it is not sent again.
    #[must_use]
    pub fn is_sent(&self, seq: u8) -> bool {
        self.now.iter().any(|p| (p.seq == seq || p.seq == WHOLE) && p.state != PartState::Waiting)
    }

    /// Whether the operator has anything of it on the way it is on now.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.now.iter().any(|p| p.state != PartState::Waiting)
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
        for part in elsewhere.filter(|p| p.seq != WHOLE && p.state != PartState::Waiting) {
            if all.iter().all(|p| p.seq != part.seq) {
                all.push(part.clone());
            }
        }
        outcome_of(&all, total)
    }

    /// One text for the store: `1s38601fa;2w`, fields of a part divided by `,` where an error follows; ways that were left after a `|`.
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
            let part = Part { seq, state, operator_id: operator_id.to_owned(), error: error.to_owned() };
            let at = parts.partition_point(|p| p.seq < seq);
            parts.insert(at, part);
            true
        }
    }
}

pub(super) fn outcome_of(parts: &[Part], total: u8) -> Option<State> {
    let whole = parts.iter().position(|p| p.seq == WHOLE && p.state != PartState::Waiting);
    let (parts, total) = match whole.and_then(|at| parts.get(at..=at)) {
        Some(whole) => (whole, 1),
        // One that waits stands first and was not sent: by its segments then.
        None => (parts.get(usize::from(parts.first().is_some_and(|p| p.seq == WHOLE))..)?, total),
    };
    if parts.len() < usize::from(total) || !parts.iter().all(|p| p.state.is_final()) {
        return None;
    }
    let worst = parts.iter().map(|p| p.state).find(|s| *s != PartState::Delivered);
    Some(match worst {
        None => State::Delivered,
        Some(PartState::Expired) => State::Expired,
        Some(PartState::Unknown) => State::Unknown,
        Some(PartState::Cancelled) => State::Cancelled,
        Some(_) => State::Failed,
    })
}

pub(super) fn encode_parts(parts: &[Part], text: &mut String) {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            text.push(';');
        }
        let _ = write!(text, "{}{}", part.seq, part.state.letter());
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
        state: PartState::from_letter(letter)?,
        operator_id: operator_id.to_owned(),
        error: error.to_owned(),
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
        assert_eq!(Parts::decode(&parts.encode()), parts);
        assert_eq!(Parts::decode(""), Parts::default());
        assert_eq!(Parts::decode("x;;9;1q"), Parts::default());
    }

    #[test]
    fn the_whole_stands_for_all_its_segments() {
        let mut parts = Parts::default();
        parts.set(WHOLE, PartState::Waiting, "", "");
        assert!(!parts.is_sent(WHOLE) && !parts.is_sent(2) && !parts.is_begun());
        parts.set(1, PartState::Delivered, "a", "");
        assert_eq!(parts.outcome(2), None, "it was not sent whole: the second segment is missing");
        parts.set(WHOLE, PartState::Sent, "w", "");
        assert!(parts.is_sent(WHOLE) && parts.is_sent(2));
        assert_eq!((parts.outcome(2), parts.encode().as_str()), (None, "0sw;1da"));
        parts.set(WHOLE, PartState::Failed, "w", "9");
        assert_eq!(parts.outcome(2), Some(State::Failed));
        assert_eq!(Parts::decode(&parts.encode()), parts);
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
