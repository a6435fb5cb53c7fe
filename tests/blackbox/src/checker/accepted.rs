//! A1, A5, A6 and "no silent end": what became of each message that a door accepted or refused.

use super::index::Index;
use super::{Terms, Violation};
use crate::doors::Answer;
use crate::history::{Attempt, History};
use crate::readback::FINAL;
use std::collections::{BTreeMap, BTreeSet};

/// Ends at which a message need not have been sent.
const UNSENT: [&str; 3] = ["failed", "expired", "cancelled"];

pub(super) fn judge(history: &History, index: &Index<'_>, terms: &Terms, found: &mut Vec<Violation>) {
    let mut messages: BTreeMap<u64, Vec<&Attempt>> = BTreeMap::new();
    for attempt in &history.attempts {
        messages.entry(attempt.message).or_default().push(attempt);
    }
    for (message, attempts) in messages {
        stored_once(message, &attempts, index, terms, found);
        match attempts.iter().find(|attempt| attempt.accepted()) {
            Some(attempt) => kept(attempt, index, terms, found),
            None => refused(message, &attempts, index, found),
        }
    }
}

fn stored_once(
    message: u64,
    attempts: &[&Attempt],
    index: &Index<'_>,
    terms: &Terms,
    found: &mut Vec<Violation>,
) {
    let ids: BTreeSet<&str> = attempts.iter().filter_map(|attempt| attempt.id()).collect();
    let rows = if terms.own_numbers { index.rows(&attempts[0].to).len() } else { 0 };
    let times = ids.len().max(rows);
    if times > 1 {
        found.push(Violation::StoredTwice { message, times });
    }
}

fn kept(attempt: &Attempt, index: &Index<'_>, terms: &Terms, found: &mut Vec<Violation>) {
    let message = attempt.message;
    let row = index.row(attempt.id(), &attempt.to);
    let state = row.map(|row| row.state.as_str());
    match state {
        None => found.push(Violation::Absent { message }),
        Some(state) if !FINAL.contains(&state) && (terms.receipts || state != "sent") => {
            found.push(Violation::NoEnd { message, state: state.to_owned() });
        }
        Some(_) => {}
    }
    if state.is_some_and(|state| UNSENT.contains(&state)) {
        return;
    }
    let submits = index.submits(message);
    let lacks = |parts: u64| {
        let taken = |part| submits.iter().any(|s| s.parts == parts && s.part == part && s.taken());
        (1..=parts).find(|part| !taken(*part))
    };
    // Some operators get whole what others get in parts.
    let ways: BTreeSet<u64> = submits.iter().map(|submit| submit.parts).collect();
    if ways.iter().all(|parts| lacks(*parts).is_some()) {
        let part = ways.last().and_then(|parts| lacks(*parts)).unwrap_or(1);
        found.push(Violation::Lost { message, part });
    }
}

fn refused(message: u64, attempts: &[&Attempt], index: &Index<'_>, found: &mut Vec<Violation>) {
    let surely = attempts.iter().all(|attempt| matches!(attempt.answer, Answer::Refused(_)));
    if surely && !index.submits(message).is_empty() {
        found.push(Violation::RefusedButSent { message });
    }
}
