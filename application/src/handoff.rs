//! Handing over: what was just stored goes out at once, the rest is leased from the store; each target has its own share of the work, so that a
//! slow one delays nobody else. What one phone sent to one of them goes there in its order, as long as nothing of it has to be tried again.

mod answers;
mod complaints;
mod patience;
mod queue;

pub(crate) use complaints::GivenUp;
pub(crate) use patience::Patience;
pub(crate) use queue::HandoffQueue;

use crate::alarms::{Alarm, Alarms};
use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::jumps::Jumps;
use crate::known::Known;
use crate::meters::Meters;
use crate::submit::Submit;
use crate::target::Turn;
use crate::targets::{Ended, Targets, Went};
use answers::Answered;
use complaints::Complaints;
use domain::Timestamp;
use domain::message::Incarnation;
use futures_util::FutureExt as _;
use patience::PATIENCE;
use ports::driven::{
    About, Answer, Clock, Deliver, Handoff, HandoffError, HandoffKey, HandoffOutcome, Handoffs, Trouble,
};
use queue::{HELD, LEASED};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often the store is asked for handoffs that are due when none is known to wait there.
const POLL: Duration = Duration::from_millis(500);
/// How soon it is asked again when some are known to wait there and a target can have more.
const SOON: Duration = Duration::from_millis(20);

/// The use case.
pub(crate) struct HandOver {
    pub directory: Arc<CurrentDirectory>,
    pub handoffs: Arc<dyn Handoffs>,
    pub http: Arc<dyn Deliver>,
    pub mail: Arc<dyn Deliver>,
    pub submit: Submit,
    pub clock: Arc<dyn Clock>,
    pub jumps: Arc<Jumps>,
    pub incarnation: Incarnation,
    pub queue: HandoffQueue,
    pub fatal: Fatal,
    pub meters: Arc<Meters>,
    pub patience: Patience,
    pub alarms: Alarms,
    pub given_up: GivenUp,
}

/// A try that ended.
struct Tried {
    target: String,
    handoff: Handoff,
    result: Result<Answer, HandoffError>,
}

type Settled = (HandoffKey, HandoffOutcome);

impl HandOver {
    /// Hands over until told to stop; deliveries under way are then waited for, a little. Begun again after it broke off, it knows of nothing:
    /// what was in memory is found astray.
    pub(crate) async fn run(
        self: Arc<Self>,
        queue: Arc<Mutex<mpsc::Receiver<Handoff>>>,
        stop: CancellationToken,
    ) {
        let mut queue = queue.lock().await;
        self.queue.known.clear();
        self.queue.relieve_all();
        self.queue.held.store(queue.len(), Ordering::Relaxed);
        let (settle, settling) = mpsc::channel(HELD);
        let writer = tokio::spawn(write_down(
            Arc::clone(&self.handoffs),
            self.queue.known.clone(),
            self.incarnation,
            self.fatal.clone(),
            settling,
        ));
        let mut targets = Targets::default();
        let mut under_way: JoinSet<Tried> = JoinSet::new();
        let mut answered = Answered::default();
        let mut complaints = Complaints::default();
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut soon = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(handoff) = queue.recv() => self.take(handoff, &mut targets, &mut under_way, &settle).await,
                Some(tried) = under_way.join_next() => {
                    if let Ok(tried) = tried {
                        self.complain(&tried, &mut complaints);
                        let again = self.tried(tried, &mut targets, &mut under_way, &mut answered, &settle).await;
                        if again && !soon && self.queue.behind.load(Ordering::Acquire) {
                            soon = true;
                            poll.reset_after(SOON);
                        }
                    }
                }
                _ = poll.tick() => {
                    soon = false;
                    failpoints::pass(failpoints::TASK_HANDING_OVER);
                    if self.poll(&mut targets, &mut under_way, &settle).await {
                        soon = true;
                        poll.reset_after(SOON);
                    }
                }
            }
        }
        self.finish(&mut queue, targets, under_way, &settle).await;
        drop(settle);
        let _ = tokio::time::timeout(Duration::from_secs(5), writer).await;
    }

    /// Takes what is due for targets that have not enough to do. Whether as much was there as could be taken: then the store is asked again soon, for it
    /// may all have been for one target, and others wait behind it.
    async fn poll(
        &self,
        targets: &mut Targets,
        under_way: &mut JoinSet<Tried>,
        settle: &mpsc::Sender<Settled>,
    ) -> bool {
        if !self.queue.has_a_place() {
            return false;
        }
        self.queue.behind.store(false, Ordering::Release);
        let busy = targets.busy();
        let taking = self.queue.taking().await;
        let leased =
            self.fatal.watch(self.handoffs.lease(LEASED, &busy, self.incarnation, self.clock.now()).await);
        if let Ok(leased) = &leased {
            self.patience.heard(self.clock.monotonic());
            self.queue.known.hold(leased.iter().map(|h| h.key));
        }
        drop(taking);
        match leased {
            Ok(leased) => {
                let all = leased.len() >= LEASED;
                if all || !busy.is_empty() {
                    self.queue.behind.store(true, Ordering::Release);
                }
                for handoff in leased {
                    self.queue.held.fetch_add(1, Ordering::Relaxed);
                    self.take(handoff, targets, under_way, settle).await;
                }
                all
            }
            Err(error) => {
                tracing::warn!(%error, "handoffs could not be leased");
                false
            }
        }
    }

    async fn take(
        &self,
        handoff: Handoff,
        targets: &mut Targets,
        under_way: &mut JoinSet<Tried>,
        settle: &mpsc::Sender<Settled>,
    ) {
        let name = handoff.target();
        let (turn, pressed) = targets.take(&name, handoff, self.clock.monotonic());
        if let Some(pressed) = pressed {
            self.queue.press(&name, pressed);
        }
        match turn {
            Turn::Now(handoff) => self.start(name, *handoff, under_way),
            Turn::Later => {}
            Turn::Full(handoff) => self.give_back(*handoff, settle).await,
        }
    }

    /// It waits in the store.
    async fn give_back(&self, handoff: Handoff, settle: &mpsc::Sender<Settled>) {
        self.queue.held.fetch_sub(1, Ordering::Relaxed);
        // Due at once, and not taken again as long as its target is busy.
        let due_at = self.clock.now();
        let outcome =
            HandoffOutcome::Again { due_at, error: "the receiver is slow".to_owned(), counts: false };
        let _ = settle.send((handoff.key, outcome)).await;
        self.queue.behind.store(true, Ordering::Release);
    }

    fn start(&self, target: String, handoff: Handoff, under_way: &mut JoinSet<Tried>) {
        let deliverer = Arc::clone(if handoff.is_mail() { &self.mail } else { &self.http });
        under_way.spawn(async move {
            let delivery = async {
                failpoints::pass(failpoints::HANDOFF_BEFORE);
                let answer = deliverer.deliver(&handoff).await;
                failpoints::pass(failpoints::HANDOFF_AFTER);
                answer
            };
            let delivery = AssertUnwindSafe(delivery).catch_unwind().await;
            let result =
                delivery.unwrap_or_else(|_| Err(HandoffError::Temporary("the delivery panicked".to_owned())));
            Tried { target, handoff, result }
        });
    }

    /// Whether its target can have more from the store now.
    async fn tried(
        &self,
        tried: Tried,
        targets: &mut Targets,
        under_way: &mut JoinSet<Tried>,
        answered: &mut Answered,
        settle: &mpsc::Sender<Settled>,
    ) -> bool {
        self.queue.held.fetch_sub(1, Ordering::Relaxed);
        let Tried { target: name, handoff, result } = tried;
        let went = match &result {
            Ok(_) => Went::Taken,
            Err(HandoffError::Permanent(_)) => Went::Refused,
            Err(HandoffError::Temporary(_)) => Went::Failed,
        };
        let Ended { next, surplus, pressed, more } =
            targets.ended(&name, &handoff, went, self.clock.monotonic());
        for next in next {
            self.start(name.clone(), next, under_way);
        }
        if let Some(pressed) = pressed {
            self.queue.press(&name, pressed);
        }
        for handoff in surplus {
            self.give_back(handoff, settle).await;
        }
        let outcome = match self.send_back(&handoff, &result, answered).await {
            Ok(()) => self.outcome(&handoff, result),
            Err(refusal) => self.ask_again(&handoff, &refusal),
        };
        let _ = settle.send((handoff.key, outcome)).await;
        more
    }

    fn complain(&self, tried: &Tried, complaints: &mut Complaints) {
        let (Tried { target, handoff, .. }, Err(error)) = (tried, &tried.result) else { return };
        let tries = handoff.tries.saturating_add(1);
        if complaints.is_news(target, tries, self.clock.monotonic()) {
            tracing::warn!(%target, %error, tries, subject = handoff.key.subject, "a receiver does not take what is handed over; it is tried again");
        }
    }

    /// Those whom `[alarm]` names are told, once an hour.
    fn alarm(&self, handoff: &Handoff, error: &str) {
        if self.given_up.is_news(self.clock.monotonic()) {
            let (about, trouble) = (About::Receiver(handoff.target()), Trouble::GivenUp);
            let (detail, lasted) = (error.to_owned(), self.age(handoff));
            self.alarms.raise(Alarm { about, trouble, cleared: false, detail, lasted }, &[]);
        }
    }

    fn outcome(&self, handoff: &Handoff, result: Result<Answer, HandoffError>) -> HandoffOutcome {
        let label = |outcome: &'static str| self.meters.handoffs.count(outcome, 1);
        let tries = handoff.tries.saturating_add(1);
        let (error, pause) = match result {
            Ok(_) => {
                label("done");
                return HandoffOutcome::Done;
            }
            Err(HandoffError::Temporary(error)) => {
                (error, self.patience.next(self.age(handoff), tries, self.clock.monotonic()))
            }
            Err(HandoffError::Permanent(error)) => {
                let (age, now) = (self.age(handoff), self.clock.monotonic());
                (error, self.patience.next_refused(handoff.is_mail(), age, tries, now))
            }
        };
        let Some(pause) = pause else {
            label("dead");
            tracing::error!(target = %handoff.target(), %error, subject = handoff.key.subject, "given up handing over; listed for re-sending");
            self.alarm(handoff, &error);
            return HandoffOutcome::Dead { error };
        };
        // Counted when its time is known: whoever sees the count may set the clock.
        let due_at = self.after(pause);
        label("again");
        HandoffOutcome::Again { due_at, error, counts: true }
    }

    async fn finish(
        &self,
        queue: &mut mpsc::Receiver<Handoff>,
        targets: Targets,
        mut under_way: JoinSet<Tried>,
        settle: &mpsc::Sender<Settled>,
    ) {
        let now = self.clock.now();
        let free = || HandoffOutcome::Again { due_at: now, error: String::new(), counts: false };
        queue.close();
        while let Ok(handoff) = queue.try_recv() {
            let _ = settle.send((handoff.key, free())).await;
        }
        for handoff in targets.into_waiting() {
            let _ = settle.send((handoff.key, free())).await;
        }
        let rest = async {
            while let Some(tried) = under_way.join_next().await {
                if let Ok(tried) = tried {
                    let outcome = self.last_outcome(&tried.handoff, tried.result, now);
                    let _ = settle.send((tried.handoff.key, outcome)).await;
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), rest).await;
    }

    /// For how long it has been tried, as far as that can be known: nothing is given up by a clock that jumped.
    fn age(&self, handoff: &Handoff) -> Duration {
        let (now, sure) = self.jumps.now();
        if !sure {
            return Duration::ZERO;
        }
        Duration::try_from(now.duration_since(handoff.resent_at.unwrap_or(handoff.created_at)))
            .unwrap_or_default()
    }

    fn after(&self, pause: Duration) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(pause).unwrap_or(now)
    }
}

/// Writes outcomes down in the order they came, many at a time.
async fn write_down(
    handoffs: Arc<dyn Handoffs>,
    known: Known<HandoffKey>,
    lease: Incarnation,
    fatal: Fatal,
    mut outcomes: mpsc::Receiver<Settled>,
) {
    let mut batch = Vec::new();
    while outcomes.recv_many(&mut batch, 1_000).await > 0 {
        let settled = std::mem::take(&mut batch);
        let mut pause = Duration::from_millis(100);
        let mut written = true;
        // What is not written down stays held, and is handed over by nobody: so it is tried until it works.
        while let Err(error) = fatal.watch(handoffs.settle(settled.clone(), lease).await) {
            tracing::warn!(%error, count = settled.len(), "outcomes of handoffs could not be written down");
            if !error.is_temporary() || fatal.reason().is_some() {
                written = false;
                break;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        if written {
            known.over(settled.iter().map(|(key, _)| *key));
        }
    }
}
