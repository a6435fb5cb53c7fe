//! A message that somebody took back while it waited and an operator had some of it, or may have: nothing more of it is sent.

use super::parts::{Parts, WHOLE};
use super::ways::PastWay;
use super::{Part, PartState};
use crate::state::State;

impl Parts {
    /// Whether an operator has, or may have, any of it, whatever it waits for. `possible_duplicate` = it was under way to an operator when
    /// something broke.
    #[must_use]
    pub fn has_left(&self, possible_duplicate: bool) -> bool {
        self.past.iter().any(PastWay::was_used) || self.is_begun() || possible_duplicate
    }

    /// Sends nothing more of a message of `total` segments: those that no operator has taken are cancelled, or unknown where this way's operator
    /// may have them. The state after it: `sent` as long as an operator has some of it.
    pub fn stop(&mut self, total: u8, possible_duplicate: bool) -> State {
        let in_doubt = possible_duplicate && !self.past.iter().any(PastWay::was_used);
        let rest = if in_doubt { PartState::Unknown } else { PartState::Cancelled };
        for seq in 1..=total {
            if !self.is_sent(seq) && !self.past.iter().any(|way| is_taken(&way.parts, seq)) {
                self.set(seq, rest, "", "");
            }
        }
        if self.is_open() { State::Sent } else { self.end(total) }
    }
}

/// Whether a segment is with the operator, or arrived, alone or in the whole.
fn is_taken(parts: &[Part], seq: u8) -> bool {
    let taken = |p: &Part| matches!(p.state, PartState::Sent | PartState::Delivered);
    parts.iter().any(|p| (p.seq == seq || p.seq == WHOLE) && taken(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_operator_has_is_cancelled() {
        for (before, possible_duplicate, after, end) in [
            // Of two segments the first was taken; the second waits, or was never offered, or may have been taken.
            ("1sa1;2w", false, "1sa1;2c", State::Sent),
            ("1sa1", false, "1sa1;2c", State::Sent),
            ("1sa1;2w", true, "1sa1;2u", State::Sent),
            ("1da1", false, "1da1;2c", State::Cancelled),
            // Nobody knows.
            ("", true, "1u;2u", State::Unknown),
            ("|TS0,60000,r?,:", true, "1c;2c|TS0,60000,r?,:", State::Unknown),
            // Another operator has all of it, or one segment, or said that it failed.
            ("|TS0,60000,d,1000:1sa1;2sa2", true, "|TS0,60000,d,1000:1sa1;2sa2", State::Sent),
            ("|TS0,60000,d,1000:0sa1", true, "|TS0,60000,d,1000:0sa1", State::Sent),
            ("|TS0,60000,f,1000:1sa1", true, "2c|TS0,60000,f,1000:1sa1", State::Sent),
            ("|TS0,60000,f,1000:1fa1;2fa2", true, "1c;2c|TS0,60000,f,1000:1fa1;2fa2", State::Cancelled),
        ] {
            let mut parts = Parts::decode(before);
            assert!(parts.has_left(possible_duplicate), "{before}");
            assert_eq!(parts.stop(2, possible_duplicate), end, "{before}");
            assert_eq!(parts.encode(), after, "{before}");
        }
        assert!(!Parts::decode("1w|TS0,60000,r,:").has_left(false));
    }
}
