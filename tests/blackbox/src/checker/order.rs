//! B9: messages of one sender to one recipient leave in accept order, parts of one message in part order, unless one is
//! being tried again.

use super::index::Index;
use super::{Terms, Violation};
use crate::history::{Attempt, History};
use std::collections::BTreeMap;

pub(super) fn judge(history: &History, index: &Index<'_>, terms: &Terms, found: &mut Vec<Violation>) {
    for (message, submits) in &index.submits {
        let first = |part: u64| submits.iter().find(|submit| submit.part == part).map(|submit| submit.place);
        let tried_again = submits.len() > usize::try_from(submits[0].parts).unwrap_or(usize::MAX);
        let places: Vec<usize> = (1..=submits[0].parts).filter_map(first).collect();
        if !tried_again && !places.is_sorted() {
            found.push(Violation::PartsOutOfOrder { message: *message });
        }
    }
    if terms.ordered {
        between_messages(history, index, found);
    }
}

fn between_messages(history: &History, index: &Index<'_>, found: &mut Vec<Violation>) {
    let mut pairs: BTreeMap<(&str, &str), Vec<(&Attempt, usize)>> = BTreeMap::new();
    for attempt in history.attempts.iter().filter(|attempt| attempt.accepted()) {
        // What was tried again may come late; that is the one exception.
        if let [only] = index.submits(attempt.message) {
            pairs.entry((&attempt.sender, &attempt.to)).or_default().push((attempt, only.place));
        }
    }
    for attempts in pairs.values() {
        for (later, later_place) in attempts {
            // Accept order is only known where one answer came before the other question.
            let overtaken = attempts
                .iter()
                .find(|(earlier, place)| earlier.ended_at < later.began_at && place > later_place);
            if let Some((earlier, _)) = overtaken {
                found.push(Violation::OutOfOrder { earlier: earlier.message, later: later.message });
            }
        }
    }
}
