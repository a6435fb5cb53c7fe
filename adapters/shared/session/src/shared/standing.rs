//! How a link stands: up or down and since when, which sessions are bound, and what each of them does.

use super::{Doing, Shared, lock, millis};
use crate::dialect::Role;
use domain::Timestamp;
use domain::routing::{Condition, Health};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::time::Duration;

impl Shared {
    pub(crate) fn health(&self) -> Health {
        let room = self.capacity.saturating_sub(self.waiting.load(Relaxed));
        let condition = if self.held.load(Acquire) {
            Condition::Held
        } else if self.can_send() && !self.is_stopping() {
            Condition::Up
        } else {
            let since = self.down_since();
            if self.barred.load(Acquire) { Condition::Parked { since } } else { Condition::Down { since } }
        };
        Health { condition, room: if condition == Condition::Up && self.sends { room } else { 0 } }
    }

    /// Whether it sends, and nothing can come in by it although it has sessions for that. Where a connection is made on demand it always can in time.
    pub(crate) fn is_deaf(&self) -> bool {
        self.receivers.load(Acquire) == 0
            && self.health().condition == Condition::Up
            && self.options.on_demand.is_none()
            && self.options.sessions.iter().any(|(role, _)| role.receives())
    }

    /// Since when it has been as it is, by today's wall clock: one that was wrong when the link went down, and is right now, makes neither
    /// patience longer nor what waits go too early.
    fn down_since(&self) -> Timestamp {
        let now = self.now();
        let lasted = now.monotonic.saturating_sub(Duration::from_millis(self.down_since_ms.load(Relaxed)));
        now.wall.checked_sub(lasted).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether a session is bound, or one can be made when it is needed.
    pub(super) fn can_send(&self) -> bool {
        self.senders.load(Acquire) > 0 || self.ready.load(Acquire)
    }

    /// A connection can be made when it is needed, or the last try says that it cannot.
    pub(crate) fn ready(&self, ready: bool) {
        if self.ready.swap(ready, AcqRel) != ready && self.senders.load(Acquire) == 0 {
            self.up_or_down(ready);
        }
    }

    fn up_or_down(&self, up: bool) {
        let now = self.now();
        self.down_since_ms.store(millis(now.monotonic), Relaxed);
        self.meters.up.set(if up { 1.0 } else { 0.0 });
        self.tell_changed();
    }

    /// A session is bound or no longer is.
    pub(crate) fn bound(&self, place: usize, role: Role, up: bool) {
        let change = |count: &AtomicUsize| {
            if up { count.fetch_add(1, AcqRel) } else { count.fetch_sub(1, AcqRel) - 1 }
        };
        change(&self.bound);
        if role.receives() {
            change(&self.receivers);
        }
        if !role.sends() && self.sends {
            return;
        }
        let others = change(&self.senders);
        if others == 0 {
            self.up_or_down(up || self.ready.load(Acquire));
        }
        if !up {
            self.in_flight(place, 0);
            if others == 0 {
                self.wishes.give_back();
            }
        }
        self.wake_all();
    }

    /// How many segments of a session wait for their replies.
    pub(crate) fn in_flight(&self, place: usize, count: usize) {
        if let Some(place) = self.places.get(place)
            && place.in_flight.swap(count, Relaxed) != count
        {
            self.meters.in_flight.set(self.all_in_flight() as f64);
        }
    }

    pub(crate) fn all_in_flight(&self) -> usize {
        self.places.iter().map(|place| place.in_flight.load(Relaxed)).sum()
    }

    pub(crate) fn bound_sessions(&self) -> usize {
        self.bound.load(Acquire)
    }

    pub(crate) fn set_detail(&self, place: usize, detail: String) {
        if let Some(place) = self.places.get(place) {
            *lock(&place.doing) = Doing { what: detail, again_at: None };
        }
    }

    /// Why a session is not there, and after which pause it tries again.
    pub(crate) fn set_pause(&self, place: usize, why: String, pause: Duration) {
        if let Some(place) = self.places.get(place) {
            let again_at = self.clock.monotonic().checked_add(pause);
            *lock(&place.doing) = Doing { what: why, again_at };
        }
    }

    /// How long it is until the next session tries again.
    pub(crate) fn next_try(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let at = self.places.iter().filter_map(|place| lock(&place.doing).again_at).min()?;
        Some(at.saturating_sub(now))
    }

    /// What the sessions do, each said once.
    pub(crate) fn details(&self) -> String {
        let mut all: Vec<String> =
            self.places.iter().map(|p| lock(&p.doing).what.clone()).filter(|d| !d.is_empty()).collect();
        all.dedup();
        all.join("; ")
    }
}
