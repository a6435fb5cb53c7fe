//! The sign of life of this run, and what it hears of the others when it gives one.
//!
//! Does nothing else: whatever takes long must not keep a living run from saying so.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::lanes::Lanes;
use crate::neighbours::Neighbours;
use crate::tenure::Tenure;
use domain::Words;
use domain::directory::LinkId;
use domain::message::Incarnation;
use ports::driven::{Clock, Cluster, Neighbour, StoreError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
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
    last: Mutex<Last>,
    /// Rung with each sign of life that was stored.
    pub news: Notify,
}

#[derive(Default)]
struct Last {
    others: Vec<Neighbour>,
    silent: Vec<Neighbour>,
}

impl Heard {
    /// Who was silent for too long.
    pub(crate) fn silent(&self) -> Vec<Neighbour> {
        self.last().silent.clone()
    }

    /// Whether another run that lives has a link, or may have: one that has not said has every link.
    pub(crate) fn may_have(&self, link: &LinkId) -> bool {
        self.may_have_any(|of_another| of_another == link)
    }

    /// The same of any link that is asked for.
    pub(crate) fn may_have_any(&self, asked_for: impl Fn(&LinkId) -> bool) -> bool {
        let has = |n: &Neighbour| n.links.as_ref().is_none_or(|links| links.iter().any(&asked_for));
        self.last().others.iter().any(has)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
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
                    self.heard.last().silent = silent;
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
        let seen = self.cluster.beat(self.incarnation, self.clock.now(), &self.links()).await;
        let seen = self.fatal.watch(seen)?;
        if let Some(others) = &seen {
            self.tenure.renew(asked);
            self.heard.last().others.clone_from(others);
        } else {
            self.tenure.lose();
            let taken =
                Words::new("en annan körning har tagit nodens plats", "another run took this node's place");
            self.fatal.raise(taken);
        }
        Ok(seen)
    }

    /// The links of this run: those of its configuration, and those that it is just letting go of.
    fn links(&self) -> Vec<LinkId> {
        let directory = self.directory.current();
        let lanes = self.lanes.all();
        let configured = directory.links.iter().map(|profile| &profile.id);
        let all: BTreeSet<_> = configured.chain(lanes.iter().map(|lane| lane.link.id())).collect();
        all.into_iter().cloned().collect()
    }
}
