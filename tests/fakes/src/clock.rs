//! Time that stands still until a test moves it, the machine's time for tests over real sockets, and names in order.

use crate::locked;
use domain::Timestamp;
use ports::driven::{Clock, Ids};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A clock set by hand. Copies show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    wall: Timestamp,
    monotonic: Duration,
    /// After so many looks it is so much earlier.
    fall: Option<(usize, Duration)>,
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands { wall: now, monotonic: Duration::ZERO, fall: None })))
    }

    /// Lets time pass: both the wall clock and intervals.
    pub fn advance(&self, by: Duration) {
        let mut hands = locked(&self.0);
        hands.wall = hands.wall.checked_add(by).unwrap_or(Timestamp::MAX);
        hands.monotonic = hands.monotonic.saturating_add(by);
    }

    /// Puts the wall clock to another time, as an operator or NTP does; intervals do not notice.
    pub fn set(&self, now: Timestamp) {
        locked(&self.0).wall = now;
    }

    /// Puts the wall clock back by so much between two looks at it: after so many more.
    pub fn fall_after(&self, looks: usize, by: Duration) {
        locked(&self.0).fall = Some((looks, by));
    }
}

impl Default for ManualClock {
    /// 2026-03-02T08:00:00Z: a Monday morning, far from any change of the clocks.
    fn default() -> Self {
        Self::new(Timestamp::from_second(1_772_438_400).unwrap_or(Timestamp::UNIX_EPOCH))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let mut hands = locked(&self.0);
        hands.fall = match hands.fall {
            Some((0, by)) => {
                hands.wall = hands.wall.checked_sub(by).unwrap_or(Timestamp::MIN);
                None
            }
            fall => fall.map(|(looks, by)| (looks - 1, by)),
        };
        hands.wall
    }

    fn monotonic(&self) -> Duration {
        locked(&self.0).monotonic
    }
}

/// Names 1, 2, 3 …, and chance that is the same in each run.
#[derive(Debug)]
pub struct SequentialIds {
    last: AtomicI64,
    chance: AtomicU64,
}

impl SequentialIds {
    /// The first name is the one after `last`.
    #[must_use]
    pub fn after(last: i64) -> Self {
        Self { last: AtomicI64::new(last), chance: AtomicU64::new(last.unsigned_abs()) }
    }
}

impl Default for SequentialIds {
    fn default() -> Self {
        Self::after(0)
    }
}

impl Ids for SequentialIds {
    fn next(&self) -> i64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn fill(&self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            let word = scramble(self.chance.fetch_add(1, Ordering::Relaxed)).to_be_bytes();
            for (octet, chance) in chunk.iter_mut().zip(word) {
                *octet = chance;
            }
        }
    }
}

/// SplitMix64: neighbours come out far apart.
fn scramble(n: u64) -> u64 {
    let z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The time of a tokio runtime, which passes by itself when the runtime is paused and nothing is left to do; the wall clock may be wrong.
#[derive(Debug, Clone)]
pub struct RuntimeClock {
    began: tokio::time::Instant,
    wall: Timestamp,
}

impl RuntimeClock {
    /// A clock whose wall is so many seconds ahead of (behind) that of [`ManualClock::default`]. Within a runtime only.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn ahead_by(seconds: i64) -> Self {
        let wall = Timestamp::from_second(1_772_438_400 + seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { began: tokio::time::Instant::now(), wall }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        self.wall.checked_add(self.began.elapsed()).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }
}

/// The machine's clock, for tests over real sockets in real time.
#[derive(Debug)]
pub struct MachineClock(Instant);

impl Default for MachineClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    fn default() -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_clock_is_no_interval() {
        let clock = ManualClock::default();
        let start = clock.now();
        clock.advance(Duration::from_secs(3));
        clock.set(start);
        assert_eq!((clock.now(), clock.monotonic()), (start, Duration::from_secs(3)));
    }

    #[test]
    fn names_grow_and_chance_differs() {
        let ids = SequentialIds::after(10);
        assert_eq!((ids.next(), ids.next()), (11, 12));
        let (mut a, mut b) = ([0; 20], [0; 20]);
        ids.fill(&mut a);
        ids.fill(&mut b);
        assert_ne!(a, b);
    }
}
