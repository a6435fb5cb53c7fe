//! Lanes: one for each link, with its queue in the store, its room in memory and the wish to be looked after.

use domain::directory::LinkId;
use domain::routing::{Condition, Health, Healths};
use ports::driven::{Link, Shipment};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;

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
    /// Turns taken, for the starvation guard.
    pub turn: AtomicUsize,
}

impl Lane {
    fn new(link: Arc<dyn Link>) -> Self {
        Self {
            link,
            backlog: AtomicUsize::new(1),
            promised: AtomicUsize::new(0),
            wake: Notify::new(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Promises a place to a message that is about to be stored, if the link can take it at once and nothing waits before it.
    pub(crate) fn promise(&self) -> bool {
        if self.backlog() != 0 {
            return false;
        }
        let health = self.link.health();
        if !health.is_up() {
            return false;
        }
        let promised = self.promised.fetch_add(1, Ordering::AcqRel);
        if promised < health.room {
            return true;
        }
        self.promised.fetch_sub(1, Ordering::AcqRel);
        false
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

    /// Offers shipments; what comes back has no room.
    pub(crate) fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment> {
        self.link.offer(shipments)
    }
}

/// All lanes. Links may come and go when the configuration is reloaded.
#[derive(Default)]
pub(crate) struct Lanes {
    lanes: RwLock<HashMap<LinkId, Arc<Lane>>>,
}

impl Lanes {
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
        let lane = Arc::new(Lane::new(link));
        let mut lanes = self.lanes.write().unwrap_or_else(PoisonError::into_inner);
        lanes.insert(lane.link.id().clone(), Arc::clone(&lane));
        lane
    }

    /// Takes a link away.
    pub(crate) fn remove(&self, link: &LinkId) -> Option<Arc<Lane>> {
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).remove(link)
    }

    /// How the links are doing.
    pub(crate) fn healths(&self) -> Healths {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().map(|(id, lane)| (id.clone(), lane.link.health())).collect()
    }

    /// Whether a link is up.
    pub(crate) fn any_up(&self) -> bool {
        let lanes = self.lanes.read().unwrap_or_else(PoisonError::into_inner);
        lanes.values().any(|l| matches!(l.link.health(), Health { condition: Condition::Up, .. }))
    }
}
