//! A receipt and what is known so far, folded into one state. Early, late, twice and out of order give the same end.
//!
//! A message may have been sent by several ways: the first that says "delivered" ends it, and it ends without having been delivered
//! only when no way is left that may still deliver it.

use super::Verdict;
use crate::message::{PartState, Parts, Which};
use crate::state::{Event, State};

/// What is known of a message when a receipt comes.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its state.
    pub state: State,
    /// Its segments, on all ways.
    pub parts: &'a Parts,
    /// How many segments it has.
    pub total: u8,
    /// Its outcome is watched: while it is, no receipt but "delivered" ends it; another way is tried instead.
    pub watched: bool,
    /// Somebody asked its operator to take it back: then it goes by no other way, and "deleted" means taken back.
    pub recalled: bool,
}

/// What a receipt changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// The parts after it.
    pub parts: Parts,
    /// The message's state after it; `None` = as before.
    pub state: Option<State>,
    /// Whether this part needs no more receipts.
    pub part_done: bool,
    /// The way it is on has come to an end that is not "delivered", and its outcome is watched: there is nothing more to wait for there.
    pub hopeless: bool,
}

/// Applies one receipt about a segment on one of a message's ways. `None` when it changes nothing: a duplicate, one that is pending,
/// one after the end.
#[must_use]
pub fn fold(known: Known<'_>, which: Which, seq: u8, verdict: Verdict, error: &str) -> Option<Folded> {
    let part_state = match verdict {
        Verdict::Deleted if known.recalled => PartState::Cancelled,
        other => other.part_state()?,
    };
    let Known { state, total, recalled, .. } = known;
    // That it was taken back is no error, whatever the operator's words for it.
    let error = if part_state == PartState::Cancelled { "" } else { error };
    let watched = known.watched && !recalled;
    let mut parts = known.parts.clone();
    let over = state.is_final() && state != State::Unknown;
    if !over && part_state != PartState::Unknown {
        // "Unknown" is no end of a segment as long as the message has none: a later receipt knows better.
        parts.reopen(which, seq);
    }
    if !parts.set_on(which, seq, part_state, "", error) {
        return None;
    }
    if part_state != PartState::Unknown {
        parts.leave_unsaid(which);
    }
    let under_way = matches!(state, State::Scheduled | State::Queued | State::Sending);
    let outcome = parts.outcome_on(which, total).or_else(|| parts.outcome(total));
    let (event, hopeless) = match outcome {
        Some(State::Delivered) => (Some(Event::ReceiptDelivered), false),
        _ if watched => (None, state == State::Sent && !parts.is_open_now()),
        // It is under way; or another operator still has it: this end is only that way's.
        None if under_way => (None, false),
        Some(_) if which != Which::Now && under_way => (None, false),
        _ if parts.is_open() => (None, false),
        Some(end) => (ended(end), false),
        // No way had all of it, and nobody has anything more to say.
        None => (ended(parts.end(total)), false),
    };
    Some(Folded { parts, state: event.and_then(|e| state.after(e)), part_done: true, hopeless })
}

/// The event that leads to an end which receipts bring.
#[must_use]
pub fn ended(end: State) -> Option<Event> {
    match end {
        State::Delivered => Some(Event::ReceiptDelivered),
        State::Expired => Some(Event::ReceiptExpired),
        State::Failed => Some(Event::ReceiptFailed),
        State::Unknown => Some(Event::ReceiptMissing),
        State::Cancelled => Some(Event::TakenBack),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::LinkId;
    use crate::message::{Departure, Leaving};
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn sent(total: u8) -> Parts {
        let mut parts = Parts::default();
        for seq in 1..=total {
            parts.set(seq, PartState::Sent, &format!("id{seq}"), "");
        }
        parts
    }

    fn known(state: State, parts: &Parts, total: u8) -> Known<'_> {
        Known { state, parts, total, watched: false, recalled: false }
    }

    fn now(known: Known<'_>, seq: u8, verdict: Verdict) -> Option<Folded> {
        fold(known, Which::Now, seq, verdict, "")
    }

    /// An operator that cuts long texts himself got it in one request and sends one receipt.
    #[test]
    fn one_receipt_for_the_whole() {
        let mut parts = Parts::default();
        parts.set(crate::message::WHOLE, PartState::Sent, "w", "");
        let whole = |parts: &Parts, state, verdict| {
            fold(known(state, parts, 3), Which::Now, crate::message::WHOLE, verdict, "")
        };
        let folded = whole(&parts, State::Sent, Verdict::Delivered).expect("changes");
        assert_eq!(folded.state, Some(State::Delivered));
        assert_eq!(whole(&folded.parts, State::Delivered, Verdict::Delivered), None, "twice");
        let late = parts.given_up();
        let folded = whole(&late, State::Unknown, Verdict::Failed).expect("changes");
        assert_eq!(folded.state, Some(State::Failed));
    }

    /// Sent by one operator, then by another.
    fn twice() -> Parts {
        let mut parts = sent(1);
        let link = LinkId::parse("TS0").expect("name");
        let (at, why) = (Timestamp::UNIX_EPOCH, Leaving::NotDelivered);
        parts.leave(&Departure { link: &link, sent_at: None, at, why, in_doubt: false });
        parts.set(1, PartState::Sent, "other", "");
        parts
    }

    #[test]
    fn one_part() {
        let folded = now(known(State::Sent, &sent(1), 1), 1, Verdict::Delivered).expect("changes");
        assert_eq!(folded.state, Some(State::Delivered));
        assert_eq!(now(known(State::Sent, &sent(1), 1), 1, Verdict::Pending), None);
        let after = known(State::Delivered, &folded.parts, 1);
        assert_eq!(now(after, 1, Verdict::Failed), None, "after the end");
    }

    /// The operator gave one of two segments no id: its receipt is never understood, and the message has its end without it.
    #[test]
    fn a_segment_without_an_id_is_not_waited_for() {
        for (verdict, end) in [(Verdict::Delivered, State::Unknown), (Verdict::Failed, State::Failed)] {
            let mut parts = Parts::default();
            parts.set(1, PartState::Sent, "id1", "");
            parts.set(2, PartState::Sent, "", "");
            let folded = now(known(State::Sent, &parts, 2), 1, verdict).expect("changes");
            assert_eq!(folded.state, Some(end), "{verdict:?}");
        }
        // The pager has it, and its central says nothing more: what another operator says late ends nothing but his way.
        let mut parts = twice();
        parts = Parts::decode(&parts.encode().replace("other", ""));
        let late =
            fold(known(State::Sent, &parts, 1), Which::Past(0), 1, Verdict::Failed, "").expect("changes");
        assert_eq!(late.state, None);
    }

    #[test]
    fn unknown_is_mended() {
        let parts = sent(1).given_up();
        let folded = now(known(State::Unknown, &parts, 1), 1, Verdict::Delivered).expect("changes");
        assert_eq!(folded.state, Some(State::Delivered));
    }

    /// The operator did not know for a while, of one segment or on a way that was left because of it.
    #[test]
    fn unknown_is_mended_before_the_message_ends() {
        let first = now(known(State::Sent, &sent(2), 2), 1, Verdict::Unknown).expect("changes");
        assert_eq!(first.state, None, "the other segment is awaited");
        for (verdict, end) in [(Verdict::Delivered, State::Delivered), (Verdict::Failed, State::Failed)] {
            let mended = now(known(State::Sent, &first.parts, 2), 1, verdict).expect("changes");
            let last = now(known(State::Sent, &mended.parts, 2), 2, Verdict::Delivered);
            assert_eq!(last.expect("changes").state, Some(end));
        }
        let mut left = sent(1);
        left.set(1, PartState::Unknown, "", "");
        let link = LinkId::parse("TS0").expect("name");
        let (at, why) = (Timestamp::UNIX_EPOCH, Leaving::Failed);
        left.leave(&Departure { link: &link, sent_at: None, at, why, in_doubt: false });
        for state in [State::Queued, State::Sending, State::Sent] {
            let late = fold(known(state, &left, 1), Which::Past(0), 1, Verdict::Delivered, "");
            assert_eq!(late.expect("changes").state, Some(State::Delivered), "{state}");
        }
        for state in [State::Delivered, State::Failed, State::Expired, State::Cancelled] {
            assert_eq!(
                fold(known(state, &left, 1), Which::Past(0), 1, Verdict::Delivered, ""),
                None,
                "{state}"
            );
        }
    }

    #[test]
    fn the_first_delivered_wins_by_any_way() {
        for state in [State::Queued, State::Sending, State::Sent, State::Unknown] {
            let parts = twice();
            let folded = fold(known(state, &parts, 1), Which::Past(0), 1, Verdict::Delivered, "");
            assert_eq!(folded.expect("changes").state, Some(State::Delivered), "{state}");
        }
    }

    #[test]
    fn an_end_waits_for_the_other_ways() {
        let first = now(known(State::Sent, &twice(), 1), 1, Verdict::Failed).expect("changes");
        assert_eq!(first.state, None, "the other operator still has it");
        let parts = first.parts;
        let last = fold(known(State::Sent, &parts, 1), Which::Past(0), 1, Verdict::Expired, "");
        assert_eq!(last.expect("changes").state, Some(State::Expired));
        let other = fold(known(State::Sent, &parts, 1), Which::Past(0), 1, Verdict::Delivered, "");
        assert_eq!(other.expect("changes").state, Some(State::Delivered));
    }

    /// One operator had taken the second segment, the next one got the first: both delivered is delivered, whoever says it last.
    #[test]
    fn segments_by_different_ways_make_one_message() {
        for first in [Which::Now, Which::Past(0)] {
            let mut parts = Parts::default();
            parts.set(2, PartState::Sent, "a", "");
            let link = LinkId::parse("TS0").expect("name");
            let (at, why) = (Timestamp::UNIX_EPOCH, Leaving::Failed);
            parts.leave(&Departure { link: &link, sent_at: None, at, why, in_doubt: false });
            parts.set(1, PartState::Sent, "b", "");
            let other = if first == Which::Now { Which::Past(0) } else { Which::Now };
            let seq = |which| if which == Which::Now { 1 } else { 2 };
            let one = fold(known(State::Sent, &parts, 2), first, seq(first), Verdict::Delivered, "")
                .expect("changes");
            assert_eq!(one.state, None);
            let both = fold(known(State::Sent, &one.parts, 2), other, seq(other), Verdict::Delivered, "");
            assert_eq!(both.expect("changes").state, Some(State::Delivered));
        }
    }

    /// Deleted is taken back where that was asked for; what was delivered meanwhile, or before, stays.
    #[test]
    fn taken_back() {
        fn recalled(parts: &Parts, total: u8) -> Known<'_> {
            Known { recalled: true, watched: true, ..known(State::Sent, parts, total) }
        }
        let one = now(recalled(&sent(2), 2), 1, Verdict::Deleted).expect("changes");
        assert_eq!((one.state, one.hopeless), (None, false), "the other segment is still there");
        let both = now(recalled(&one.parts, 2), 2, Verdict::Deleted).expect("changes");
        assert_eq!(both.state, Some(State::Cancelled));
        assert_eq!(both.parts.encode(), "1cid1;2cid2");
        let late = known(State::Cancelled, &both.parts, 2);
        assert_eq!(now(late, 1, Verdict::Deleted), None, "its receipt changes nothing");
        assert_eq!(now(late, 1, Verdict::Delivered), None, "final stays final");
        let delivered = now(recalled(&sent(1), 1), 1, Verdict::Delivered).expect("changes");
        assert_eq!(delivered.state, Some(State::Delivered), "it was faster");
        let unasked = now(known(State::Sent, &sent(1), 1), 1, Verdict::Deleted).expect("changes");
        assert_eq!(unasked.state, Some(State::Failed));
        let failed = now(recalled(&one.parts, 2), 2, Verdict::Failed).expect("changes");
        assert_eq!(
            (failed.state, failed.hopeless),
            (Some(State::Cancelled), false),
            "it goes by no other way"
        );
    }

    /// Every operator that has it takes it back.
    #[test]
    fn taken_back_on_every_way() {
        let parts = twice();
        let here = LinkId::parse("TS1").expect("name");
        let holders = parts.holders(&here);
        assert_eq!(holders.iter().map(LinkId::as_str).collect::<Vec<_>>(), ["TS1", "TS0"]);
        let held = |link| parts.held_by(&here, link).map(|p| p.operator_id.as_str()).collect::<Vec<_>>();
        assert_eq!(holders.iter().map(held).collect::<Vec<_>>(), [["other"], ["id1"]]);
        let recalled = |parts| Known { recalled: true, ..known(State::Sent, parts, 1) };
        let first = fold(recalled(&parts), Which::Past(0), 1, Verdict::Deleted, "").expect("changes");
        assert_eq!(first.state, None);
        let last = now(recalled(&first.parts), 1, Verdict::Deleted).expect("changes");
        assert_eq!(last.state, Some(State::Cancelled));
    }

    #[test]
    fn what_is_watched_does_not_fail_by_a_receipt() {
        let parts = sent(1);
        let watched = Known { watched: true, ..known(State::Sent, &parts, 1) };
        let folded = now(watched, 1, Verdict::Failed).expect("changes");
        assert_eq!((folded.state, folded.hopeless), (None, true));
        let folded = now(watched, 1, Verdict::Delivered).expect("changes");
        assert_eq!((folded.state, folded.hopeless), (Some(State::Delivered), false));
    }

    proptest! {
        /// Whatever the order and however often, the end is the same: delivered only if all parts were.
        #[test]
        fn order_and_duplicates_do_not_matter(
            order in proptest::collection::vec((1u8..=3, any::<bool>()), 0..20),
            bad in 0u8..=3,
        ) {
            let verdict = |seq: u8| if seq == bad { Verdict::Failed } else { Verdict::Delivered };
            let (mut state, mut parts) = (State::Sent, sent(3));
            // Before it knows, the operator may say that it does not.
            for (seq, knows) in order.into_iter().chain([(3, true), (1, true), (2, true)]) {
                let verdict = if knows { verdict(seq) } else { Verdict::Unknown };
                if let Some(folded) = now(known(state, &parts, 3), seq, verdict) {
                    state = folded.state.unwrap_or(state);
                    parts = folded.parts;
                }
            }
            prop_assert_eq!(state, if bad == 0 { State::Delivered } else { State::Failed });
        }
    }
}
