//! What the tasks of a link share: the line behind a short lock, what is to be reported, and how it is.

use super::HttpOperatorConfig;
use super::breaker::{Breaker, Outcome, Phase};
use super::line::{Going, Limits, Line};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::Priority;
use domain::routing::{Condition, Health};
use ports::driven::{Clock, Ids, LinkReport, PartReply, Shipment};
use ports::driving::{ReceiveMessages, Reply};
use session::Meters;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

/// The longest pause in seconds that an operator is given.
const LONGEST_REST: u64 = 3_600;

/// The common ground.
pub(super) struct Shared {
    pub(super) id: LinkId,
    pub(super) config: HttpOperatorConfig,
    pub(super) receiver: Arc<dyn ReceiveMessages>,
    pub(super) clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pub(super) meters: Arc<Meters>,
    /// Calls into the application that must not be lost.
    pub(super) calls: TaskTracker,
    pub(super) wake: Notify,
    line: Mutex<Line>,
    returned: Mutex<Vec<Reply>>,
    detail: Mutex<String>,
    capacity: usize,
    waiting: AtomicUsize,
    held: AtomicBool,
    stopping: AtomicBool,
    starved: AtomicBool,
    up: AtomicBool,
    parked: AtomicBool,
    down_since_ms: AtomicU64,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Host and port of a URL.
pub(super) fn host_of(url: &str) -> Result<(String, u16), String> {
    let wrong = || format!("{url:?} is no URL, such as https://api.example.se");
    let read = url::Url::parse(url).map_err(|_| wrong())?;
    let host = read.host_str().ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok((host, read.port_or_known_default().ok_or_else(wrong)?))
}

impl Shared {
    pub(super) fn new(
        id: LinkId,
        config: HttpOperatorConfig,
        receiver: Arc<dyn ReceiveMessages>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Self {
        let recipients = config.profile.send.recipients;
        let most = (20 * config.window * recipients.min(50)).clamp(200, 10_000);
        let capacity = match usize::try_from(config.rate) {
            Ok(rate) if rate > 0 => most.min((2 * rate).max(2)),
            _ => most,
        };
        let limits = Limits { window: config.window, recipients, capacity };
        let breaker = Breaker::new(config.first_pause, config.longest_pause, config.park_for);
        let meters = Arc::new(Meters::new(id.as_str()));
        meters.window.set(config.window as f64);
        meters.up.set(1.0);
        Self {
            line: Mutex::new(Line::new(config.rate, limits, breaker)),
            meters,
            calls: TaskTracker::new(),
            wake: Notify::new(),
            returned: Mutex::default(),
            detail: Mutex::new("no request yet".to_owned()),
            capacity,
            waiting: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            starved: AtomicBool::new(false),
            up: AtomicBool::new(true),
            parked: AtomicBool::new(false),
            down_since_ms: AtomicU64::new(millis(clock.monotonic())),
            id,
            config,
            receiver,
            clock,
            ids,
        }
    }

    /// How long it has been as it is.
    fn down_for(&self) -> Duration {
        self.clock.monotonic().saturating_sub(Duration::from_millis(self.down_since_ms.load(Relaxed)))
    }

    fn chance(&self) -> u8 {
        let mut octet = [0];
        self.ids.fill(&mut octet);
        octet.first().copied().unwrap_or(0)
    }

    pub(super) fn health(&self) -> Health {
        let room = self.capacity.saturating_sub(self.waiting.load(Relaxed));
        // By today's wall clock: it may have been wrong when the operator went away.
        let since = self.clock.now().checked_sub(self.down_for()).unwrap_or(Timestamp::UNIX_EPOCH);
        let condition = if self.held.load(Acquire) {
            Condition::Held
        } else if self.up.load(Acquire) && !self.is_stopping() {
            Condition::Up
        } else if self.parked.load(Acquire) {
            Condition::Parked { since }
        } else {
            Condition::Down { since }
        };
        Health { condition, room: if condition == Condition::Up { room } else { 0 } }
    }

    pub(super) fn report(&self) -> LinkReport {
        let held = if self.held.load(Acquire) { "held; " } else { "" };
        let in_flight = lock(&self.line).under_way();
        LinkReport {
            id: self.id.clone(),
            protocol: "http",
            health: self.health(),
            detail: format!("{held}{}: {}", self.config.profile.title, lock(&self.detail)),
            next_try: None,
            sessions: usize::from(self.up.load(Acquire)),
            in_flight,
            waiting: self.waiting.load(Relaxed),
        }
    }

    pub(super) fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment> {
        if self.health().condition != Condition::Up {
            return shipments;
        }
        let left = {
            let mut line = lock(&self.line);
            let left = line.take(shipments);
            self.waiting.store(line.queues.len(), Relaxed);
            if line.queues.len() >= self.capacity {
                self.starved.store(true, Release);
            }
            left
        };
        self.wake.notify_one();
        left
    }

    /// What may go now.
    pub(super) fn go(&self) -> Going {
        if self.held.load(Acquire) || self.is_stopping() {
            return Going::default();
        }
        let now = self.clock.monotonic();
        if lock(&self.line).has_rested(now) {
            self.look();
        }
        let (going, left) = {
            let mut line = lock(&self.line);
            let going = line.go(now, self.clock.now());
            self.meters.in_flight.set(line.under_way() as f64);
            (going, line.queues.len())
        };
        self.waiting.store(left, Relaxed);
        self.look_for_standstill(now);
        if left <= self.capacity / 2 && self.starved.swap(false, AcqRel) {
            self.tell_changed();
        }
        going
    }

    /// An operator who has all that may be under way and answers none of it counts as down until he does, or until one of them is given up:
    /// alarms go by another link, and what waits follows them as from any link that is down.
    fn look_for_standstill(&self, now: Duration) {
        if lock(&self.line).falls_mute(now, self.config.mute_after) {
            *lock(&self.detail) = "answers none of what it has".to_owned();
            self.look();
            let alarms = self.drained(session::Queues::drain_alarms);
            self.give_back(alarms);
        }
    }

    /// An answer took so long.
    pub(super) fn took(&self, time: Duration) {
        lock(&self.line).took(time);
    }

    /// How long a request may take, if not as long as any.
    pub(super) fn patience(&self, shipments: &[Shipment]) -> Duration {
        let alarm = shipments.iter().any(|shipment| shipment.message.priority == Priority::Alarm);
        let patience = lock(&self.line).patience(self.config.alarm_timeout);
        if alarm { patience.min(self.config.timeout) } else { self.config.timeout }
    }

    /// A request is over; what is to be known of the operator.
    pub(super) fn landed(&self, shipments: &[Shipment], outcome: Option<(Outcome, String)>) {
        let (now, chance) = (self.clock.monotonic(), self.chance());
        {
            let mut line = lock(&self.line);
            let mute = line.landed(shipments);
            match &outcome {
                // None was answered at all: he is gone.
                Some((Outcome::Silent, _)) if mute => line.breaker.fall(now, chance),
                Some((outcome, _)) => line.breaker.ended(*outcome, now, chance),
                None => {}
            }
            self.meters.in_flight.set(line.under_way() as f64);
        }
        if let Some((_, detail)) = outcome {
            *lock(&self.detail) = detail;
        }
        self.look();
        self.wake.notify_one();
    }

    /// The operator asks to slow down, perhaps for so long. When that is longer than messages should wait for a link, it is down until
    /// then, and what waits goes back, so that a route's next link gets it.
    pub(super) fn slow_down(&self, seconds: Option<u64>) {
        self.meters.throttled.increment(1);
        let now = self.clock.monotonic();
        let rest = seconds.map(|seconds| Duration::from_secs(seconds.min(LONGEST_REST)));
        let too_long = rest.filter(|rest| *rest > self.config.give_back_alarms_after);
        let for_all = too_long.is_some_and(|rest| rest > self.config.give_back_after);
        {
            let mut line = lock(&self.line);
            line.pace.throttle(now);
            rest.iter().for_each(|rest| line.pace.rest(now, *rest));
            too_long.iter().for_each(|rest| line.rest(now + *rest, for_all));
        }
        if let Some(rest) = too_long {
            *lock(&self.detail) = format!("asks for a pause of {} s", rest.as_secs());
            self.look();
            let back = if for_all { session::Queues::drain } else { session::Queues::drain_alarms };
            let back = self.drained(back);
            self.give_back(back);
        }
    }

    /// Whether a throttled message should not wait until the operator takes something again.
    pub(super) fn is_too_long_for(&self, shipment: &Shipment) -> bool {
        lock(&self.line).is_too_long_for(shipment)
    }

    /// A throttled message stands first again; `Some` = it was throttled too often.
    pub(super) fn again(&self, shipment: Shipment) -> Option<Shipment> {
        let now = self.clock.monotonic();
        self.put_back(shipment, |line, shipment| line.throttled(shipment, now))
    }

    /// A message that was refused together with others stands first again, to go by itself; `Some` = the link stops.
    pub(super) fn apart(&self, shipment: Shipment) -> Option<Shipment> {
        self.put_back(shipment, |line, shipment| {
            line.apart(shipment);
            None
        })
    }

    fn put_back(
        &self,
        shipment: Shipment,
        how: impl FnOnce(&mut Line, Shipment) -> Option<Shipment>,
    ) -> Option<Shipment> {
        let mut line = lock(&self.line);
        // Asked behind the lock: what is put back before a stop is drained by it.
        if self.is_stopping() {
            return Some(shipment);
        }
        let back = how(&mut line, shipment);
        self.waiting.store(line.queues.len(), Relaxed);
        back
    }

    pub(super) fn forget(&self, shipment: &Shipment) {
        lock(&self.line).forget(shipment);
    }

    /// Whether it is time to see if the operator is back.
    pub(super) fn is_due(&self) -> bool {
        !self.is_stopping() && lock(&self.line).breaker.is_due(self.clock.monotonic())
    }

    pub(super) fn probed(&self, reached: Result<(), String>) {
        let (now, chance) = (self.clock.monotonic(), self.chance());
        lock(&self.line).breaker.probed(reached.is_ok(), now, chance);
        if let Err(why) = reached {
            *lock(&self.detail) = why;
        }
        self.look();
        self.wake.notify_one();
    }

    /// Compares what the line says with what was told.
    fn look(&self) {
        let (phase, rests) = {
            let line = lock(&self.line);
            (line.breaker.phase(), line.rests())
        };
        let up = matches!(phase, Phase::Up | Phase::Trial) && !rests;
        self.parked.store(matches!(phase, Phase::Parked(_)), Release);
        if self.up.swap(up, AcqRel) == up {
            return;
        }
        self.down_since_ms.store(millis(self.clock.monotonic()), Relaxed);
        self.meters.up.set(if up { 1.0 } else { 0.0 });
        if up {
            self.meters.connects.increment(1);
            tracing::info!(link = %self.id, "the operator can be reached");
        } else {
            self.meters.disconnects.increment(1);
            let why = lock(&self.detail).clone();
            tracing::warn!(link = %self.id, why, "the operator is not tried for a while");
        }
        if matches!(phase, Phase::Parked(_)) {
            // Each further try could be counted against us.
            self.recall();
        }
        self.tell_changed();
    }

    fn tell_changed(&self) {
        let told = std::panic::catch_unwind(AssertUnwindSafe(|| self.receiver.link_changed(&self.id)));
        if told.is_err() {
            self.meters.panics.increment(1);
        }
    }

    pub(super) fn hold(&self, held: bool) {
        if self.held.swap(held, AcqRel) != held {
            self.tell_changed();
            self.wake.notify_one();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Acquire)
    }

    pub(super) fn begin_stop(&self) {
        self.stopping.store(true, Release);
        self.recall();
    }

    /// Gives back everything that is not under way.
    pub(super) fn recall(&self) {
        let all = self.drained(session::Queues::drain);
        self.give_back(all);
        self.wake.notify_one();
    }

    /// The watchdog: what waits for an operator who has been away too long goes back.
    pub(super) fn give_back_overdue(&self) {
        if self.up.load(Acquire) || self.waiting.load(Relaxed) == 0 {
            return;
        }
        let down_for = self.down_for();
        let overdue = if down_for >= self.config.give_back_after {
            self.drained(session::Queues::drain)
        } else if down_for >= self.config.give_back_alarms_after {
            self.drained(session::Queues::drain_alarms)
        } else {
            Vec::new()
        };
        self.give_back(overdue);
    }

    fn drained(&self, which: impl FnOnce(&mut session::Queues) -> Vec<Shipment>) -> Vec<Shipment> {
        let mut line = lock(&self.line);
        let all = which(&mut line.queues);
        self.waiting.store(line.queues.len(), Relaxed);
        all
    }

    /// Gives shipments back as never sent.
    pub(super) fn give_back(&self, shipments: Vec<Shipment>) {
        let replies = shipments.into_iter().map(|shipment| self.reply(shipment, &PartReply::NotOffered));
        self.return_replies(replies.collect());
    }

    /// One answer for all parts.
    pub(super) fn reply(&self, shipment: Shipment, end: &PartReply) -> Reply {
        let parts = shipment.segments.iter().map(|(seq, _)| (*seq, end.clone())).collect();
        Reply { shipment, link: self.id.clone(), at: self.clock.now(), parts }
    }

    /// Replies that the pump reports.
    pub(super) fn return_replies(&self, replies: Vec<Reply>) {
        if !replies.is_empty() {
            replies.iter().for_each(|reply| self.forget(&reply.shipment));
            lock(&self.returned).extend(replies);
            self.wake.notify_one();
        }
    }

    /// Reports what was returned; the call is tracked.
    pub(super) fn report_returned(&self) {
        let replies = std::mem::take(&mut *lock(&self.returned));
        if !replies.is_empty() {
            self.count(&replies);
            let receiver = self.receiver.clone();
            self.calls.spawn(async move { receiver.replies(replies).await });
        }
    }

    pub(super) fn count(&self, replies: &[Reply]) {
        replies.iter().flat_map(|reply| &reply.parts).for_each(|(_, end)| self.meters.ended(end));
    }
}
