//! Fallback on the outcome: a message that is not taken, or not delivered, in time goes by the next link of its route, once by each.
//!
//! The times are kept in the store from the moment a message is accepted; when one is over, [`course`] says what follows.

use super::{Healths, Route, pick};
use crate::directory::LinkId;
use crate::message::{Leaving, Parts, Priority};
use crate::receipt::ended;
use crate::state::State;
use jiff::Timestamp;
use std::time::Duration;

/// How long to wait for a link of the route to come up, before it is looked again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What a message is given a time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum Awaits {
    /// The operator takes it over.
    Reply = 0,
    /// The phone has it.
    Delivery = 1,
}

impl Awaits {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Reply, Self::Delivery];

    /// The number in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// Of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.code() == code)
    }
}

/// A time by which something must have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// What.
    pub awaits: Awaits,
    /// By when.
    pub due_at: Timestamp,
}

/// The times of a message of a class that joins a link's queue at a moment (or may leave then).
#[must_use]
pub fn deadlines(route: &Route, priority: Priority, from: Timestamp) -> Vec<Deadline> {
    let times = [(Awaits::Reply, route.reply_within(priority)), (Awaits::Delivery, route.delivered_within)];
    let several = route.links().nth(1).is_some();
    let of = |(awaits, within): (Awaits, Option<Duration>)| {
        let due_at = from.checked_add(within.filter(|_| several)?).unwrap_or(Timestamp::MAX);
        Some(Deadline { awaits, due_at })
    };
    times.into_iter().filter_map(of).collect()
}

/// A message whose time is over.
#[derive(Debug, Clone, Copy)]
pub struct Overdue<'a> {
    /// What did not happen.
    pub awaits: Awaits,
    /// Where it is in its life.
    pub state: State,
    /// The link it is on.
    pub link: &'a LinkId,
    /// What became of its segments, on all ways.
    pub parts: &'a Parts,
    /// How many segments it has.
    pub total: u8,
    /// After this it goes nowhere.
    pub expires_at: Timestamp,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// Nothing: it happened after all, or the message has its end.
    Done,
    /// Nothing can be done: there is no other way. What it is on goes on.
    NoWayLeft,
    /// Look again then: the next links are not up.
    Later(Timestamp),
    /// By this link now.
    Divert {
        /// The link.
        link: LinkId,
        /// Why it leaves the one it is on.
        why: Leaving,
    },
    /// Every way came to an end that is not "delivered".
    End(State),
}

/// Decides about a message whose time is over. `spread` differs between messages.
#[must_use]
pub fn course(
    route: Option<&Route>,
    overdue: Overdue<'_>,
    healths: &Healths,
    spread: u64,
    now: Timestamp,
) -> Course {
    let Overdue { awaits, state, link, parts, total, expires_at } = overdue;
    let happened = state.is_final() || (awaits == Awaits::Reply && state == State::Sent);
    if happened {
        return Course::Done;
    }
    let Some(route) = route.filter(|_| now < expires_at) else { return stays(state, parts, total) };
    // Also by one that it failed by before, if that may pass.
    let open = |l: &LinkId| l != link && parts.may_go_by(l);
    if let Some(next) = next_open(route, link, open, healths, spread) {
        let why = match (awaits, parts.outcome(total)) {
            (_, Some(_)) => Leaving::Failed,
            (Awaits::Reply, None) => Leaving::NoReply,
            (Awaits::Delivery, None) => Leaving::NotDelivered,
        };
        return Course::Divert { link: next.clone(), why };
    }
    if route.links().any(open) {
        return Course::Later(now.checked_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX));
    }
    stays(state, parts, total)
}

/// There is no other way: what it is on goes on, unless no operator has anything more to say.
fn stays(state: State, parts: &Parts, total: u8) -> Course {
    let end = parts.end(total);
    if state == State::Sent && !parts.is_open() && ended(end).is_some() {
        Course::End(end)
    } else {
        Course::NoWayLeft
    }
}

/// The next link of a route after the one a message failed on, that is up, and that it has neither been sent by nor failed by; around to
/// the first.
#[must_use]
pub(super) fn next_unused<'a>(
    route: &'a Route,
    link: &LinkId,
    parts: &Parts,
    healths: &Healths,
    spread: u64,
) -> Option<&'a LinkId> {
    let open = |l: &LinkId| l != link && parts.may_go_by(l) && !parts.failed_by(l);
    next_open(route, link, open, healths, spread)
}

/// The next link of a route after the one a message is on, that is up and open to it; around to the first. The other links of a balanced way
/// come before the next way.
fn next_open<'a>(
    route: &'a Route,
    link: &LinkId,
    is_open: impl Fn(&LinkId) -> bool,
    healths: &Healths,
    spread: u64,
) -> Option<&'a LinkId> {
    let open: Healths = healths.iter().filter(|(l, _)| is_open(l)).map(|(l, h)| (l.clone(), *h)).collect();
    let at = route.ways.iter().position(|w| w.has(link)).unwrap_or(0);
    let around = route.ways.iter().cycle().skip(at).take(route.ways.len());
    around.filter_map(|way| pick(way, &open, spread)).next()
}

/// The next link after a failure: of the next way that is up, around to the first again, and never one that has the message already or has
/// refused it for good.
#[must_use]
pub(super) fn next_way<'a>(
    route: &'a Route,
    link: &LinkId,
    parts: &Parts,
    healths: &Healths,
    spread: u64,
) -> Option<&'a LinkId> {
    if route.keeps_begun(parts) {
        return None;
    }
    let at = route.ways.iter().position(|w| w.has(link)).unwrap_or(0);
    let around = route.ways.iter().cycle().skip(at + 1).take(route.ways.len());
    around.filter_map(|way| pick(way, healths, spread)).find(|l| *l != link && parts.may_go_by(l))
}

#[cfg(test)]
mod tests {
    use super::super::{Balanced, Condition, Health, Pattern, Share, Way};
    use super::*;
    use crate::message::{Departure, PartState};

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("time")
    }

    fn route() -> Route {
        let pair = ["B", "C"].map(|n| Balanced { link: link(n), weight: 1 }).to_vec();
        let ways =
            vec![Way::Link(link("A")), Way::Balance { links: pair, by: Share::Weight }, Way::Link(link("D"))];
        let mut route = Route::new(Pattern::Any, ways);
        route.reply_within = Some(Duration::from_secs(10));
        route.delivered_within = Some(Duration::from_secs(60));
        route
    }

    fn all_up(names: &[&str]) -> Healths {
        names.iter().map(|n| (link(n), Health { condition: Condition::Up, room: 5 })).collect()
    }

    #[test]
    fn times_of_a_route() {
        let by = |route: &Route, class| {
            deadlines(route, class, at(100)).iter().map(|d| d.due_at).collect::<Vec<_>>()
        };
        let of = |route: &Route| by(route, Priority::Normal);
        assert_eq!(of(&route()), [at(110), at(160)]);
        let mut silent = route();
        (silent.reply_within, silent.delivered_within) = (None, None);
        assert_eq!(of(&silent), []);
        assert_eq!(by(&silent, Priority::Alarm), [at(160)], "an alarm does not wait for ever");
        silent.doubt = super::super::DoubtPolicy::Fail;
        assert_eq!(by(&silent, Priority::Alarm), [], "it must not be sent twice");
        let mut alone = route();
        alone.ways.truncate(1);
        assert_eq!(of(&alone), [], "there is nowhere to go");
    }

    #[test]
    fn once_by_each_link() {
        let (route, healths) = (route(), all_up(&["A", "B", "C", "D"]));
        let (mut here, mut parts, mut seen) = (link("A"), Parts::default(), Vec::new());
        loop {
            parts.set(1, PartState::Sent, &format!("id-{here}"), "");
            let overdue = Overdue {
                awaits: Awaits::Delivery,
                state: State::Sent,
                link: &here,
                parts: &parts,
                total: 1,
                expires_at: at(1_000),
            };
            match course(Some(&route), overdue, &healths, 0, at(60)) {
                Course::Divert { link, why: Leaving::NotDelivered } => {
                    let why = Leaving::NotDelivered;
                    let left = Departure { link: &here, sent_at: None, at: at(60), why, in_doubt: false };
                    assert!(parts.leave(&left));
                    seen.push(link.to_string());
                    here = link;
                }
                last => {
                    assert_eq!(last, Course::NoWayLeft);
                    break;
                }
            }
        }
        // Which of the pair is first is chance; both come before the next way.
        seen[..2].sort();
        assert_eq!(seen, ["B", "C", "D"]);
    }

    #[test]
    fn what_happened_and_what_cannot() {
        let (route, a, none) = (route(), link("A"), Parts::default());
        let ask = |awaits, state, parts: &Parts, up: &[&str]| {
            let overdue = Overdue { awaits, state, link: &a, parts, total: 1, expires_at: at(1_000) };
            course(Some(&route), overdue, &all_up(up), 0, at(60))
        };
        assert_eq!(ask(Awaits::Reply, State::Sent, &none, &["B"]), Course::Done);
        assert_eq!(ask(Awaits::Delivery, State::Delivered, &none, &["B"]), Course::Done);
        assert_eq!(ask(Awaits::Delivery, State::Queued, &none, &["A"]), Course::Later(at(62)));
        let to_d = Course::Divert { link: link("D"), why: Leaving::NoReply };
        assert_eq!(ask(Awaits::Reply, State::Sending, &none, &["A", "D"]), to_d);
        let mut failed = Parts::default();
        failed.set(1, PartState::Failed, "a1", "5");
        let at_once = Course::Divert { link: link("D"), why: Leaving::Failed };
        assert_eq!(ask(Awaits::Delivery, State::Sent, &failed, &["D"]), at_once);
    }

    /// Nothing came of it by B in time. A had failed it for a while, which may have passed; what it refused for good it is not asked again.
    #[test]
    fn a_failure_that_may_pass_is_asked_again_when_the_next_is_silent() {
        for (why, then) in [(Leaving::Failed, true), (Leaving::Refused, false)] {
            let mut route = route();
            route.ways = vec![Way::Link(link("A")), Way::Link(link("D"))];
            let (mut parts, d) = (Parts::default(), link("D"));
            parts.leave(&Departure { link: &link("A"), sent_at: None, at: at(1), why, in_doubt: false });
            parts.set(1, PartState::Sent, "d1", "");
            let (awaits, state) = (Awaits::Delivery, State::Sent);
            let overdue = Overdue { awaits, state, link: &d, parts: &parts, total: 1, expires_at: at(1_000) };
            let again = Course::Divert { link: link("A"), why: Leaving::NotDelivered };
            let next = course(Some(&route), overdue, &all_up(&["A", "D"]), 0, at(60));
            assert_eq!(next, if then { again } else { Course::NoWayLeft });
            let next = course(Some(&route), overdue, &all_up(&["D"]), 0, at(60));
            assert_eq!(next, if then { Course::Later(at(62)) } else { Course::NoWayLeft });
        }
    }

    #[test]
    fn after_its_time_it_goes_nowhere_and_ends_when_nothing_is_awaited() {
        let (route, a) = (route(), link("A"));
        let mut parts = Parts::default();
        parts.set(1, PartState::Sent, "a1", "");
        let ask = |route: Option<&Route>, parts: &Parts| {
            let (awaits, state) = (Awaits::Delivery, State::Sent);
            let overdue = Overdue { awaits, state, link: &a, parts, total: 1, expires_at: at(50) };
            course(route, overdue, &all_up(&["B"]), 0, at(60))
        };
        assert_eq!(ask(Some(&route), &parts), Course::NoWayLeft, "its receipt is awaited");
        parts.set(1, PartState::Failed, "a1", "");
        for route in [Some(&route), None] {
            assert_eq!(ask(route, &parts), Course::End(State::Failed));
        }
    }

    #[test]
    fn the_end_when_every_way_failed() {
        let mut route = route();
        route.ways = vec![Way::Link(link("A")), Way::Link(link("D"))];
        let mut parts = Parts::default();
        parts.set(1, PartState::Failed, "a1", "");
        let why = Leaving::Failed;
        parts.leave(&Departure { link: &link("A"), sent_at: None, at: at(1), why, in_doubt: false });
        parts.set(1, PartState::Expired, "d1", "");
        let d = link("D");
        let overdue = Overdue {
            awaits: Awaits::Delivery,
            state: State::Sent,
            link: &d,
            parts: &parts,
            total: 1,
            expires_at: at(1_000),
        };
        let end = course(Some(&route), overdue, &all_up(&["A", "D"]), 0, at(60));
        assert_eq!(end, Course::End(State::Expired));
    }
}
