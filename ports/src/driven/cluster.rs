//! Which runs of which nodes are alive, and who takes over what the dead ones held.

use super::{HandoffKey, Leased, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId};

/// How many nodes may have a number in one store.
pub const NODES: u16 = 1_024;

/// What a run holds, as the store has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Messages that are `Sending` under its name, lowest id first.
    pub messages: Vec<MessageId>,
    /// Handoffs under its name, lowest key first.
    pub handoffs: Vec<HandoffKey>,
}

/// Another run that counts as alive, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Which.
    pub run: Incarnation,
    /// Its last sign of life, by its own clock: another with each sign. Only good to be compared with an earlier one of the same run, because two nodes'
    /// clocks may differ by any time.
    pub beat_at: Timestamp,
    /// The links it has; `None` = it has not said.
    pub links: Option<Vec<LinkId>>,
}

/// Keeps track of the runs of nodes over one store. Whether a silent one is dead, the caller decides: a store cannot know whether it was silent because
/// the store was away.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// The number of a node, that stands in every id it makes: `wish`, or the next one, around, that no other node of this store has. A node keeps
    /// its number for ever. Durable when this returns, and no two nodes ever have the same.
    ///
    /// # Errors
    /// [`StoreError::Data`] when [`NODES`] nodes have numbers already; another one when two nodes asked in the same moment: to be tried again.
    async fn number(&self, node: &str, wish: u16) -> Result<u16, StoreError>;

    /// Begins a run of a node: from now on earlier runs of the same name are dead. Durable. The latest sign of life of all the runs that the store knows
    /// besides, dead or alive: none began in an empty store.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may be leased without a run.
    async fn join(
        &self,
        node: &str,
        incarnation: Incarnation,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Says that a run is alive and which links it has, and tells who else counts as alive. `None` = it was declared dead (fenced): it must stop sending. Each sign differs from
    /// the one before, also when the clock stands still or goes back. Durable.
    async fn beat(
        &self,
        incarnation: Incarnation,
        now: Timestamp,
        links: &[LinkId],
    ) -> Result<Option<Vec<Neighbour>>, StoreError>;

    /// Declares runs dead that have not given another sign of life than the one named here (never `by` itself), and takes over at most `limit` messages that
    /// dead runs held, whoever declared them dead: they are leased to `by` and come back marked as possible duplicates. Handoffs they held are set free.
    /// Nothing happens when `by` is dead itself. May be repeated until it returns nothing.
    async fn take_over(
        &self,
        by: Incarnation,
        now: Timestamp,
        silent: &[Neighbour],
        limit: usize,
    ) -> Result<Vec<Leased>, StoreError>;

    /// What a run holds: at most `limit` of each kind. Reads only, and may be a moment old.
    async fn held(&self, by: Incarnation, limit: usize) -> Result<Held, StoreError>;

    /// Lets go of things a run holds without knowing of them, because an answer of the store was lost or a task broke off. A message goes back into
    /// its queue, in its old place; when all are in doubt, or one is marked as a possible duplicate, it is held by nobody instead, and taken over
    /// like those of a dead run. Handoffs are free. What the run does not hold (any more) is left as it is. The number of things let go of.
    /// Durable; may be repeated.
    async fn let_go(&self, by: Incarnation, what: Held, in_doubt: bool) -> Result<usize, StoreError>;

    /// Ends a run in good order. What it still holds is taken over by others.
    async fn leave(&self, incarnation: Incarnation) -> Result<(), StoreError>;
}
