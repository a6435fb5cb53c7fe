//! What the tasks of one link share: its queue and pace behind a short lock, its health (`shared/standing.rs`) in atomics.
//!
//! Nothing here waits. The lock is never held across an await nor while anybody else's code runs.

mod standing;

use crate::choice::{Free, choose};
use crate::dialect::Now;
use crate::meters::Meters;
use crate::options::LinkOptions;
use crate::order::UnderWay;
use crate::pace::Pace;
use crate::queue::Queues;
use crate::said::Said;
use crate::withdraw::Wishes;
use domain::directory::LinkId;
use domain::message::Priority;
use domain::routing::Condition;
use ports::driven::{Clock, Ids, PartReply, Shipment, Withdrawal, Withdrawn};
use ports::driving::{ReceiveMessages, Reply};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

/// One session's place in the link.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Something is there to do.
    pub(crate) wake: Notify,
    doing: Mutex<Doing>,
    in_flight: AtomicUsize,
}

/// What a session does, or why it does nothing.
#[derive(Debug, Default)]
struct Doing {
    what: String,
    /// When it tries again.
    again_at: Option<Duration>,
}

/// What [`Shared::pull`] gives.
#[derive(Debug, Default)]
pub(crate) struct Pulled {
    /// How many segments may be written now.
    pub(crate) permits: usize,
    /// New messages.
    pub(crate) shipments: Vec<Shipment>,
    /// When there may be more permits, if the pace is what is missing.
    pub(crate) again_at: Option<Duration>,
}

struct Line {
    queues: Queues,
    pace: Pace,
    under_way: UnderWay,
}

/// The common ground of a link's tasks.
pub(crate) struct Shared {
    pub(crate) id: LinkId,
    pub(crate) options: LinkOptions,
    pub(crate) receiver: Arc<dyn ReceiveMessages>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) meters: Meters,
    pub(crate) places: Vec<Place>,
    /// Calls into the application that must not be lost.
    pub(crate) calls: TaskTracker,
    /// Replies that no session can report: the keeper does.
    returned: Mutex<Vec<Reply>>,
    pub(crate) keeper: Notify,
    line: Mutex<Line>,
    /// What the operator is to take back, and waits for a session.
    pub(crate) wishes: Wishes,
    /// What phones said lately.
    said: Mutex<Said>,
    /// Sessions that there were.
    pub(crate) sessions: AtomicU64,
    several: bool,
    /// Not a link that only receives.
    pub(crate) sends: bool,
    capacity: usize,
    waiting: AtomicUsize,
    bound: AtomicUsize,
    /// Bound sessions that make it up: those that send, or all where none does.
    senders: AtomicUsize,
    receivers: AtomicUsize,
    held: AtomicBool,
    stopping: AtomicBool,
    /// The operator refuses the login.
    barred: AtomicBool,
    /// It is not connected and can be as soon as there is something to send.
    ready: AtomicBool,
    starved: AtomicBool,
    recalls: AtomicU64,
    /// Sessions whose messages are not all reported.
    pub(crate) working: AtomicUsize,
    down_since_ms: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Shared {
    /// What phones said lately.
    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        lock(&self.said)
    }

    pub(crate) fn new(
        id: LinkId,
        options: LinkOptions,
        receiver: Arc<dyn ReceiveMessages>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        Self {
            meters: Meters::new(id.as_str()),
            places: options.sessions.iter().map(|_| Place::default()).collect(),
            calls: TaskTracker::new(),
            returned: Mutex::default(),
            keeper: Notify::new(),
            wishes: Wishes::default(),
            said: Mutex::default(),
            sessions: AtomicU64::new(0),
            line: Mutex::new(Line {
                queues: Queues::default(),
                pace: Pace::new(options.rate),
                under_way: UnderWay::default(),
            }),
            several: options.sessions.iter().filter(|(role, _)| role.sends()).count() > 1,
            sends: options.sessions.is_empty() || options.sessions.iter().any(|(role, _)| role.sends()),
            capacity: options.capacity(),
            waiting: AtomicUsize::new(0),
            bound: AtomicUsize::new(0),
            senders: AtomicUsize::new(0),
            receivers: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            barred: AtomicBool::new(false),
            ready: AtomicBool::new(options.on_demand.is_some()),
            starved: AtomicBool::new(false),
            recalls: AtomicU64::new(0),
            working: AtomicUsize::new(0),
            down_since_ms: AtomicU64::new(millis(clock.monotonic())),
            id,
            options,
            receiver,
            clock,
            ids,
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now { monotonic: self.clock.monotonic(), wall: self.clock.now() }
    }

    pub(crate) fn chance(&self) -> u8 {
        let mut octet = [0];
        self.ids.fill(&mut octet);
        octet.first().copied().unwrap_or(0)
    }

    /// Takes what there is room for; the rest comes back.
    pub(crate) fn offer(&self, mut shipments: Vec<Shipment>) -> Vec<Shipment> {
        if !self.sends || self.health().condition != Condition::Up {
            return shipments;
        }
        let left = {
            let mut line = lock(&self.line);
            let room = self.capacity.saturating_sub(line.queues.len());
            let left = shipments.split_off(room.min(shipments.len()));
            shipments.into_iter().for_each(|shipment| line.queues.push(shipment));
            self.waiting.store(line.queues.len(), Relaxed);
            if line.queues.len() >= self.capacity {
                self.starved.store(true, Release);
            }
            left
        };
        self.wake_all();
        left
    }

    /// Work for a session that has `backlog` segments of its own and `free` places in its window.
    pub(crate) fn pull(&self, place: usize, now: Duration, backlog: usize, free: Free) -> Pulled {
        let Free { places: free, idle } = free;
        if free == 0 || self.held.load(Acquire) || self.is_stopping() {
            return Pulled::default();
        }
        let (pulled, left) = {
            let mut line = lock(&self.line);
            if backlog == 0 && line.queues.is_empty() {
                return Pulled::default();
            }
            let wanted = free.min(backlog + line.queues.segments());
            let granted = line.pace.take(now, wanted);
            let free = Free { places: free.saturating_sub(backlog), idle };
            let Line { queues, under_way, .. } = &mut *line;
            let here = self.several.then_some((place, under_way));
            let chosen = choose(queues, here, now, granted.saturating_sub(backlog), free);
            let segments: usize = chosen.shipments.iter().map(|s| s.segments.len()).sum();
            let permits = granted.min(backlog + segments);
            line.pace.give_back(granted - permits);
            let paced = if granted < wanted { line.pace.next_at(now) } else { None };
            if let Some(other) = chosen.wait_for.and_then(|other| self.places.get(other)) {
                other.wake.notify_one();
            }
            let again_at = paced.into_iter().chain(chosen.again_at).min();
            (Pulled { permits, shipments: chosen.shipments, again_at }, line.queues.len())
        };
        self.waiting.store(left, Relaxed);
        self.tell_of_room(left);
        pulled
    }

    /// Whether a session is there that may ask the operator to take something back.
    pub(crate) fn may_withdraw(&self) -> bool {
        self.sends && self.senders.load(Acquire) > 0 && !self.is_stopping()
    }

    /// Asks the operator to take a segment back.
    pub(crate) async fn withdraw(&self, what: Withdrawal) -> Withdrawn {
        let Some(answer) = self.may_withdraw().then(|| self.wishes.push(what)).flatten() else {
            return Withdrawn::NotOffered;
        };
        self.wake_all();
        answer.await.unwrap_or(Withdrawn::Unanswered)
    }

    /// Whether one more request may be written now, by the pace; when it may, if not.
    pub(crate) fn one_more(&self, now: Duration) -> Result<(), Option<Duration>> {
        let pace = &mut lock(&self.line).pace;
        if pace.take(now, 1) == 1 { Ok(()) } else { Err(pace.next_at(now)) }
    }

    /// A session is done with these messages: what waited for them may go by any.
    pub(crate) fn landed<'a>(&self, shipments: impl Iterator<Item = &'a Shipment>) {
        if self.several {
            let mut line = lock(&self.line);
            shipments.for_each(|shipment| line.under_way.ends(shipment));
            let waiting = !line.queues.is_empty();
            drop(line);
            if waiting {
                self.wake_all();
            }
        }
    }

    fn tell_of_room(&self, waiting: usize) {
        if waiting <= self.capacity / 2 && self.starved.swap(false, AcqRel) {
            self.tell_changed();
        }
    }

    /// Also called while a session's task unwinds: what the application does in it must not end the process.
    fn tell_changed(&self) {
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| self.receiver.link_changed(&self.id)));
        if told.is_err() {
            self.meters.panics.increment(1);
        }
    }

    pub(crate) fn throttle(&self, now: Duration) {
        lock(&self.line).pace.throttle(now);
    }

    pub(crate) fn strain(&self, now: Duration) {
        lock(&self.line).pace.strain(now);
    }

    pub(crate) fn pace(&self) -> Option<f64> {
        lock(&self.line).pace.rate()
    }

    pub(crate) fn wake_all(&self) {
        self.places.iter().for_each(|place| place.wake.notify_one());
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// The highest class that has a message which waits for a session.
    pub(crate) fn highest_waiting(&self) -> Option<Priority> {
        if self.waiting() == 0 {
            return None;
        }
        let line = lock(&self.line);
        let classes = Priority::ALL.into_iter().zip(&line.queues.classes);
        classes.rev().find(|(_, class)| !class.is_empty()).map(|(priority, _)| priority)
    }

    pub(crate) fn hold(&self, held: bool) {
        if self.held.swap(held, AcqRel) != held {
            self.tell_changed();
            self.wake_all();
        }
    }

    /// The operator refuses the login, or no longer does. True when that is new.
    pub(crate) fn bar(&self, barred: bool) -> bool {
        let new = self.barred.swap(barred, AcqRel) != barred;
        if new {
            self.tell_changed();
        }
        new
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held.load(Acquire)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Acquire)
    }

    pub(crate) fn begin_stop(&self) {
        self.stopping.store(true, Release);
        self.recall();
    }

    /// Gives back everything unwritten, here and in the sessions.
    pub(crate) fn recall(&self) {
        self.recalls.fetch_add(1, AcqRel);
        let all = self.drained(Queues::drain);
        self.give_back(all);
        self.wake_all();
    }

    pub(crate) fn recalls(&self) -> u64 {
        self.recalls.load(Acquire)
    }

    /// The watchdog: what waits for a link that has been down too long goes back.
    pub(crate) fn give_back_overdue(&self, now: Duration) {
        if self.can_send() || self.waiting() == 0 {
            return;
        }
        let down_for = now.saturating_sub(Duration::from_millis(self.down_since_ms.load(Relaxed)));
        let overdue = if down_for >= self.options.give_back_after {
            self.drained(Queues::drain)
        } else if down_for >= self.options.give_back_alarms_after {
            self.drained(Queues::drain_alarms)
        } else {
            Vec::new()
        };
        self.give_back(overdue);
    }

    /// Gives back what waits, when no session sends.
    pub(crate) fn give_back_if_down(&self) {
        if !self.can_send() {
            let all = self.drained(Queues::drain);
            self.give_back(all);
        }
    }

    fn drained(&self, which: impl FnOnce(&mut Queues) -> Vec<Shipment>) -> Vec<Shipment> {
        let mut line = lock(&self.line);
        let all = which(&mut line.queues);
        self.waiting.store(line.queues.len(), Relaxed);
        all
    }

    fn give_back(&self, shipments: Vec<Shipment>) {
        let replies = shipments.into_iter().map(|shipment| {
            let parts = shipment.segments.iter().map(|(seq, _)| (*seq, PartReply::NotOffered)).collect();
            Reply { shipment, link: self.id.clone(), at: self.clock.now(), parts }
        });
        self.return_replies(replies.collect());
    }

    /// A session ends without having begun these: they stand first again.
    pub(crate) fn put_back(&self, shipments: Vec<Shipment>) {
        if self.is_stopping() {
            return self.give_back(shipments);
        }
        if !shipments.is_empty() {
            let mut line = lock(&self.line);
            shipments.into_iter().rev().for_each(|shipment| line.queues.push_first(shipment));
            self.waiting.store(line.queues.len(), Relaxed);
        }
        self.wake_all();
    }

    /// Replies for the keeper to report.
    pub(crate) fn return_replies(&self, replies: Vec<Reply>) {
        if !replies.is_empty() {
            lock(&self.returned).extend(replies);
            self.keeper.notify_one();
        }
    }

    /// Reports what was returned; the call is tracked.
    pub(crate) fn report_returned(&self) {
        let replies = std::mem::take(&mut *lock(&self.returned));
        if !replies.is_empty() {
            replies.iter().flat_map(|reply| &reply.parts).for_each(|(_, end)| self.meters.ended(end));
            let receiver = self.receiver.clone();
            self.calls.spawn(async move { receiver.replies(replies).await });
        }
    }
}
