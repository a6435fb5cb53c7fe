//! How the gateway is doing.

use crate::driven::LinkReport;
use async_trait::async_trait;
use domain::Words;
use domain::directory::LinkId;
use domain::receipt::Spelling;
use std::time::Duration;

/// Whether traffic should come here, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Reasons not to send traffic here; empty = ready.
    pub reasons: Vec<Words>,
    /// Things an operator should know that do not stop traffic.
    pub warnings: Vec<Words>,
}

impl Readiness {
    /// Whether traffic should come here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Says how the gateway is doing. Never waits for an operator; for the store at most two seconds.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Observe: Send + Sync {
    /// False within two seconds when the store cannot write or no link is up.
    async fn readiness(&self) -> Readiness;

    /// Every link.
    fn links(&self) -> Vec<LinkReport>;

    /// How long the last deliveries by a link took after its operator had the message: half of them at most the first, nineteen of twenty
    /// at most the second. `None` when there were none in this run.
    fn delivery_times(&self, link: &LinkId) -> Option<(Duration, Duration)>;

    /// How a link's receipts spell the ids of its replies; `None` while that is not certain.
    fn receipt_ids(&self, link: &LinkId) -> Option<Spelling>;
}
