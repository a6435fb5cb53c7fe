//! The conservation law: every message ever accepted is in exactly one state or was removed, and no fewer were accepted
//! than were promised.

use super::Violation;
use crate::history::History;
use std::collections::BTreeSet;

pub(super) fn judge(history: &History, found: &mut Vec<Violation>) {
    let Some(books) = &history.books else { return };
    let mut complain = |detail: String| found.push(Violation::BooksDoNotAddUp { detail });
    if !books.in_order {
        complain(format!("the audit itself is not content: {}", books.wrong));
    }
    let Some(accepted) = books.accepted else {
        complain("the audit does not say how many were accepted".into());
        return;
    };
    let sum: u64 = books.parts.iter().map(|(_, count)| count).sum();
    if sum != accepted {
        complain(format!("accepted {accepted}, but {:?} make {sum}", books.parts));
    }
    let promised: BTreeSet<u64> =
        history.attempts.iter().filter(|attempt| attempt.accepted()).map(|attempt| attempt.message).collect();
    if accepted < promised.len() as u64 {
        complain(format!("accepted {accepted}, but {} were promised", promised.len()));
    }
}
