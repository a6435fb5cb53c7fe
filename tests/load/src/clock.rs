//! The bench measures real time; this is the one file that reads it.
#![allow(clippy::disallowed_methods, reason = "a stopwatch stands outside the gateway and its Clock port")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, for durations.
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970, for dates on receipts.
#[must_use]
pub fn wall_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
