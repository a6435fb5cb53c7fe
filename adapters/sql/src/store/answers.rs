//! Telling the callers of a batch what became of it, on the runtime they wait on.
//!
//! Woken from the writer's own thread each caller would cost the writer a system call or two, and the writer is what everybody waits for.

use crate::failpoints;
use crate::op::Op;
use ports::driven::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::mpsc;

/// Batches that may wait to be answered before the writer waits.
const MOST: usize = 16;

/// The way to the callers.
pub(super) struct Answers(mpsc::Sender<(Vec<Op>, StoreError)>);

impl Answers {
    /// Must be called inside the runtime of the callers.
    pub(super) fn start() -> Self {
        let (sender, mut batches) = mpsc::channel::<(Vec<Op>, StoreError)>(MOST);
        tokio::spawn(async move {
            while let Some((batch, otherwise)) = batches.recv().await {
                // The next batches must be answered whatever happens to this one.
                let told = catch_unwind(AssertUnwindSafe(|| {
                    batch.into_iter().for_each(|op| op.send(&otherwise));
                    failpoints::pass(failpoints::AFTER_ANSWER);
                }));
                if told.is_err() {
                    metrics::counter!("omnigate_store_panics_total").increment(1);
                    tracing::error!("telling the callers of a batch panicked");
                }
            }
        });
        Self(sender)
    }

    /// Tells each caller the answer that was noted. Links hear it from here at once: they are few, and a window stands still until they do.
    pub(super) async fn answer(&self, mut batch: Vec<Op>) {
        let unsaid = StoreError::Unavailable("the operation was not carried out".to_owned());
        batch.extract_if(.., |op| op.is_awaited_by_operator()).for_each(|op| op.send(&unsaid));
        self.refuse(batch, StoreError::Unavailable("the operation was not carried out".to_owned())).await;
    }

    /// Tells those without an answer the error.
    pub(super) async fn refuse(&self, batch: Vec<Op>, error: StoreError) {
        // A runtime that is shut down has no callers any more.
        let _ = self.0.send((batch, error)).await;
    }
}
