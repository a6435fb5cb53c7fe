//! A1, B1 and B2: what may be sent twice, that it is marked, that it is bounded by the window, and the window itself.

use super::index::{Index, Submit};
use super::{Terms, Violation};
use crate::history::History;
use crate::journal::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub(super) fn judge(history: &History, index: &Index<'_>, terms: &Terms, found: &mut Vec<Violation>) {
    phantoms(history, index, found);
    let marked = marked(history, index);
    // Doubled parts by the session on which the first one was in flight, and how many of them the operator had answered.
    let mut doubled: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (message, submits) in &index.submits {
        let mut twice = false;
        for (first, second) in repeats(submits) {
            twice = true;
            if first.session != second.session {
                let (all, answered) = doubled.entry(first.session).or_default();
                *all += 1;
                *answered += usize::from(first.status.is_some());
            } else if answered_before(history, first, second) {
                found.push(Violation::CauselessDuplicate { message: *message });
            }
        }
        if twice && !marked.contains(message) {
            found.push(Violation::UnmarkedDuplicate { message: *message });
        }
    }
    for (session, (doubled, answered)) in doubled {
        // A place in the window is held until the reply is on the disk (docs/adr/0007-what-can-be-doubled.md).
        if doubled > terms.window {
            found.push(Violation::BeyondWindow { session, doubled, answered, window: terms.window });
        }
    }
    windows(history, terms, found);
}

fn phantoms(history: &History, index: &Index<'_>, found: &mut Vec<Violation>) {
    let sent: HashSet<u64> = history.attempts.iter().map(|attempt| attempt.message).collect();
    found.extend(index.unmarked.iter().map(|text| Violation::Phantom { text: (*text).to_owned() }));
    for message in index.submits.keys().filter(|message| !sent.contains(*message)) {
        found.push(Violation::Phantom { text: message.to_string() });
    }
}

/// Messages whose row says that they may have been sent twice.
fn marked(history: &History, index: &Index<'_>) -> BTreeSet<u64> {
    let attempts = history.attempts.iter();
    attempts
        .filter(|attempt| index.row(attempt.id(), &attempt.to).is_some_and(|row| row.possible_duplicate))
        .map(|attempt| attempt.message)
        .collect()
}

/// Neighbouring submits of the same part, refused ones left out.
fn repeats(submits: &[Submit]) -> Vec<(Submit, Submit)> {
    let mut last: HashMap<u64, Submit> = HashMap::new();
    let mut pairs = Vec::new();
    for submit in submits.iter().filter(|submit| submit.taken()) {
        if let Some(first) = last.insert(submit.part, *submit) {
            pairs.push((first, *submit));
        }
    }
    pairs
}

/// Whether the positive answer to `first` was already written when `second` came.
fn answered_before(history: &History, first: Submit, second: Submit) -> bool {
    let Some(Entry::Submit { seq: wanted, .. }) = history.operator.get(first.place) else { return false };
    history.operator[first.place..second.place].iter().any(
        |entry| matches!(entry, Entry::Reply { session, seq, status: 0 } if *session == first.session && seq == wanted),
    )
}

fn windows(history: &History, terms: &Terms, found: &mut Vec<Violation>) {
    let mut open: HashMap<u64, HashSet<u64>> = HashMap::new();
    let mut worst: BTreeMap<u64, usize> = BTreeMap::new();
    for entry in &history.operator {
        match entry {
            Entry::Submit { session, seq, .. } => {
                let unanswered = open.entry(*session).or_default();
                unanswered.insert(*seq);
                let most = worst.entry(*session).or_default();
                *most = unanswered.len().max(*most);
            }
            Entry::Reply { session, seq, .. } => {
                if let Some(unanswered) = open.get_mut(session) {
                    unanswered.remove(seq);
                }
            }
            _ => {}
        }
    }
    for (session, unanswered) in worst {
        if unanswered > terms.window {
            found.push(Violation::WindowExceeded { session, unanswered, window: terms.window });
        }
    }
}
