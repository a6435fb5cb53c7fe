//! What a link has taken and not yet sent, and which of it may go now: window, rate, order, and what may share a request.
//!
//! A pure machine behind the link's lock.

use super::breaker::{Breaker, Phase};
use domain::address::Recipient;
use domain::message::{MessageId, Priority};
use ports::driven::Shipment;
use session::{Pace, Queues};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// Messages looked at for what may share a request.
const MOST_LOOKED_AT: usize = 2_000;
/// How often a message is refused for a time before it goes by itself: it may be what its neighbours are refused for.
const MOST_TOGETHER: u16 = 3;
/// How often a message is throttled before it is given back.
const MOST_THROTTLED: u16 = 20;

/// Limits of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Requests at once.
    pub(super) window: usize,
    /// Recipients of one request.
    pub(super) recipients: usize,
    /// Messages taken beyond what is under way.
    pub(super) capacity: usize,
}

/// The line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) queues: Queues,
    pub(super) pace: Pace,
    pub(super) breaker: Breaker,
    limits: Limits,
    /// Who has a message under way: the next one waits, so that it cannot overtake.
    busy: HashSet<Recipient>,
    under_way: usize,
    throttled: HashMap<MessageId, u16>,
    /// Messages that were refused together with others: each goes by itself.
    alone: HashSet<MessageId>,
    rest: Option<Rest>,
}

/// A pause that the operator asks for and that is too long to wait for.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Duration,
    /// Also for what is no alarm.
    for_all: bool,
}

/// What goes now.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// Each a request.
    pub(super) requests: Vec<Vec<Shipment>>,
    /// Their time is over.
    pub(super) expired: Vec<Shipment>,
    /// When more may go, when the rate is what is missing.
    pub(super) again_at: Option<Duration>,
}

impl Line {
    pub(super) fn new(rate: u32, limits: Limits, breaker: Breaker) -> Self {
        Self {
            queues: Queues::default(),
            pace: Pace::new(rate),
            breaker,
            limits,
            busy: HashSet::new(),
            under_way: 0,
            throttled: HashMap::new(),
            alone: HashSet::new(),
            rest: None,
        }
    }

    /// Nothing is to wait here until then: alarms, or everything.
    pub(super) fn rest(&mut self, until: Duration, for_all: bool) {
        let before = self.rest.unwrap_or(Rest { until, for_all });
        self.rest = Some(Rest { until: before.until.max(until), for_all: before.for_all || for_all });
    }

    /// Whether such a pause is.
    pub(super) fn rests(&self) -> bool {
        self.rest.is_some()
    }

    /// Whether this should not wait for its end.
    pub(super) fn is_too_long_for(&self, shipment: &Shipment) -> bool {
        self.rest.is_some_and(|rest| rest.for_all || shipment.message.priority == Priority::Alarm)
    }

    /// Whether such a pause is over just now.
    pub(super) fn has_rested(&mut self, now: Duration) -> bool {
        self.rest.take_if(|rest| rest.until <= now).is_some()
    }

    /// Requests under way.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Takes what there is room for; the rest comes back.
    pub(super) fn take(&mut self, mut shipments: Vec<Shipment>) -> Vec<Shipment> {
        let room = self.limits.capacity.saturating_sub(self.queues.len());
        let left = shipments.split_off(room.min(shipments.len()));
        shipments.into_iter().for_each(|shipment| self.queues.push(shipment));
        left
    }

    /// What may go at this moment.
    pub(super) fn go(&mut self, now: Duration, wall: domain::Timestamp) -> Going {
        let window = match self.breaker.phase() {
            Phase::Up => self.limits.window,
            Phase::Trial => 1,
            Phase::Down(_) | Phase::Parked(_) => 0,
        };
        let mut going = Going::default();
        let free = window.saturating_sub(self.under_way);
        let wanted = free.min(self.queues.len());
        if wanted == 0 {
            return going;
        }
        let permits = self.pace.take(now, wanted);
        if permits < wanted {
            going.again_at = self.pace.next_at(now);
        }
        let mut firsts = Vec::new();
        let busy = &mut self.busy;
        for _ in 0..permits {
            let before = firsts.len();
            self.queues.pop(1, &mut firsts, |first| busy.insert(first.message.recipient.clone()));
            if firsts.len() == before {
                // The class whose turn it was waits for somebody who is busy; another may have its turn.
                self.queues.pop(1, &mut firsts, |first| busy.insert(first.message.recipient.clone()));
            }
        }
        for first in firsts {
            if first.message.expires_at <= wall {
                self.over(&first);
                going.expired.push(first);
                continue;
            }
            self.under_way += 1;
            let mut request = vec![first];
            self.fill(&mut request, now, wall);
            going.requests.push(request);
        }
        going
    }

    /// Adds others with the same text, sender and options.
    fn fill(&mut self, request: &mut Vec<Shipment>, now: Duration, wall: domain::Timestamp) {
        let most = self.limits.recipients.saturating_sub(1);
        let (alone, busy) = (&self.alone, &mut self.busy);
        let shares = |one: &Shipment| one.tries.on_link < MOST_TOGETHER && !alone.contains(&one.message.id);
        let Some(first) = request.first().filter(|first| most > 0 && shares(first)).cloned() else { return };
        let mut others = self.queues.pick(&first, (most, MOST_LOOKED_AT), |other| {
            is_like(&first, other)
                && shares(other)
                && other.message.expires_at > wall
                && busy.insert(other.message.recipient.clone())
        });
        let permits = self.pace.take(now, others.len());
        for other in others.split_off(permits.min(others.len())).into_iter().rev() {
            self.over(&other);
            self.queues.push_first(other);
        }
        request.extend(others);
    }

    /// A request is over.
    pub(super) fn landed(&mut self, shipments: &[Shipment]) {
        self.under_way = self.under_way.saturating_sub(1);
        shipments.iter().for_each(|shipment| self.over(shipment));
    }

    fn over(&mut self, shipment: &Shipment) {
        self.busy.remove(&shipment.message.recipient);
    }

    /// A message was throttled: it stands first again, unless that happened too often; then it comes back.
    pub(super) fn throttled(&mut self, shipment: Shipment) -> Option<Shipment> {
        let times = self.throttled.entry(shipment.message.id).or_insert(0);
        *times += 1;
        if *times > MOST_THROTTLED {
            self.throttled.remove(&shipment.message.id);
            return Some(shipment);
        }
        self.queues.push_first(shipment);
        None
    }

    /// A message was refused together with others: it stands first again, to go by itself.
    pub(super) fn apart(&mut self, shipment: Shipment) {
        self.alone.insert(shipment.message.id);
        self.queues.push_first(shipment);
    }

    /// A message has its end.
    pub(super) fn forget(&mut self, shipment: &Shipment) {
        if !self.throttled.is_empty() {
            self.throttled.remove(&shipment.message.id);
        }
        if !self.alone.is_empty() {
            self.alone.remove(&shipment.message.id);
        }
    }
}

/// Whether two messages differ in nothing but who gets them.
fn is_like(one: &Shipment, other: &Shipment) -> bool {
    let (a, b) = (&one.message, &other.message);
    let apart = a.expires_at.as_second().abs_diff(b.expires_at.as_second());
    a.body == b.body
        && one.originator == other.originator
        && one.receipt == other.receipt
        && one.possible_duplicate == other.possible_duplicate
        && a.flash == b.flash
        && a.dimensions.cost_centre == b.dimensions.cost_centre
        && one.segments.len() == other.segments.len()
        && apart < 60
}
