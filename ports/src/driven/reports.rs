//! Reading what happened.

use super::StoreError;
use async_trait::async_trait;
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::{LinkId, UserName};
use domain::message::{Message, MessageId, Parts};
use domain::routing::Tries;
use domain::state::State;
use std::sync::Arc;

/// A message and everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// What was accepted.
    pub message: Arc<Message>,
    /// Where it is in its life.
    pub state: State,
    /// The link it went or will go by.
    pub link: LinkId,
    /// Its segments at the operator.
    pub parts: Parts,
    /// When the operator took it over.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub final_at: Option<Timestamp>,
    /// The last error: code, then detail; empty when none.
    pub error: String,
    /// How often it was tried.
    pub tries: Tries,
    /// It may have been sent more than once.
    pub possible_duplicate: bool,
}

/// A piece of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` = that was all.
    pub next: Option<i64>,
}

/// Which messages to list; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this user.
    pub user: Option<UserName>,
    /// With exactly this reference.
    pub reference: Option<String>,
    /// In this state.
    pub state: Option<State>,
    /// To this recipient.
    pub to: Option<Recipient>,
    /// Older than this (the `next` of the page before).
    pub after: Option<MessageId>,
    /// How many, 1 to 1,000.
    pub limit: usize,
}

/// The books of the queue: the conservation law says `accepted` = the sum of all states.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Messages ever accepted, kept apart from the messages themselves.
    pub accepted: u64,
    /// Messages removed by retention, counted when it happened.
    pub removed: u64,
    /// Messages by state, counted one by one.
    pub by_state: Vec<(State, u64)>,
    /// Messages marked as possible duplicates.
    pub possible_duplicates: u64,
    /// What does not hold, in words; empty = the books are right.
    pub wrong: Vec<String>,
}

/// Reads.
#[async_trait]
pub trait Reports: Send + Sync {
    /// One message.
    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError>;

    /// A page of messages, newest first. It looks through a bounded number of messages, so a page may be short and yet have a `next`.
    async fn messages(&self, filter: &Filter) -> Result<Page<MessageRecord>, StoreError>;

    /// Counts everything. Slow on a large store; takes no lock that stops sending.
    async fn audit(&self) -> Result<Audit, StoreError>;

    /// Whether the store can write, told within two seconds.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Removes finished messages that ended before `before`, received messages acknowledged before it, and keys and fingerprints past their time; at
    /// most `limit` of each kind. The number of messages removed.
    async fn retain(&self, before: Timestamp, now: Timestamp, limit: usize) -> Result<usize, StoreError>;
}
