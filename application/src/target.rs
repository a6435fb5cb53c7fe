//! One place things are handed over to: how many deliveries it gets at once, and what waits for it.
//!
//! What one phone sent comes in its order; everything else side by side. A receiver that answers gets more at once, one that fails gets fewer: a fast one is never held back, a small one not run over.

use crate::senders::Senders;
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
    /// They may go as soon as there is a place.
    waiting: VecDeque<Handoff>,
    senders: Senders,
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
        let senders = Senders::default();
        Self { pace, running: 0, allowed: pace.first, waiting, senders, flow, pressed: false }
    }

    /// Something came for it.
    pub(crate) fn take(&mut self, handoff: Handoff, now: Duration) -> Turn {
        let waits = self.senders.has_to_wait(&handoff);
        if !waits && self.running < self.allowed {
            self.running += 1;
            self.senders.goes(&handoff);
            return Turn::Now(Box::new(handoff));
        }
        if self.in_memory() >= self.most(now) {
            return Turn::Full(Box::new(handoff));
        }
        if waits {
            self.senders.wait(handoff);
        } else {
            self.senders.goes(&handoff);
            self.waiting.push_back(handoff);
        }
        Turn::Later
    }

    /// A delivery ended. What is to be delivered next.
    pub(crate) fn ended(&mut self, handoff: &Handoff, well: bool) -> Vec<Handoff> {
        self.waiting.extend(self.senders.went(handoff));
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

    /// How many wait for it in memory.
    fn in_memory(&self) -> usize {
        self.waiting.len() + self.senders.waiting()
    }

    /// How many may wait for it in memory.
    fn most(&self, now: Duration) -> usize {
        if self.flow.is_much(now) { WAITING } else { WAITING.min(self.allowed * WAITING_EACH) }
    }

    /// What waits beyond what may: the newest, after it got fewer at once.
    pub(crate) fn surplus(&mut self, now: Duration) -> VecDeque<Handoff> {
        let most = self.most(now);
        let mut surplus = self.waiting.split_off(most.min(self.waiting.len()));
        let behind: Vec<Handoff> = surplus.iter().flat_map(|one| self.senders.given_back(one)).collect();
        surplus.extend(behind);
        surplus.extend(self.senders.surplus(most - self.waiting.len()));
        surplus
    }

    /// A delivery went well.
    pub(crate) fn took_one(&self, now: Duration) {
        self.flow.count(1, now);
    }

    /// Whether it began or ceased to be pressed: it takes much, and yet more waits for it all the time. One that is merely slow never is.
    pub(crate) fn pressed(&mut self, now: Duration) -> Option<bool> {
        let pressed = match self.in_memory() {
            waiting if waiting < RELIEVED => false,
            waiting => (self.pressed || waiting >= PRESSED) && self.flow.is_much(now),
        };
        (std::mem::replace(&mut self.pressed, pressed) != pressed).then_some(pressed)
    }

    /// Whether more waits for it than it gets at once: then no more need be read from the store.
    pub(crate) fn is_busy(&self) -> bool {
        self.in_memory() >= self.allowed
    }

    /// Whether nothing is to be done for it. One that fails is remembered as long as it has work.
    pub(crate) fn is_idle(&self) -> bool {
        self.running == 0 && self.in_memory() == 0
    }

    /// What waits.
    pub(crate) fn into_waiting(self) -> impl Iterator<Item = Handoff> {
        self.waiting.into_iter().chain(self.senders.into_waiting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::message::{Callback, MoId, Parts};
    use domain::mo::{Destination, Mo};
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
        assert_eq!(target.ended(&handoff(0), true).len(), 2, "its place and one more");
        for _ in 0..10 {
            assert!(target.ended(&handoff(0), false).is_empty() || target.allowed == PROGRAM.least);
        }
        assert_eq!(target.allowed, PROGRAM.least);
    }

    #[test]
    fn what_has_no_place_is_given_back() {
        for (mut target, most) in [(Target::program(), PROGRAM.first * WAITING_EACH), (fast(), WAITING)] {
            assert_eq!(started(&mut target, PROGRAM.first + most), PROGRAM.first);
            assert!(matches!(target.take(handoff(-1), NOW), Turn::Full(_)), "{most}");
            assert_eq!(target.into_waiting().count(), most);
        }
    }

    #[test]
    fn one_that_hangs_gives_back_what_waited_for_it() {
        let mut target = fast();
        started(&mut target, PROGRAM.first + WAITING);
        target.ended(&handoff(0), false);
        assert!(target.surplus(NOW).is_empty(), "a failure among much that is taken");
        (0..5).for_each(|_| drop(target.ended(&handoff(0), false)));
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
            target.ended(&handoff(0), true);
            assert_eq!(target.pressed(now), None);
        }
        target.ended(&handoff(0), true);
        assert_eq!(target.pressed(now), Some(false));
    }

    /// A message from a phone.
    fn received(id: i64, source: &str) -> Handoff {
        let mo = Mo {
            id: MoId(id),
            link: samples::link("TS0"),
            source: source.to_owned(),
            destination: "71234".to_owned(),
            text: "hej".to_owned(),
            binary: Vec::new(),
            segments: 1,
            complete: true,
            received_at: ManualClock::default().now(),
        };
        let destination = Destination::Url("http://a.example/mo".to_owned());
        let content = Content::Mo { destination, mo: Box::new(mo), user: None };
        Handoff { key: HandoffKey { subject: id, event: HandoffKey::MO }, content, ..handoff(id) }
    }

    fn ids(handoffs: impl IntoIterator<Item = Handoff>) -> Vec<i64> {
        handoffs.into_iter().map(|handoff| handoff.key.subject).collect()
    }

    #[test]
    fn what_one_phone_sent_goes_one_after_the_other_and_others_beside_it() {
        let mut target = Target::program();
        let is_now = |turn: Turn| matches!(turn, Turn::Now(_));
        let mut take = |id, source: &str| is_now(target.take(received(id, source), NOW));
        assert_eq!(
            [take(1, "anna"), take(2, "anna"), take(3, "bo"), take(4, "anna")],
            [true, false, true, false]
        );
        assert!(ids(target.ended(&received(3, "bo"), true)).is_empty());
        assert_eq!(ids(target.ended(&received(1, "anna"), false)), [2], "tried, though not taken");
        assert_eq!(ids(target.ended(&received(2, "anna"), true)), [4]);
        assert!(ids(target.ended(&received(4, "anna"), true)).is_empty());
        assert!(target.is_idle() && is_now(target.take(received(5, "anna"), NOW)));
    }

    #[test]
    fn a_program_that_sends_very_much_is_not_slowed() {
        let mut target = Target::program();
        let now = (0..80).filter(|id| matches!(target.take(received(*id, "1234"), NOW), Turn::Now(_)));
        assert_eq!(now.count(), PROGRAM.first, "one, sixteen behind it, and the rest at once");
        assert!(target.is_busy());
    }

    #[test]
    fn what_waits_behind_one_that_is_given_back_goes_with_it() {
        let mut target = Target::program();
        for id in 0..500 {
            // Two of each phone.
            target.take(received(id, &format!("phone {}", id / 2)), NOW);
        }
        (0..5).for_each(|_| drop(target.ended(&handoff(-1), false)));
        let held = target.in_memory();
        let surplus = ids(target.surplus(LATER));
        let most = PROGRAM.least * WAITING_EACH;
        assert_eq!((target.in_memory(), surplus.len()), (most, held - most));
        let kept: Vec<_> = ids(target.into_waiting());
        for id in kept.iter().filter(|id| *id % 2 == 1) {
            assert!(!surplus.contains(&(id - 1)), "{id} stays and the one before it does not");
        }
    }
}
