//! Whether the operator is there: down after a failed connection or silence, tried again after growing pauses, parked when he refuses the login.
//!
//! A pure machine: time and outcomes go in.

use session::Backoff;
use std::time::Duration;

/// Requests without an answer, one after the other, before the operator counts as gone.
const MOST_SILENT: u32 = 3;

/// How one request ended, as far as the operator's health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// He answered something that was understood, also a refusal.
    Answered,
    /// Nothing was sent.
    NotConnected,
    /// Sent, and nobody knows.
    Silent,
    /// He takes nothing from us: bad login, no credit.
    Barred,
}

/// What may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Everything.
    Up,
    /// One request at a time: nobody knows yet whether he is back.
    Trial,
    /// Nothing until then.
    Down(Duration),
    /// Nothing until then, and it is no matter of the network.
    Parked(Duration),
}

/// The machine.
#[derive(Debug)]
pub(super) struct Breaker {
    phase: Phase,
    silent: u32,
    backoff: Backoff,
    park_for: Duration,
}

impl Breaker {
    /// Nothing is known: the first request is a trial.
    pub(super) fn new(first: Duration, longest: Duration, park_for: Duration) -> Self {
        Self { phase: Phase::Trial, silent: 0, backoff: Backoff::new(first, longest), park_for }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether messages may be taken.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up | Phase::Trial)
    }

    /// A request ended; `chance` is any octet.
    pub(super) fn ended(&mut self, outcome: Outcome, now: Duration, chance: u8) {
        match outcome {
            // What was under way when it went down says nothing of now.
            Outcome::Answered if !self.is_up() => {}
            Outcome::Answered => {
                self.silent = 0;
                self.backoff.reset();
                self.phase = Phase::Up;
            }
            Outcome::Barred => self.phase = Phase::Parked(now + self.park_for),
            Outcome::NotConnected => self.fall(now, chance),
            Outcome::Silent => {
                self.silent += 1;
                if self.silent >= MOST_SILENT || self.phase == Phase::Trial {
                    self.fall(now, chance);
                }
            }
        }
    }

    /// He is gone.
    pub(super) fn fall(&mut self, now: Duration, chance: u8) {
        if self.is_up() {
            self.silent = 0;
            self.phase = Phase::Down(now + self.backoff.next_pause(chance));
        }
    }

    /// Whether it is time to see if he is back.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        matches!(self.phase, Phase::Down(until) | Phase::Parked(until) if until <= now)
    }

    /// He could be reached, or not.
    pub(super) fn probed(&mut self, reached: bool, now: Duration, chance: u8) {
        self.phase = if reached { Phase::Trial } else { Phase::Down(now + self.backoff.next_pause(chance)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn down_tried_and_up_again() {
        let mut breaker = Breaker::new(at(1), at(60), at(300));
        assert!(breaker.is_up(), "the first message is the trial");
        breaker.ended(Outcome::Answered, at(0), 127);
        assert_eq!(breaker.phase(), Phase::Up);
        breaker.ended(Outcome::Silent, at(1), 127);
        breaker.ended(Outcome::Silent, at(1), 127);
        assert_eq!(breaker.phase(), Phase::Up, "now and then one is lost");
        breaker.ended(Outcome::Silent, at(1), 127);
        assert!(!breaker.is_up() && !breaker.is_due(at(1)) && breaker.is_due(at(3)));
        breaker.ended(Outcome::Answered, at(2), 127);
        assert!(!breaker.is_up(), "an answer of before");
        breaker.probed(true, at(3), 127);
        assert_eq!(breaker.phase(), Phase::Trial);
        breaker.ended(Outcome::Silent, at(4), 127);
        assert!(!breaker.is_due(at(5)) && breaker.is_due(at(7)), "the pause grows");
        breaker.probed(false, at(7), 127);
        assert!(!breaker.is_due(at(9)));
        breaker.probed(true, at(20), 127);
        breaker.ended(Outcome::Barred, at(20), 127);
        assert_eq!(breaker.phase(), Phase::Parked(at(320)));
    }
}
