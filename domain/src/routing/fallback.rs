//! What happens to a message that did not get through: again here, by another link, or the end.

use super::outcome::{next_unused, next_way};
use super::{Healths, Pattern, Route, Turn, Way};
use crate::directory::LinkId;
use crate::message::{Leaving, Priority};
use jiff::Timestamp;
use std::time::Duration;

/// The code of what the operator never answered.
pub(super) const UNANSWERED: &str = "unanswered";

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The same would happen again, on any link: the message ends.
    Permanent,
    /// May work later or by another link.
    Temporary,
    /// Temporary, but after three tries it counts as permanent (unknown and vendor codes).
    Limited,
    /// The operator asks to slow down: never counts as a try.
    Throttled,
    /// The link never got to offer it: never counts as a try.
    NotOffered,
    /// The operator takes nothing from us at the moment (no credit, barred): never counts as a try, and the link is parked.
    Barred,
}

impl FailureClass {
    /// The word by which a route names it in `fallback_on`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary | Self::Limited => "temporary",
            Self::Throttled => "throttled",
            Self::NotOffered => "not_offered",
            Self::Barred => "barred",
        }
    }
}

/// One failure, in the operator's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How bad.
    pub class: FailureClass,
    /// A stable code: `smpp-0x0000000b`.
    pub code: String,
    /// For people: `ESME_RINVDSTADR, invalid destination address`.
    pub detail: String,
}

impl Failure {
    /// Whether it is one of these, which name failures by their codes or by the words of their classes.
    #[must_use]
    pub fn is_among(&self, named: &[String]) -> bool {
        let fits = |word: &String| {
            word.eq_ignore_ascii_case(&self.code) || word.eq_ignore_ascii_case(self.class.word())
        };
        named.iter().any(fits)
    }
}

/// How often a message was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tries {
    /// On all links.
    pub total: u16,
    /// On the link it is on now, since it came there.
    pub on_link: u16,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Try again.
    Again {
        /// By this link.
        link: LinkId,
        /// Not before this.
        due_at: Timestamp,
        /// The tries to remember.
        tries: Tries,
    },
    /// Leave this way for good and begin afresh by another, now: the route watches the outcome, or the operator has begun to take it.
    Divert {
        /// By this link.
        link: LinkId,
        /// Why.
        why: Leaving,
        /// The tries to remember.
        tries: Tries,
    },
    /// The end: failed.
    Fail,
    /// Taken as sent, though nobody said so.
    AssumeSent,
}

/// What follows a failure on a link. Without a route (it was removed, or the link was asked for by name) the link itself is tried again.
#[must_use]
pub fn after_failure(
    route: Option<&Route>,
    turn: Turn<'_>,
    failure: &Failure,
    healths: &Healths,
    now: Timestamp,
) -> Next {
    let alone;
    let route = match route {
        Some(route) => route,
        None => {
            alone = Route::new(Pattern::Any, vec![Way::Link(turn.link.clone())]);
            &alone
        }
    };
    let retry = route.retry(turn.priority);
    let most = match failure.class {
        FailureClass::NotOffered | FailureClass::Barred => {
            return move_or_stay(route, turn, turn.tries, Duration::from_millis(500), healths, now);
        }
        FailureClass::Throttled if !named(route, failure) => {
            return stay(turn.link, turn.tries, turn.put_off(now), now);
        }
        FailureClass::Throttled => {
            return move_or_stay(route, turn, turn.tries, turn.put_off(now), healths, now);
        }
        FailureClass::Permanent => 0,
        FailureClass::Temporary => retry.tries,
        FailureClass::Limited => retry.tries.min(3),
    };
    let permanent = failure.class == FailureClass::Permanent;
    // An operator that says nothing to an alarm is not asked twice where another may be.
    let at_once = named(route, failure) || turn.priority == Priority::Alarm && failure.code == UNANSWERED;
    let before = turn.tries;
    let tries = Tries { total: before.total.saturating_add(1), on_link: before.on_link.saturating_add(1) };
    if route.watches_outcome()
        && (tries.total >= most || at_once)
        && let Some(link) = next_unused(route, turn.link, turn.parts, healths, turn.spread(tries))
    {
        let tries = Tries { on_link: 0, ..tries };
        let why = if permanent { Leaving::Refused } else { Leaving::Failed };
        return Next::Divert { link: link.clone(), why, tries };
    }
    if at_once
        && (permanent || tries.total < most)
        && let Some(link) = next_once(route, turn, permanent, healths)
    {
        return afresh(route, turn, link, tries, retry.pause(tries.total), now);
    }
    if tries.total >= most {
        return Next::Fail;
    }
    // By all its tries: with a second link the pauses grow as they do with one.
    let pause = retry.pause(tries.total);
    if tries.on_link < route.fallback_after {
        return stay(turn.link, tries, pause, now);
    }
    move_or_stay(route, turn, tries, pause, healths, now)
}

/// Whether the route names this failure in `fallback_on`.
fn named(route: &Route, failure: &Failure) -> bool {
    failure.is_among(&route.fallback_on)
}

/// The next way after a failure that the route names. A permanent one goes on to the end of the route and not around it.
fn next_once<'a>(route: &'a Route, turn: Turn<'_>, permanent: bool, healths: &Healths) -> Option<&'a LinkId> {
    let next = next_way(route, turn.link, turn.parts, healths, turn.spread(turn.tries))?;
    let place = |link: &LinkId| route.links().position(|l| l == link);
    (!permanent || place(next) > place(turn.link)).then_some(next)
}

fn stay(link: &LinkId, tries: Tries, pause: Duration, now: Timestamp) -> Next {
    Next::Again { link: link.clone(), due_at: later(now, pause), tries }
}

/// The next way of the route after the one that failed that has a link up; round to the first again; else the same.
fn move_or_stay(
    route: &Route,
    turn: Turn<'_>,
    tries: Tries,
    pause: Duration,
    healths: &Healths,
    now: Timestamp,
) -> Next {
    match next_way(route, turn.link, turn.parts, healths, turn.spread(tries)) {
        Some(other) => afresh(route, turn, other, tries, pause, now),
        None => stay(turn.link, tries, pause, now),
    }
}

/// By another link: now when it is a later one of the route, after the pause when the round begins anew (or two links that fail would use up
/// all tries within seconds). One that an operator has begun to take goes there whole: the phone need not be able to join what two have sent.
fn afresh(
    route: &Route,
    turn: Turn<'_>,
    link: &LinkId,
    tries: Tries,
    pause: Duration,
    now: Timestamp,
) -> Next {
    let place = |of: &LinkId| route.links().position(|l| l == of);
    let due_at = if place(link) > place(turn.link) { now } else { later(now, pause) };
    let (link, tries) = (link.clone(), Tries { on_link: 0, ..tries });
    if turn.parts.is_begun() {
        return Next::Divert { link, why: Leaving::Failed, tries };
    }
    Next::Again { link, due_at, tries }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, DoubtPolicy, Health};
    use super::*;
    use crate::message::{Departure, PartState, Parts};

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    fn failure(class: FailureClass) -> Failure {
        Failure { class, code: "x".into(), detail: String::new() }
    }

    fn ways(names: &[&str]) -> (Route, Healths) {
        let route = Route::new(Pattern::Any, names.iter().map(|n| Way::Link(link(n))).collect());
        let up = Health { condition: Condition::Up, room: 9 };
        (route, names.iter().map(|n| (link(n), up)).collect())
    }

    fn turn<'a>(link: &'a LinkId, tries: Tries, parts: &'a Parts) -> Turn<'a> {
        Turn { link, priority: Priority::Normal, tries, parts, spread: 0, since: Timestamp::UNIX_EPOCH }
    }

    fn run(class: FailureClass, tries: Tries) -> Next {
        let (route, healths) = ways(&["A", "B"]);
        let (a, parts) = (link("A"), Parts::default());
        let turn = turn(&a, tries, &parts);
        after_failure(Some(&route), turn, &failure(class), &healths, Timestamp::UNIX_EPOCH)
    }

    fn on(n: u16) -> Tries {
        Tries { total: n, on_link: n }
    }

    #[test]
    fn tries_then_the_other_link() {
        assert_eq!(run(FailureClass::Permanent, on(0)), Next::Fail);
        assert!(
            matches!(run(FailureClass::Temporary, on(0)), Next::Again { link, tries, .. } if link.as_str() == "A" && tries.total == 1)
        );
        assert!(
            matches!(run(FailureClass::Temporary, on(2)), Next::Again { link, tries, due_at } if link.as_str() == "B" && tries.on_link == 0 && due_at == Timestamp::UNIX_EPOCH)
        );
        assert_eq!(run(FailureClass::Limited, on(2)), Next::Fail);
        assert_eq!(run(FailureClass::Temporary, on(39)), Next::Fail);
    }

    #[test]
    fn throttling_never_counts() {
        let tries = Tries { total: 39, on_link: 39 };
        assert!(
            matches!(run(FailureClass::Throttled, tries), Next::Again { link, tries: t, .. } if link.as_str() == "A" && t == tries)
        );
        for class in [FailureClass::NotOffered, FailureClass::Barred] {
            assert!(
                matches!(run(class, tries), Next::Again { link, tries: t, .. } if link.as_str() == "B" && t.total == 39)
            );
        }
    }

    /// How long two links that fail every time keep a message.
    fn kept(fallback_on: &[&str], class: FailureClass) -> Duration {
        let (mut route, healths) = ways(&["A", "B"]);
        route.fallback_on = fallback_on.iter().map(|word| (*word).to_owned()).collect();
        let (mut at, mut now, mut tries) = (link("A"), Timestamp::UNIX_EPOCH, Tries::default());
        for _ in 0..1_000 {
            let parts = Parts::default();
            match after_failure(Some(&route), turn(&at, tries, &parts), &failure(class), &healths, now) {
                Next::Again { link, due_at, tries: then } => (at, now, tries) = (link, due_at, then),
                Next::Fail => break,
                other => panic!("{other:?}"),
            }
        }
        now.duration_since(Timestamp::UNIX_EPOCH).unsigned_abs()
    }

    #[test]
    fn a_second_link_does_not_use_the_tries_up() {
        let hours = |n: u64| Duration::from_secs(n * 3_600);
        assert!(kept(&[], FailureClass::Temporary) > hours(6));
        assert!(kept(&["temporary"], FailureClass::Temporary) > hours(3));
        // Five hundred rounds, none of them without a pause.
        assert!(kept(&["throttled"], FailureClass::Throttled) >= Duration::from_secs(500));
        assert!(kept(&[], FailureClass::NotOffered) >= Duration::from_secs(200));
    }

    #[test]
    fn alone_it_stays() {
        let (c, parts) = (link("C"), Parts::default());
        let turn = turn(&c, Tries { total: 5, on_link: 5 }, &parts);
        let temporary = failure(FailureClass::Temporary);
        let next = after_failure(None, turn, &temporary, &Healths::new(), Timestamp::UNIX_EPOCH);
        assert!(matches!(next, Next::Again { link, .. } if link.as_str() == "C"));
    }

    #[test]
    fn chosen_failures_go_on_at_once() {
        let (mut route, healths) = ways(&["A", "B"]);
        route.fallback_on = vec!["X".into(), "throttled".into()];
        let parts = Parts::default();
        let next = |at: &str, class| {
            let at = link(at);
            let turn = turn(&at, on(0), &parts);
            match after_failure(Some(&route), turn, &failure(class), &healths, Timestamp::UNIX_EPOCH) {
                Next::Again { link, tries, .. } => format!("{link} {}", tries.total),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(next("A", FailureClass::Temporary), "B 1");
        assert_eq!(next("A", FailureClass::Throttled), "B 0", "and it does not count");
        assert_eq!(next("A", FailureClass::Permanent), "B 1", "the operator's refusal may be its own");
        assert_eq!(next("B", FailureClass::Permanent), "Fail", "but not for ever around");
    }

    #[test]
    fn an_alarm_that_is_not_answered_goes_on_at_once() {
        let parts = Parts::default();
        let next = |names: &[&str], priority| {
            let (route, healths) = ways(names);
            let a = link("A");
            let turn = Turn { priority, ..turn(&a, on(0), &parts) };
            match super::super::after_silence(Some(&route), turn, &healths, Timestamp::UNIX_EPOCH) {
                Next::Again { link, due_at, .. } => format!("{link} {}", due_at.as_second()),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(next(&["A", "B"], Priority::Alarm), "B 0");
        assert_eq!(next(&["A", "B"], Priority::High), "A 5");
        assert_eq!(next(&["A"], Priority::Alarm), "A 5", "there is no other");
    }

    #[test]
    fn a_watched_message_fails_on_every_way_first() {
        let (mut route, healths) = ways(&["A", "B"]);
        route.delivered_within = Some(Duration::from_secs(60));
        let (a, b) = (link("A"), link("B"));
        let mut parts = Parts::default();
        let no = failure(FailureClass::Permanent);
        let next = after_failure(Some(&route), turn(&a, on(0), &parts), &no, &healths, Timestamp::UNIX_EPOCH);
        assert!(matches!(next, Next::Divert { link, why: Leaving::Refused, .. } if link == b));
        parts.set(1, PartState::Sent, "a1", "");
        let (at, why) = (Timestamp::UNIX_EPOCH, Leaving::NotDelivered);
        parts.leave(&Departure { link: &a, sent_at: None, at, why, in_doubt: false });
        let next = after_failure(Some(&route), turn(&b, on(0), &parts), &no, &healths, Timestamp::UNIX_EPOCH);
        assert_eq!(next, Next::Fail, "A has it already");
        let later = failure(FailureClass::Temporary);
        let next =
            after_failure(Some(&route), turn(&b, on(5), &parts), &later, &healths, Timestamp::UNIX_EPOCH);
        assert!(matches!(next, Next::Again { link, .. } if link == b), "never twice by A");
    }

    /// The operator took one segment of two, and then nothing more.
    #[test]
    fn what_is_begun_goes_on_whole_or_waits() {
        let mut parts = Parts::default();
        parts.set(1, PartState::Sent, "a1", "");
        for (doubt, goes) in
            [(DoubtPolicy::Resend, true), (DoubtPolicy::AssumeSent, false), (DoubtPolicy::Fail, false)]
        {
            let (mut route, healths) = ways(&["A", "B"]);
            (route.doubt, route.fallback_on) = (doubt, vec!["permanent".to_owned()]);
            let a = link("A");
            let next = |class, tries| {
                let turn = turn(&a, tries, &parts);
                after_failure(Some(&route), turn, &failure(class), &healths, Timestamp::UNIX_EPOCH)
            };
            for (class, tries) in [(FailureClass::NotOffered, on(0)), (FailureClass::Temporary, on(2))] {
                match next(class, tries) {
                    Next::Divert { link, why: Leaving::Failed, .. } => assert!(goes && link.as_str() == "B"),
                    Next::Again { link, .. } => assert!(!goes && link == a),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(next(FailureClass::Permanent, on(0)) == Next::Fail, !goes);
            assert_eq!(super::super::instead(&route, &a, &parts, &healths, 0).is_some(), goes);
        }
    }

    /// The links that a watched message goes by when all of them fail it in one way, until it fails.
    fn course_of(names: &[&str], from: &str, fallback_on: &str, class: FailureClass) -> Vec<String> {
        let (mut route, healths) = ways(names);
        route.delivered_within = Some(Duration::from_secs(60));
        route.fallback_on = vec![fallback_on.to_owned()];
        let (mut at, mut tries, mut parts) = (link(from), Tries::default(), Parts::default());
        // It had waited for this one once already, in vain.
        let (then, why) = (Timestamp::UNIX_EPOCH, Leaving::NoReply);
        parts.leave(&Departure { link: &at, sent_at: None, at: then, why, in_doubt: false });
        let mut went = vec![at.to_string()];
        for _ in 0..1_000 {
            let turn = turn(&at, tries, &parts);
            match after_failure(Some(&route), turn, &failure(class), &healths, then) {
                Next::Again { link, tries: then, .. } => (at, tries) = (link, then),
                Next::Divert { link, why, tries: t } => {
                    parts.leave(&Departure { link: &at, sent_at: None, at: then, why, in_doubt: false });
                    (at, tries) = (link, t);
                }
                _ => return went,
            }
            went.push(at.to_string());
        }
        panic!("it goes on and on: {went:?}")
    }

    #[test]
    fn a_watched_message_that_every_link_refuses_comes_to_an_end() {
        for named in ["", "permanent"] {
            assert_eq!(course_of(&["A", "B"], "A", named, FailureClass::Permanent), ["A", "B"]);
            assert_eq!(course_of(&["A", "B", "C"], "B", named, FailureClass::Permanent), ["B", "C", "A"]);
        }
        // By their tries, as where the outcome is not watched.
        assert_eq!(course_of(&["A", "B"], "A", "temporary", FailureClass::Temporary).len(), 40);
        let limited = course_of(&["A", "B"], "A", "", FailureClass::Limited);
        assert_eq!(limited, ["A", "A", "A", "B"]);
    }
}
