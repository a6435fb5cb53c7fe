//! How fast commands are taken: so many a second, a second's worth at once.

use std::time::Duration;

/// Paces commands by making them wait (never by refusing them): back-pressure reaches the peer through TCP.
#[derive(Debug)]
pub struct Pace {
    step: Duration,
    burst: Duration,
    next_at: Duration,
}

impl Pace {
    /// At most `per_second` commands a second; 0 = no limit.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let step = Duration::from_secs(1).checked_div(per_second).unwrap_or_default();
        Self { step, burst: step.saturating_mul(per_second.saturating_sub(1)), next_at: Duration::ZERO }
    }

    /// How long a command that comes at `now` (time since any fixed moment) has to wait.
    pub fn wait(&mut self, now: Duration) -> Duration {
        let earliest = self.next_at.max(now);
        self.next_at = earliest.saturating_add(self.step);
        earliest.saturating_sub(self.burst).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_at_once_then_ten_a_second() {
        let mut pace = Pace::new(10);
        let now = Duration::from_secs(5);
        let waits: Vec<_> = (0..12).map(|_| pace.wait(now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200]);
        assert_eq!(pace.wait(Duration::from_secs(60)), Duration::ZERO);
        let mut free = Pace::new(0);
        assert!((0..1000).all(|_| free.wait(now).is_zero()));
    }
}
