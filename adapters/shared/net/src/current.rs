//! What callers are met with, and what may be put in its place while a door is open.

use std::sync::Arc;
use tokio::sync::watch;

/// The settings of a door. Who comes later meets the new ones, who is inside keeps his. How it listens and how long a stop waits stay as they were when it
/// was opened.
#[derive(Debug)]
pub struct Current<T>(watch::Sender<Arc<T>>);

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Current<T> {
    /// These, for now.
    #[must_use]
    pub fn new(settings: T) -> Self {
        Self(watch::Sender::new(Arc::new(settings)))
    }

    /// Those of now.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts others in their place.
    pub fn replace(&self, settings: T) {
        self.0.send_replace(Arc::new(settings));
    }
}
