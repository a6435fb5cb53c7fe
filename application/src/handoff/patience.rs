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
const THERE: Duration = Duration::from_hours(1);
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

    /// Whether one of this age is given up after so many tries that failed.
    pub(super) fn is_over(&self, age: Duration, tries: u16, now: Duration) -> bool {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        age >= PATIENCE && tries >= TRIES && seen.is_some_and(|(since, _)| now.saturating_sub(since) >= THERE)
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
    fn a_day_enough_tries_and_an_hour_with_the_store() {
        const MINUTE: Duration = Duration::from_mins(1);
        let patience = Patience::default();
        assert!(!patience.is_over(PATIENCE, TRIES, THERE), "never heard of");
        let at = |minutes: u32| MINUTE * minutes;
        for minute in 0..60 {
            patience.heard(at(minute));
            assert!(!patience.is_over(PATIENCE * 2, u16::MAX, at(minute)), "{minute}");
        }
        patience.heard(at(60));
        for (age, tries, over) in
            [(PATIENCE, TRIES, true), (PATIENCE - MINUTE, u16::MAX, false), (PATIENCE * 2, TRIES - 1, false)]
        {
            assert_eq!(patience.is_over(age, tries, at(60)), over, "{age:?} {tries}");
        }
        patience.heard(at(65));
        assert!(patience.is_over(PATIENCE, TRIES, at(65)), "a moment without an answer is nothing");
        patience.heard(at(80));
        assert!(!patience.is_over(PATIENCE, TRIES, at(80)), "it was away");
    }
}
