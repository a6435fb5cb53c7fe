//! Telling the callers of a batch what became of it, on the runtime they wait on.
//!
//! Woken from the writer's own thread each caller would cost the writer a system call or two, and the writer is what everybody waits for.

use crate::op::Op;
use ports::driven::StoreError;
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
                batch.into_iter().for_each(|op| op.send(&otherwise));
                fail::fail_point!(crate::failpoints::AFTER_ANSWER);
            }
        });
        Self(sender)
    }

    /// Tells each caller the answer that was noted.
    pub(super) async fn answer(&self, batch: Vec<Op>) {
        self.refuse(batch, StoreError::Unavailable("the operation was not carried out".to_owned())).await;
    }

    /// Tells those without an answer the error.
    pub(super) async fn refuse(&self, batch: Vec<Op>, error: StoreError) {
        // A runtime that is shut down has no callers any more.
        let _ = self.0.send((batch, error)).await;
    }
}
