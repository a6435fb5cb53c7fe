//! A thread of their own for the operator links.
//!
//! An operator counts the milliseconds between his answer and our next message: his window times the rate is all the patience there is.
//! Among hundreds of requests in one queue of tasks a link would wait for all of them; on a thread of its own it waits for nobody.

use tokio::runtime::{Builder, EnterGuard, Runtime};

/// The runtime that links live on. Ends what runs on it when it is dropped.
pub struct LinkThread(Option<Runtime>);

impl LinkThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn start() -> std::io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("links").enable_all().build()?;
        Ok(Self(Some(runtime)))
    }

    /// While the guard lives, what is spawned runs on the thread. (`None` only while it is being dropped.)
    pub fn enter(&self) -> Option<EnterGuard<'_>> {
        self.0.as_ref().map(Runtime::enter)
    }
}

impl Drop for LinkThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
