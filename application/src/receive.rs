//! What links report: replies, receipts, received messages. Durable first, then the operator is answered.

use crate::directory::CurrentDirectory;
use crate::failpoints;
use crate::fatal::Fatal;
use crate::handoff::HandoffQueue;
use crate::heartbeat::Beats;
use crate::jumps::Jumps;
use crate::known::InHand;
use crate::lanes::Lanes;
use crate::meters::Meters;
use crate::replies;
use crate::settling::Settling;
use crate::turnstile::Room;
use async_trait::async_trait;
use domain::directory::{Directory, LinkId};
use domain::message::{Incarnation, MoId};
use domain::mo::{self, MoPart};
use domain::numbering;
use domain::receipt::Receipt;
use domain::routing::FailureClass;
use domain::state::State;
use ports::driven::{
    Applied, Clock, Content, Direction, Handoff, HandoffKey, Ids, Inbox, MessageRecord, NewMoPart, Outcome,
    PartReply, Receipts, Recorded, Settlement, Shipment, StoreError, Traffic, TrafficEntry,
};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use std::sync::Arc;
use tokio::sync::Notify;

/// The use case.
#[derive(Clone)]
pub(crate) struct Receive {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub settling: Settling,
    pub receipts: Arc<dyn Receipts>,
    pub inbox: Arc<dyn Inbox>,
    pub handoffs: HandoffQueue,
    pub hurry: Arc<Notify>,
    pub beats: Arc<Beats>,
    pub traffic: Arc<dyn Traffic>,
    pub clock: Arc<dyn Clock>,
    pub jumps: Arc<Jumps>,
    pub ids: Arc<dyn Ids>,
    pub incarnation: Incarnation,
    pub fatal: Fatal,
    pub meters: Arc<Meters>,
}

#[async_trait]
impl ReceiveMessages for Receive {
    async fn mo(&self, mut part: MoPart) -> Result<(), ReceiveError> {
        let directory = self.directory.current();
        for number in [&mut part.source, &mut part.destination] {
            *number = numbering::as_delivered(number, directory.defaults.country);
        }
        let rule = mo::rule_for(&directory.mo_rules, &part.destination);
        let lease = self.handoffs.has_room().then_some(self.incarnation);
        let new = NewMoPart {
            id: MoId(self.ids.next()),
            user: rule.and_then(|r| r.user.clone()),
            handing: mo::handing(&directory, &part.destination),
            tell_lease: lease,
            part,
        };
        let _taking = self.handoffs.taking().await;
        failpoints::pass(failpoints::MO_BEFORE);
        match self.fatal.watch(self.inbox.record(new).await) {
            Ok(recorded) => {
                failpoints::pass(failpoints::MO_AFTER);
                self.recorded(recorded, lease.is_some());
                Ok(())
            }
            Err(error) => Err(not_taken("mo", &error)),
        }
    }

    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        let links: Vec<LinkId> = receipts.iter().map(|r| r.link.clone()).collect();
        let count = receipts.len();
        let lease = self.handoffs.has_room().then_some(self.incarnation);
        let _taking = self.handoffs.taking().await;
        failpoints::pass(failpoints::RECEIPTS_BEFORE);
        match self.fatal.watch(self.receipts.apply(receipts, lease, self.clock.now()).await) {
            Ok(applied) => {
                failpoints::pass(failpoints::RECEIPTS_AFTER);
                links.iter().zip(applied).for_each(|(link, a)| self.applied(link, a, lease.is_some()));
                vec![Ok(()); count]
            }
            Err(error) => vec![Err(not_taken("receipts", &error)); count],
        }
    }

    async fn replies(&self, replies: Vec<Reply>) {
        let in_hand = InHand::in_doubt(self.settling.known(), replies.iter().map(|r| r.shipment.message.id));
        failpoints::pass(failpoints::REPLIES_BEFORE);
        let directory = self.directory.current();
        let healths = self.lanes.healths();
        let (now, sure) = self.jumps.now();
        let lease = self.handoffs.has_room().then_some(self.incarnation);
        let mut settled = Vec::with_capacity(replies.len());
        for mut reply in replies {
            self.park(&directory, &mut reply);
            let shipment = reply.shipment.clone();
            let mut settlement = replies::settlement(&directory, reply, &healths, now, sure);
            settlement.tell_lease = lease.filter(|_| settlement.tell);
            if settlement.possible_duplicate && !shipment.possible_duplicate {
                metrics::counter!("omnigate_possible_duplicate_total").increment(1);
            }
            settled.push((shipment, settlement));
        }
        in_hand.passed_on();
        let _taking = self.handoffs.taking().await;
        let written = self.settling.write_down(settled.iter().map(|(_, s)| s.clone()).collect()).await;
        failpoints::pass(failpoints::REPLIES_AFTER);
        self.make_way(&settled);
        for ((shipment, settlement), written) in settled.into_iter().zip(written) {
            self.after_settling(&shipment, settlement, written);
        }
    }

    fn link_changed(&self, link: &LinkId) {
        if let Some(lane) = self.lanes.get(link) {
            lane.wake.notify_one();
        }
    }
}

fn not_taken(what: &'static str, error: &StoreError) -> ReceiveError {
    tracing::warn!(what, %error, "not taken from the operator");
    if error.is_temporary() { ReceiveError::TryAgain } else { ReceiveError::Refused }
}

impl Receive {
    /// Lets as many new messages in as went out. Replies that are reported together come from one link.
    fn make_way(&self, settled: &[(Shipment, Settlement)]) {
        let out = settled.iter().filter(|(_, s)| !matches!(s.outcome, Outcome::PutBack { .. })).count();
        if let Some((_, first)) = settled.first()
            && let Some(lane) = self.lanes.get(&first.link)
        {
            let room = match (lane.backlog(), self.handoffs.is_any_pressed()) {
                (0, false) => Room::All,
                (0, true) => Room::Most,
                _ => Room::Half,
            };
            lane.way_in.went_out(out, room, self.clock.monotonic());
        }
    }

    /// An operator that takes nothing from us at the moment (no credit, barred) is left alone for a while; the message has not failed.
    fn park(&self, directory: &Directory, reply: &mut Reply) {
        let Some(profile) = directory.link(&reply.link) else { return };
        for (_, part) in &mut reply.parts {
            let PartReply::Refused(failure) = part else { continue };
            if profile.park_on.iter().any(|code| code.eq_ignore_ascii_case(&failure.code)) {
                failure.class = FailureClass::Barred;
            }
            if failure.class == FailureClass::Barred
                && let Some(lane) = self.lanes.get(&reply.link)
            {
                let until = self.clock.monotonic().saturating_add(profile.park_for);
                let why = format!("{} {}", failure.code, failure.detail);
                lane.park(self.clock.now(), until, why.trim_end());
            }
        }
    }

    /// `written` is the state that the store says it brought: nobody is told of what was not written down.
    fn after_settling(&self, shipment: &Shipment, settlement: Settlement, written: Option<State>) {
        let message = &shipment.message;
        match &settlement.outcome {
            Outcome::PutBack { link, due_at, .. } => {
                metrics::counter!("omnigate_put_back_total", "link" => settlement.link.to_string())
                    .increment(1);
                if *due_at <= settlement.at
                    && let Some(lane) = self.lanes.get(link)
                {
                    lane.add_backlog();
                }
                return;
            }
            Outcome::Sent => self.traffic.record(TrafficEntry {
                at: settlement.at,
                direction: Direction::Out,
                link: settlement.link.clone(),
                sender: message.asked_by.clone().unwrap_or_else(|| message.user.to_string()),
                recipient: message.recipient.to_string(),
                characters: message.body.characters(),
                segments: message.segments,
                possible_duplicate: shipment.possible_duplicate,
            }),
            Outcome::Failed { .. } | Outcome::Abandoned { .. } | Outcome::Expired => {}
        }
        let Some(state) = replies::state_of(&settlement.outcome, &settlement.parts) else { return };
        self.meters.settled.count(settlement.link.as_str(), state.as_str());
        if settlement.tell_lease.is_some() && written == Some(state) {
            self.handoffs.offer(told(shipment, settlement, state));
        }
    }

    fn recorded(&self, recorded: Recorded, leased: bool) {
        match recorded {
            Recorded::Duplicate => metrics::counter!("omnigate_mo_duplicate_total").increment(1),
            Recorded::Waiting => {}
            Recorded::Complete { mo, tell } => {
                self.beats.came(&mo.text, self.clock.monotonic());
                metrics::counter!("omnigate_mo_total", "link" => mo.link.to_string()).increment(1);
                self.traffic.record(TrafficEntry {
                    at: mo.received_at,
                    direction: Direction::In,
                    link: mo.link.clone(),
                    sender: mo.source.clone(),
                    recipient: mo.destination.clone(),
                    characters: if mo.binary.is_empty() { mo.text.chars().count() } else { mo.binary.len() },
                    segments: mo.segments,
                    possible_duplicate: false,
                });
                if let Some(handoff) = tell.filter(|_| leased) {
                    self.handoffs.offer(*handoff);
                }
            }
        }
    }

    fn applied(&self, link: &LinkId, applied: Applied, leased: bool) {
        let outcome = match applied {
            Applied::Changed { state, tell, delivered_after, spelling, hopeless, .. } => {
                if let Some(lane) = self.lanes.get(link) {
                    lane.spells(spelling);
                    if let Some(time) = delivered_after {
                        lane.delivered_after(time);
                    }
                }
                if hopeless {
                    self.hurry.notify_one();
                }
                if let Some(handoff) = tell.filter(|_| leased) {
                    self.handoffs.offer(*handoff);
                }
                state.map_or("part", State::as_str)
            }
            Applied::Nothing => "nothing",
            Applied::Parked => "parked",
        };
        self.meters.receipts.count(outcome, 1);
    }
}

/// The handoff that the store wrote down with a settlement, made from what is known here.
fn told(shipment: &Shipment, settlement: Settlement, state: State) -> Handoff {
    let message = &shipment.message;
    let error = match &settlement.outcome {
        Outcome::Failed { code, detail } | Outcome::Abandoned { code, detail } if detail.is_empty() => {
            code.clone()
        }
        Outcome::Failed { code, detail } | Outcome::Abandoned { code, detail } => format!("{code} {detail}"),
        _ => String::new(),
    };
    let record = MessageRecord {
        message: Arc::clone(message),
        state,
        link: settlement.link,
        parts: settlement.parts,
        sent_at: (state == State::Sent).then_some(settlement.at),
        final_at: state.is_final().then_some(settlement.at),
        error,
        tries: shipment.tries,
        possible_duplicate: shipment.possible_duplicate,
    };
    let callback =
        message.callback.clone().unwrap_or(domain::message::Callback::Mail { address: String::new() });
    Handoff {
        key: HandoffKey { subject: message.id.0, event: state.code() },
        content: Content::State { callback, record: Box::new(record) },
        tries: 0,
        created_at: settlement.at,
        resent_at: None,
    }
}
