//! One place things are handed over to: how many deliveries it gets at once, and what waits for it.
//!
//! A receiver that answers gets more at once, one that fails gets fewer: a fast one is never held back, a small one not run over.

use crate::turnstile::Flow;
use ports::driven::Handoff;
use std::collections::VecDeque;
use std::time::Duration;

/// Deliveries at once to one.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Nothing is known of it.
    first: usize,
    /// It has answered well for long.
    most: usize,
    /// It fails.
    least: usize,
}

/// To a program.
const PROGRAM: Pace = Pace { first: 32, most: 64, least: 4 };
/// To a mailbox: all of them share the connections to the relay.
const MAILBOX: Pace = Pace { first: 4, most: 8, least: 1 };
/// The most handoffs waiting in memory for one target that takes much: more go back to the store.
const WAITING: usize = 4_000;
/// For one that does not, so many for each delivery it gets at once: who hangs must not fill the memory that all share.
const WAITING_EACH: usize = 16;
/// So many waiting for a receiver that takes much are a sign that more comes than it takes …
const PRESSED: usize = 1_000;
/// … until no more wait than this.
const RELIEVED: usize = 500;

/// A target with something to do.
pub(crate) struct Target {
    pace: Pace,
    running: usize,
    allowed: usize,
    waiting: VecDeque<Handoff>,
    flow: Flow,
    pressed: bool,
}

/// What to do with a handoff that came for a target.
pub(crate) enum Turn {
    /// Deliver it now.
    Now(Box<Handoff>),
    /// It waits here.
    Later,
    /// There is no place for it in memory.
    Full(Box<Handoff>),
}

impl Target {
    /// A program.
    pub(crate) fn program() -> Self {
        Self::new(PROGRAM)
    }

    /// A mailbox.
    pub(crate) fn mailbox() -> Self {
        Self::new(MAILBOX)
    }

    fn new(pace: Pace) -> Self {
        let (waiting, flow) = (VecDeque::new(), Flow::default());
        Self { pace, running: 0, allowed: pace.first, waiting, flow, pressed: false }
    }

    /// Something came for it.
    pub(crate) fn take(&mut self, handoff: Handoff, now: Duration) -> Turn {
        if self.running < self.allowed {
            self.running += 1;
            Turn::Now(Box::new(handoff))
        } else if self.waiting.len() < self.most(now) {
            self.waiting.push_back(handoff);
            Turn::Later
        } else {
            Turn::Full(Box::new(handoff))
        }
    }

    /// A delivery ended. What is to be delivered next.
    pub(crate) fn ended(&mut self, well: bool) -> Vec<Handoff> {
        let busy = self.running >= self.allowed;
        if !well {
            self.allowed = (self.allowed / 2).max(self.pace.least);
        } else if busy {
            self.allowed = (self.allowed + 1).min(self.pace.most);
        }
        self.running = self.running.saturating_sub(1);
        let next = self.allowed.saturating_sub(self.running).min(self.waiting.len());
        self.running += next;
        self.waiting.drain(..next).collect()
    }

    /// How many may wait for it in memory.
    fn most(&self, now: Duration) -> usize {
        if self.flow.is_much(now) { WAITING } else { WAITING.min(self.allowed * WAITING_EACH) }
    }

    /// What waits beyond what may: the newest, after it got fewer at once.
    pub(crate) fn surplus(&mut self, now: Duration) -> VecDeque<Handoff> {
        let most = self.most(now).min(self.waiting.len());
        self.waiting.split_off(most)
    }

    /// A delivery went well.
    pub(crate) fn took_one(&self, now: Duration) {
        self.flow.count(1, now);
    }

    /// Whether it began or ceased to be pressed: it takes much, and yet more waits for it all the time. One that is merely slow never is.
    pub(crate) fn pressed(&mut self, now: Duration) -> Option<bool> {
        let pressed = match self.waiting.len() {
            waiting if waiting < RELIEVED => false,
            waiting => (self.pressed || waiting >= PRESSED) && self.flow.is_much(now),
        };
        (std::mem::replace(&mut self.pressed, pressed) != pressed).then_some(pressed)
    }

    /// Whether more waits for it than it gets at once: then no more need be read from the store.
    pub(crate) fn is_busy(&self) -> bool {
        self.waiting.len() >= self.allowed
    }

    /// Whether nothing is to be done for it. One that fails is remembered as long as it has work.
    pub(crate) fn is_idle(&self) -> bool {
        self.running == 0 && self.waiting.is_empty()
    }

    /// What waits.
    pub(crate) fn into_waiting(self) -> VecDeque<Handoff> {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::message::{Callback, Parts};
    use domain::routing::Tries;
    use domain::state::State;
    use fakes::{ManualClock, samples};
    use ports::driven::{Clock, Content, HandoffKey, MessageRecord};
    use std::sync::Arc;

    fn handoff(subject: i64) -> Handoff {
        let now = ManualClock::default().now();
        let record = MessageRecord {
            message: Arc::new(samples::message(subject, now)),
            state: State::Sent,
            link: samples::link("TS0"),
            parts: Parts::default(),
            sent_at: None,
            final_at: None,
            error: String::new(),
            tries: Tries::default(),
            possible_duplicate: false,
        };
        let callback = Callback::Mail { address: "a@example.se".to_owned() };
        Handoff {
            key: HandoffKey { subject, event: 1 },
            content: Content::State { callback, record: Box::new(record) },
            tries: 0,
            created_at: now,
            resent_at: None,
        }
    }

    const NOW: Duration = Duration::from_millis(10);
    /// When nothing flows any more.
    const LATER: Duration = Duration::from_secs(1);

    fn started(target: &mut Target, count: usize) -> usize {
        (0..count as i64).filter(|n| matches!(target.take(handoff(*n), NOW), Turn::Now(_))).count()
    }

    fn fast() -> Target {
        let target = Target::program();
        (0..200).for_each(|_| target.took_one(NOW));
        target
    }

    #[test]
    fn one_that_answers_gets_more_and_one_that_fails_gets_less() {
        let mut target = Target::program();
        assert_eq!(started(&mut target, 1_000), PROGRAM.first);
        assert!(target.is_busy());
        assert_eq!(target.ended(true).len(), 2, "its place and one more");
        for _ in 0..10 {
            assert!(target.ended(false).is_empty() || target.allowed == PROGRAM.least);
        }
        assert_eq!(target.allowed, PROGRAM.least);
    }

    #[test]
    fn what_has_no_place_is_given_back() {
        for (mut target, most) in [(Target::program(), PROGRAM.first * WAITING_EACH), (fast(), WAITING)] {
            assert_eq!(started(&mut target, PROGRAM.first + most), PROGRAM.first);
            assert!(matches!(target.take(handoff(-1), NOW), Turn::Full(_)), "{most}");
            assert_eq!(target.into_waiting().len(), most);
        }
    }

    #[test]
    fn one_that_hangs_gives_back_what_waited_for_it() {
        let mut target = fast();
        started(&mut target, PROGRAM.first + WAITING);
        target.ended(false);
        assert!(target.surplus(NOW).is_empty(), "a failure among much that is taken");
        (0..5).for_each(|_| drop(target.ended(false)));
        let waited = target.waiting.len();
        let surplus = target.surplus(LATER);
        assert_eq!(
            (surplus.len(), target.waiting.len()),
            (waited - PROGRAM.least * WAITING_EACH, PROGRAM.least * WAITING_EACH)
        );
        let newest = surplus.iter().map(|handoff| handoff.key.subject).min();
        assert!(newest > target.waiting.iter().map(|handoff| handoff.key.subject).max(), "the oldest stay");
        assert!(target.surplus(LATER).is_empty());
    }

    #[test]
    fn one_that_takes_much_and_not_enough_is_pressed_until_it_has_caught_up() {
        let (mut target, now) = (Target::program(), NOW);
        started(&mut target, PROGRAM.first + PRESSED);
        assert_eq!(target.pressed(now), None, "it takes nothing: it is slow");
        (0..200).for_each(|_| target.took_one(now));
        started(&mut target, PRESSED);
        assert_eq!(target.pressed(now), Some(true));
        assert_eq!(target.pressed(now), None, "nothing new");
        while target.waiting.len() > RELIEVED {
            target.ended(true);
            assert_eq!(target.pressed(now), None);
        }
        target.ended(true);
        assert_eq!(target.pressed(now), Some(false));
    }
}
