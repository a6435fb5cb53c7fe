//! What this process cannot go on after: a disk that failed, a run that was declared dead.

use domain::Words;
use ports::driven::StoreError;
use tokio::sync::watch;

/// Tells that the process must stop, and why. Raised once; the first reason stays.
#[derive(Debug, Clone)]
pub struct Fatal(watch::Sender<Option<Words>>);

impl Default for Fatal {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Fatal {
    /// Says that the process must stop.
    pub fn raise(&self, reason: Words) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                tracing::error!(%reason, "stopping: nothing can be trusted after this");
                *current = Some(reason);
            }
            first
        });
    }

    /// Raises when a store says that its disk failed; passes everything on.
    pub fn watch<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error @ StoreError::Broken(_)) = &result {
            self.raise(error.words());
        }
        result
    }

    /// The reason, once raised.
    #[must_use]
    pub fn reason(&self) -> Option<Words> {
        self.0.borrow().clone()
    }

    /// Returns when raised, with the reason as logs have it.
    pub async fn raised(&self) -> String {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await {
            Ok(reason) => reason.as_ref().map(ToString::to_string).unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }
}
