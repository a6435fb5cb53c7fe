//! How fast a link may send: the agreed rate, and less when the operator asks for it (promises B2 and B3).
//!
//! Never more than R + 1 segments in any second, whatever the timers do: slots a R-th of a second apart, and besides the
//! times of the last R + 1 sends are kept. A throttled link pauses a second and halves its rate (not below 1/s). Up to half
//! of what it had when the trouble began it doubles each second, above that it gains a tenth of the full rate each 10 s.

use std::collections::VecDeque;
use std::time::Duration;

/// The second that the rate is counted in, with a margin for what the network squeezes together.
const SECOND: Duration = Duration::from_millis(1_010);
/// How far late slots may be caught up with.
const CATCH_UP: Duration = Duration::from_millis(50);
/// How long a throttled link sends nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a slowed link gains a tenth of its full rate.
const RAISE_EVERY: Duration = Duration::from_secs(10);

/// The pace of a link.
#[derive(Debug)]
pub struct Pace {
    agreed: Option<f64>,
    slowed: Option<Slowed>,
    paused_until: Duration,
    next_slot: Duration,
    sent: VecDeque<Duration>,
    meter: Meter,
}

#[derive(Debug, Clone, Copy)]
struct Slowed {
    rate: f64,
    full: f64,
    knee: f64,
    throttled_at: Duration,
    raised_at: Duration,
}

impl Pace {
    /// At an agreed rate in segments a second; 0 = none agreed.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            agreed: (rate > 0).then_some(f64::from(rate)),
            slowed: None,
            paused_until: Duration::ZERO,
            next_slot: Duration::ZERO,
            sent: VecDeque::new(),
            meter: Meter::default(),
        }
    }

    /// Takes up to `want` sends at this moment; answers how many.
    pub fn take(&mut self, now: Duration, want: usize) -> usize {
        self.raise(now);
        if now < self.paused_until {
            return 0;
        }
        let Some(rate) = self.rate() else {
            self.meter.add(now, want);
            return want;
        };
        let between = Duration::from_secs_f64(1.0 / rate);
        let most = rate as usize + 1;
        while self.sent.len() > most {
            self.sent.pop_front();
        }
        let mut taken = 0;
        while taken < want && self.next_slot <= now && self.has_second(now, most) {
            if self.sent.len() >= most {
                self.sent.pop_front();
            }
            self.sent.push_back(now);
            self.next_slot = self.next_slot.max(now.saturating_sub(CATCH_UP)) + between;
            taken += 1;
        }
        self.meter.add(now, taken);
        taken
    }

    /// So many of those taken just now are not used.
    pub fn give_back(&mut self, unused: usize) {
        self.meter.count = self.meter.count.saturating_sub(unused);
        let Some(rate) = self.rate().filter(|_| unused > 0) else { return };
        self.sent.truncate(self.sent.len().saturating_sub(unused));
        self.next_slot = self.next_slot.saturating_sub(Duration::from_secs_f64(unused as f64 / rate));
    }

    /// When the next send may be taken, if not now.
    #[must_use]
    pub fn next_at(&self, now: Duration) -> Option<Duration> {
        let mut at = self.paused_until;
        if let Some(rate) = self.rate() {
            at = at.max(self.next_slot);
            if self.sent.len() > rate as usize {
                at = at.max(self.sent.front().map_or(at, |first| *first + SECOND));
            }
        }
        (at > now).then_some(at)
    }

    /// The operator asks to slow down. Once a pause counts once, however many replies said it.
    pub fn throttle(&mut self, now: Duration) {
        if now < self.paused_until {
            return;
        }
        self.slow(now);
        self.paused_until = now + PAUSE;
        if let Some(slowed) = &mut self.slowed {
            slowed.raised_at = self.paused_until;
        }
    }

    /// The operator says how long to wait: nothing is sent until then.
    pub fn rest(&mut self, now: Duration, pause: Duration) {
        self.paused_until = self.paused_until.max(now + pause);
    }

    /// The operator is near its limit: slower, without a pause, at most once a second.
    pub fn strain(&mut self, now: Duration) {
        if self.slowed.is_none_or(|s| s.throttled_at + PAUSE <= now) {
            self.slow(now);
        }
    }

    /// Segments a second at this moment; `None` = no limit.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.slowed.map(|s| s.rate).or(self.agreed)
    }

    fn has_second(&self, now: Duration, most: usize) -> bool {
        self.sent.len() < most || self.sent.front().is_none_or(|first| *first + SECOND <= now)
    }

    fn slow(&mut self, now: Duration) {
        self.raise(now);
        let full = self.agreed.unwrap_or_else(|| self.meter.rate(now));
        let before =
            self.slowed.unwrap_or(Slowed { rate: full, full, knee: 0.0, throttled_at: now, raised_at: now });
        let rate = (before.rate / 2.0).max(1.0);
        let fresh = self.slowed.is_none() || before.throttled_at + RAISE_EVERY < now;
        let knee = if fresh { rate } else { before.knee };
        self.slowed = Some(Slowed { rate, knee, throttled_at: now, raised_at: now, ..before });
    }

    fn raise(&mut self, now: Duration) {
        while let Some(slowed) = &mut self.slowed {
            let below = slowed.rate < slowed.knee;
            let step = if below { PAUSE } else { RAISE_EVERY };
            if slowed.raised_at + step > now {
                return;
            }
            slowed.raised_at += step;
            slowed.rate =
                if below { (slowed.rate * 2.0).min(slowed.knee) } else { slowed.rate + slowed.full / 10.0 };
            if slowed.rate >= slowed.full {
                self.slowed = None;
            }
        }
    }
}

/// How many were sent in the last whole second: the rate of a link that has none agreed.
#[derive(Debug, Default)]
struct Meter {
    second: u64,
    count: usize,
    before: usize,
}

impl Meter {
    fn add(&mut self, now: Duration, count: usize) {
        let second = now.as_secs();
        if second != self.second {
            self.before = if second == self.second + 1 { self.count } else { 0 };
            (self.second, self.count) = (second, 0);
        }
        self.count += count;
    }

    fn rate(&mut self, now: Duration) -> f64 {
        self.add(now, 0);
        self.count.max(self.before).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends as much as it may for `seconds`, woken each `tick`; answers the times.
    fn run(pace: &mut Pace, from: Duration, seconds: u64, tick: Duration) -> Vec<Duration> {
        let (mut now, mut sent) = (from, Vec::new());
        while now < from + Duration::from_secs(seconds) {
            for _ in 0..pace.take(now, 1_000) {
                sent.push(now);
            }
            now += tick;
        }
        sent
    }

    fn most_in_a_second(sent: &[Duration]) -> usize {
        let mut first = 0;
        let inside = sent.iter().enumerate().map(|(last, at)| {
            while sent[first] + Duration::from_secs(1) <= *at {
                first += 1;
            }
            last - first + 1
        });
        inside.max().unwrap_or(0)
    }

    #[test]
    fn never_more_than_one_over_the_rate_and_nearly_all_of_it() {
        for (rate, tick) in [(1, 7), (50, 1), (50, 333), (500, 1), (500, 13), (997, 40)] {
            let mut pace = Pace::new(rate);
            let sent = run(&mut pace, Duration::from_secs(5), 20, Duration::from_millis(tick));
            assert!(most_in_a_second(&sent) <= rate as usize + 1, "{rate} each {tick} ms");
            if tick < 50 {
                assert!(
                    sent.len() as f64 >= f64::from(rate) * 20.0 * 0.95,
                    "{rate} each {tick} ms: {}",
                    sent.len()
                );
            }
        }
    }

    #[test]
    fn throttled_for_thirty_seconds_and_back_within_sixty() {
        for agreed in [0, 100] {
            let mut pace = Pace::new(agreed);
            let mut now = Duration::from_secs(10);
            let tick = Duration::from_millis(10);
            while now < Duration::from_secs(20) {
                pace.take(now, 1);
                now += tick;
            }
            while now < Duration::from_secs(50) {
                if pace.take(now, 1) > 0 {
                    pace.throttle(now);
                }
                now += tick;
            }
            assert_eq!(pace.rate(), Some(1.0), "not below 1/s");
            run(&mut pace, now, 55, tick);
            let sent = run(&mut pace, now + Duration::from_secs(55), 5, tick);
            assert!(sent.len() >= 450, "{agreed}: {}", sent.len());
        }
    }

    #[test]
    fn fifty_throttled_replies_count_once() {
        let mut pace = Pace::new(100);
        let now = Duration::from_secs(9);
        for _ in 0..50 {
            pace.throttle(now);
        }
        assert_eq!((pace.rate(), pace.take(now, 1)), (Some(50.0), 0));
        assert_eq!(pace.next_at(now), Some(now + PAUSE));
        assert_eq!(pace.take(now + PAUSE, 1), 1);
        pace.strain(now + PAUSE);
        assert_eq!(pace.rate(), Some(25.0));
    }

    #[test]
    fn what_is_not_used_is_there_the_next_time() {
        let mut pace = Pace::new(10);
        let now = Duration::from_secs(9);
        pace.take(now, 1);
        for _ in 0..50 {
            let at = now + Duration::from_millis(100);
            assert_eq!(pace.take(at, 5), 1);
            pace.give_back(1);
            assert_eq!(pace.next_at(at), None);
        }
        let sent = run(&mut pace, now + Duration::from_millis(100), 10, Duration::from_millis(1));
        assert!((95..=101).contains(&sent.len()) && most_in_a_second(&sent) <= 11, "{}", sent.len());
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut pace = Pace::new(0);
        assert_eq!((pace.take(Duration::ZERO, 70_000), pace.next_at(Duration::ZERO)), (70_000, None));
    }
}
