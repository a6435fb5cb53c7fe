//! What the connections of a simulated operator share: its mood, its numbers, and what waits to be delivered.

use crate::journal::{Journal, Line};
use crate::options::{Faults, SimulatorOptions};
use bytes::Bytes;
use domain::Timestamp;
use domain::text::Segment;
use ports::driven::Clock;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};

/// Deliveries that may wait for a receiver; the oldest are dropped beyond it.
const MOST_WAITING: usize = 1_000_000;

/// Messages not yet delivered that are remembered, and those that were taken back; the oldest are forgotten beyond it.
const MOST_HELD: usize = 100_000;

/// Something for the gateway.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A receipt.
    Receipt(Report),
    /// A message from a phone, short enough for one frame.
    Mo {
        /// The phone.
        from: String,
        /// The number it sends to.
        to: String,
        /// What it says.
        text: String,
        /// When the operator got it: the same however often it is delivered.
        at: Timestamp,
    },
    /// One part of a longer message.
    Part {
        /// The phone.
        from: String,
        /// The number it sends to.
        to: String,
        /// The part.
        segment: Segment,
        /// When the operator got it.
        at: Timestamp,
    },
}

/// The facts of a receipt.
#[derive(Debug, Clone)]
pub struct Report {
    /// The id that the reply gave.
    pub message_id: String,
    /// The phone: the recipient of the message.
    pub phone: String,
    /// The sender of the message.
    pub sender: String,
    /// Whether the message did not arrive.
    pub failed: bool,
    /// Whether it was taken back before it arrived.
    pub deleted: bool,
    /// When it was submitted, in ms since 1970.
    pub submitted_ms: i64,
}

/// What every connection is told to do.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    Unbind,
    Drop,
    Raw(Bytes),
    Stop,
}

/// What was seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Connections that were made.
    pub connections: u64,
    /// Binds that succeeded.
    pub binds: u64,
    /// Binds that were asked for.
    pub bind_tries: u64,
    /// Submits that came.
    pub submits: u64,
    /// Submits that were taken.
    pub accepted: u64,
    /// Receipts that were taken.
    pub receipts: u64,
    /// Messages from phones that were taken.
    pub mos: u64,
    /// Deliveries that were answered with an error.
    pub refused_deliveries: u64,
    /// Keep-alives that came.
    pub enquiries: u64,
    /// Frames of the gateway that could not be read: always 0.
    pub bad_pdus: u64,
    /// Most submits of one session that waited for their reply at once.
    pub most_unanswered: u64,
    /// Most submits in any second.
    pub most_in_a_second: u64,
    /// Sessions bound at this moment.
    pub bound: u64,
}

#[derive(Debug, Default)]
struct Seen {
    stats: Stats,
    second: VecDeque<(Duration, u64)>,
    in_second: u64,
    binds: HashMap<String, usize>,
}

/// Messages that are not delivered yet, so that they can be taken back.
#[derive(Debug, Default)]
struct Held {
    /// When each arrives, and what is reported of it.
    waiting: HashMap<String, (Duration, Option<Report>)>,
    cancelled: HashSet<String>,
    order: VecDeque<String>,
}

/// The common ground.
pub(crate) struct Hub {
    pub(crate) options: SimulatorOptions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Journal,
    pub(crate) orders: broadcast::Sender<Order>,
    /// Something waits, or the mood changed.
    pub(crate) changed: Notify,
    faults: Mutex<Arc<Faults>>,
    waiting: Mutex<BTreeMap<(Duration, u64), Delivery>>,
    held: Mutex<Held>,
    seen: Mutex<Seen>,
    ids: AtomicU64,
    submits: AtomicU64,
    sessions: AtomicU64,
    left: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn new(options: SimulatorOptions, clock: Arc<dyn Clock>, journal: Journal) -> Self {
        // A later run does not give the ids of an earlier one again.
        let first = u64::try_from(clock.now().as_millisecond()).unwrap_or(0).saturating_mul(1_000);
        Self {
            faults: Mutex::new(Arc::new(options.faults.clone())),
            waiting: Mutex::default(),
            held: Mutex::default(),
            seen: Mutex::default(),
            ids: AtomicU64::new(first),
            submits: AtomicU64::new(0),
            sessions: AtomicU64::new(0),
            left: AtomicU64::new(0),
            orders: broadcast::channel(64).0,
            changed: Notify::new(),
            options,
            clock,
            journal,
        }
    }

    pub(crate) fn line(&self, event: &str) -> Line {
        Line::new(self.clock.now().as_millisecond(), event)
    }

    pub(crate) fn faults(&self) -> Arc<Faults> {
        lock(&self.faults).clone()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = Arc::new(faults);
        self.changed.notify_waiters();
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.count(|stats| stats.connections += 1);
        self.sessions.fetch_add(1, Relaxed) + 1
    }

    /// The number of a submit that came, from 1.
    pub(crate) fn next_submit(&self) -> u64 {
        self.submits.fetch_add(1, Relaxed) + 1
    }

    /// A number for an id: never given before, also not by an earlier run.
    pub(crate) fn next_number(&self) -> u64 {
        self.ids.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn stats(&self) -> Stats {
        lock(&self.seen).stats
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut lock(&self.seen).stats);
    }

    /// Submits that came together: for the rate.
    pub(crate) fn came(&self, now: Duration, submits: u64, accepted: u64, unanswered: u64) {
        let mut guard = lock(&self.seen);
        let seen = &mut *guard;
        seen.stats.submits += submits;
        seen.stats.accepted += accepted;
        seen.stats.most_unanswered = seen.stats.most_unanswered.max(unanswered);
        seen.second.push_back((now, submits));
        seen.in_second += submits;
        while let Some((at, gone)) = seen.second.front().copied()
            && at + Duration::from_secs(1) <= now
        {
            seen.second.pop_front();
            seen.in_second -= gone;
        }
        seen.stats.most_in_a_second = seen.stats.most_in_a_second.max(seen.in_second);
    }

    /// Whether one more bind of this name is allowed; it counts until [`Hub::unbound`].
    pub(crate) fn bound(&self, name: &str) -> bool {
        let mut seen = lock(&self.seen);
        let binds = seen.binds.entry(name.to_owned()).or_default();
        if self.options.max_binds > 0 && *binds >= self.options.max_binds {
            return false;
        }
        *binds += 1;
        seen.stats.binds += 1;
        seen.stats.bound += 1;
        true
    }

    pub(crate) fn unbound(&self, name: &str) {
        let mut seen = lock(&self.seen);
        if let Some(binds) = seen.binds.get_mut(name) {
            *binds = binds.saturating_sub(1);
        }
        seen.stats.bound = seen.stats.bound.saturating_sub(1);
    }

    /// A message was taken that arrives at a time, and is reported then if anything is asked of it.
    pub(crate) fn hold(&self, id: &str, arrives: Duration, report: Option<Report>) {
        let mut held = lock(&self.held);
        held.waiting.insert(id.to_owned(), (arrives, report));
        held.order.push_back(id.to_owned());
        if held.order.len() > MOST_HELD
            && let Some(oldest) = held.order.pop_front()
        {
            held.waiting.remove(&oldest);
            held.cancelled.remove(&oldest);
        }
    }

    /// Takes a message back, unless nobody knows it or it has arrived. What is asked of it is reported at once.
    pub(crate) fn cancel(&self, id: &str, now: Duration) -> bool {
        let report = {
            let mut held = lock(&self.held);
            match held.waiting.remove(id) {
                Some((arrives, report)) if arrives > now => {
                    held.cancelled.insert(id.to_owned());
                    report
                }
                _ => return false,
            }
        };
        let report = report.map(|report| Delivery::Receipt(Report { deleted: true, failed: true, ..report }));
        self.leave(report.map(|report| (now, report)));
        true
    }

    /// Whether this says what became of a message that was taken back before it could.
    pub(crate) fn is_void(&self, delivery: &Delivery) -> bool {
        matches!(delivery, Delivery::Receipt(report) if !report.deleted && lock(&self.held).cancelled.contains(&report.message_id))
    }

    /// Leaves deliveries to whichever session may receive.
    pub(crate) fn leave(&self, deliveries: impl IntoIterator<Item = (Duration, Delivery)>) {
        {
            let mut waiting = lock(&self.waiting);
            for (due, delivery) in deliveries {
                waiting.insert((due, self.left.fetch_add(1, Relaxed)), delivery);
                if waiting.len() > MOST_WAITING {
                    waiting.pop_first();
                }
            }
        }
        self.changed.notify_waiters();
    }

    /// Takes deliveries that are due, at most `most`; and when the next is.
    pub(crate) fn take(&self, now: Duration, most: usize, into: &mut Vec<Delivery>) -> Option<Duration> {
        let mut waiting = lock(&self.waiting);
        while into.len() < most
            && let Some(first) = waiting.first_entry()
            && first.key().0 <= now
        {
            into.push(first.remove());
        }
        waiting.first_key_value().map(|((due, _), _)| *due)
    }
}
