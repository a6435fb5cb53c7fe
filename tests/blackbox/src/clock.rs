//! Time for the harness: deadlines and polling. The only file of the harness that reads the machine's clock.
#![allow(clippy::disallowed_methods, reason = "the harness stands outside the gateway and its Clock port")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a test waits for something that should come at once; generous, since the machine is shared.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks.
const STEP: Duration = Duration::from_millis(5);

/// Milliseconds since 1970, for times that several processes write down.
#[must_use]
pub fn wall_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The time in UTC some seconds from now, to the second: `2026-11-23T08:00:10Z`.
#[must_use]
pub fn utc_after(seconds: u64) -> String {
    let at = i64::try_from(wall_ms() / 1000 + seconds).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(at).map_or_else(|error| error.to_string(), |at| at.to_string())
}

/// A stopwatch.
#[must_use]
pub fn start() -> Instant {
    Instant::now()
}

/// Lets a fault or a pause of the story take its time; never used to wait for something.
pub fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Looks again and again until `look` gives something.
///
/// # Panics
/// When nothing came within [`PATIENCE`]; the text says what was waited for.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, look).unwrap_or_else(|| panic!("waited {} s in vain for {what}", PATIENCE.as_secs()))
}

/// Looks again and again for `limit`.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(STEP);
    }
}
