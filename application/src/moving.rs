//! Moving messages that wait from one queue to another.

use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Departure, Incarnation, Leaving, Priority};
use domain::routing::{self, Route};
use ports::driven::{Leased, Outcome, Settlement};

/// Back into a queue, with everything else as it is.
pub(crate) fn back(
    leased: Leased,
    to: LinkId,
    due_at: Timestamp,
    lease: Incarnation,
    now: Timestamp,
) -> Settlement {
    let Leased { message, link, parts, tries, possible_duplicate, .. } = leased;
    let (error, deadlines) = (String::new(), Vec::new());
    let outcome = Outcome::PutBack { link: to, due_at, tries, error, deadlines };
    Settlement {
        id: message.id,
        lease,
        at: now,
        link,
        parts,
        outcome,
        possible_duplicate,
        awaiting: Vec::new(),
        awaiting_until: now,
        tell: false,
        tell_lease: None,
    }
}

/// With the times of its route from when it may leave on, where it goes by another link than the one that had it.
pub(crate) fn renewed(mut settlement: Settlement, route: Option<&Route>, class: Priority) -> Settlement {
    if let Outcome::PutBack { link, due_at, deadlines, .. } = &mut settlement.outcome
        && *link != settlement.link
    {
        let from = settlement.at.max(*due_at);
        *deadlines = route.map_or_else(Vec::new, |r| routing::deadlines(r, class, from));
    }
    settlement
}

/// Into the queue of another link of its route.
pub(crate) fn by_another(
    mut leased: Leased,
    route: &Route,
    to: LinkId,
    why: &'static str,
    due_at: Timestamp,
    lease: Incarnation,
    now: Timestamp,
) -> Settlement {
    if leased.parts.is_begun() {
        // The operator has some of it: it goes by the other whole, and never comes back here.
        let departure =
            Departure { link: &leased.link, sent_at: None, at: now, why: Leaving::NoReply, in_doubt: false };
        leased.possible_duplicate |= leased.parts.leave(&departure);
    }
    metrics::counter!("omnigate_fallback_total", "from" => leased.link.to_string(), "to" => to.to_string(), "why" => why).increment(1);
    let class = leased.message.priority;
    renewed(back(leased, to, due_at, lease, now), Some(route), class)
}
