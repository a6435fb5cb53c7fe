//! Taking over what dead runs held: at the start of this one, and from other nodes while it lives.

use crate::directory::CurrentDirectory;
use crate::jumps::Jumps;
use crate::lanes::Lanes;
use crate::pulse::Heard;
use crate::replies;
use crate::settling::Settling;
use domain::message::Incarnation;
use ports::driven::{Cluster, Neighbour, Outcome, StoreError};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How many messages are taken over in one go.
const BATCH: usize = 500;

/// The use case.
#[derive(Clone)]
pub(crate) struct Takeover {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub cluster: Arc<dyn Cluster>,
    pub settling: Settling,
    pub jumps: Arc<Jumps>,
    pub incarnation: Incarnation,
    pub heard: Arc<Heard>,
}

impl Takeover {
    /// Takes over everything dead runs hold, and those that are still as silent as they were seen are dead. The number of messages.
    pub(crate) async fn take_over(&self, silent: &[Neighbour]) -> Result<usize, StoreError> {
        let mut total = 0;
        loop {
            let (now, sure) = self.jumps.now();
            let leased =
                self.settling.take(self.cluster.take_over(self.incarnation, now, silent, BATCH)).await?;
            if leased.is_empty() {
                return Ok(total);
            }
            total += leased.len();
            let directory = self.directory.current();
            let settlements: Vec<_> = leased
                .into_iter()
                .map(|l| replies::doubt(&directory, l, self.incarnation, now, sure))
                .collect();
            let resent = settlements.iter().filter(|s| matches!(s.outcome, Outcome::PutBack { .. })).count();
            metrics::counter!("omnigate_possible_duplicate_total").increment(resent as u64);
            self.settling.write_down(settlements).await;
            self.lanes.all().iter().for_each(|l| l.add_backlog());
        }
    }

    /// Takes over what others leave, each time this run was heard, until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.heard.news.notified() => {}
            }
            let silent = self.heard.silent();
            for Neighbour { run, .. } in &silent {
                tracing::warn!(run = run.0, "another run gives no sign of life any more");
            }
            match self.take_over(&silent).await {
                Ok(0) => {}
                Ok(taken) => tracing::warn!(taken, "took over messages of a node that died"),
                Err(error) => tracing::warn!(%error, "taking over failed"),
            }
        }
    }
}
