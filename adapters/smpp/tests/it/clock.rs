//! The machine's clock as the port: these tests run over real sockets in real time.

use domain::Timestamp;
use ports::driven::Clock;
use std::time::{Duration, Instant};

/// The machine's clock.
pub struct MachineClock(Instant);

impl MachineClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MachineClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}
