//! A link and the operator behind it. The link keeps its port's promises; the operator keeps none.

use crate::judge;
use crate::plan::Plan;
use crate::world::{Event, Fate, Wire, World, link_id};
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::receipt::Verdict;
use domain::routing::{Condition, Failure, FailureClass, Health};
use ports::driven::{Link, LinkReport, PartReply, Shipment};
use ports::driving::{ReceiveMessages, Reply};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a link waits for an answer before it kills the session.
const SILENCE: Duration = Duration::from_secs(10);

struct Inner {
    condition: Condition,
    open: BTreeMap<u64, (Shipment, Vec<(u8, PartReply)>)>,
    next: u64,
}

/// A link of one run.
pub(crate) struct SimLink {
    id: LinkId,
    index: usize,
    run: u32,
    world: Arc<World>,
    receiver: Arc<dyn ReceiveMessages>,
    inner: Mutex<Inner>,
}

impl SimLink {
    pub(crate) fn new(index: usize, world: &Arc<World>, receiver: Arc<dyn ReceiveMessages>) -> Arc<Self> {
        let run = world.state().run;
        let inner = Inner { condition: Condition::Up, open: BTreeMap::new(), next: 0 };
        Arc::new(Self {
            id: link_id(index),
            index,
            run,
            world: Arc::clone(world),
            receiver,
            inner: Mutex::new(inner),
        })
    }

    /// Whether its session is bound.
    pub(crate) fn is_up(&self) -> bool {
        self.inner().condition == Condition::Up
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operator's answer to a shipment is due.
    pub(crate) fn answer(&self, shipment: u64) {
        let Some((shipment, parts)) = self.inner().open.remove(&shipment) else { return };
        let silent = parts.iter().any(|(_, reply)| *reply == PartReply::Unanswered);
        self.report(vec![(shipment, parts)]);
        if silent {
            self.die();
            let pause = self.world.plan.chance.millis("rebind", self.world.state().step, 0, 500, 8_000);
            self.world.at(self.world.state_told() + pause, Event::Up(self.index));
        }
    }

    /// The session dies: everything open was never answered.
    pub(crate) fn die(&self) {
        let open = {
            let mut inner = self.inner();
            inner.condition = Condition::Down { since: crate::clock::wall(self.world.state_told()) };
            std::mem::take(&mut inner.open)
        };
        self.receiver.link_changed(&self.id);
        let silent = |shipment: Shipment| {
            let parts = shipment.segments.iter().map(|(seq, _)| (*seq, PartReply::Unanswered)).collect();
            (shipment, parts)
        };
        self.report(open.into_values().map(|(shipment, _)| silent(shipment)).collect());
    }

    /// And is bound again.
    pub(crate) fn up(&self) {
        self.inner().condition = Condition::Up;
        self.receiver.link_changed(&self.id);
    }

    /// Tells the gateway, in a task of its own as a link does.
    fn report(&self, ended: Vec<(Shipment, Vec<(u8, PartReply)>)>) {
        if ended.is_empty() {
            return;
        }
        let at = crate::clock::wall(self.world.state_told());
        let mut replies = Vec::new();
        for (shipment, parts) in ended {
            self.world.fate(self, &shipment, &parts);
            replies.push(Reply { shipment, link: self.id.clone(), at, parts });
        }
        let (receiver, id) = (Arc::clone(&self.receiver), self.id.clone());
        tokio::spawn(async move {
            receiver.replies(replies).await;
            receiver.link_changed(&id);
        });
    }

    /// Writes a shipment to the operator and draws what will come of it.
    fn write(&self, shipment: Shipment) {
        let world = &self.world;
        judge::written(world, &shipment, self.index, self.run);
        let (told, calm) = {
            let state = world.state();
            (state.told_now(), state.calm)
        };
        let try_no = {
            let mut state = world.state();
            let count = state.offered.entry(shipment.message.id).or_insert(0);
            *count += 1;
            u64::from(*count)
        };
        let id = shipment.message.id.0.unsigned_abs();
        let mut parts = Vec::new();
        let mut delay = world.plan.chance.millis("reply", id, try_no, 5, 3_000);
        for (seq, _) in &shipment.segments {
            let mut state = world.state();
            let step = state.tick();
            let (message, flagged) = (shipment.message.id, shipment.possible_duplicate);
            let first = try_no == 1;
            state.wires.push(Wire {
                step,
                link: self.index,
                run: self.run,
                message,
                seq: *seq,
                flagged,
                first,
                fate: Fate::Open,
            });
            drop(state);
            let reply = self.decide(&shipment, *seq, try_no, calm, told + delay);
            if reply == PartReply::Unanswered {
                delay = delay.max(SILENCE);
            }
            parts.push((*seq, reply));
        }
        let mut inner = self.inner();
        inner.next += 1;
        let n = inner.next;
        inner.open.insert(n, (shipment, parts));
        drop(inner);
        world.at(told + delay, Event::Reply { link: self.index, run: self.run, shipment: n });
    }

    fn decide(&self, shipment: &Shipment, seq: u8, try_no: u64, calm: bool, reply_at: Duration) -> PartReply {
        let (world, plan) = (&self.world, &self.world.plan);
        let about = shipment.message.id.0.unsigned_abs() * 256 + u64::from(seq);
        let happens =
            |topic: &str, per_mille: u64| !calm && plan.chance.happens(topic, about, try_no, per_mille);
        let refuse = |class, code: &str| {
            PartReply::Refused(Failure { class, code: code.to_owned(), detail: String::new() })
        };
        if happens("refused_for_good", plan.refused_for_good) {
            return refuse(FailureClass::Permanent, "no");
        }
        if happens("refused_for_now", plan.refused_for_now) {
            return refuse(FailureClass::Temporary, "later");
        }
        if happens("throttled", plan.throttled) {
            return refuse(FailureClass::Throttled, "slower");
        }
        let silent = happens("silent", plan.silent);
        if silent && happens("silent_and_lost", 500) {
            return PartReply::Unanswered;
        }
        let verdict = if happens("undelivered", 100) { Verdict::Failed } else { Verdict::Delivered };
        let (operator_id, receipt) = world.receipt_for(self.index, &shipment.message, seq, verdict);
        schedule_receipt(world, plan, about, try_no, receipt, reply_at, calm);
        if silent { PartReply::Unanswered } else { PartReply::Accepted { operator_id } }
    }
}

fn schedule_receipt(
    world: &World,
    plan: &Plan,
    about: u64,
    try_no: u64,
    receipt: usize,
    reply_at: Duration,
    calm: bool,
) {
    let happens = |topic: &str, per_mille: u64| !calm && plan.chance.happens(topic, about, try_no, per_mille);
    if happens("receipt_lost", plan.receipt_lost) {
        if let Some(kept) = world.state().receipts.get_mut(receipt) {
            kept.taken = true;
        }
        return;
    }
    let after = plan.chance.millis("receipt_after", about, try_no, 50, 40_000);
    let early = happens("receipt_early", plan.receipt_early);
    let at = if early { reply_at.saturating_sub(Duration::from_millis(3)) } else { reply_at + after };
    world.at(at, Event::Receipt(receipt));
    if happens("receipt_twice", plan.receipt_twice) {
        world.at(at + plan.chance.millis("receipt_again", about, try_no, 0, 30_000), Event::Receipt(receipt));
    }
}

#[async_trait]
impl Link for SimLink {
    fn id(&self) -> &LinkId {
        &self.id
    }

    fn health(&self) -> Health {
        let inner = self.inner();
        let room = if inner.condition == Condition::Up {
            self.world.plan.room.saturating_sub(inner.open.len())
        } else {
            0
        };
        Health { condition: inner.condition, room }
    }

    fn offer(&self, mut shipments: Vec<Shipment>) -> Vec<Shipment> {
        let rest = shipments.split_off(self.health().room.min(shipments.len()));
        shipments.into_iter().for_each(|shipment| self.write(shipment));
        rest
    }

    fn recall(&self) {}

    fn hold(&self, _held: bool) {}

    fn report(&self) -> LinkReport {
        let health = self.health();
        let in_flight = self.inner().open.len();
        LinkReport {
            id: self.id.clone(),
            protocol: "story",
            health,
            detail: String::new(),
            next_try: None,
            sessions: 1,
            in_flight,
            waiting: 0,
        }
    }

    async fn stop(&self, _limit: Duration) {}
}

impl World {
    /// How much of the story has been told.
    pub(crate) fn state_told(&self) -> Duration {
        self.state().told_now()
    }

    /// The gateway is told what became of a shipment.
    fn fate(&self, link: &SimLink, shipment: &Shipment, parts: &[(u8, PartReply)]) {
        let mut state = self.state();
        for (seq, reply) in parts {
            let fate = match reply {
                PartReply::Accepted { .. } => Fate::Accepted,
                PartReply::Refused(_) | PartReply::NotOffered => Fate::Refused,
                PartReply::Unanswered => Fate::Silent,
            };
            let open = state.wires.iter_mut().rev().find(|w| {
                w.fate == Fate::Open
                    && w.message == shipment.message.id
                    && w.seq == *seq
                    && w.run == link.run
                    && w.link == link.index
            });
            if let Some(wire) = open {
                wire.fate = fate;
            }
        }
    }
}
