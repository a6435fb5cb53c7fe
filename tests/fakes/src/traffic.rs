//! The traffic log in memory.

use crate::locked;
use ports::driven::{Traffic, TrafficEntry};
use std::sync::Mutex;

/// Keeps every line.
#[derive(Debug, Default)]
pub struct MemoryTraffic(Mutex<Vec<TrafficEntry>>);

impl MemoryTraffic {
    /// The lines so far.
    #[must_use]
    pub fn entries(&self) -> Vec<TrafficEntry> {
        locked(&self.0).clone()
    }
}

impl Traffic for MemoryTraffic {
    fn record(&self, entry: TrafficEntry) {
        locked(&self.0).push(entry);
    }
}
