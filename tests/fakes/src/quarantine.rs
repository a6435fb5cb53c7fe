//! A quarantine in memory.

use crate::locked;
use async_trait::async_trait;
use domain::Timestamp;
use ports::driven::{Poison, Quarantine, StoreError};
use std::sync::Mutex;

/// Keeps what it is given.
#[derive(Debug, Default)]
pub struct MemoryQuarantine(Mutex<Vec<(Poison, String)>>);

impl MemoryQuarantine {
    /// Everything so far, with why.
    #[must_use]
    pub fn kept(&self) -> Vec<(Poison, String)> {
        locked(&self.0).clone()
    }
}

#[async_trait]
impl Quarantine for MemoryQuarantine {
    async fn keep(&self, poison: Poison, why: String, _at: Timestamp) -> Result<(), StoreError> {
        locked(&self.0).push((poison, why));
        Ok(())
    }
}
