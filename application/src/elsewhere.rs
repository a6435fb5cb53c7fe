//! Leaving a message whose time is over to other runs, which may have links for it that this one does not know.
//!
//! Links stand in each node's own file, so that this run finds no way left does not mean that there is none. A run that knows one takes the
//! message, or puts its time off, within a second. What nobody has touched for a while is everybody's again: never waits for a run that
//! does nothing.

use crate::pulse::Heard;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::MessageId;
use domain::routing::Awaits;
use ports::driven::{MessageRecord, Overdue};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long others have, by this run's own clock.
const PATIENCE: Duration = Duration::from_secs(10);

/// A time that is over, as it was seen.
type Seen = (MessageId, Awaits, Timestamp);

/// What is left to others.
pub(crate) struct Elsewhere {
    /// What is known of other nodes; `None` where there can be none.
    heard: Option<Arc<Heard>>,
    since: Mutex<HashMap<Seen, Duration>>,
}

impl Elsewhere {
    pub(crate) fn new(heard: Option<Arc<Heard>>) -> Self {
        Self { heard, since: Mutex::default() }
    }

    /// These are the times that are over now: the others were taken care of.
    pub(crate) fn look(&self, over: &[Overdue]) {
        let mut since = self.since();
        if !since.is_empty() {
            let still: HashSet<Seen> = over.iter().map(seen).collect();
            since.retain(|seen, _| still.contains(seen));
        }
    }

    /// Whether a message for which this run knows no other way is left to others: one that lives has a link, or may have one, that is not
    /// here and that it may still go by. `now` is a time of the steady clock.
    pub(crate) fn may_know_a_way(
        &self,
        over: &Overdue,
        record: &MessageRecord,
        is_here: impl Fn(&LinkId) -> bool,
        now: Duration,
    ) -> bool {
        let Some(heard) = &self.heard else { return false };
        let open = |link: &LinkId| *link != record.link && !is_here(link) && record.parts.may_go_by(link);
        if !heard.may_have_any(open) {
            return false;
        }
        let since = *self.since().entry(seen(over)).or_insert(now);
        now.saturating_sub(since) < PATIENCE
    }

    fn since(&self) -> MutexGuard<'_, HashMap<Seen, Duration>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen(over: &Overdue) -> Seen {
    (over.id, over.awaits, over.due_at)
}
