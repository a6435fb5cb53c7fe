//! Whether the wall clock can be believed at this moment: it may jump, and a clock that is wrong for a moment must end nothing for good.
//!
//! Whoever is about to end something because its time is over asks here first, and waits while the answer is no. Every look compares the wall
//! clock with the steady one, so a jump is noticed by the first who asks after it, whoever that is.

use domain::Timestamp;
use ports::driven::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A difference between the wall clock and the steady one that is taken for a jump.
pub(crate) const JUMP: Duration = Duration::from_mins(10);
/// How far a clock falls back before what it had put off is given its place again. Less would be waited for with a window's replies; more is
/// noticed by people.
const FALL: Duration = Duration::from_secs(5);
/// How long a clock that jumped must go on evenly before anything ends by it.
const CONFIRMED: Duration = Duration::from_mins(1);

/// What all tasks of a run know of the wall clock.
pub(crate) struct Jumps {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

impl Jumps {
    /// The clock is believed as it is now, unless it is far ahead of the last time that anybody wrote down: it may not have been set since the machine
    /// started. Whoever really was away for so long loses a minute.
    pub(crate) fn new(clock: Arc<dyn Clock>, last: Option<Timestamp>) -> Self {
        let (now, steady) = (clock.now(), clock.monotonic());
        let mut seen = Seen::new(now, steady);
        let ahead = last.and_then(|last| Duration::try_from(now.duration_since(last)).ok());
        if let Some(ahead) = ahead.filter(|ahead| *ahead > JUMP) {
            tracing::info!(
                seconds = ahead.as_secs(),
                "nobody was here for long, or the clock is ahead; nothing expires until it has gone on evenly for a minute"
            );
            seen.since = Some(steady);
        }
        Self { clock, seen: Mutex::new(seen) }
    }

    /// What the wall clock says, and whether what is over by it is over.
    pub(crate) fn now(&self) -> (Timestamp, bool) {
        let mut seen = self.seen();
        let now = self.clock.now();
        (now, seen.trusts(now, self.clock.monotonic()))
    }

    /// The steady clock, by which what waits is measured.
    pub(crate) fn steady(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The same, and the latest time that was ever shown when the clock has fallen back from it; told once for each fall. All from one look: what is
    /// due between two times must not take one of them from before the fall.
    pub(crate) fn look(&self) -> (Timestamp, bool, Option<Timestamp>) {
        let mut seen = self.seen();
        let now = self.clock.now();
        let fell_from = seen.fell_back(now);
        (now, seen.trusts(now, self.clock.monotonic()), fell_from)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last look, and what it showed.
struct Seen {
    wall: Timestamp,
    steady: Duration,
    since: Option<Duration>,
    highest: Timestamp,
}

impl Seen {
    fn new(wall: Timestamp, steady: Duration) -> Self {
        Self { wall, steady, since: None, highest: wall }
    }

    fn fell_back(&mut self, wall: Timestamp) -> Option<Timestamp> {
        let fallen = self.highest.duration_since(wall);
        if Duration::try_from(fallen).is_ok_and(|far| far > FALL) {
            return Some(std::mem::replace(&mut self.highest, wall));
        }
        self.highest = self.highest.max(wall);
        None
    }

    fn trusts(&mut self, wall: Timestamp, steady: Duration) -> bool {
        let expected = self.wall.checked_add(steady.saturating_sub(self.steady)).unwrap_or(wall);
        let off = wall.duration_since(expected).unsigned_abs();
        (self.wall, self.steady) = (wall, steady);
        // Whoever asks sees how high it stands: it may be right again before anybody looks whether it fell.
        self.highest = self.highest.max(wall);
        if off > JUMP {
            tracing::warn!(
                seconds = off.as_secs(),
                "the clock jumped; nothing expires until it has gone on evenly for a minute"
            );
            self.since = Some(steady);
        }
        match self.since {
            Some(since) if steady.saturating_sub(since) < CONFIRMED => false,
            _ => {
                self.since = None;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fakes::ManualClock;

    #[test]
    fn a_jump_must_be_confirmed() {
        let at = |s: i64| Timestamp::from_second(s).expect("time");
        let steady = Duration::from_secs;
        let mut seen = Seen::new(at(0), steady(0));
        assert!(seen.trusts(at(2), steady(2)));
        assert!(!seen.trusts(at(3604), steady(4)), "an hour ahead");
        assert!(!seen.trusts(at(3633), steady(33)));
        assert!(seen.trusts(at(3664), steady(64)), "it stayed");
        assert!(!seen.trusts(at(66), steady(66)), "and back");
        assert_eq!(seen.fell_back(at(66)), Some(at(3664)));
        assert_eq!(seen.fell_back(at(68)), None, "told once");
    }

    #[test]
    fn a_few_minutes_are_no_jump_and_keep_messages_waiting() {
        let at = |s: i64| Timestamp::from_second(s).expect("time");
        let steady = Duration::from_secs;
        let mut seen = Seen::new(at(0), steady(0));
        assert!(seen.trusts(at(302), steady(2)));
        assert_eq!(seen.fell_back(at(302)), None);
        assert!(seen.trusts(at(4), steady(4)));
        assert_eq!(seen.fell_back(at(4)), Some(at(302)));
        assert_eq!(seen.fell_back(at(2)), None, "as clocks are set now and then");
    }

    #[test]
    fn a_clock_that_is_ahead_at_the_start_must_be_confirmed() {
        let clock = ManualClock::default();
        let now = clock.now();
        let ago =
            |by: u64| Jumps::new(Arc::new(clock.clone()), now.checked_sub(Duration::from_secs(by)).ok());
        assert!(ago(600).now().1);
        let jumps = ago(601);
        assert!(!jumps.now().1);
        clock.advance(Duration::from_mins(1));
        assert!(jumps.now().1, "it was the machine that was away");
    }

    #[test]
    fn whoever_looks_first_sees_it_for_all() {
        let clock = ManualClock::default();
        let jumps = Jumps::new(Arc::new(clock.clone()), None);
        let right = clock.now();
        clock.set(right.checked_add(Duration::from_hours(24)).expect("a time"));
        assert!(!jumps.now().1);
        clock.set(right);
        assert!(!jumps.now().1, "it may not be over");
        assert!(jumps.look().2.is_some());
        clock.advance(Duration::from_mins(1));
        assert!(jumps.now().1);
    }
}
