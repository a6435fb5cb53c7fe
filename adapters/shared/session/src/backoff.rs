//! How long to wait before connecting again: doubling, with chance in it, so that a thousand clients of an operator that
//! comes back do not come at once.

use std::time::Duration;

/// Pauses that double.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// From the first pause to the longest.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The next pause; `chance` is any octet.
    pub fn next_pause(&mut self, chance: u8) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        jittered(doubled.min(self.longest), chance)
    }

    /// Begins again from the first pause.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The pause, up to a fifth shorter or longer.
pub(crate) fn jittered(pause: Duration, chance: u8) -> Duration {
    pause.mul_f64(0.8 + 0.4 * f64::from(chance) / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_the_longest_and_begins_again() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
        let pauses: Vec<_> = (0..8).map(|_| backoff.next_pause(127).as_secs_f64().round() as u64).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.reset();
        assert_eq!(backoff.next_pause(0), Duration::from_millis(800));
        assert_eq!(
            Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).next_pause(255),
            Duration::from_millis(1200)
        );
    }
}
