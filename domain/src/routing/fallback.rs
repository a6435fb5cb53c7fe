//! What happens to a message that did not get through: again here, by another link, or the end.

use super::{Healths, Route, pick};
use crate::directory::LinkId;
use jiff::Timestamp;
use std::time::Duration;

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

/// What to do with what was given to an operator that never answered: it may or may not have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DoubtPolicy {
    /// Send again, marked as a possible duplicate.
    #[default]
    Resend,
    /// Keep as sent without receipt.
    AssumeSent,
    /// End as failed.
    Fail,
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
    /// The end: failed.
    Fail,
    /// Taken as sent, though nobody said so.
    AssumeSent,
}

/// What follows a failure on a link. Without a route (it was removed, or the link was asked for by name) the link itself is tried again.
#[must_use]
pub fn after_failure(
    route: Option<&Route>,
    link: &LinkId,
    failure: &Failure,
    tries: Tries,
    healths: &Healths,
    now: Timestamp,
) -> Next {
    let fallback_route;
    let route = match route {
        Some(route) => route,
        None => {
            fallback_route = Route::new(super::Pattern::Any, vec![super::Way::Link(link.clone())]);
            &fallback_route
        }
    };
    let most = match failure.class {
        FailureClass::Permanent => return Next::Fail,
        FailureClass::NotOffered => {
            return again(route, link, Tries { ..tries }, Duration::from_millis(500), healths, now);
        }
        FailureClass::Throttled => return stay(link, tries, Duration::from_secs(1), now),
        FailureClass::Temporary => route.retry.tries,
        FailureClass::Limited => route.retry.tries.min(3),
    };
    let tries = Tries { total: tries.total.saturating_add(1), on_link: tries.on_link.saturating_add(1) };
    if tries.total >= most {
        return Next::Fail;
    }
    let pause = route.retry.pause(tries.on_link);
    if tries.on_link < route.fallback_after {
        return stay(link, tries, pause, now);
    }
    again(route, link, tries, pause, healths, now)
}

/// What follows when an operator never answered.
#[must_use]
pub fn after_silence(
    route: Option<&Route>,
    link: &LinkId,
    tries: Tries,
    healths: &Healths,
    now: Timestamp,
) -> Next {
    match route.map_or(DoubtPolicy::Resend, |r| r.doubt) {
        DoubtPolicy::AssumeSent => Next::AssumeSent,
        DoubtPolicy::Fail => Next::Fail,
        DoubtPolicy::Resend => {
            let silence =
                Failure { class: FailureClass::Temporary, code: String::new(), detail: String::new() };
            after_failure(route, link, &silence, tries, healths, now)
        }
    }
}

fn stay(link: &LinkId, tries: Tries, pause: Duration, now: Timestamp) -> Next {
    Next::Again { link: link.clone(), due_at: later(now, pause), tries }
}

/// The next way of the route after the one that failed that has a link up; round to the first again; else the same.
fn again(
    route: &Route,
    link: &LinkId,
    tries: Tries,
    pause: Duration,
    healths: &Healths,
    now: Timestamp,
) -> Next {
    let at = route.ways.iter().position(|w| w.has(link)).unwrap_or(0);
    let around = route.ways.iter().cycle().skip(at + 1).take(route.ways.len());
    let spread = u64::from(tries.total);
    match around.filter_map(|way| pick(way, healths, spread)).find(|l| *l != link) {
        Some(other) => Next::Again { link: other.clone(), due_at: now, tries: Tries { on_link: 0, ..tries } },
        None => stay(link, tries, pause, now),
    }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Health, Pattern, Way};
    use super::*;

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    fn failure(class: FailureClass) -> Failure {
        Failure { class, code: "x".into(), detail: String::new() }
    }

    fn two_ways() -> (Route, Healths) {
        let route = Route::new(Pattern::Any, vec![Way::Link(link("A")), Way::Link(link("B"))]);
        let up = Health { condition: Condition::Up, room: 9 };
        (route, Healths::from([(link("A"), up), (link("B"), up)]))
    }

    fn run(class: FailureClass, tries: Tries) -> Next {
        let (route, healths) = two_ways();
        after_failure(Some(&route), &link("A"), &failure(class), tries, &healths, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn tries_then_the_other_link() {
        let on = |n| Tries { total: n, on_link: n };
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
        assert!(
            matches!(run(FailureClass::NotOffered, tries), Next::Again { link, tries: t, .. } if link.as_str() == "B" && t.total == 39)
        );
    }

    #[test]
    fn alone_it_stays() {
        let next = after_failure(
            None,
            &link("C"),
            &failure(FailureClass::Temporary),
            Tries { total: 5, on_link: 5 },
            &Healths::new(),
            Timestamp::UNIX_EPOCH,
        );
        assert!(matches!(next, Next::Again { link, .. } if link.as_str() == "C"));
    }
}
