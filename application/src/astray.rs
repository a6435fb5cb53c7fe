//! Finding what went astray: held by this run in the store, and known to nobody here, because the answer that would have said so was lost, or the task
//! that had it broke off.
//!
//! Nothing may wait for a restart, and either costs one otherwise. What is astray was never offered to anybody, so it goes back to where it stood;
//! what may have been, goes the way of what a dead run held. A thing is astray when two looks in a row say so and nobody who takes things is waiting for an answer at the moment.

use crate::failpoints;
use crate::fatal::Fatal;
use crate::handoff::HandoffQueue;
use crate::lanes::Lanes;
use crate::settling::Settling;
use domain::message::Incarnation;
use ports::driven::{Cluster, Held, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);
/// How much of each kind is looked at; what stays astray is among the oldest.
const LIMIT: usize = 20_000;
/// How long those who wait for answers are waited for; then the next look tries again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The use case.
#[derive(Clone)]
pub(crate) struct Astray {
    pub cluster: Arc<dyn Cluster>,
    pub lanes: Arc<Lanes>,
    pub settling: Settling,
    pub handoffs: HandoffQueue,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
}

impl Astray {
    /// Looks until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut before = Held::default();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            failpoints::pass(failpoints::TASK_ASTRAY);
            match self.look(&before).await {
                Ok(unknown) => before = unknown,
                Err(error) => tracing::warn!(%error, "what this run holds could not be looked at"),
            }
        }
    }

    /// One look; what is not known now.
    async fn look(&self, before: &Held) -> Result<Held, StoreError> {
        let mut unknown = self.cluster.held(self.incarnation, LIMIT).await?;
        self.settling.known().only_unknown(&mut unknown.messages);
        self.handoffs.known().only_unknown(&mut unknown.handoffs);
        let again = |held: &Held| Held {
            messages: held.messages.iter().copied().filter(|id| before.messages.contains(id)).collect(),
            handoffs: held.handoffs.iter().copied().filter(|key| before.handoffs.contains(key)).collect(),
        };
        let Held { messages, handoffs } = again(&unknown);
        if !messages.is_empty() {
            let taking = tokio::time::timeout(PATIENCE, self.settling.while_none_is_taken()).await;
            if let Ok(_taking) = taking {
                let mut messages = messages;
                self.settling.known().only_unknown(&mut messages);
                let in_doubt = self.settling.known().doubtful(&mut messages);
                self.let_go(Held { messages: in_doubt, handoffs: Vec::new() }, true).await?;
                self.let_go(Held { messages, handoffs: Vec::new() }, false).await?;
            }
            self.lanes.all().iter().for_each(|lane| lane.add_backlog());
        }
        if !handoffs.is_empty() {
            let taking = tokio::time::timeout(PATIENCE, self.handoffs.while_none_is_taken()).await;
            if let Ok(_taking) = taking {
                let mut handoffs = handoffs;
                self.handoffs.known().only_unknown(&mut handoffs);
                self.let_go(Held { messages: Vec::new(), handoffs }, false).await?;
            }
        }
        Ok(unknown)
    }

    async fn let_go(&self, what: Held, in_doubt: bool) -> Result<(), StoreError> {
        if what == Held::default() {
            return Ok(());
        }
        let found = self.fatal.watch(self.cluster.let_go(self.incarnation, what, in_doubt).await)?;
        if found > 0 {
            metrics::counter!("omnigate_astray_total").increment(found as u64);
            tracing::warn!(
                found,
                "the store had given this run things whose answers were lost; they are due again"
            );
        }
        Ok(())
    }
}
