//! Sending.

use async_trait::async_trait;
use domain::access::Sender;
use domain::refusal::Refusal;
use domain::submission::{Accepted, Plan, Request};
use domain::trace::Trace;

/// What would happen to a request.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The plan, as it would be carried out now.
    pub plan: Plan,
    /// Why.
    pub trace: Trace,
}

/// Takes messages to send.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait SubmitMessages: Send + Sync {
    /// Accepts a request. When this returns `Ok` the messages are on disk and will reach an end whatever happens to this process.
    /// With an idempotency key it may be repeated: the first answer comes again. Dropping the future loses nothing: the
    /// messages are then accepted or not, and a repetition with the key tells.
    ///
    /// # Errors
    /// Why nothing of it was accepted. `busy` and `store_unavailable` may be tried again.
    async fn submit(&self, sender: &Sender, request: Request) -> Result<Accepted, Refusal>;

    /// Says what would happen, and does nothing.
    ///
    /// # Errors
    /// As [`SubmitMessages::submit`], without the store's.
    async fn preview(&self, sender: &Sender, request: Request) -> Result<Preview, Refusal>;
}
