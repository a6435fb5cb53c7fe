//! Messages that wait for a link that nobody has any more: they go by what their routes say now.
//!
//! A lane moves its own queue only. A link that was taken out of the configuration, or that only a dead node had, has no lane, and what waits for it would
//! wait until it expires. Never touches a link that this run or another that lives has, or may have.

use crate::directory::CurrentDirectory;
use crate::fatal::Fatal;
use crate::lanes::Lanes;
use crate::moving;
use crate::pulse::Heard;
use crate::settling::Settling;
use crate::stuck::{Basis, Looked};
use crate::tenure::Tenure;
use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::{Incarnation, Quota};
use domain::routing::{self, Healths, Question, Route};
use ports::driven::{Clock, Dispatch, LeaseRequest, Leased, Settlement, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(5);
/// How long nobody must have had a link that a node which starts again may bring back; as long as a link may be down.
const GRACE: Duration = Duration::from_secs(15);
/// How many messages are moved in one go.
const BATCH: usize = 500;
/// How often people are told of those.
const TOLD: Duration = Duration::from_hours(1);

/// The use case.
#[derive(Clone)]
pub(crate) struct Orphans {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub dispatch: Arc<dyn Dispatch>,
    pub settling: Settling,
    pub clock: Arc<dyn Clock>,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
    pub tenure: Arc<Tenure>,
    /// What is known of other nodes; `None` where there can be none.
    pub heard: Option<Arc<Heard>>,
}

/// A link that nobody has, and for which messages wait.
struct Case {
    since: Duration,
    told: Option<Duration>,
    /// How far its queue was looked through in vain.
    looked: Looked,
}

impl Case {
    /// Nobody has the link from now on.
    fn new(now: Duration) -> Self {
        Self { since: now, told: None, looked: Looked::default() }
    }

    /// Whether people are to be told that so many are left.
    fn is_to_be_told(&mut self, left: usize, now: Duration) -> bool {
        let tell = left > 0 && self.told.is_none_or(|at| now.saturating_sub(at) >= TOLD);
        if tell {
            self.told = Some(now);
        }
        tell
    }
}

/// How long a link of the configuration may be without a way to send before what waits for it goes by others: as long as one that is down.
const UNSTARTED: Duration = Duration::from_secs(15);

impl Orphans {
    /// Looks until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut cases = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            if !self.tenure.is_sure() {
                // What others have is not known either.
                cases.clear();
            } else if let Err(error) = self.round(&mut cases).await {
                tracing::warn!(%error, "messages of links that nobody has could not be looked after");
            }
        }
    }

    async fn round(&self, cases: &mut HashMap<LinkId, Case>) -> Result<(), StoreError> {
        cases.retain(|link, _| self.is_gone(link));
        let waiting = self.fatal.watch(self.dispatch.backlog(self.clock.now()).await)?;
        let grace = if self.heard.is_some() { GRACE } else { Duration::ZERO };
        for link in waiting.into_iter().map(|backlog| backlog.link).filter(|link| self.is_gone(link)) {
            let now = self.clock.monotonic();
            let case = cases.entry(link.clone()).or_insert_with(|| Case::new(now));
            // One that is set up may be about to start, or to start anew.
            let set_up = self.directory.current().link(&link).is_some();
            let grace = if set_up { grace.max(UNSTARTED) } else { grace };
            if now.saturating_sub(case.since) < grace {
                continue;
            }
            let (moved, left) = self.empty(&link, &mut case.looked).await?;
            if moved > 0 {
                tracing::warn!(%link, moved, "nobody has this link any more: what waited for it goes by its routes");
            }
            if case.is_to_be_told(left, now) {
                tracing::error!(%link, left, "messages wait for a link that nobody has, and no route has another for them");
            }
        }
        Ok(())
    }

    /// Whether nobody has a link that messages wait for: it is not in the configuration any more, or could not be started.
    fn is_gone(&self, link: &LinkId) -> bool {
        self.lanes.get(link).is_none() && !self.heard.as_ref().is_some_and(|heard| heard.may_have(link))
    }

    /// Moves what is due in a link's queue: how many, and how many are left for want of a route. Those keep their places, and are looked at again when the
    /// routes have changed. Another node may do the same at the same time: each message is leased by one.
    async fn empty(&self, link: &LinkId, looked: &mut Looked) -> Result<(usize, usize), StoreError> {
        let (mut moved, mut left) = (0, 0);
        while self.is_gone(link) && self.tenure.is_sure() {
            let now = self.clock.now();
            let directory = self.directory.current();
            let behind = looked.on(Basis::of_routes(&directory), self.clock.monotonic());
            let (quota, lease) = (Quota::share(BATCH, 0), self.incarnation);
            let link = link.clone();
            let leased = self.settling.lease(LeaseRequest { link, quota, now, lease, behind }).await?;
            if leased.is_empty() {
                looked.all(now, self.clock.monotonic());
                break;
            }
            let healths = self.lanes.healths();
            let mut targets = BTreeSet::new();
            let mut settlements = Vec::with_capacity(leased.len());
            for leased in leased {
                let way = way(&directory, &leased, &healths);
                if way.is_none() {
                    looked.stays(&leased);
                }
                let (settlement, target) = self.settlement(way, leased, now);
                settlements.push(settlement);
                match target {
                    Some(target) => {
                        moved += 1;
                        targets.insert(target);
                    }
                    None => left += 1,
                }
            }
            self.settling.write_down(settlements).await;
            targets.iter().filter_map(|t| self.lanes.get(t)).for_each(|lane| lane.add_backlog());
        }
        Ok((moved, left))
    }

    fn settlement(
        &self,
        way: Option<(&Route, LinkId)>,
        mut leased: Leased,
        now: Timestamp,
    ) -> (Settlement, Option<LinkId>) {
        match way {
            Some((route, to)) => {
                // Its old place: what was accepted later must not overtake it.
                let due_at = leased.message.due_at;
                leased.tries.on_link = 0;
                let to_link = to.clone();
                let lease = self.incarnation;
                (moving::by_another(leased, route, to_link, "link_gone", due_at, lease, now), Some(to))
            }
            None => {
                let (here, due_at) = (leased.link.clone(), leased.due_at);
                (moving::back(leased, here, due_at, self.incarnation, now), None)
            }
        }
    }
}

/// The link that a message's own route has for it now: the first that is up, or else the first there is. Never one that it left before.
fn way<'a>(directory: &'a Directory, leased: &Leased, healths: &Healths) -> Option<(&'a Route, LinkId)> {
    let message = &leased.message;
    let question = Question::about(message);
    let route = routing::route(directory, &question).filter(|r| !r.keeps_begun(&leased.parts))?;
    let spread = message.spread();
    let up = routing::instead(route, &leased.link, &leased.parts, healths, spread);
    let open = |link: &&LinkId| {
        directory.link(link).is_some() && **link != leased.link && leased.parts.may_go_by(link)
    };
    let to = up.filter(open).or_else(|| route.links().find(open))?;
    Some((route, to.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::message::{Departure, Leaving, PartState, Parts};
    use domain::routing::{Condition, Health, Tries};
    use fakes::samples;

    fn leased(parts: Parts) -> Leased {
        let message = Arc::new(samples::message(1, Timestamp::UNIX_EPOCH));
        let (link, tries) = (samples::link("GONE"), Tries::default());
        let due_at = message.due_at;
        Leased { message, link, parts, tries, possible_duplicate: false, due_at }
    }

    fn goes_by(parts: &Parts, up: &[&str]) -> Option<String> {
        let directory = samples::directory(&[samples::user("crm")], &["A", "B", "C"]);
        let health = Health { condition: Condition::Up, room: 0 };
        let healths = up.iter().map(|name| (samples::link(name), health)).collect();
        way(&directory, &leased(parts.clone()), &healths).map(|(_, to)| to.to_string())
    }

    #[test]
    fn the_first_that_is_up_or_the_first() {
        let mut parts = Parts::default();
        assert_eq!(goes_by(&parts, &["B", "C"]).as_deref(), Some("B"));
        assert_eq!(goes_by(&parts, &[]).as_deref(), Some("A"));
        for left in ["A", "B"] {
            parts.set(1, PartState::Sent, "a1", "");
            let (link, at, why) = (samples::link(left), Timestamp::UNIX_EPOCH, Leaving::NotDelivered);
            parts.leave(&Departure { link: &link, sent_at: None, at, why, in_doubt: false });
        }
        assert_eq!(goes_by(&parts, &["A", "B"]).as_deref(), Some("C"), "never twice by the same");
    }

    #[test]
    fn what_a_link_had_begun_does_not_go_by_another_where_nothing_may_go_twice() {
        let mut parts = Parts::default();
        parts.set(1, PartState::Sent, "a1", "");
        assert_eq!(goes_by(&parts, &["B"]).as_deref(), Some("B"));
        let mut directory = samples::directory(&[samples::user("crm")], &["A", "B"]);
        directory.routes[0].doubt = routing::DoubtPolicy::Fail;
        assert!(way(&directory, &leased(parts), &Healths::new()).is_none());
    }

    #[test]
    fn a_route_may_name_what_is_not_there() {
        let mut directory = samples::directory(&[samples::user("crm")], &["GONE", "A"]);
        directory.links.clear();
        assert!(way(&directory, &leased(Parts::default()), &Healths::new()).is_none());
        directory.routes.clear();
        assert!(way(&directory, &leased(Parts::default()), &Healths::new()).is_none());
    }

    #[test]
    fn people_are_told_once_an_hour() {
        let minutes = |n: u64| Duration::from_mins(n);
        let mut case = Case::new(minutes(0));
        assert!(!case.is_to_be_told(0, minutes(0)));
        assert!(case.is_to_be_told(3, minutes(1)));
        assert!(!case.is_to_be_told(3, minutes(11)), "told already");
        assert!(case.is_to_be_told(3, minutes(61)));
    }
}
