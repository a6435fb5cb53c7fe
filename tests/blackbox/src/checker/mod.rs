//! Judges a recorded history against the promises: a pure function, no clock and no I/O. Each rule is a file; what it
//! finds is a [`Violation`] that names the promise. The checker is tested with planted bugs, for a checker that finds
//! nothing proves nothing.

mod accepted;
mod books;
mod duplicates;
#[cfg(test)]
mod honest;
mod index;
mod order;
#[cfg(test)]
mod planted;
mod receipts;
mod received;

use crate::history::History;
use index::Index;
use std::fmt;

/// What was promised in this story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Window of each operator session: the bound on what may be unanswered, and on what may be doubled when it dies.
    pub window: usize,
    /// Whether the operator sends receipts for everything it takes.
    pub receipts: bool,
    /// Whether there was one session at a time, so that accept order can be seen on the wire.
    pub ordered: bool,
    /// Whether every recipient belongs to one message, so that rows can be counted by recipient.
    pub own_numbers: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { window: 10, receipts: true, ordered: false, own_numbers: true }
    }
}

/// A broken promise.
#[allow(missing_docs, reason = "the fields are what they are called")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A1: accepted, and the store does not know it.
    Absent { message: u64 },
    /// A1: accepted, not failed, and (a part of it) never reached the operator.
    Lost { message: u64, part: u64 },
    /// A5: one message was given several ids or is stored several times.
    StoredTwice { message: u64, times: usize },
    /// A6: refused, and sent all the same.
    RefusedButSent { message: u64 },
    /// Promise 2: not at its end when everything is quiet.
    NoEnd { message: u64, state: String },
    /// The operator saw something that nobody sent.
    Phantom { text: String },
    /// A1: sent twice and not marked.
    UnmarkedDuplicate { message: u64 },
    /// B1: sent again although the first one was answered on a session that still lived.
    CauselessDuplicate { message: u64 },
    /// A1: more doubled when a session died than its window holds; `answered` of them had been answered by the operator, so
    /// that the answer was lost between the wire and the disk.
    BeyondWindow { session: u64, doubled: usize, answered: usize, window: usize },
    /// B2: more unanswered at once than the window allows.
    WindowExceeded { session: u64, unanswered: usize, window: usize },
    /// B9: a later message of one sender to one recipient left first.
    OutOfOrder { earlier: u64, later: u64 },
    /// B9: a later part left first.
    PartsOutOfOrder { message: u64 },
    /// C3: the operator was told that a receipt was taken, and the state does not show it.
    ReceiptNotApplied { message: u64, receipt: String, state: String },
    /// Says delivered and no receipt said so.
    FalseDelivery { message: u64 },
    /// C3: a received message was answered and is not in the inbox.
    MoLost { text: String },
    /// C3: a received message is in the inbox more than once.
    MoTwice { text: String, times: usize },
    /// The inbox has what nobody sent.
    MoPhantom { text: String },
    /// The conservation law does not hold.
    BooksDoNotAddUp { detail: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Everything that is wrong with a history that has come to rest.
#[must_use]
pub fn judge(history: &History, terms: &Terms) -> Vec<Violation> {
    let index = Index::of(history);
    let mut found = Vec::new();
    accepted::judge(history, &index, terms, &mut found);
    duplicates::judge(history, &index, terms, &mut found);
    order::judge(history, &index, terms, &mut found);
    receipts::judge(history, &index, terms, &mut found);
    received::judge(history, &mut found);
    books::judge(history, &mut found);
    found
}

/// Fails with every violation, so that one run shows all of them.
///
/// # Panics
/// When there is any.
pub fn demand(history: &History, terms: &Terms) {
    let found = judge(history, terms);
    let lines: Vec<String> = found.iter().take(40).map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} broken promises:\n  {}", found.len(), lines.join("\n  "));
}
