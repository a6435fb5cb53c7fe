//! What operator links report.

use crate::driven::{PartReply, Shipment};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::mo::MoPart;
use domain::receipt::Receipt;

/// The operator's reply to a shipment: all its segments have an end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What was shipped, given back.
    pub shipment: Shipment,
    /// The link that shipped it.
    pub link: LinkId,
    /// When the last segment's reply came.
    pub at: Timestamp,
    /// What became of each segment, by its place.
    pub parts: Vec<(u8, PartReply)>,
}

/// Why something received was not taken: the operator is asked to send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// It could not be stored now; a temporary error goes to the operator.
    #[error("not stored, try again later")]
    TryAgain,
    /// It can never be taken (it was quarantined if it had content); a permanent error goes to the operator.
    #[error("refused")]
    Refused,
}

/// Takes what links receive.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ReceiveMessages: Send + Sync {
    /// Takes one part of a received message. `Ok` = durable: only then is the operator answered. May be repeated: the same part
    /// within 24 hours is taken once.
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError>;

    /// Takes receipts, in the order they came; as many answers as receipts. `Ok` = durable. May be repeated.
    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>>;

    /// Takes replies to shipments. Returns when they are durable; a link that waits for this is held back when the store is slow.
    /// A reply that is lost with the process leaves its message in doubt.
    async fn replies(&self, replies: Vec<Reply>);

    /// A link went up or down, or has room again after it had none. Never blocks.
    fn link_changed(&self, link: &LinkId);
}
