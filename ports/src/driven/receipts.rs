//! Writing down receipts.

use super::{Handoff, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId};
use domain::receipt::{Receipt, Spelling};
use domain::state::State;
use std::time::Duration;

/// What a receipt did.
#[derive(Debug, Clone)]
pub enum Applied {
    /// A message changed.
    Changed {
        /// Which.
        id: MessageId,
        /// Its state now, when the receipt changed it.
        state: Option<State>,
        /// The handoff that was stored to tell its sender.
        tell: Option<Box<Handoff>>,
        /// How long after its operator took it the message was delivered, when the receipt says that it is.
        delivered_after: Option<Duration>,
        /// How this operator's receipts spell ids, as far as that has been learned.
        spelling: Option<Spelling>,
        /// Its outcome is watched and this way has come to a bad end: its time is over now; see [`super::Deadlines`].
        hopeless: bool,
    },
    /// Nothing: a duplicate, or one that decides nothing.
    Nothing,
    /// No message has that id (yet): kept until its reply comes or its time is out.
    Parked,
}

/// Applies receipts.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// Finds the message of each receipt (`domain::receipt::correlate`), folds it in (`domain::receipt::fold`) and stores the new state together with the
    /// handoff its sender asked for. As many answers as receipts, in order. Returns when durable; concurrent calls may share a commit. May be repeated.
    /// `tell_lease`: handoffs are held by this run, free otherwise.
    ///
    /// # Errors
    /// [`StoreError`]; none was applied then.
    async fn apply(
        &self,
        receipts: Vec<Receipt>,
        tell_lease: Option<Incarnation>,
        now: Timestamp,
    ) -> Result<Vec<Applied>, StoreError>;

    /// Gives up waiting for receipts whose time is out: at most `limit` messages become `Unknown` (handoffs for their senders are stored with it), and parked
    /// receipts older than an hour are dropped, and the oldest when there are too many (100,000 rows, one for each spelling of an id). The number of messages given up.
    async fn give_up(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Links and the other links of the same account: an operator may send a receipt over any connection of the account that sent the message.
    /// What belongs to no message of its own link is looked for among theirs, and the recipient must agree. Replaces what was said before.
    fn one_account(&self, links: Vec<(LinkId, Vec<LinkId>)>);
}
