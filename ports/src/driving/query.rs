//! Looking and taking back.

use crate::driven::{Filter, MessageRecord, MoRecord, Page, StoreError};
use async_trait::async_trait;
use domain::access::Sender;
use domain::message::{MessageId, MoId};
use domain::refusal::{Code, Refusal};
use domain::state::State;

/// What a user has left to send for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// Nobody counts.
    Unlimited,
}

/// What came of asking operators to take a message back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// It is taken back.
    Back,
    /// No operator has answered yet. The wish stands: it is fulfilled as soon as the link is there, as long as the message has no end.
    Asked,
}

/// Answers questions about messages; a caller sees what is his own user's (an administrator everything).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait QueryMessages: Send + Sync {
    /// One message.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    async fn status(&self, sender: &Sender, id: MessageId) -> Result<MessageRecord, Refusal>;

    /// A page of messages, newest first. A page may be short; there is more as long as `next` is given.
    ///
    /// # Errors
    /// `store_unavailable`.
    async fn list(&self, sender: &Sender, filter: Filter) -> Result<Page<MessageRecord>, Refusal>;

    /// Takes a message back that has not left.
    ///
    /// # Errors
    /// `not_found`, or `not_cancellable` with the state as detail.
    async fn cancel(&self, sender: &Sender, id: MessageId) -> Result<State, Refusal>;

    /// Takes a message back, also from operators that have it and have not delivered it. Waits for their answer for about ten seconds.
    ///
    /// # Errors
    /// `not_found`, or `not_cancellable` with the state as detail and, after a colon, what stood in the way.
    async fn recall(&self, sender: &Sender, id: MessageId) -> Result<Recalled, Refusal>;

    /// Received messages that are not acknowledged, oldest first, after one already seen.
    ///
    /// # Errors
    /// `store_unavailable`.
    async fn inbox(
        &self,
        sender: &Sender,
        after: Option<MoId>,
        limit: usize,
    ) -> Result<Page<MoRecord>, Refusal>;

    /// Says that a received message has been taken care of; it is not listed again. May be repeated.
    ///
    /// # Errors
    /// `not_found`, `store_unavailable`.
    async fn acknowledge(&self, sender: &Sender, id: MoId) -> Result<(), Refusal>;

    /// What the user has left.
    ///
    /// # Errors
    /// `store_unavailable`.
    async fn balance(&self, sender: &Sender) -> Result<Balance, Refusal>;
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Refusal::new(Code::Busy),
            StoreError::KeyReused => Refusal::new(Code::IdempotencyConflict),
            StoreError::Data(detail) => Refusal::because(Code::InvalidParameter, detail),
            StoreError::Full | StoreError::Unavailable(_) | StoreError::InUse(_) | StoreError::Broken(_) => {
                Refusal::new(Code::StoreUnavailable)
            }
        }
    }
}
