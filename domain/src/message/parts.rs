//! What became of each segment of a message: its id at the operator and its state, in one compact text.

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
}

/// The fates of all segments of a message that were ever offered to an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// The parts, in order of `seq`.
    #[must_use]
    pub fn as_slice(&self) -> &[Part] {
        &self.0
    }

    /// Sets one segment's state; a final state stays ([`PartState::is_final`]). True when anything changed.
    pub fn set(&mut self, seq: u8, state: PartState, operator_id: &str, error: &str) -> bool {
        match self.0.iter_mut().find(|p| p.seq == seq) {
            Some(part)
                if part.state.is_final() || (part.state == state && part.operator_id == operator_id) =>
            {
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
                let at = self.0.partition_point(|p| p.seq < seq);
                self.0.insert(at, part);
                true
            }
        }
    }

    /// Whether the operator has this segment already: it is not sent again.
    #[must_use]
    pub fn is_sent(&self, seq: u8) -> bool {
        self.0.iter().any(|p| p.seq == seq && p.state != PartState::Waiting)
    }

    /// The message's state by its parts, once all `total` are final: all delivered = delivered, else the first that is not.
    #[must_use]
    pub fn outcome(&self, total: u8) -> Option<State> {
        if self.0.len() < usize::from(total) || !self.0.iter().all(|p| p.state.is_final()) {
            return None;
        }
        let worst = self.0.iter().map(|p| p.state).find(|s| *s != PartState::Delivered);
        Some(match worst {
            None => State::Delivered,
            Some(PartState::Expired) => State::Expired,
            Some(PartState::Unknown) => State::Unknown,
            Some(_) => State::Failed,
        })
    }

    /// One text for the store: `1s38601fa;2w`, fields of a part divided by `,` where an error follows.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 24);
        for (n, part) in self.0.iter().enumerate() {
            if n > 0 {
                text.push(';');
            }
            let _ = write!(text, "{}{}", part.seq, part.state.letter());
            push_clean(&mut text, &part.operator_id);
            if !part.error.is_empty() {
                text.push(',');
                push_clean(&mut text, &part.error);
            }
        }
        text
    }

    /// Reads what [`Parts::encode`] wrote; a part that cannot be read is left out.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        Self(text.split(';').filter_map(decode_part).collect())
    }
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
    text.extend(value.chars().filter(|c| !matches!(c, ';' | ',') && !c.is_control()));
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
