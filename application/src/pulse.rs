//! The sign of life of this run, and what it hears of the others when it gives one.
//!
//! Does nothing else: whatever takes long must not keep a living run from saying so.

use crate::failpoints;
use crate::fatal::Fatal;
use crate::neighbours::Neighbours;
use crate::tenure::Tenure;
use domain::message::Incarnation;
use ports::driven::{Clock, Cluster, Neighbour, StoreError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a run may be silent before it counts as dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);
/// How often a run says that it is alive.
pub(crate) const BEAT: Duration = Duration::from_secs(3);
/// How soon it says so again when that could not be stored.
const AGAIN: Duration = Duration::from_secs(1);
/// The shortest pause.
const LEAST: Duration = Duration::from_millis(50);

/// The use case.
#[derive(Clone)]
pub(crate) struct Pulse {
    pub cluster: Arc<dyn Cluster>,
    pub clock: Arc<dyn Clock>,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
    pub tenure: Arc<Tenure>,
    pub heard: Arc<Heard>,
}

/// What was heard with the last sign of life that was stored.
#[derive(Default)]
pub(crate) struct Heard {
    silent: Mutex<Vec<Neighbour>>,
    /// Rung with each sign of life that was stored.
    pub news: Notify,
}

impl Heard {
    /// Who was silent for too long.
    pub(crate) fn silent(&self) -> Vec<Neighbour> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Pulse {
    /// The first sign of life, at the start. Who else lives.
    pub(crate) async fn begin(&self) -> Result<Vec<Neighbour>, StoreError> {
        self.beat().await.map(Option::unwrap_or_default)
    }

    /// Says that this run is alive, until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut neighbours = Neighbours::default();
        let mut pause = BEAT;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            failpoints::pass(failpoints::TASK_SIGN_OF_LIFE);
            let asked = self.clock.monotonic();
            let due = match self.beat().await {
                Ok(Some(seen)) => {
                    let silent = neighbours.look(&seen, asked, self.clock.monotonic());
                    *self.heard.silent.lock().unwrap_or_else(PoisonError::into_inner) = silent;
                    self.heard.news.notify_one();
                    let end = neighbours.next_end().unwrap_or(Duration::MAX);
                    asked.saturating_add(BEAT).min(end)
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "the sign of life could not be stored");
                    // A queue of our own that is full says nothing of the others.
                    if error != StoreError::Busy {
                        neighbours.forget();
                    }
                    self.clock.monotonic().saturating_add(AGAIN)
                }
            };
            pause = due.saturating_sub(self.clock.monotonic()).max(LEAST);
        }
    }

    /// One sign of life. `None`: this run is dead.
    async fn beat(&self) -> Result<Option<Vec<Neighbour>>, StoreError> {
        let asked = self.clock.monotonic();
        let seen = self.fatal.watch(self.cluster.beat(self.incarnation, self.clock.now()).await)?;
        if seen.is_some() {
            self.tenure.renew(asked);
        } else {
            self.tenure.lose();
            self.fatal.raise("another run took this node's place");
        }
        Ok(seen)
    }
}
