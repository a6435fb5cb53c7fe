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
/// After so many tries that a program refused for good it is given up.
const PERMANENT: u16 = 3;
/// Pauses after those of [`PAUSES`] when a mail was refused for good; the last one repeats.
const REFUSED: [u64; 2] = [600, 900];

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
        self.in_time(age, tries, pause(tries), now)
    }

    /// The pause of one that was refused for good. A program that says so means it. A relay that is set up wrongly for a moment says so to everything,
    /// and what a mobile sent must not be lost by that: a mail is tried for a day all the same, with longer pauses in the end.
    pub(super) fn next_refused(
        &self,
        is_mail: bool,
        age: Duration,
        tries: u16,
        now: Duration,
    ) -> Option<Duration> {
        if !is_mail {
            return (tries < PERMANENT).then(|| pause(tries));
        }
        let more = usize::from(tries).checked_sub(PAUSES.len() + 1);
        let late = more.and_then(|nth| REFUSED.get(nth).or(REFUSED.last())).copied();
        self.in_time(age, tries, late.map_or_else(|| pause(tries), Duration::from_secs), now)
    }

    fn in_time(&self, age: Duration, tries: u16, pause: Duration, now: Duration) -> Option<Duration> {
        if age < PATIENCE {
            return Some(pause);
        }
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = seen.is_some_and(|(since, _)| now.saturating_sub(since) >= THERE);
        (tries < TRIES || !there).then_some(pause.min(LATE))
    }
}

/// The pause after so many tries.
fn pause(tries: u16) -> Duration {
    let nth = usize::from(tries.saturating_sub(1));
    Duration::from_secs(PAUSES.get(nth).or(PAUSES.last()).copied().unwrap_or(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_is_refused_is_tried_for_a_day_and_a_program_that_refuses_is_believed() {
        let patience = Patience::default();
        let mut age = Duration::ZERO;
        let mut tries = 0;
        while let Some(pause) = patience.next_refused(true, age, tries + 1, age) {
            patience.heard(age);
            age += pause;
            tries += 1;
            assert!(pause <= Duration::from_mins(15));
        }
        assert!(age >= PATIENCE && (90..120).contains(&tries), "{age:?} {tries}");
        let by_http = |tries| patience.next_refused(false, Duration::ZERO, tries, age);
        assert!(by_http(PERMANENT - 1).is_some() && by_http(PERMANENT).is_none());
    }

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
