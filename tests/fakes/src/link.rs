//! A link that answers by script: accepts, refuses, keeps silent, dies.
//!
//! It keeps the promise of the port: one reply for each shipment it took, always, unless a test drops it with shipments open (a crash).

use crate::locked;
use async_trait::async_trait;
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::message::MessageId;
use domain::receipt::{Receipt, Verdict};
use domain::routing::{Condition, Failure, Health};
use ports::driven::{Clock, Link, LinkReport, PartReply, Shipment, Withdrawal, Withdrawn};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// How the operator takes one shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Accepts every segment under an id of its own (hexadecimal, growing).
    Accept,
    /// Refuses every segment.
    Refuse(Failure),
    /// Never answers: the session dies later.
    Unanswered,
    /// The link gives it back unwritten.
    NotOffered,
    /// What it says to each segment, in their order; the last one repeats.
    Parts(Vec<PartReply>),
    /// Nothing yet: until [`FakeLink::answer`] or [`FakeLink::die`].
    Wait,
}

/// A segment the operator has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Accepted {
    message: MessageId,
    seq: u8,
    operator_id: String,
    recipient: Recipient,
}

struct Inner {
    condition: Condition,
    held: bool,
    room: usize,
    usual: Turn,
    script: VecDeque<Turn>,
    open: Vec<Shipment>,
    taken: Vec<Shipment>,
    accepted: Vec<Accepted>,
    next_id: u64,
    recalls: usize,
    /// None = it cannot take anything back.
    withdrawn: Option<VecDeque<Withdrawn>>,
    withdrawals: Vec<String>,
    /// Its operator keeps who asks him to take something back waiting.
    mute: bool,
}

/// A link without an operator. Replies are reported from a task of their own, so it works inside a tokio runtime only.
pub struct FakeLink {
    id: LinkId,
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    receiver: Mutex<Option<Arc<dyn ReceiveMessages>>>,
    changes: watch::Sender<u64>,
}

impl FakeLink {
    /// A link that is up, has room for 1,000 messages and accepts everything.
    #[must_use]
    pub fn new(id: LinkId, clock: Arc<dyn Clock>) -> Arc<Self> {
        let inner = Inner {
            condition: Condition::Up,
            held: false,
            room: 1000,
            usual: Turn::Accept,
            script: VecDeque::new(),
            open: Vec::new(),
            taken: Vec::new(),
            accepted: Vec::new(),
            next_id: 0x00A0_0001,
            recalls: 0,
            withdrawn: None,
            withdrawals: Vec::new(),
            mute: false,
        };
        Arc::new(Self {
            id,
            clock,
            inner: Mutex::new(inner),
            receiver: Mutex::new(None),
            changes: watch::Sender::new(0),
        })
    }

    /// To whom it reports from now on; `None` = to nobody, as when the application has crashed.
    pub fn attach(&self, receiver: Option<Arc<dyn ReceiveMessages>>) {
        *locked(&self.receiver) = receiver;
    }

    /// How shipments are taken when the script has nothing to say.
    pub fn usually(&self, turn: Turn) {
        locked(&self.inner).usual = turn;
    }

    /// How the next shipments are taken, one after the other.
    pub fn reply_with(&self, turns: impl IntoIterator<Item = Turn>) {
        locked(&self.inner).script.extend(turns);
    }

    /// It can ask its operator to take back what he has, who answers this, one after the other, and then nothing.
    pub fn withdraw_with(&self, answers: impl IntoIterator<Item = Withdrawn>) {
        locked(&self.inner).withdrawn = Some(answers.into_iter().collect());
    }

    /// It can ask its operator to take back what he has, who keeps it waiting.
    pub fn withdraw_in_vain(&self) {
        self.withdraw_with([]);
        locked(&self.inner).mute = true;
    }

    /// The ids that its operator was asked to take back.
    #[must_use]
    pub fn withdrawals(&self) -> Vec<String> {
        locked(&self.inner).withdrawals.clone()
    }

    /// Changes its condition and tells the receiver. Shipments that are open stay open ([`FakeLink::die`] ends them).
    pub fn set_condition(&self, condition: Condition) {
        locked(&self.inner).condition = condition;
        self.tell_change();
    }

    /// How many messages it takes at once, and tells the receiver.
    pub fn set_room(&self, room: usize) {
        locked(&self.inner).room = room;
        self.tell_change();
    }

    /// The session dies: the link is down since now, and everything open was never answered.
    pub fn die(&self) {
        let open = {
            let mut inner = locked(&self.inner);
            inner.condition = Condition::Down { since: self.clock.now() };
            std::mem::take(&mut inner.open)
        };
        self.tell_change();
        self.finish(open.into_iter().map(|shipment| (shipment, Turn::Unanswered)).collect());
    }

    /// Answers everything that is open.
    pub fn answer(&self, turn: &Turn) {
        let open = std::mem::take(&mut locked(&self.inner).open);
        self.finish(open.into_iter().map(|shipment| (shipment, turn.clone())).collect());
    }

    /// Everything that is open was written once more, because nothing was heard: the operator may have both.
    pub fn repeat(&self) {
        locked(&self.inner).open.iter_mut().for_each(|shipment| shipment.possible_duplicate = true);
    }

    /// Forgets what is open without a reply, as a process that is killed does.
    pub fn forget(&self) {
        locked(&self.inner).open.clear();
    }

    /// Every shipment it took, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Shipment> {
        locked(&self.inner).taken.clone()
    }

    /// Shipments without a reply so far.
    #[must_use]
    pub fn open(&self) -> usize {
        locked(&self.inner).open.len()
    }

    /// The operator's ids of a message's segments, by place, in the order they were given.
    #[must_use]
    pub fn operator_ids(&self, message: MessageId) -> Vec<(u8, String)> {
        locked(&self.inner)
            .accepted
            .iter()
            .filter(|a| a.message == message)
            .map(|a| (a.seq, a.operator_id.clone()))
            .collect()
    }

    /// How often it was asked to give back what it has not written.
    #[must_use]
    pub fn recalls(&self) -> usize {
        locked(&self.inner).recalls
    }

    /// Waits until it has taken so many shipments; the caller sets the time limit.
    pub async fn until_taken(&self, count: usize) -> Vec<Shipment> {
        let mut changes = self.changes.subscribe();
        loop {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            if changes.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// The receipt the operator would send about a segment it accepted.
    #[must_use]
    pub fn receipt(&self, message: MessageId, seq: u8, verdict: Verdict) -> Option<Receipt> {
        let inner = locked(&self.inner);
        let accepted = inner.accepted.iter().rev().find(|a| a.message == message && a.seq == seq)?;
        Some(Receipt {
            link: self.id.clone(),
            operator_id: accepted.operator_id.clone(),
            recipient: Some(accepted.recipient.clone()),
            verdict,
            error: String::new(),
            done_at: Some(self.clock.now()),
        })
    }

    /// Reports receipts for all segments of a message, as the operator does after delivery.
    pub async fn report_receipts(
        &self,
        message: MessageId,
        verdict: Verdict,
    ) -> Vec<Result<(), ReceiveError>> {
        let places: Vec<_> = self.operator_ids(message).into_iter().map(|(seq, _)| seq).collect();
        let receipts: Vec<_> =
            places.into_iter().filter_map(|seq| self.receipt(message, seq, verdict)).collect();
        let receiver = locked(&self.receiver).clone();
        match receiver {
            Some(receiver) => receiver.receipts(receipts).await,
            None => vec![Err(ReceiveError::TryAgain); receipts.len()],
        }
    }

    fn tell_change(&self) {
        let receiver = locked(&self.receiver).clone();
        if let Some(receiver) = receiver {
            receiver.link_changed(&self.id);
        }
    }

    /// Makes the replies and reports them together.
    fn finish(&self, ended: Vec<(Shipment, Turn)>) {
        let at = self.clock.now();
        let replies: Vec<_> =
            ended.into_iter().map(|(shipment, turn)| self.reply(shipment, &turn, at)).collect();
        let receiver = locked(&self.receiver).clone();
        if let Some(receiver) = receiver.filter(|_| !replies.is_empty()) {
            let id = self.id.clone();
            tokio::spawn(async move {
                receiver.replies(replies).await;
                receiver.link_changed(&id);
            });
        }
    }

    fn reply(&self, shipment: Shipment, turn: &Turn, at: Timestamp) -> Reply {
        let mut inner = locked(&self.inner);
        let mut parts = Vec::with_capacity(shipment.segments.len());
        for (n, (seq, _)) in shipment.segments.iter().enumerate() {
            let reply = match turn {
                Turn::Accept => PartReply::Accepted { operator_id: inner.new_id() },
                Turn::Refuse(failure) => PartReply::Refused(failure.clone()),
                Turn::Unanswered | Turn::Wait => PartReply::Unanswered,
                Turn::NotOffered => PartReply::NotOffered,
                Turn::Parts(script) => {
                    script.get(n).or(script.last()).cloned().unwrap_or(PartReply::Unanswered)
                }
            };
            if let PartReply::Accepted { operator_id } = &reply {
                let recipient = shipment.message.recipient.clone();
                inner.accepted.push(Accepted {
                    message: shipment.message.id,
                    seq: *seq,
                    operator_id: operator_id.clone(),
                    recipient,
                });
            }
            parts.push((*seq, reply));
        }
        Reply { shipment, link: self.id.clone(), at, parts }
    }
}

impl Inner {
    fn new_id(&mut self) -> String {
        self.next_id += 1;
        format!("{:08x}", self.next_id)
    }

    fn free(&self) -> usize {
        if self.held { 0 } else { self.room.saturating_sub(self.open.len()) }
    }
}

#[async_trait]
impl Link for FakeLink {
    fn id(&self) -> &LinkId {
        &self.id
    }

    fn health(&self) -> Health {
        let inner = locked(&self.inner);
        let condition = if inner.held { Condition::Held } else { inner.condition };
        Health { condition, room: if condition == Condition::Up { inner.free() } else { 0 } }
    }

    fn offer(&self, mut shipments: Vec<Shipment>) -> Vec<Shipment> {
        let mut ended = Vec::new();
        let rest = {
            let mut inner = locked(&self.inner);
            let free = if inner.condition == Condition::Up { inner.free() } else { 0 };
            let rest = shipments.split_off(free.min(shipments.len()));
            for shipment in shipments {
                inner.taken.push(shipment.clone());
                match inner.script.pop_front().unwrap_or_else(|| inner.usual.clone()) {
                    Turn::Wait => inner.open.push(shipment),
                    turn => ended.push((shipment, turn)),
                }
            }
            rest
        };
        self.finish(ended);
        self.changes.send_modify(|n| *n += 1);
        rest
    }

    /// It writes at once what it takes: there is nothing to give back.
    fn recall(&self) {
        locked(&self.inner).recalls += 1;
    }

    fn hold(&self, held: bool) {
        locked(&self.inner).held = held;
        self.tell_change();
    }

    fn withdraws(&self) -> Option<bool> {
        let inner = locked(&self.inner);
        inner.withdrawn.as_ref().map(|_| inner.condition == Condition::Up)
    }

    async fn withdraw(&self, what: Withdrawal) -> Withdrawn {
        let answer = {
            let mut inner = locked(&self.inner);
            inner.withdrawals.push(what.operator_id);
            let next = inner.withdrawn.as_mut().and_then(VecDeque::pop_front);
            if inner.mute { None } else { Some(next.unwrap_or(Withdrawn::Unanswered)) }
        };
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    fn report(&self) -> LinkReport {
        let health = self.health();
        let open = self.open();
        let detail = if health.is_up() { "up".to_owned() } else { "down".to_owned() };
        LinkReport {
            id: self.id.clone(),
            protocol: "fake",
            health,
            detail,
            next_try: None,
            sessions: usize::from(health.is_up()),
            in_flight: open,
            waiting: 0,
        }
    }

    /// Everything open counts as written and never answered.
    async fn stop(&self, _limit: Duration) {
        let (open, receiver) = {
            let mut inner = locked(&self.inner);
            inner.condition = Condition::Held;
            (std::mem::take(&mut inner.open), locked(&self.receiver).clone())
        };
        let at = self.clock.now();
        let replies: Vec<_> =
            open.into_iter().map(|shipment| self.reply(shipment, &Turn::Unanswered, at)).collect();
        if let Some(receiver) = receiver.filter(|_| !replies.is_empty()) {
            receiver.replies(replies).await;
        }
    }
}
