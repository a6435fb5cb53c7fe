//! Keeping received messages.

use super::{Handoff, Page, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::UserName;
use domain::message::{Incarnation, MoId};
use domain::mo::{Handing, Mo, MoPart};

/// A received part and what is to happen when it completes a message.
#[derive(Debug, Clone)]
pub struct NewMoPart {
    /// The part.
    pub part: MoPart,
    /// The name of the message, if this is its first part.
    pub id: MoId,
    /// Whose inbox; `None` = everybody's.
    pub user: Option<UserName>,
    /// Where it is handed off when complete.
    pub handing: Handing,
    /// The handoff is held by this run.
    pub tell_lease: Option<Incarnation>,
}

/// What a part did.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// It was there already.
    Duplicate,
    /// Other parts are still missing.
    Waiting,
    /// The message is whole, in the inbox, and its handoff stored.
    Complete {
        /// The message.
        mo: Box<Mo>,
        /// Its handoff.
        tell: Option<Box<Handoff>>,
    },
}

/// A received message in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoRecord {
    /// The message.
    pub mo: Mo,
    /// Whose; `None` = everybody's.
    pub user: Option<UserName>,
    /// When somebody took care of it.
    pub acknowledged_at: Option<Timestamp>,
}

/// Keeps received messages.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores a part; when the message is whole, joins it into the inbox in the same commit. Returns when durable. The same part (by
    /// `MoPart::fingerprint_in`) within `MoPart::repeats_within`, before or after, is a duplicate, unless a
    /// message waits that lacks it. Parts belong together by link, source, destination, reference and total; a part with another
    /// content for a place already filled starts a new message.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored then.
    async fn record(&self, new: NewMoPart) -> Result<Recorded, StoreError>;

    /// Puts messages whose last part came before `before` into the inbox as they are, marked incomplete; at most `limit`. The number of them.
    async fn complete_overdue(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Not acknowledged, oldest first, after an id: those of a user and everybody's; of all users when `user` is `None`.
    async fn waiting(
        &self,
        user: Option<&UserName>,
        after: Option<MoId>,
        limit: usize,
    ) -> Result<Page<MoRecord>, StoreError>;

    /// Marks one as taken care of. `false` when the user has no such message. May be repeated.
    async fn acknowledge(
        &self,
        user: Option<&UserName>,
        id: MoId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
