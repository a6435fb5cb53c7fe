//! A receipt and what is known so far, folded into one state. Early, late, twice and out of order give the same end.

use super::Verdict;
use crate::message::{PartState, Parts};
use crate::state::{Event, State};

/// What a receipt changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The parts after it.
    pub parts: Parts,
    /// The message's state after it; `None` = as before.
    pub state: Option<State>,
    /// Whether this part needs no more receipts.
    pub part_done: bool,
}

/// Applies one receipt to a message of `total` segments. `None` when it changes nothing: a duplicate, one that is pending, one
/// after the end.
#[must_use]
pub fn fold(
    state: State,
    parts: &Parts,
    total: u8,
    seq: u8,
    verdict: Verdict,
    error: &str,
) -> Option<Folded> {
    let part_state = verdict.part_state()?;
    let mut parts = parts.clone();
    let mended = state == State::Unknown && part_state != PartState::Unknown;
    if mended {
        parts = reopened(&parts, seq);
    }
    if !parts.set(seq, part_state, "", error) {
        return None;
    }
    let outcome = parts.outcome(total);
    let event = outcome.and_then(|end| match end {
        State::Delivered => Some(Event::ReceiptDelivered),
        State::Expired => Some(Event::ReceiptExpired),
        State::Failed => Some(Event::ReceiptFailed),
        State::Unknown => Some(Event::ReceiptMissing),
        _ => None,
    });
    Some(Folded { parts, state: event.and_then(|e| state.after(e)), part_done: true })
}

/// A part given up as unknown takes a late receipt after all.
fn reopened(parts: &Parts, seq: u8) -> Parts {
    let mut fresh = Parts::default();
    for part in parts.as_slice() {
        let state =
            if part.seq == seq && part.state == PartState::Unknown { PartState::Sent } else { part.state };
        fresh.set(part.seq, state, &part.operator_id, &part.error);
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(total: u8) -> Parts {
        let mut parts = Parts::default();
        for seq in 1..=total {
            parts.set(seq, PartState::Sent, &format!("id{seq}"), "");
        }
        parts
    }

    #[test]
    fn one_part() {
        let folded = fold(State::Sent, &sent(1), 1, 1, Verdict::Delivered, "000").expect("changes");
        assert_eq!(folded.state, Some(State::Delivered));
        assert_eq!(fold(State::Sent, &sent(1), 1, 1, Verdict::Pending, ""), None);
        assert_eq!(fold(State::Delivered, &folded.parts, 1, 1, Verdict::Failed, "1"), None, "after the end");
    }

    #[test]
    fn unknown_is_mended() {
        let mut parts = sent(1);
        parts.set(1, PartState::Unknown, "", "");
        let folded = fold(State::Unknown, &parts, 1, 1, Verdict::Delivered, "").expect("changes");
        assert_eq!(folded.state, Some(State::Delivered));
    }

    proptest! {
        /// Whatever the order and however often, the end is the same: delivered only if all parts were.
        #[test]
        fn order_and_duplicates_do_not_matter(order in proptest::collection::vec(1u8..=3, 0..20), bad in 0u8..=3) {
            let verdict = |seq: u8| if seq == bad { Verdict::Failed } else { Verdict::Delivered };
            let (mut state, mut parts) = (State::Sent, sent(3));
            for seq in order.into_iter().chain([3, 1, 2]) {
                if let Some(folded) = fold(state, &parts, 3, seq, verdict(seq), "") {
                    state = folded.state.unwrap_or(state);
                    parts = folded.parts;
                }
            }
            prop_assert_eq!(state, if bad == 0 { State::Delivered } else { State::Failed });
        }
    }
}
