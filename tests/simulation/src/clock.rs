//! Virtual time: it passes when nothing is left to do, and goes on from run to run.

use domain::Timestamp;
use ports::driven::Clock;
use std::time::Duration;
use tokio::time::Instant;

/// The time of the story within one run.
#[derive(Debug, Clone)]
pub(crate) struct StoryClock {
    began: Instant,
    before: Duration,
}

impl StoryClock {
    /// For a run that begins when so much of the story has been told. Within a paused runtime only.
    #[expect(clippy::disallowed_methods, reason = "the paused clock of the runtime is the time of the story")]
    pub(crate) fn after(before: Duration) -> Self {
        Self { began: Instant::now(), before }
    }

    /// How much of the story has been told.
    pub(crate) fn told(&self) -> Duration {
        self.before + self.began.elapsed()
    }

    /// The moment in the runtime's time at which so much will have been told.
    pub(crate) fn when(&self, told: Duration) -> Instant {
        self.began + told.saturating_sub(self.before)
    }
}

/// When every story begins: a Monday morning.
pub(crate) fn wall(told: Duration) -> Timestamp {
    let start = Timestamp::from_second(1_772_438_400).unwrap_or(Timestamp::UNIX_EPOCH);
    start.checked_add(told).unwrap_or(Timestamp::MAX)
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        wall(self.told())
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}
