//! Accepting messages.

use super::StoreError;
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::{LinkId, UserName};
use domain::message::{Incarnation, Message, Priority, SubmissionId};
use domain::routing::Deadline;
use domain::state::State;
use domain::submission::{Accepted, RefusedRecipient};
use std::sync::Arc;

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The message.
    pub message: Arc<Message>,
    /// The link whose queue it joins.
    pub link: LinkId,
    /// `Scheduled`, `Queued`, or `Sending` when it is handed to its link at once.
    pub state: State,
    /// Who holds it, when `Sending`.
    pub lease: Option<Incarnation>,
    /// Times by which something must have happened, at most one of each kind; see [`super::Deadlines`].
    pub deadlines: Vec<Deadline>,
}

/// A key that makes a request safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Whose key; users' keys do not meet.
    pub user: UserName,
    /// The key.
    pub key: String,
    /// A digest of the request: the same key with another digest is refused.
    pub digest: [u8; 32],
}

/// Everything that becomes durable together.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// The request's name.
    pub submission: SubmissionId,
    /// Its messages, at least one.
    pub messages: Vec<NewMessage>,
    /// Who gets nothing; kept with the key, so that a repetition gets the same answer.
    pub refused: Vec<RefusedRecipient>,
    /// The key, if the caller gave one.
    pub once: Option<Once>,
}

impl Acceptance {
    /// Whether it tells people that something is wrong with the gateway itself: that must also go when nothing new is taken.
    #[must_use]
    pub fn is_own_alarm(&self) -> bool {
        let is_alarm = |message: &Message| message.user.is_gateway() && message.priority == Priority::Alarm;
        self.messages.iter().all(|new| is_alarm(&new.message))
    }
}

/// Accepts messages.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Returns when the messages are durable (synced to disk); concurrent calls may share a commit. All or nothing.
    /// A key already used within seven days with the same digest stores nothing and returns the earlier answer, repeated. What has been
    /// queued is stored even if this future is dropped.
    ///
    /// # Errors
    /// [`StoreError`]; `Busy` at once when the queue is full.
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError>;

    /// The answer that a request with this key got within the last seven days, repeated: what was accepted stays so, also when the rules of today
    /// would refuse it.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] when the key belongs to another request; as [`Outbox::accept`].
    async fn earlier(&self, once: &Once, now: Timestamp) -> Result<Option<Accepted>, StoreError>;
}
