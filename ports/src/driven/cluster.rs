//! Which runs of which nodes are alive, and who takes over what the dead ones held.

use super::{Leased, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::Incarnation;
use std::time::Duration;

/// Keeps track of the runs of nodes over one store.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// Begins a run of a node: from now on earlier runs of the same name are dead. Durable.
    ///
    /// # Errors
    /// [`StoreError`]; nothing may be leased without a run.
    async fn join(&self, node: &str, incarnation: Incarnation, now: Timestamp) -> Result<(), StoreError>;

    /// Says that a run is alive. `false` = it was declared dead (fenced): it must stop sending.
    async fn beat(&self, incarnation: Incarnation, now: Timestamp) -> Result<bool, StoreError>;

    /// Declares runs dead that have not been heard of for `silence`, and takes over at most `limit` messages that dead runs held: they
    /// are leased to `by` and come back marked as possible duplicates. Handoffs they held are set free. May be repeated until it
    /// returns nothing.
    async fn take_over(
        &self,
        by: Incarnation,
        now: Timestamp,
        silence: Duration,
        limit: usize,
    ) -> Result<Vec<Leased>, StoreError>;

    /// Ends a run in good order. What it still holds is taken over by others.
    async fn leave(&self, incarnation: Incarnation) -> Result<(), StoreError>;
}
