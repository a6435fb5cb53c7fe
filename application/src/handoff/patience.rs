//! How long a handoff is tried: for a day, and never by its age alone. While this node or its database was away nothing was tried, however old it has
//! become meanwhile, and a receiver that was away too may come back a moment later.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Pauses after failed tries; the last one repeats for a day.
const PAUSES: [u64; 7] = [1, 5, 15, 30, 60, 120, 300];
/// How long a handoff is tried.
pub(super) const PATIENCE: Duration = Duration::from_hours(24);
/// How often at least: once after each of the pauses.
const TRIES: u16 = PAUSES.len() as u16 + 1;
/// For how long the store must have been there.
const THERE: Duration = Duration::from_mins(1);
/// The longest pause of one that is older than a day and still has tries before it.
const LATE: Duration = Duration::from_secs(15);
/// One that was not heard of for so long was away.
const AWAY: Duration = Duration::from_mins(10);
/// After so many tries that ended in a permanent refusal it is given up.
const PERMANENT: u16 = 3;

/// Since when the store has been there, by the steady clock, and when it was last heard of.
#[derive(Debug, Default)]
pub(crate) struct Patience(Mutex<Option<(Duration, Duration)>>);

impl Patience {
    /// The store answered.
    pub(super) fn heard(&self, now: Duration) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = seen.filter(|(_, last)| now.saturating_sub(*last) < AWAY).map_or(now, |(since, _)| since);
        *seen = Some((since, now));
    }

    /// The pause of one of this age after so many tries that failed; `None`: it is given up.
    pub(super) fn next(&self, age: Duration, tries: u16, now: Duration) -> Option<Duration> {
        let pause = pause(tries);
        if age < PATIENCE {
            return Some(pause);
        }
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = seen.is_some_and(|(since, _)| now.saturating_sub(since) >= THERE);
        (tries < TRIES || !there).then_some(pause.min(LATE))
    }
}

/// Whether one that was refused for good is given up after so many tries.
pub(super) fn is_refused(tries: u16) -> bool {
    tries >= PERMANENT
}

/// The pause after so many tries.
pub(super) fn pause(tries: u16) -> Duration {
    let nth = usize::from(tries.saturating_sub(1));
    Duration::from_secs(PAUSES.get(nth).or(PAUSES.last()).copied().unwrap_or(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_enough_tries_and_a_while_with_the_store() {
        const SECOND: Duration = Duration::from_secs(1);
        let patience = Patience::default();
        assert_eq!(patience.next(PATIENCE, TRIES, THERE), Some(LATE), "never heard of");
        for second in 0..60 {
            patience.heard(SECOND * second);
            assert_eq!(patience.next(PATIENCE * 2, u16::MAX, SECOND * second), Some(LATE), "{second}");
        }
        patience.heard(SECOND * 60);
        for (age, tries, next) in [
            (PATIENCE, TRIES, None),
            (PATIENCE - SECOND, u16::MAX, Some(300)),
            (PATIENCE * 2, TRIES - 1, Some(15)),
            (PATIENCE * 2, 1, Some(1)),
        ] {
            assert_eq!(patience.next(age, tries, THERE), next.map(Duration::from_secs), "{age:?} {tries}");
        }
        let later = |minutes: u32| THERE + Duration::from_mins(1) * minutes;
        patience.heard(later(5));
        assert_eq!(patience.next(PATIENCE, TRIES, later(5)), None, "a moment without an answer is nothing");
        patience.heard(later(20));
        assert_eq!(patience.next(PATIENCE, TRIES, later(20)), Some(LATE), "it was away");
    }
}
