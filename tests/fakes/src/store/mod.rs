//! The store in memory: every store port with its exact meaning, and faults on demand.
//!
//! "Durable" is what survives the drop of everything but the store itself: a crash is simulated by dropping the application and
//! starting another over the same store. Nothing is ever stored by a call that fails with [`Fault::Refuse`].

mod books;
mod cluster;
mod deadlines;
mod directory;
mod dispatch;
mod faults;
mod handoffs;
mod inbox;
mod outbox;
mod recalls;
mod receipts;
mod reports;

pub use faults::{Call, Fault};

use crate::locked;
use books::Books;
use domain::message::MessageId;
use domain::state::State;
use faults::Faults;
use ports::driven::{Audit, MessageRecord, MoRecord, StoreError};
use std::sync::Mutex;
use tokio::sync::watch;

/// A store that lives as long as it is held.
pub struct MemoryStore {
    books: Mutex<Books>,
    faults: Mutex<Faults>,
    changes: watch::Sender<u64>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { books: Mutex::default(), faults: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next calls fail, whichever they are, and store nothing.
    pub fn fail_next(&self, times: usize, error: StoreError) {
        locked(&self.faults).plan(None, times, &Fault::Refuse(error));
    }

    /// The next calls of a kind go wrong.
    pub fn fail_on(&self, call: Call, times: usize, fault: Fault) {
        locked(&self.faults).plan(Some(call), times, &fault);
    }

    /// Asks `source` at each call what goes wrong with it.
    pub fn fail_by(&self, source: impl FnMut(Call) -> Option<Fault> + Send + 'static) {
        locked(&self.faults).set_source(Some(Box::new(source)));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        locked(&self.faults).clear();
    }

    /// Grows with every call that may have changed something: to wait on instead of sleeping.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A message, looked at past all faults.
    #[must_use]
    pub fn record(&self, id: MessageId) -> Option<MessageRecord> {
        locked(&self.books).record(id)
    }

    /// All messages in the order of their ids, looked at past all faults.
    #[must_use]
    pub fn records(&self) -> Vec<MessageRecord> {
        let books = locked(&self.books);
        books.messages.keys().filter_map(|id| books.record(MessageId(*id))).collect()
    }

    /// The state of every message in the order of their ids, looked at past all faults.
    #[must_use]
    pub fn states(&self) -> Vec<(MessageId, State)> {
        locked(&self.books).messages.values().map(|row| (row.message.id, row.state)).collect()
    }

    /// How many handoffs are not done (given-up ones too).
    #[must_use]
    pub fn open_handoffs(&self) -> usize {
        locked(&self.books).handoffs.len()
    }

    /// The books, looked at past all faults.
    #[must_use]
    pub fn audit_now(&self) -> Audit {
        reports::audit(&locked(&self.books))
    }

    /// Received messages that nobody has acknowledged, looked at past all faults.
    #[must_use]
    pub fn received(&self) -> Vec<MoRecord> {
        locked(&self.books).inbox.values().filter(|r| r.acknowledged_at.is_none()).cloned().collect()
    }

    /// Waits until a message is as wanted; the caller sets the time limit.
    pub async fn until(&self, id: MessageId, wanted: impl Fn(&MessageRecord) -> bool) -> MessageRecord {
        let mut changes = self.changes();
        loop {
            if let Some(record) = self.record(id).filter(&wanted) {
                return record;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// One call: atomic, whole or not at all. `work` must not change anything before it is sure to succeed. The caller may go away after
    /// the first poll: what it asked for is stored all the same.
    async fn call<T>(
        &self,
        call: Call,
        work: impl FnOnce(&mut Books) -> Result<T, StoreError> + Send,
    ) -> Result<T, StoreError> {
        let fault = locked(&self.faults).next(call);
        match &fault {
            Some(Fault::Refuse(error)) => return Err(error.clone()),
            Some(Fault::StopBefore) => return std::future::pending().await,
            Some(Fault::StopAfter | Fault::LoseAnswer) | None => {}
        }
        let result = work(&mut locked(&self.books));
        self.changes.send_modify(|n| *n += 1);
        match fault {
            Some(Fault::LoseAnswer) => {
                Err(StoreError::Unavailable("the connection broke during the commit".to_owned()))
            }
            Some(Fault::StopAfter) => std::future::pending().await,
            _ => {
                tokio::task::yield_now().await;
                result
            }
        }
    }
}
