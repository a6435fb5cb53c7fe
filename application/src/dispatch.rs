//! Keeping links busy: one task for each lane leases what is due up to the link's room and offers it; when a link stays down, what waits for it moves
//! to the next way of its route.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::known::InHand;
use crate::lanes::{Lane, Lanes};
use crate::moving;
use crate::settling::Settling;
use crate::ship;
use crate::stuck::{Basis, Looked};
use crate::submit::back_to_queue;
use domain::Timestamp;
use domain::directory::{Directory, LinkId};
use domain::message::{Incarnation, Parts, Priority, Quota};
use domain::routing::{self, Condition, Question, Route};
use ports::driven::{Clock, LeaseRequest, Leased, Places};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a lane looks at the store without being told: retries and scheduled messages become due silently.
const POLL: Duration = Duration::from_millis(500);
/// How long a lane waits for more room before it leases little.
const GATHER: Duration = Duration::from_millis(2);
/// The most to lease in one go.
const MOST: usize = 1_000;
/// How many waiting messages are moved to another link in one go.
const MOVE: usize = 500;

/// The use case.
#[derive(Clone)]
pub(crate) struct Pump {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub settling: Settling,
    pub clock: Arc<dyn Clock>,
    pub incarnation: Incarnation,
}

impl Pump {
    /// Looks after one lane until it is told to stop.
    pub(crate) async fn run(self, lane: Arc<Lane>, stop: CancellationToken) {
        let mut pause = Duration::ZERO;
        let mut looked = Looked::default();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = lane.wake.notified(), if pause.is_zero() => {}
                () = tokio::time::sleep(if pause.is_zero() { POLL } else { pause }) => {}
            }
            failpoints::pass(failpoints::TASK_LANE);
            pause = match self.turn(&lane, &mut looked).await {
                Ok(Turn::Idle) => Duration::ZERO,
                Ok(Turn::More) => GATHER,
                Err(()) => Duration::from_secs(1),
            };
        }
    }

    async fn turn(&self, lane: &Arc<Lane>, looked: &mut Looked) -> Result<Turn, ()> {
        if !lane.may_send() {
            return Ok(Turn::Idle);
        }
        if let Some(since) = lane.parked(self.clock.monotonic()) {
            return self.move_on(lane, looked, since, true).await;
        }
        if !lane.link.sends() {
            return self.move_on(lane, looked, self.clock.now(), true).await;
        }
        match lane.link.health().condition {
            Condition::Up => {
                looked.forget();
                self.fill(lane).await
            }
            Condition::Down { since } => self.move_on(lane, looked, since, false).await,
            Condition::Parked { since } => self.move_on(lane, looked, since, true).await,
            Condition::Held => self.move_on(lane, looked, self.clock.now(), true).await,
        }
    }

    /// Leases up to the link's room and offers it.
    async fn fill(&self, lane: &Arc<Lane>) -> Result<Turn, ()> {
        let room = lane.room(lane.link.health()).min(MOST);
        if room == 0 {
            return Ok(if lane.backlog() == 0 { Turn::Idle } else { Turn::More });
        }
        let directory = self.directory.current();
        let Some(profile) = directory.link(lane.link.id()) else { return Ok(Turn::Idle) };
        let seen = lane.backlog();
        let turn = lane.turn.fetch_add(1, Ordering::Relaxed);
        let leased = self.lease(lane.link.id(), Quota::share(room, turn), Places::default()).await?;
        let full = leased.len() >= room;
        if !full {
            lane.clear_backlog(seen);
        }
        let in_hand = InHand::of(self.settling.known(), leased.iter().map(|l| l.message.id));
        failpoints::pass(failpoints::LANE_LEASED);
        let ship = |l| ship::leased(l, &directory, profile, self.incarnation);
        let shipments = leased.into_iter().map(ship).collect();
        in_hand.passed_on();
        let back = lane.offer(shipments);
        if !back.is_empty() {
            let now = self.clock.now();
            self.settling.write_down(back.into_iter().map(|s| back_to_queue(s, lane, now)).collect()).await;
            lane.add_backlog();
        }
        Ok(if full { Turn::More } else { Turn::Idle })
    }

    async fn lease(&self, link: &LinkId, quota: Quota, behind: Places) -> Result<Vec<Leased>, ()> {
        let (now, lease) = (self.clock.now(), self.incarnation);
        let request = LeaseRequest { link: link.clone(), quota, now, lease, behind };
        let leased = self.settling.lease(request).await;
        leased.map_err(|error| tracing::warn!(%error, %link, "leasing failed"))
    }

    /// A link is down, parked or held: when its routes' patience is over (at once where it is not expected back soon), what waits for it
    /// goes by another that is up. What cannot is looked at once.
    async fn move_on(
        &self,
        lane: &Arc<Lane>,
        looked: &mut Looked,
        since: Timestamp,
        at_once: bool,
    ) -> Result<Turn, ()> {
        let directory = self.directory.current();
        let healths = self.lanes.healths();
        let here = lane.link.id();
        let now = self.clock.now();
        let down_for = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let down_for = if at_once { Duration::MAX } else { down_for };
        let elsewhere = |r: &&Route| routing::instead(r, here, &Parts::default(), &healths, 0).is_some();
        // Also routes that do not name the link: what waits may be from a time when another did.
        let open: Vec<&Route> = directory.routes.iter().filter(elsewhere).collect();
        let patience = open.iter().map(|r| r.patience(Priority::Alarm)).min();
        if patience.is_none_or(|p| down_for < p) {
            return Ok(Turn::Idle);
        }
        lane.link.recall();
        // Where no message of a route that names it can go elsewhere, a long queue is not walked through each time another link comes or goes.
        let basis = if open.iter().any(|r| names(r, here)) || looked.has_strangers() {
            Basis::of(&directory, &healths, down_for)
        } else {
            Basis::of_routes(&directory)
        };
        let behind = looked.on(basis, self.clock.monotonic());
        let leased = self.lease(here, Quota::share(MOVE, 0), behind).await?;
        let full = leased.len() >= MOVE;
        let mut targets = BTreeSet::new();
        let mut settlements = Vec::with_capacity(leased.len());
        for leased in leased {
            settlements.push(match instead(&directory, &leased, &healths, down_for) {
                Some((route, other)) => {
                    targets.insert(other.clone());
                    moving::by_another(leased, route, other, "link_down", now, self.incarnation, now)
                }
                None => {
                    let question = Question::about(&leased.message);
                    if routing::route(&directory, &question).is_some_and(|r| !names(r, here)) {
                        looked.meets_a_stranger();
                    }
                    looked.stays(&leased);
                    // Its old place: what was accepted later must not overtake it.
                    let due_at = leased.due_at;
                    moving::back(leased, here.clone(), due_at, self.incarnation, now)
                }
            });
        }
        if !full {
            looked.all(now, self.clock.monotonic());
        }
        if !settlements.is_empty() {
            self.settling.write_down(settlements).await;
        }
        targets.iter().filter_map(|t| self.lanes.get(t)).for_each(|l| l.add_backlog());
        Ok(if full { Turn::More } else { Turn::Idle })
    }
}

fn names(route: &Route, link: &LinkId) -> bool {
    route.ways.iter().any(|way| way.has(link))
}

/// The link that a message can go by instead of one that has been down for so long, and the route that says so.
fn instead<'a>(
    directory: &'a Directory,
    leased: &Leased,
    healths: &routing::Healths,
    down_for: Duration,
) -> Option<(&'a Route, LinkId)> {
    let message = &leased.message;
    let question = Question::about(message);
    let route = routing::route(directory, &question).filter(|r| down_for >= r.patience(message.priority))?;
    let other = routing::instead(route, &leased.link, &leased.parts, healths, message.spread())?;
    Some((route, other.clone()))
}

/// What a turn left.
enum Turn {
    /// Nothing to do until told or until the next look.
    Idle,
    /// More waits.
    More,
}
