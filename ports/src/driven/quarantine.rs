//! Where things are kept that could not be taken, so that they are neither lost nor in the way.

use super::StoreError;
use async_trait::async_trait;
use domain::Timestamp;
use domain::mo::MoPart;
use domain::receipt::Receipt;

/// What could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poison {
    /// One part of a received message.
    Mo(MoPart),
    /// A receipt.
    Receipt(Receipt),
}

/// Keeps what made its handler fail again and again.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Keeps it, with the reason in words. `Ok` = durable; the operator is told that it was taken, and does not send it again.
    ///
    /// # Errors
    /// [`StoreError`] when it is not kept; it must then not be answered for.
    async fn keep(&self, poison: Poison, why: String, at: Timestamp) -> Result<(), StoreError>;
}
