//! Taking over what dead runs held: at the start of this one, and from other nodes while it lives.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::lanes::Lanes;
use crate::replies;
use crate::settling::Settling;
use domain::message::Incarnation;
use ports::driven::{Clock, Cluster, Outcome, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a run may be silent before it counts as dead.
const SILENCE: Duration = Duration::from_secs(10);
/// How often a run says that it is alive.
const BEAT: Duration = Duration::from_secs(3);
/// How many messages are taken over in one go.
const BATCH: usize = 500;

/// The use case.
#[derive(Clone)]
pub(crate) struct Doubt {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub cluster: Arc<dyn Cluster>,
    pub settling: Settling,
    pub clock: Arc<dyn Clock>,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
}

impl Doubt {
    /// Takes over everything dead runs hold. The number of messages.
    pub(crate) async fn take_over(&self) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let now = self.clock.now();
            let leased =
                self.settling.take(self.cluster.take_over(self.incarnation, now, SILENCE, BATCH)).await?;
            if leased.is_empty() {
                return Ok(total);
            }
            total += leased.len();
            let directory = self.directory.current();
            let healths = self.lanes.healths();
            let settlements: Vec<_> = leased
                .into_iter()
                .map(|l| replies::doubt(&directory, l, &healths, self.incarnation, now))
                .collect();
            let resent = settlements.iter().filter(|s| matches!(s.outcome, Outcome::PutBack { .. })).count();
            metrics::counter!("omnigate_possible_duplicate_total").increment(resent as u64);
            self.settling.write_down(settlements).await;
            self.lanes.all().iter().for_each(|l| l.add_backlog());
        }
    }

    /// Says that this run is alive and takes over what others leave, until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(BEAT) => {}
            }
            failpoints::pass(failpoints::TASK_SIGN_OF_LIFE);
            match self.fatal.watch(self.cluster.beat(self.incarnation, self.clock.now()).await) {
                Ok(true) => {}
                Ok(false) => {
                    self.fatal.raise("another run took this node's place");
                    return;
                }
                Err(error) => tracing::warn!(%error, "the sign of life could not be stored"),
            }
            match self.take_over().await {
                Ok(0) => {}
                Ok(taken) => tracing::warn!(taken, "took over messages of a node that died"),
                Err(error) => tracing::warn!(%error, "taking over failed"),
            }
        }
    }
}
