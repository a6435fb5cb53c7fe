//! What was given to an operator that never answered: nobody knows whether it was sent.

use super::fallback::{Failure, FailureClass, Next, Tries, UNANSWERED, after_failure};
use super::outcome::next_unused;
use super::{Healths, Route, Turn};
use crate::message::Leaving;
use jiff::Timestamp;

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

/// What follows when an operator never answered.
#[must_use]
pub fn after_silence(route: Option<&Route>, turn: Turn<'_>, healths: &Healths, now: Timestamp) -> Next {
    let tries = Tries { total: turn.tries.total.saturating_add(1), on_link: 0 };
    if let Some(route) = route.filter(|r| r.watches_outcome())
        && let Some(link) = next_unused(route, turn.link, turn.parts, healths, turn.spread(tries))
    {
        return Next::Divert { link: link.clone(), why: Leaving::NoReply, tries };
    }
    match route.map_or(DoubtPolicy::Resend, |r| r.doubt) {
        DoubtPolicy::AssumeSent => Next::AssumeSent,
        DoubtPolicy::Fail => Next::Fail,
        DoubtPolicy::Resend => {
            let code = UNANSWERED.to_owned();
            let silence = Failure { class: FailureClass::Temporary, code, detail: String::new() };
            after_failure(route, turn, &silence, healths, now)
        }
    }
}

/// What follows when the run that held it died: nobody knows whether it was sent, and nothing failed. By default it goes again at once, by the
/// same link, and no try is counted, so that its last one is left to it. A message whose outcome is watched may come twice, and is not given
/// up for this.
#[must_use]
pub fn after_death(route: Option<&Route>, turn: Turn<'_>, now: Timestamp) -> Next {
    match route.map_or(DoubtPolicy::Resend, |r| r.doubt) {
        DoubtPolicy::AssumeSent => Next::AssumeSent,
        DoubtPolicy::Fail if route.is_some_and(|r| !r.watches_outcome()) => Next::Fail,
        DoubtPolicy::Fail | DoubtPolicy::Resend => {
            Next::Again { link: turn.link.clone(), due_at: now, tries: turn.tries }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Condition, Health, Pattern, Way};
    use super::*;
    use crate::directory::LinkId;
    use crate::message::{Parts, Priority};
    use std::time::Duration;

    const POLICIES: [DoubtPolicy; 3] = [DoubtPolicy::Resend, DoubtPolicy::AssumeSent, DoubtPolicy::Fail];

    fn link(name: &str) -> LinkId {
        LinkId::parse(name).expect("name")
    }

    /// What follows of a message on A with one try, which is its last.
    fn next(doubt: DoubtPolicy, watched: bool, of: impl Fn(&Route, Turn<'_>, &Healths) -> Next) -> String {
        let ways = ["A", "B"].map(|name| Way::Link(link(name))).to_vec();
        let mut route = Route::new(Pattern::Any, ways);
        route.doubt = doubt;
        route.delivered_within = watched.then_some(Duration::from_secs(60));
        route.retry.iter_mut().for_each(|retry| retry.tries = 1);
        let up = Health { condition: Condition::Up, room: 9 };
        let healths = ["A", "B"].map(|name| (link(name), up)).into();
        let (a, parts, tries) = (link("A"), Parts::default(), Tries::default());
        let turn = Turn {
            link: &a,
            priority: Priority::Normal,
            tries,
            parts: &parts,
            spread: 0,
            since: Timestamp::UNIX_EPOCH,
        };
        match of(&route, turn, &healths) {
            Next::Again { link, due_at, tries } => format!("{link} {due_at} {}", tries.total),
            Next::Divert { link, why, tries } => format!("{link} {why:?} {}", tries.total),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn silence_is_a_try_and_the_next_link_is_not_waited_for() {
        let after = |watched| {
            POLICIES.map(|doubt| {
                next(doubt, watched, |r, t, h| after_silence(Some(r), t, h, Timestamp::UNIX_EPOCH))
            })
        };
        assert_eq!(after(false), ["Fail", "AssumeSent", "Fail"]);
        assert_eq!(after(true), ["B NoReply 1"; 3]);
    }

    #[test]
    fn a_death_is_no_try() {
        let after = |watched| {
            POLICIES
                .map(|doubt| next(doubt, watched, |r, t, _| after_death(Some(r), t, Timestamp::UNIX_EPOCH)))
        };
        assert_eq!(after(false), ["A 1970-01-01T00:00:00Z 0", "AssumeSent", "Fail"]);
        assert_eq!(after(true), ["A 1970-01-01T00:00:00Z 0", "AssumeSent", "A 1970-01-01T00:00:00Z 0"]);
        let without = next(DoubtPolicy::Fail, false, |_, t, _| after_death(None, t, Timestamp::UNIX_EPOCH));
        assert_eq!(without, "A 1970-01-01T00:00:00Z 0");
    }
}
