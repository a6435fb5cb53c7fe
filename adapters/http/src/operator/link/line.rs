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
/// The same while others wait: it may be this one alone that the operator means, and they are not tried as long as it goes first.
const MOST_BEFORE_OTHERS: u16 = 3;
/// How long that may go on in any case, pauses that the operator asks for included.
const LONGEST_THROTTLED: Duration = Duration::from_secs(5);

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
    /// How often each was throttled, and since when.
    throttled: HashMap<MessageId, (u16, Duration)>,
    /// Messages that were refused together with others: each goes by itself.
    alone: HashSet<MessageId>,
    rest: Option<Rest>,
    /// Since when all that may be under way is, and none of it has ended.
    stands_since: Option<Duration>,
    /// What the slowest answer took; it fades with each that is quicker.
    slowest: Duration,
    /// He has all that may be under way and answers none of it.
    mute: bool,
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
            stands_since: None,
            slowest: Duration::ZERO,
            mute: false,
        }
    }

    /// An answer took so long.
    pub(super) fn took(&mut self, time: Duration) {
        self.slowest = time.max(self.slowest - self.slowest / 16);
    }

    /// How long an answer is waited for: so long, or twice what answers took of late.
    pub(super) fn patience(&self, least: Duration) -> Duration {
        least.max(self.slowest * 2)
    }

    /// Whether the line has stood still for so long that he counts as mute, just now.
    pub(super) fn falls_mute(&mut self, now: Duration, after: Duration) -> bool {
        let patience = self.patience(after);
        let stands = self.stands_since.is_some_and(|since| now.saturating_sub(since) >= patience);
        stands && !std::mem::replace(&mut self.mute, true)
    }

    /// Nothing is to wait here until then: alarms, or everything.
    pub(super) fn rest(&mut self, until: Duration, for_all: bool) {
        let before = self.rest.unwrap_or(Rest { until, for_all });
        self.rest = Some(Rest { until: before.until.max(until), for_all: before.for_all || for_all });
    }

    /// Whether such a pause is, or he is mute.
    pub(super) fn rests(&self) -> bool {
        self.rest.is_some() || self.mute
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
        let mut firsts = Vec::new();
        while firsts.len() < free && !self.queues.is_empty() {
            going.again_at = self.pace.next_at(now);
            if going.again_at.is_some() {
                break;
            }
            // All of a busy recipient's messages are passed over, so that he gets them in their order.
            let busy = &mut self.busy;
            let first = self.queues.pop_one(MOST_LOOKED_AT, |one| !busy.contains(&one.message.recipient));
            let Some(first) = first else { break };
            if self.pace.take(now, 1) == 0 {
                self.queues.push_first(first);
                break;
            }
            busy.insert(first.message.recipient.clone());
            firsts.push(first);
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
        if window > 0 && self.under_way >= window {
            self.stands_since.get_or_insert(now);
        }
        going
    }

    /// Adds others with the same text, sender and options.
    fn fill(&mut self, request: &mut Vec<Shipment>, now: Duration, wall: domain::Timestamp) {
        let most = self.limits.recipients.saturating_sub(1);
        let (alone, busy) = (&self.alone, &mut self.busy);
        // Parts are requests of their own.
        let shares = |one: &Shipment| {
            one.segments.len() == 1 && one.tries.on_link < MOST_TOGETHER && !alone.contains(&one.message.id)
        };
        let Some(first) = request.first().filter(|first| most > 0 && shares(first)).cloned() else { return };
        // Whoever has a message that stays behind gets no later one before it.
        let mut passed: HashSet<Recipient> = HashSet::new();
        let mut others = self.queues.pick(&first, (most, MOST_LOOKED_AT), |other| {
            let recipient = &other.message.recipient;
            if busy.contains(recipient) || passed.contains(recipient) {
                return false;
            }
            let fits = is_like(&first, other) && shares(other) && other.message.expires_at > wall;
            let with = if fits { &mut *busy } else { &mut passed };
            with.insert(recipient.clone());
            fits
        });
        let permits = self.pace.take(now, others.len());
        for other in others.split_off(permits.min(others.len())).into_iter().rev() {
            self.over(&other);
            self.queues.push_first(other);
        }
        request.extend(others);
    }

    /// A request is over; whether he was mute until now.
    pub(super) fn landed(&mut self, shipments: &[Shipment]) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        self.stands_since = None;
        shipments.iter().for_each(|shipment| self.over(shipment));
        std::mem::take(&mut self.mute)
    }

    fn over(&mut self, shipment: &Shipment) {
        self.busy.remove(&shipment.message.recipient);
    }

    /// A message was throttled: it stands first again, unless that happened too often or for too long; then it comes back.
    pub(super) fn throttled(&mut self, shipment: Shipment, now: Duration) -> Option<Shipment> {
        let (times, since) = self.throttled.entry(shipment.message.id).or_insert((0, now));
        *times += 1;
        let most = if self.queues.is_empty() { MOST_THROTTLED } else { MOST_BEFORE_OTHERS };
        let long = *times > 1 && now.saturating_sub(*since) >= LONGEST_THROTTLED;
        if *times > most || long {
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
        && apart < 60
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use fakes::samples;
    use proptest::prelude::*;

    const NOW: Duration = Duration::ZERO;

    /// A line with these messages: who gets it, and what.
    fn line(limits: (usize, usize), rate: u32, messages: &[(i64, &str)]) -> Line {
        let (window, recipients) = limits;
        let breaker = Breaker::new(Duration::from_secs(1), Duration::from_secs(1), Duration::from_secs(1));
        let mut line = Line::new(rate, Limits { window, recipients, capacity: 5_000 }, breaker);
        // It is up, and not on trial.
        line.breaker.ended(super::super::breaker::Outcome::Answered, NOW, 127);
        let shipments = (1..).zip(messages).map(|(id, (phone, text))| {
            let mut message = samples::message(id, Timestamp::UNIX_EPOCH);
            message.recipient = samples::recipient(&format!("4670{phone:07}"));
            samples::shipment(message, text)
        });
        assert!(line.take(shipments.collect()).is_empty());
        line
    }

    fn go(line: &mut Line) -> Vec<Vec<Shipment>> {
        line.go(NOW, Timestamp::UNIX_EPOCH).requests
    }

    fn ids(requests: &[Vec<Shipment>]) -> Vec<Vec<i64>> {
        requests.iter().map(|request| request.iter().map(|one| one.message.id.0).collect()).collect()
    }

    #[test]
    fn a_busy_recipient_holds_up_nobody_else() {
        let mut messages = vec![(1, "hej"); 1_000];
        messages.extend([(2, "hej"), (3, "hej"), (2, "igen")]);
        let mut line = line((10, 1), 0, &messages);
        let first = go(&mut line);
        assert_eq!(ids(&first), [[1], [1_001], [1_002]], "one for each");
        assert_eq!(ids(&go(&mut line)), Vec::<Vec<i64>>::new(), "all of them are busy");
        line.landed(&first[0]);
        line.landed(&first[1]);
        assert_eq!(ids(&go(&mut line)), [[2], [1_003]], "and each gets his in their order");
    }

    #[test]
    fn who_has_everything_and_answers_nothing_is_mute_until_he_does() {
        let s = Duration::from_secs;
        let mut line = line((2, 1), 0, &[(1, "hej"), (2, "hej"), (3, "hej")]);
        let first = go(&mut line);
        assert!(!line.falls_mute(s(9), s(10)) && !line.rests());
        assert!(line.falls_mute(s(10), s(10)) && line.rests(), "once");
        assert!(!line.falls_mute(s(11), s(10)) && line.rests());
        line.took(s(12));
        assert!(line.landed(&first[0]), "until now");
        assert!(!line.rests(), "one answer is enough");
        assert!(!line.falls_mute(s(60), s(10)), "there is room");
        line.go(s(60), Timestamp::UNIX_EPOCH);
        assert!(!line.falls_mute(s(83), s(10)) && line.falls_mute(s(84), s(10)), "he is known to be slow");
    }

    #[test]
    fn paging_keeps_each_recipients_order() {
        let mut line = line((1, 50), 0, &[(1, "stopped"), (2, "running"), (2, "stopped"), (3, "stopped")]);
        let mut went = Vec::new();
        for _ in 0..3 {
            let requests = go(&mut line);
            for request in &requests {
                line.landed(request);
            }
            went.extend(ids(&requests));
        }
        assert_eq!(went, [vec![1, 4], vec![2], vec![3]]);
    }

    proptest! {
           /// Whatever shares a request, everybody gets his messages in the order in which they were taken.
           #[test]
           fn nobodys_messages_change_places(
               messages in proptest::collection::vec((0i64..4, proptest::sample::select(vec!["a", "b", "c"])), 1..40),
               window in 1usize..4,
               recipients in 1usize..5,
           ) {
               let mut line = line((window, recipients), 0, &messages);
               let mut last: HashMap<Recipient, i64> = HashMap::new();
               let mut went = 0;
               while !line.queues.is_empty() {
                   let requests = go(&mut line);
                   prop_assert!(!requests.is_empty());
                   for one in requests.iter().flatten() {
                       let before = last.insert(one.message.recipient.clone(), one.message.id.0);
                       prop_assert!(before.is_none_or(|before| before < one.message.id.0));
                       went += 1;
                   }
                   for request in &requests {
    line.landed(request);
    }
               }
               prop_assert_eq!(went, messages.len());
           }
       }

    #[test]
    fn who_is_throttled_again_and_again_makes_way_for_others() {
        let mut line = line((1, 1), 0, &[(1, "x"), (2, "x")]);
        let mut tries = 0;
        let back = loop {
            let going = go(&mut line).remove(0).remove(0);
            assert_eq!(going.message.id.0, 1, "first again");
            line.landed(std::slice::from_ref(&going));
            tries += 1;
            if let Some(back) = line.throttled(going, NOW) {
                break back;
            }
        };
        assert_eq!((back.message.id.0, tries), (1, MOST_BEFORE_OTHERS + 1));
        let other = go(&mut line).remove(0).remove(0);
        line.landed(std::slice::from_ref(&other));
        // Alone it may be tried oftener, but not for long.
        assert!(line.throttled(other, NOW).is_none());
        let other = go(&mut line).remove(0).remove(0);
        line.landed(std::slice::from_ref(&other));
        assert!(line.throttled(other, NOW + LONGEST_THROTTLED).is_some());
        assert!(line.throttled.is_empty());
    }

    #[test]
    fn who_was_refused_with_others_goes_alone() {
        let mut line = line((1, 50), 0, &[(1, "x"), (2, "x"), (3, "x")]);
        let page = go(&mut line).remove(0);
        assert_eq!(page.len(), 3);
        page.iter().rev().cloned().for_each(|shipment| line.apart(shipment));
        line.landed(&page);
        for id in 1..=3 {
            let alone = go(&mut line);
            assert_eq!(ids(&alone), [[id]]);
            line.landed(&alone[0]);
            line.forget(&alone[0][0]);
        }
        assert!(line.alone.is_empty(), "nothing is remembered of what has its end");
    }

    #[test]
    fn who_waits_for_somebody_uses_up_no_rate() {
        let mut line = line((10, 1), 1, &[(1, "a"), (1, "b"), (1, "c")]);
        let mut at = Duration::from_secs(10);
        let mut went = Vec::new();
        for _ in 0..3 {
            let going = line.go(at, Timestamp::UNIX_EPOCH);
            assert_eq!(going.requests.len(), 1, "{at:?}");
            // It is looked at again and again while the first is under way.
            for n in 1..=5 {
                assert!(
                    line.go(at + Duration::from_millis(n * 200), Timestamp::UNIX_EPOCH).requests.is_empty()
                );
            }
            line.landed(&going.requests[0]);
            went.extend(ids(&going.requests));
            at += Duration::from_millis(1_100);
        }
        assert_eq!(went, [[1], [2], [3]]);
    }
}
