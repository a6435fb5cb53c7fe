//! Lanes: one for each link, with its queue in the store, its room in memory and the wish to be looked after.

use crate::tenure::Tenure;
use crate::turnstile::Turnstile;
use domain::Timestamp;
use domain::directory::{LinkId, LinkMode, LinkOrder};
use domain::receipt::Spelling;
use domain::routing::{Condition, Health, Healths};
use metrics::Histogram;
use ports::driven::{Link, LinkReport, Shipment};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;

/// How many messages a link has that it has not written, where a route never sends again what may have been sent. Of what it has when this
/// process is killed nobody knows whether it was written: all of it ends as the route says, and so what never left must be little.
const FEW: usize = 5;
/// How many deliveries are remembered.
const REMEMBERED: usize = 1_000;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A link and its queue.
pub(crate) struct Lane {
    /// The link.
    pub link: Arc<dyn Link>,
    /// Not zero when something may wait in the store: then new messages queue up behind it. Grows with each addition.
    backlog: AtomicUsize,
    /// Places promised to messages that are being stored.
    promised: AtomicUsize,
    /// Rung when there is something to do.
    pub wake: Notify,
    /// The way in while much goes out.
    pub way_in: Turnstile,
    /// The most room it ever had: what the link takes in advance.
    most_room: AtomicUsize,
    /// It is given no more than [`FEW`] in advance.
    few: AtomicBool,
    /// Turns taken, for the starvation guard.
    pub turn: AtomicUsize,
    /// `LinkMode::code` of what people ordered.
    mode: AtomicI16,
    /// The link is held because this run is not sure of its tenure.
    held_back: AtomicBool,
    /// Held while the link is told which of the two holds it.
    telling: Mutex<()>,
    tenure: Arc<Tenure>,
    parked: Mutex<Option<Parked>>,
    deliveries: Mutex<Deliveries>,
    spelling: Mutex<Option<Spelling>>,
    delivery_seconds: OnceLock<Histogram>,
}

/// Why and how long a link is left alone: its operator takes nothing from us.
#[derive(Debug, Clone)]
struct Parked {
    since: Timestamp,
    until: Duration,
    why: String,
}

/// How long the last deliveries took.
#[derive(Debug, Default)]
struct Deliveries {
    last: Vec<Duration>,
    next: usize,
}

impl Lane {
    fn new(link: Arc<dyn Link>, tenure: Arc<Tenure>) -> Self {
        Self {
            link,
            backlog: AtomicUsize::new(1),
            promised: AtomicUsize::new(0),
            wake: Notify::new(),
            way_in: Turnstile::default(),
            most_room: AtomicUsize::new(0),
            few: AtomicBool::new(false),
            turn: AtomicUsize::new(0),
            mode: AtomicI16::new(LinkMode::Open.code()),
            held_back: AtomicBool::new(false),
            telling: Mutex::default(),
            tenure,
            parked: Mutex::default(),
            deliveries: Mutex::default(),
            spelling: Mutex::default(),
            delivery_seconds: OnceLock::new(),
        }
    }

    /// What people ordered.
    pub(crate) fn mode(&self) -> LinkMode {
        LinkMode::from_code(self.mode.load(Ordering::Acquire)).unwrap_or_default()
    }

    /// Puts an order in force. What a paused link has not written comes back.
    pub(crate) fn order(&self, mode: LinkMode) {
        if self.mode.swap(mode.code(), Ordering::AcqRel) == mode.code() {
            return;
        }
        tracing::warn!(link = %self.link.id(), mode = mode.as_str(), "ordered");
        self.tell_held();
        if mode == LinkMode::Paused {
            self.link.recall();
        }
        self.add_backlog();
    }

    /// Holds the link, or lets it go on, because of the run's tenure. What it has not written comes back.
    pub(crate) fn hold_back(&self, held: bool) {
        if self.held_back.swap(held, Ordering::AcqRel) == held {
            return;
        }
        self.tell_held();
        if held {
            self.link.recall();
        }
        self.add_backlog();
    }

    fn tell_held(&self) {
        let _one = locked(&self.telling);
        self.link.hold(self.mode() == LinkMode::Paused || self.held_back.load(Ordering::Acquire));
    }

    /// Whether what is held for this link may be sent.
    pub(crate) fn may_send(&self) -> bool {
        self.tenure.is_sure()
    }

    /// Leaves the link alone for a while: its operator takes nothing from us.
    pub(crate) fn park(&self, since: Timestamp, until: Duration, why: &str) {
        let mut parked = locked(&self.parked);
        let first = parked.is_none();
        let since = parked.as_ref().map_or(since, |p| p.since);
        *parked = Some(Parked { since, until, why: why.to_owned() });
        drop(parked);
        if first {
            let link = self.link.id();
            tracing::error!(%link, why, "the link is parked: its operator takes nothing from us");
            metrics::counter!("omnigate_link_parked_total", "link" => link.to_string()).increment(1);
            self.link.recall();
            self.wake.notify_one();
        }
    }

    /// Ends a parking whose time is over. Still parked since, if it is.
    pub(crate) fn parked(&self, now: Duration) -> Option<Timestamp> {
        let mut parked = locked(&self.parked);
        if parked.as_ref().is_some_and(|p| p.until <= now) {
            tracing::info!(link = %self.link.id(), "the parked link is tried again");
            *parked = None;
        }
        parked.as_ref().map(|p| p.since)
    }

    /// How the link is doing as far as new messages are concerned: orders, parking and the run's tenure count.
    pub(crate) fn health(&self) -> Health {
        let health = self.link.health();
        let condition = match locked(&self.parked).as_ref().map(|p| p.since) {
            Some(since) if health.is_up() => Condition::Parked { since },
            _ if self.mode() != LinkMode::Open || !self.may_send() => Condition::Held,
            _ => health.condition,
        };
        Health { condition, room: if condition == Condition::Up { health.room } else { 0 } }
    }

    /// The link for people.
    pub(crate) fn report(&self) -> LinkReport {
        let report = self.link.report();
        let mut said = Vec::new();
        if let Some(parked) = locked(&self.parked).as_ref() {
            said.push(format!("parked: {}", parked.why));
        }
        if self.mode() != LinkMode::Open {
            said.push(self.mode().as_str().to_owned());
        }
        if !self.may_send() {
            said.push("held until a sign of life of this node can be stored".to_owned());
        }
        said.push(report.detail);
        LinkReport { health: self.health(), detail: said.join("; "), ..report }
    }

    /// A message sent here was delivered so long after the operator took it.
    pub(crate) fn delivered_after(&self, time: Duration) {
        let made = || metrics::histogram!("omnigate_delivery_seconds", "link" => self.link.id().to_string());
        self.delivery_seconds.get_or_init(made).record(time.as_secs_f64());
        let mut deliveries = locked(&self.deliveries);
        let Deliveries { last, next } = &mut *deliveries;
        match last.get_mut(*next) {
            Some(oldest) => *oldest = time,
            None => last.push(time),
        }
        *next = (*next + 1) % REMEMBERED;
    }

    /// How its receipts spell ids, as far as that is learned.
    pub(crate) fn spells(&self, spelling: Option<Spelling>) {
        let mut known = locked(&self.spelling);
        if spelling.is_some() && *known != spelling {
            let spelling = spelling.map_or("", Spelling::as_str);
            tracing::info!(link = %self.link.id(), spelling, "learned how receipts spell ids");
        }
        *known = spelling;
    }

    /// How its receipts spell ids, as far as that is learned.
    pub(crate) fn spelling(&self) -> Option<Spelling> {
        *locked(&self.spelling)
    }

    /// Half of the last deliveries took at most the first, nineteen of twenty at most the second; `None` when there were none.
    pub(crate) fn delivery_times(&self) -> Option<(Duration, Duration)> {
        let mut last = locked(&self.deliveries).last.clone();
        last.sort_unstable();
        let at = |per_cent: usize| {
            last.get((last.len() * per_cent / 100).min(last.len().saturating_sub(1))).copied()
        };
        at(50).zip(at(95))
    }

    /// Whether little is given to the link in advance.
    pub(crate) fn give_few(&self, few: bool) {
        self.few.store(few, Ordering::Release);
    }

    /// How many messages the link is given now, of those it has room for.
    pub(crate) fn room(&self, health: Health) -> usize {
        let most = self.most_room.fetch_max(health.room, Ordering::Relaxed).max(health.room);
        match self.few.load(Ordering::Acquire) {
            true => FEW.min(most).saturating_sub(most - health.room),
            false => health.room,
        }
    }

    /// Promises a place to a message that is about to be stored, if the link can take it at once and nothing waits before it.
    pub(crate) fn promise(&self) -> bool {
        if self.backlog() != 0 {
            return false;
        }
        let health = self.health();
        if !health.is_up() {
            return false;
        }
        let promised = self.promised.fetch_add(1, Ordering::AcqRel);
        if promised < self.room(health) {
            return true;
        }
        self.promised.fetch_sub(1, Ordering::AcqRel);
        false
    }

    /// Waits a moment for a place while much goes out and the link is well filled, or what is to be told of the messages piles up. It is worth it
    /// as long as what waits in the store is soon gone; behind more than that a place in the queue is all that can be had.
    pub(crate) async fn make_way(&self, piles_up: bool, now: Duration) {
        let health = self.health();
        let most = self.most_room.fetch_max(health.room, Ordering::Relaxed).max(health.room);
        let backlog = self.backlog();
        let crowded = health.room.saturating_sub(self.promised.load(Ordering::Relaxed)) < most / 2;
        let worth_it = if backlog == 0 { crowded || piles_up } else { backlog < 4 * most };
        if health.is_up() && worth_it && self.way_in.flows(now) {
            self.way_in.pass().await;
        }
    }

    /// Gives promised places back (the messages were offered, or not stored after all).
    pub(crate) fn release(&self, places: usize) {
        self.promised.fetch_sub(places, Ordering::AcqRel);
    }

    /// Something waits in the store now.
    pub(crate) fn add_backlog(&self) {
        self.backlog.fetch_add(1, Ordering::AcqRel);
        self.wake.notify_one();
    }

    /// Not zero when something may wait.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog.load(Ordering::Acquire)
    }

    /// Nothing waits any more, unless something was added since `seen` was read.
    pub(crate) fn clear_backlog(&self, seen: usize) {
        let _ = self.backlog.compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Offers shipments; what comes back has no room, or is perhaps no longer ours to send.
    pub(crate) fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment> {
        if self.may_send() { self.link.offer(shipments) } else { shipments }
    }
}

/// All lanes. Links may come and go when the configuration is reloaded.
pub(crate) struct Lanes {
    tenure: Arc<Tenure>,
    lanes: RwLock<HashMap<LinkId, Arc<Lane>>>,
    orders: Mutex<HashMap<LinkId, LinkMode>>,
}

impl Lanes {
    /// No lane yet.
    pub(crate) fn new(tenure: Arc<Tenure>) -> Self {
        Self { tenure, lanes: RwLock::default(), orders: Mutex::default() }
    }

    /// The lane of a link.
    pub(crate) fn get(&self, link: &LinkId) -> Option<Arc<Lane>> {
        self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(link).cloned()
    }

    /// Every lane.
    pub(crate) fn all(&self) -> Vec<Arc<Lane>> {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = lanes.values().cloned().collect();
        all.sort_by(|a, b| a.link.id().cmp(b.link.id()));
        all
    }

    /// Adds a link, or puts another in the place of one with the same name. Its lane.
    pub(crate) fn insert(&self, link: Arc<dyn Link>) -> Arc<Lane> {
        let lane = Arc::new(Lane::new(link, Arc::clone(&self.tenure)));
        if let Some(mode) = locked(&self.orders).get(lane.link.id()) {
            lane.order(*mode);
        }
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        lanes.insert(lane.link.id().clone(), Arc::clone(&lane));
        lane
    }

    /// Takes a link away.
    pub(crate) fn remove(&self, link: &LinkId) -> Option<Arc<Lane>> {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).remove(link)
    }

    /// Takes all links away, once they have stopped.
    pub(crate) fn clear(&self) {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Puts orders in force; a link without one is open.
    pub(crate) fn order(&self, orders: Vec<LinkOrder>) {
        let orders: HashMap<_, _> = orders.into_iter().map(|o| (o.link, o.mode)).collect();
        *locked(&self.orders) = orders.clone();
        for lane in self.all() {
            lane.order(orders.get(lane.link.id()).copied().unwrap_or_default());
        }
    }

    /// How the links are doing that send.
    pub(crate) fn healths(&self) -> Healths {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        let send = lanes.iter().filter(|(_, lane)| lane.link.sends());
        send.map(|(id, lane)| (id.clone(), lane.health())).collect()
    }

    /// Whether a link is up that sends.
    pub(crate) fn any_up(&self) -> bool {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.values().any(|l| l.link.sends() && l.link.health().is_up())
    }
}
