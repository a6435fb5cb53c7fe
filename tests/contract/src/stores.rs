//! One fresh store seen through its ports, and short words for what most cases do with it.

use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Callback, Incarnation, Message, MessageId, Priority, Quota};
use domain::receipt::{Receipt, Verdict};
use domain::state::State;
use fakes::{ManualClock, samples};
use ports::driven::{
    self, Applied, Clock, Handoff, LeaseRequest, Leased, MessageRecord, Outcome, Settlement,
};
use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// The link that cases use when it does not matter which.
pub const LINK: &str = "TS0";
/// Another link.
pub const OTHER_LINK: &str = "TS1";
/// The run that cases act as; it has joined as node `a`.
pub const RUN: Incarnation = Incarnation(1_000_001);
/// Another run; it has joined as node `b`.
pub const RUN_B: Incarnation = Incarnation(1_000_002);

/// So many seconds.
#[must_use]
pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// So many minutes.
#[must_use]
pub fn minutes(n: u64) -> Duration {
    Duration::from_mins(n)
}

/// The ports of one fresh, empty store.
pub struct Stores {
    /// The ports; reached as if they were its own.
    pub ports: driven::Stores,
    /// The time of the case.
    pub clock: ManualClock,
    /// What must live as long as the store: a temporary directory, a database.
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Deref for Stores {
    type Target = driven::Stores;

    fn deref(&self) -> &driven::Stores {
        &self.ports
    }
}

impl Stores {
    /// The ports of a store that implements them all.
    pub fn of(store: &Arc<impl driven::Store + 'static>, keep: Box<dyn Any + Send + Sync>) -> Self {
        Self { ports: driven::Stores::of(store), clock: ManualClock::default(), keep }
    }

    /// Begins both runs; the macro does this before each case.
    pub async fn begin(&self) {
        self.cluster.join("a", RUN, self.now()).await.expect("the first run joins");
        self.cluster.join("b", RUN_B, self.now()).await.expect("the second run joins");
    }

    /// The time of the case.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Accepts a message into the queue of [`LINK`], changed as the case wants it.
    pub async fn queue(&self, id: i64, change: impl FnOnce(&mut Message)) -> MessageId {
        let mut message = samples::message(id, self.now());
        change(&mut message);
        let state = if message.due_at > self.now() { State::Scheduled } else { State::Queued };
        let mut new = samples::queued(message, &link());
        new.state = state;
        self.outbox.accept(samples::acceptance(vec![new])).await.expect("the message is accepted");
        MessageId(id)
    }

    /// Accepts several plain messages into the queue of [`LINK`].
    pub async fn queue_many(&self, ids: impl IntoIterator<Item = i64>) {
        let new =
            ids.into_iter().map(|id| samples::queued(samples::message(id, self.now()), &link())).collect();
        self.outbox.accept(samples::acceptance(new)).await.expect("the messages are accepted");
    }

    /// Accepts messages and takes them for [`RUN`]: they are `Sending`.
    pub async fn held(&self, id: i64, change: impl FnOnce(&mut Message)) -> MessageId {
        let id = self.queue(id, change).await;
        let taken = self.lease(1000).await;
        assert!(taken.iter().any(|l| l.message.id == id), "the message is leased");
        id
    }

    /// A message of so many segments that the operator took under these ids; receipts are awaited for three days.
    pub async fn sent(&self, id: i64, operator_ids: &[&str], change: impl FnOnce(&mut Message)) -> MessageId {
        let segments = u8::try_from(operator_ids.len()).expect("few segments");
        let id = self
            .held(id, |m| {
                m.segments = segments;
                change(m);
            })
            .await;
        self.settle(samples::sent(id, RUN, &link(), self.now(), operator_ids)).await;
        id
    }

    /// Takes what is due on [`LINK`] for [`RUN`].
    pub async fn lease(&self, room: usize) -> Vec<Leased> {
        self.lease_of(LINK, room, RUN).await
    }

    /// Takes what is due on a link for a run.
    pub async fn lease_of(&self, link: &str, room: usize, run: Incarnation) -> Vec<Leased> {
        let request = LeaseRequest {
            link: samples::link(link),
            quota: Quota::share(room, 0),
            now: self.now(),
            lease: run,
            behind: Default::default(),
        };
        self.dispatch.lease(request).await.expect("the lease works")
    }

    /// Writes down one settlement.
    pub async fn settle(&self, settlement: Settlement) -> Option<State> {
        let written = self.dispatch.settle(vec![settlement]).await.expect("the settlement is written");
        assert_eq!(written.len(), 1, "one answer a settlement");
        written[0]
    }

    /// Settles a message that [`RUN`] holds.
    pub async fn end(&self, id: MessageId, outcome: Outcome) {
        self.settle(samples::settlement(id, RUN, &link(), self.now(), outcome)).await;
    }

    /// Applies one receipt; handoffs are free.
    pub async fn receive(&self, receipt: Receipt) -> Applied {
        let mut applied =
            self.receipts.apply(vec![receipt], None, self.now()).await.expect("the receipt is applied");
        assert_eq!(applied.len(), 1, "as many answers as receipts");
        applied.remove(0)
    }

    /// Applies a receipt of [`LINK`] that names no recipient.
    pub async fn receipt(&self, operator_id: &str, verdict: Verdict) -> Applied {
        self.receive(samples::receipt(&link(), operator_id, verdict)).await
    }

    /// A message that must be there.
    pub async fn record(&self, id: MessageId) -> MessageRecord {
        self.reports.message(id).await.expect("the store reads").expect("the message is there")
    }

    /// Its state.
    pub async fn state(&self, id: MessageId) -> State {
        self.record(id).await.state
    }

    /// Takes due handoffs for a run.
    pub async fn handoffs(&self, limit: usize, run: Incarnation) -> Vec<Handoff> {
        self.handoffs.lease(limit, &[], run, self.now()).await.expect("handoffs are leased")
    }

    /// The books are right: what was accepted is what there is.
    pub async fn audit(&self) {
        let audit = self.reports.audit().await.expect("the audit reads");
        let there: u64 = audit.by_state.iter().map(|(_, n)| n).sum();
        assert_eq!(audit.wrong, Vec::<String>::new(), "{audit:?}");
        assert_eq!(audit.accepted, audit.removed + there, "{audit:?}");
    }
}

/// [`LINK`].
pub(crate) fn link() -> LinkId {
    samples::link(LINK)
}

/// The ids of leased messages, in order.
pub(crate) fn ids(leased: &[Leased]) -> Vec<i64> {
    leased.iter().map(|l| l.message.id.0).collect()
}

/// Our own callback, to a host.
pub(crate) fn json(host: &str) -> Option<Callback> {
    Some(
        Callback::json(&format!("http://{host}/status"), domain::message::Told::Every)
            .expect("a sample callback is a URL"),
    )
}

/// Of a class.
pub(crate) fn of(priority: Priority) -> impl FnOnce(&mut Message) {
    move |m| m.priority = priority
}

/// Puts a message back into the queue of a link at once, with nothing to remember.
pub(crate) fn put_back(link: &str, due_at: Timestamp) -> Outcome {
    Outcome::PutBack {
        link: samples::link(link),
        due_at,
        tries: domain::routing::Tries::default(),
        error: String::new(),
        deadlines: Vec::new(),
    }
}
