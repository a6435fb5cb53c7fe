//! How far a lane whose link cannot send has looked through its queue for messages that can go by another link.
//!
//! A message that cannot is put back at its old place, and looked at again only when something has changed that its way depends on. So a long queue
//! is walked through once, what can move is found behind what cannot, and nothing loses its place.

use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::{MessageId, Priority};
use domain::routing::{Health, Healths};
use ports::driven::{Leased, Places};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long nothing is looked at again while nothing has changed.
const AGAIN: Duration = Duration::from_mins(10);
/// How long before now a message may have been due that was not in the store yet when all before it was looked at.
const LATE: Duration = Duration::from_secs(10);

/// What the way of a message that waits depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Basis {
    version: u64,
    up: BTreeSet<LinkId>,
    /// How many routes have no patience left with the link, for alarms and for others.
    impatient: usize,
}

impl Basis {
    /// As it is now, for a link that has been down for so long.
    pub(crate) fn of(directory: &Directory, healths: &Healths, down_for: Duration) -> Self {
        let up = healths.iter().filter(|(_, h)| Health::is_up(h)).map(|(link, _)| link.clone()).collect();
        let over = |class| directory.routes.iter().filter(|r| down_for >= r.patience(class)).count();
        let impatient = over(Priority::Alarm) + over(Priority::Normal);
        Self { version: directory.version, up, impatient }
    }

    /// Where it depends on nothing but what the configuration says.
    pub(crate) fn of_routes(directory: &Directory) -> Self {
        Self { version: directory.version, up: BTreeSet::new(), impatient: 0 }
    }
}

/// How far a lane has looked.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    on: Option<Basis>,
    began: Duration,
    behind: Places,
    /// When it last went back a little.
    back: Duration,
    /// It met messages that are here although their route does not name the link any more.
    strangers: bool,
}

impl Looked {
    /// The link can send: everything is to be looked at when it cannot again.
    pub(crate) fn forget(&mut self) {
        self.on = None;
        self.strangers = false;
    }

    /// It met a message that is here although its route does not name the link any more, and cannot go elsewhere yet.
    pub(crate) fn meets_a_stranger(&mut self) {
        self.strangers = true;
    }

    /// Whether it has met such messages.
    pub(crate) fn has_strangers(&self) -> bool {
        self.strangers
    }

    /// Where to look on.
    pub(crate) fn on(&mut self, basis: Basis, now: Duration) -> Places {
        if self.on.as_ref() != Some(&basis) || now.saturating_sub(self.began) >= AGAIN {
            let strangers = self.strangers;
            *self = Self { on: Some(basis), began: now, behind: Places::default(), back: now, strangers };
        }
        self.behind
    }

    /// This one was looked at, and cannot go by another link.
    pub(crate) fn stays(&mut self, leased: &Leased) {
        let class = usize::try_from(leased.message.priority.code()).unwrap_or(0);
        let place = Some((leased.due_at, leased.message.id));
        if let Some(behind) = self.behind.get_mut(class) {
            *behind = place.max(*behind);
        }
    }

    /// All that was due has been looked at. What was accepted meanwhile may stand before the last of it.
    pub(crate) fn all(&mut self, wall: Timestamp, now: Duration) {
        if now.saturating_sub(self.back) < LATE / 2 {
            return;
        }
        self.back = now;
        let late = wall.checked_sub(LATE).ok().map(|at| (at, MessageId(i64::MAX)));
        for behind in &mut self.behind {
            *behind = (*behind).min(late);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::routing::{Condition, Tries};
    use fakes::samples;
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn leased(id: i64, due: i64, priority: Priority) -> Leased {
        let mut message = samples::message(id, at(due));
        message.priority = priority;
        let (link, parts, tries) = (samples::link("A"), Default::default(), Tries::default());
        Leased { message: Arc::new(message), link, parts, tries, possible_duplicate: false, due_at: at(due) }
    }

    fn basis(version: u64, up: &[&str], down_for: Duration) -> Basis {
        let mut directory = samples::directory(&[samples::user("crm")], &["A", "B"]);
        directory.version = version;
        let health = Health { condition: Condition::Up, room: 1 };
        let healths = up.iter().map(|name| (samples::link(name), health)).collect();
        Basis::of(&directory, &healths, down_for)
    }

    #[test]
    fn it_looks_on_until_something_changes() {
        let mut looked = Looked::default();
        let now = || basis(1, &["B"], Duration::MAX);
        assert_eq!(looked.on(now(), SECOND), Places::default());
        looked.stays(&leased(7, 100, Priority::Normal));
        looked.stays(&leased(3, 90, Priority::Alarm));
        looked.stays(&leased(5, 100, Priority::Normal));
        let places = [None, Some((at(100), MessageId(7))), None, Some((at(90), MessageId(3)))];
        assert_eq!(looked.on(now(), 2 * SECOND), places, "by class, the last");
        for (what, other) in [
            ("the directory", basis(2, &["B"], Duration::MAX)),
            ("a link", basis(1, &["B", "C"], Duration::MAX)),
            ("patience", basis(1, &["B"], 7 * SECOND)),
            ("for all classes", basis(1, &["B"], 20 * SECOND)),
        ] {
            assert_eq!(looked.on(other, 3 * SECOND), Places::default(), "{what}");
            looked.stays(&leased(7, 100, Priority::Normal));
        }
        assert_ne!(
            looked.on(basis(1, &["B"], 30 * SECOND), 4 * SECOND),
            Places::default(),
            "no more than before"
        );
        looked.forget();
        assert_eq!(looked.on(now(), 5 * SECOND), Places::default());
        looked.stays(&leased(7, 100, Priority::Normal));
        assert_eq!(looked.on(now(), AGAIN + 6 * SECOND), Places::default(), "after a while");
    }

    #[test]
    fn what_came_late_is_looked_at_too() {
        let mut looked = Looked::default();
        let now = || basis(1, &["B"], Duration::MAX);
        looked.on(now(), SECOND);
        looked.stays(&leased(7, 100, Priority::Normal));
        looked.all(at(101), 2 * SECOND);
        assert_eq!(looked.on(now(), 3 * SECOND).get(1), Some(&Some((at(100), MessageId(7)))));
        looked.all(at(105), 7 * SECOND);
        assert_eq!(looked.on(now(), 8 * SECOND).get(1), Some(&Some((at(95), MessageId(i64::MAX)))));
        looked.all(at(205), 107 * SECOND);
        assert_eq!(looked.on(now(), 108 * SECOND).get(1), Some(&Some((at(95), MessageId(i64::MAX)))));
    }
}
