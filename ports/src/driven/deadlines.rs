//! Times by which something must have happened to a message, kept beside it from its acceptance on: fallback on the outcome.

use super::{MessageRecord, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Leaving, MessageId};
use domain::routing::{Awaits, Deadline};
use domain::state::State;

/// A time, as a rule one that is over.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// Whose.
    pub id: MessageId,
    /// What was to happen.
    pub awaits: Awaits,
    /// By when.
    pub due_at: Timestamp,
    /// The message as it is now; `None` when it is gone.
    pub record: Option<MessageRecord>,
}

/// What is to follow a time that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is forgotten.
    Done,
    /// It is looked at again then.
    Later(Timestamp),
    /// The message leaves its way and joins the queue of another link, due now and marked as a possible duplicate when an operator has or
    /// may have it; all its earlier times are replaced by these.
    Divert {
        /// The link.
        link: LinkId,
        /// Why.
        why: Leaving,
        /// The new times.
        deadlines: Vec<Deadline>,
    },
    /// The message ends: every way came to an end that is not "delivered".
    End(State),
}

/// A decision about a time that is over. It holds only while the message is as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Whose.
    pub id: MessageId,
    /// What was to happen.
    pub awaits: Awaits,
    /// By when.
    pub due_at: Timestamp,
    /// The state it was seen in.
    pub state: State,
    /// The link it was seen on.
    pub link: LinkId,
    /// What follows.
    pub step: Step,
    /// Now.
    pub at: Timestamp,
}

/// Keeps times. They are made by `Outbox::accept` in the commit that stores the message, and anew by `Dispatch::settle` where it goes by
/// another link.
#[async_trait]
pub trait Deadlines: Send + Sync {
    /// Times that are over, at most so many, the oldest first. Changes nothing.
    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Overdue>, StoreError>;

    /// Times later than `after`, in the order of their messages, at most so many; those that come after `from` in that order. Changes nothing.
    async fn ahead(
        &self,
        after: Timestamp,
        from: Option<(MessageId, Awaits)>,
        limit: usize,
    ) -> Result<Vec<Overdue>, StoreError>;

    /// Carries decisions out; whether each held (the time was still there, the message in the state and on the link it was seen). One that
    /// did not hold changes nothing. Returns when durable; may be repeated.
    ///
    /// # Errors
    /// [`StoreError`]; the times stay and come up again.
    async fn rule(&self, rulings: Vec<Ruling>) -> Result<Vec<bool>, StoreError>;
}
