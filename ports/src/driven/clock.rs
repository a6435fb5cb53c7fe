//! Time, names and chance.

use domain::Timestamp;
use std::time::Duration;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Wall-clock time: for what people and operators see. It may jump.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment in this process, which never jumps: for intervals.
    fn monotonic(&self) -> Duration;
}

/// Makes names and chance.
pub trait Ids: Send + Sync {
    /// A new positive number, larger than every one before on this node, unlike all of other nodes; ordered by time between nodes.
    fn next(&self) -> i64;

    /// Fills with unpredictable octets.
    fn fill(&self, octets: &mut [u8]);
}
