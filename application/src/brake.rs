//! The brake on wrong passwords: some are free, then each further one doubles the wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Wrong tries that cost nothing.
const FREE: u32 = 5;
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);
/// The most names remembered; the oldest are forgotten.
const REMEMBERED: usize = 10_000;

/// Wrong tries by name or address.
#[derive(Debug)]
pub(crate) struct Brake<K>(HashMap<K, Wrong>);

#[derive(Debug, Clone, Copy)]
struct Wrong {
    tries: u32,
    last: Duration,
}

impl<K> Default for Brake<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Brake<K> {
    /// How long the next try must still wait.
    pub(crate) fn wait(&self, key: &K, now: Duration) -> Option<Duration> {
        let wrong = self.0.get(key)?;
        (wrong.last + pause(wrong.tries)).checked_sub(now).filter(|left| !left.is_zero())
    }

    /// A try was wrong.
    pub(crate) fn wrong(&mut self, key: K, now: Duration) {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, w| w.last + LONGEST > now);
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let entry = self.0.entry(key).or_insert(Wrong { tries: 0, last: now });
        if now.saturating_sub(entry.last) > LONGEST * 2 {
            entry.tries = 0;
        }
        entry.tries = entry.tries.saturating_add(1);
        entry.last = now;
    }

    /// A try was right.
    pub(crate) fn right(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Whether nobody was wrong lately.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn pause(tries: u32) -> Duration {
    match tries.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1_u64 << over.min(12)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_free_then_it_doubles() {
        let mut brake = Brake::default();
        let now = Duration::from_secs(100);
        for _ in 0..4 {
            brake.wrong("crm", now);
        }
        assert_eq!(brake.wait(&"crm", now), None);
        brake.wrong("crm", now);
        assert_eq!(brake.wait(&"crm", now), Some(Duration::from_secs(1)));
        brake.wrong("crm", now);
        assert_eq!(brake.wait(&"crm", now), Some(Duration::from_secs(2)));
        for _ in 0..100 {
            brake.wrong("crm", now);
        }
        assert_eq!(brake.wait(&"crm", now), Some(LONGEST));
        brake.right(&"crm");
        assert_eq!(brake.wait(&"crm", now), None);
    }
}
