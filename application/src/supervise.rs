//! Tasks that must not end: one that panics is counted and started again after a pause.

use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The first pause; doubles to a minute.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a task until it ends by itself or is told to stop; starts it again when it panics.
pub(crate) async fn supervise<F>(name: &'static str, stop: CancellationToken, mut start: impl FnMut() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut pause = PAUSE;
    while let Err(error) = tokio::spawn(start()).await {
        metrics::counter!("omnigate_task_panics_total", "task" => name).increment(1);
        tracing::error!(task = name, %error, "a task panicked; it is started again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(Duration::from_mins(1));
    }
}

/// The tasks that nobody waits for.
#[derive(Default)]
pub(crate) struct Background {
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl Background {
    /// Starts a task, and again when it panics.
    pub(crate) fn keep<F>(
        &self,
        name: &'static str,
        mut start: impl FnMut(CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, until) = (self.stop.clone(), self.stop.clone());
        self.tasks.spawn(supervise(name, until, move || start(stop.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_survived() {
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        supervise("test", CancellationToken::new(), move || {
            let turn = counted.fetch_add(1, Ordering::Relaxed);
            async move { assert!(turn >= 2, "planted") }
        })
        .await;
        assert_eq!(turns.load(Ordering::Relaxed), 3);
    }
}
