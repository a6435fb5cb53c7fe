//! What must hold: after every step, at every segment written, and at the end of the story.
//!
//! It looks at what clients were told, what operators saw and what the store says, never at what the gateway says of itself.

use crate::clock::wall;
use crate::plan::{DELIVERED_WITHIN, Mode};
use crate::world::{Fate, World};
use domain::message::{Message, MessageId, Priority, WHOLE};
use domain::receipt::Verdict;
use domain::state::State;
use ports::driven::{HandoffKey, MessageRecord, Shipment};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// What was seen at the step before.
#[derive(Default)]
pub(crate) struct Judge {
    states: HashMap<MessageId, State>,
}

impl Judge {
    /// After every step: the books are right, ends are ends, and what was accepted is there.
    pub(crate) fn step(&mut self, world: &World) {
        let audit = world.store.audit_now();
        let there: u64 = audit.by_state.iter().map(|(_, n)| n).sum();
        if !audit.wrong.is_empty() || audit.accepted != audit.removed + there {
            world.wrong(format!("the books are wrong: {audit:?}"));
        }
        for (id, now) in world.store.states() {
            match self.states.insert(id, now) {
                Some(before) if !may_follow(before, now) && !went_another_way(world, id, before, now) => {
                    world.wrong(format!("message {id} was {before} and is {now}"));
                }
                _ => {}
            }
        }
        let lost = world
            .state()
            .clients
            .iter()
            .flat_map(|c| &c.accepted)
            .find(|id| !self.states.contains_key(id))
            .copied();
        if let Some(lost) = lost {
            world.wrong(format!("message {lost} was accepted and is lost"));
        }
    }
}

/// Ends stay, except that `unknown` may be mended; what the operator has does not go back into the queue.
fn may_follow(before: State, after: State) -> bool {
    use State as S;
    match before {
        _ if before == after => true,
        S::Delivered | S::Failed | S::Expired | S::Cancelled => false,
        S::Unknown => matches!(after, S::Delivered | S::Failed | S::Expired),
        S::Sent => after.is_final() && after != S::Cancelled,
        S::Queued | S::Sending => after != S::Scheduled,
        S::Scheduled => true,
    }
}

/// A message whose outcome is looked at goes back into a queue, of another link.
fn went_another_way(world: &World, id: MessageId, before: State, after: State) -> bool {
    let watched = world.store.record(id).is_some_and(|r| is_watched(&r.message) && r.parts.has_past());
    watched && before == State::Sent && matches!(after, State::Queued | State::Sending)
}

fn is_watched(message: &Message) -> bool {
    message.priority == Priority::Alarm
}

/// At every shipment: stored before it is sent, not sent beside or after itself without a mark, not after its time, not after it was taken back.
pub(crate) fn written(world: &World, shipment: &Shipment, link: usize, run: u32) {
    let message = &shipment.message;
    let id = message.id;
    let mut wrong = Vec::new();
    if world.store.record(id).is_none() {
        wrong.push(format!("message {id} is sent and not stored"));
    }
    let state = world.state();
    if wall(state.told_now()) > message.expires_at {
        wrong.push(format!("message {id} is sent after its validity"));
    }
    if state.cancelled.iter().any(|(cancelled, _)| *cancelled == id) {
        wrong.push(format!("message {id} is sent after it was taken back"));
    }
    if shipment.segments.is_empty() || !shipment.segments.is_sorted_by_key(|(seq, _)| *seq) {
        wrong.push(format!("message {id} is sent with its segments out of order, or without any"));
    }
    for (seq, _) in &shipment.segments {
        for earlier in state.wires.iter().filter(|w| w.message == id && w.seq == *seq) {
            // By another link it may go while the first has it or may have it, but marked; by the same one never. One that is not watched
            // does so only when it is long: another link sends all of what this one has begun.
            let elsewhere = earlier.link != link && shipment.possible_duplicate;
            let begun = message.segments > 1;
            match earlier.fate {
                Fate::Open if elsewhere && is_watched(message) => {}
                Fate::Accepted if elsewhere && (is_watched(message) || begun) => {}
                Fate::Open => {
                    wrong.push(format!("segment {seq} of {id} is sent while an earlier try may be answered"))
                }
                Fate::Accepted if earlier.run == run => {
                    wrong.push(format!(
                        "segment {seq} of {id} is sent again by {link} after {} accepted it (marked: {}, {}, parts {})",
                        earlier.link,
                        shipment.possible_duplicate,
                        if is_watched(message) { "watched" } else { "not watched" },
                        shipment.parts.encode()
                    ))
                }
                Fate::Accepted | Fate::Silent if !shipment.possible_duplicate => {
                    wrong.push(format!("segment {seq} of {id} is sent again without a mark"));
                }
                _ => {}
            }
        }
    }
    drop(state);
    wrong.into_iter().for_each(|what| world.wrong(what));
}

/// Whether nothing more is to be waited for.
pub(crate) fn is_over(world: &World) -> bool {
    let idle = world
        .state()
        .clients
        .iter()
        .all(|c| c.answered.is_some() || (c.began.is_some() && c.request.idempotency_key.is_none()));
    let taken = world.state().parts.iter().all(|p| p.taken);
    idle && taken
        && world.store.open_handoffs() == 0
        && world.store.states().iter().all(|(_, state)| state.is_final())
}

/// At the end: everything has an end, everybody was told, nothing came twice.
pub(crate) fn end(world: &World) {
    let records = world.store.records();
    everything_has_an_end(world, &records);
    nothing_twice(world, &records);
    alarms_went_on(world, &records);
    delivered_is_true(world, &records);
    everybody_was_told(world, &records);
    received_once(world);
    in_order(world, &records);
}

fn everything_has_an_end(world: &World, records: &[MessageRecord]) {
    for record in records.iter().filter(|r| !r.state.is_final()) {
        world.wrong(format!(
            "message {} has no end: it is {} on {} with tries {:?}, error {:?}, parts {}",
            record.message.id,
            record.state,
            record.link,
            record.tries,
            record.error,
            record.parts.encode()
        ));
    }
    if world.store.open_handoffs() > 0 {
        world.wrong(format!("{} handoffs are not handed over", world.store.open_handoffs()));
    }
    let waiting = world
        .state()
        .clients
        .iter()
        .filter(|c| c.answered.is_none() && c.request.idempotency_key.is_some())
        .count();
    if waiting > 0 {
        world.wrong(format!("{waiting} clients have no answer"));
    }
}

/// An alarm that the operator took and did not deliver in time was given to the other one, where nothing stood in the way.
fn alarms_went_on(world: &World, records: &[MessageRecord]) {
    let plan = &world.plan;
    let trouble = plan.kills + plan.link_deaths + plan.silent + plan.store_refuses + plan.store_loses_answers;
    if plan.mode != Mode::Liveness || trouble > 0 {
        return;
    }
    let late = DELIVERED_WITHIN + Duration::from_secs(10);
    let mut wrong = Vec::new();
    for record in records.iter().filter(|r| is_watched(&r.message) && r.state == State::Delivered) {
        let taken_at = record.parts.past().first().map_or(record.sent_at, |w| w.sent_at);
        let took = taken_at.zip(record.final_at).map(|(at, end)| end.duration_since(at));
        let took = took.and_then(|t| Duration::try_from(t).ok()).unwrap_or_default();
        if took > late && !record.parts.has_past() {
            wrong.push(format!(
                "alarm {} was delivered after {took:?} and went by one link only",
                record.message.id
            ));
        }
    }
    wrong.into_iter().for_each(|what| world.wrong(what));
}

/// One request makes one message for one recipient, however often it was repeated.
fn nothing_twice(world: &World, records: &[MessageRecord]) {
    let mut seen = HashSet::new();
    for record in records {
        let message = &record.message;
        if !seen.insert((message.reference.clone(), message.recipient.clone())) {
            world
                .wrong(format!("request {:?} was stored twice for {}", message.reference, message.recipient));
        }
    }
}

/// What is delivered was delivered, all of it.
fn delivered_is_true(world: &World, records: &[MessageRecord]) {
    let state = world.state();
    let said = |id, seq| state.verdicts.get(&(id, seq)).is_some_and(|v| v.contains(&Verdict::Delivered));
    let mut wrong = Vec::new();
    for record in records.iter().filter(|r| r.state == State::Delivered) {
        let id = record.message.id;
        if !said(id, WHOLE) && (1..=record.message.segments).any(|seq| !said(id, seq)) {
            wrong.push(format!("message {id} is delivered and no operator said so of all its segments"));
        }
    }
    drop(state);
    wrong.into_iter().for_each(|what| world.wrong(what));
}

/// Who asked to hear of an end has heard of it, at least once.
fn everybody_was_told(world: &World, records: &[MessageRecord]) {
    let told: HashSet<HandoffKey> = world.state().delivered.iter().copied().collect();
    for record in records {
        let Some(callback) = &record.message.callback else { continue };
        let sent = record.sent_at.map(|_| State::Sent);
        for event in sent
            .into_iter()
            .chain(record.state.is_final().then_some(record.state))
            .filter(|s| callback.wants(*s))
        {
            if !told.contains(&HandoffKey { subject: record.message.id.0, event: event.code() }) {
                world.wrong(format!("the sender of {} was not told that it is {event}", record.message.id));
            }
        }
    }
}

/// Every received message is in the inbox once, whole, and was handed off.
fn received_once(world: &World) {
    let received = world.store.received();
    let told: HashSet<HandoffKey> = world.state().delivered.iter().copied().collect();
    let texts: HashSet<_> = received.iter().map(|r| r.mo.text.clone()).collect();
    let brought = usize::try_from(world.plan.received).unwrap_or(0);
    if received.len() != brought || texts.len() != brought || received.iter().any(|r| !r.mo.complete) {
        world.wrong(format!("{brought} messages were brought, and there are {received:?}"));
    }
    for record in received {
        if !told.contains(&HandoffKey { subject: record.mo.id.0, event: HandoffKey::MO }) {
            world.wrong(format!("received message {} was not handed off", record.mo.id));
        }
    }
}

/// Messages to one recipient over one link leave in the order they were accepted, where nothing was tried again and no link was down.
fn in_order(world: &World, records: &[MessageRecord]) {
    if world.plan.link_deaths > 0 || world.plan.silent > 0 {
        return;
    }
    let state = world.state();
    let of: HashMap<_, _> = records.iter().map(|r| (r.message.id, &r.message)).collect();
    let asked = |id: &MessageId| state.clients.iter().find(|c| c.accepted.contains(id));
    let first: Vec<_> = state.wires.iter().filter(|w| w.first && w.seq == 1 && !w.flagged).collect();
    let mut wrong = Vec::new();
    for (n, early) in first.iter().enumerate() {
        for late in first.iter().skip(n + 1).filter(|late| late.link == early.link) {
            let (Some(a), Some(b)) = (of.get(&early.message), of.get(&late.message)) else { continue };
            let alike = a.recipient == b.recipient
                && a.priority == b.priority
                && a.due_at == a.accepted_at
                && b.due_at == b.accepted_at;
            let (Some(one), Some(other)) = (asked(&a.id), asked(&b.id)) else { continue };
            let after = one.began.zip(other.answered).is_some_and(|(began, answered)| answered < began);
            if alike && after {
                wrong.push(format!(
                    "message {} left before {}, which was accepted before it (steps {} and {})",
                    a.id, b.id, early.step, late.step
                ));
            }
        }
    }
    drop(state);
    wrong.into_iter().for_each(|what| world.wrong(what));
}
