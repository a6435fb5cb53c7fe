//! What a link has taken and not yet given to a session: four classes, higher first, none starved.

use crate::choice::Gathering;
use domain::message::{Priority, Quota};
use ports::driven::Shipment;
use std::collections::VecDeque;

/// Four queues. Their limit is the link's affair.
#[derive(Debug, Default)]
pub struct Queues {
    pub(crate) classes: [VecDeque<Shipment>; 4],
    pub(crate) len: usize,
    pub(crate) segments: usize,
    pub(crate) turn: usize,
    /// Room is gathered for a long message.
    pub(crate) gathering: Option<Gathering>,
}

impl Queues {
    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many segments they have together.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// Last in its class.
    pub fn push(&mut self, shipment: Shipment) {
        if let Some(class) = self.classes.get_mut(index(&shipment)) {
            self.segments += shipment.segments.len();
            self.len += 1;
            class.push_back(shipment);
        }
    }

    /// First in its class: it was taken and not begun.
    pub fn push_first(&mut self, shipment: Shipment) {
        if let Some(class) = self.classes.get_mut(index(&shipment)) {
            self.segments += shipment.segments.len();
            self.len += 1;
            class.push_front(shipment);
        }
    }

    /// Takes messages of about so many segments together; the last may have more. A class whose first message is not
    /// allowed to go gives nothing more.
    pub fn pop(
        &mut self,
        segments: usize,
        into: &mut Vec<Shipment>,
        mut allowed: impl FnMut(&Shipment) -> bool,
    ) {
        if segments == 0 || self.len == 0 {
            return;
        }
        let shares = Quota::share(segments, self.turn).divide(self.classes.each_ref().map(VecDeque::len));
        self.turn = self.turn.wrapping_add(1);
        let mut left = segments;
        for (class, share) in self.classes.iter_mut().zip(shares).rev() {
            for _ in 0..share {
                let Some(shipment) = class.pop_front_if(|first| left > 0 && allowed(first)) else { break };
                left = left.saturating_sub(shipment.segments.len().max(1));
                self.segments = self.segments.saturating_sub(shipment.segments.len());
                self.len -= 1;
                into.push(shipment);
            }
        }
    }

    /// Takes the first message that may go, of the class whose turn it is, or else of the highest that has one. Those that may not are
    /// passed over; at most `look` of each class are looked at.
    pub fn pop_one(&mut self, look: usize, mut allowed: impl FnMut(&Shipment) -> bool) -> Option<Shipment> {
        let shares = Quota::share(1, self.turn).divide(self.classes.each_ref().map(VecDeque::len));
        let turn = shares.iter().position(|share| *share > 0)?;
        let others = (0..self.classes.len()).rev().filter(|class| *class != turn);
        for class in std::iter::once(turn).chain(others) {
            let Some(class) = self.classes.get_mut(class) else { continue };
            let Some(at) = class.iter().take(look).position(&mut allowed) else { continue };
            let shipment = class.remove(at)?;
            self.turn = self.turn.wrapping_add(1);
            self.segments = self.segments.saturating_sub(shipment.segments.len());
            self.len -= 1;
            return Some(shipment);
        }
        None
    }

    /// Takes up to `most` messages out of the middle of the class of `like`, those that `fits` allows, in order; for what may go with it
    /// in one request. At most `look` are looked at.
    pub fn pick(
        &mut self,
        like: &Shipment,
        (most, look): (usize, usize),
        mut fits: impl FnMut(&Shipment) -> bool,
    ) -> Vec<Shipment> {
        let Some(class) = self.classes.get_mut(index(like)) else { return Vec::new() };
        let mut picked = Vec::new();
        let mut at = 0;
        for _ in 0..look {
            if picked.len() == most {
                break;
            }
            match class.get(at) {
                Some(one) if fits(one) => picked.extend(class.remove(at)),
                Some(_) => at += 1,
                None => break,
            }
        }
        self.len -= picked.len();
        self.segments = self.segments.saturating_sub(picked.iter().map(|s| s.segments.len()).sum());
        picked
    }

    /// Takes everything.
    pub fn drain(&mut self) -> Vec<Shipment> {
        (self.len, self.segments) = (0, 0);
        self.classes.iter_mut().rev().flat_map(std::mem::take).collect()
    }

    /// Takes the alarms.
    pub fn drain_alarms(&mut self) -> Vec<Shipment> {
        let alarms: Vec<_> = self.classes.last_mut().map(std::mem::take).into_iter().flatten().collect();
        self.len -= alarms.len();
        self.segments = self.segments.saturating_sub(alarms.iter().map(|s| s.segments.len()).sum());
        alarms
    }
}

fn index(shipment: &Shipment) -> usize {
    match shipment.message.priority {
        Priority::Bulk => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Alarm => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use fakes::samples;

    fn queues(all: &[(i64, Priority)]) -> Queues {
        let mut queues = Queues::default();
        for (id, priority) in all {
            let mut message = samples::message(*id, Timestamp::UNIX_EPOCH);
            message.priority = *priority;
            queues.push(samples::shipment(message, "hej"));
        }
        queues
    }

    fn pop_one(queues: &mut Queues, look: usize, busy: &[i64]) -> Option<i64> {
        let popped = queues.pop_one(look, |one| !busy.contains(&one.message.id.0));
        popped.map(|shipment| shipment.message.id.0)
    }

    #[test]
    fn who_may_not_go_is_passed_over() {
        use Priority::{Alarm, Bulk, Normal};
        let mut queues = queues(&[(1, Normal), (2, Normal), (3, Normal), (4, Alarm), (5, Bulk)]);
        assert_eq!(pop_one(&mut queues, 9, &[1]), Some(4), "the highest class first");
        assert_eq!(pop_one(&mut queues, 1, &[1]), Some(5), "only so many are looked at, then another class");
        assert_eq!(pop_one(&mut queues, 9, &[1, 2]), Some(3));
        assert_eq!(pop_one(&mut queues, 9, &[1, 2]), None);
        assert_eq!((queues.len(), queues.segments()), (2, 2));
        assert_eq!(pop_one(&mut queues, 9, &[]), Some(1), "in their order");
        assert_eq!(pop_one(&mut queues, 9, &[]), Some(2));
        assert_eq!(pop_one(&mut queues, 9, &[]), None);
        assert!(queues.is_empty() && queues.segments() == 0);
    }

    #[test]
    fn no_class_is_starved() {
        let waiting: Vec<_> =
            (0..64).map(|n| (n, if n % 2 == 0 { Priority::Alarm } else { Priority::Bulk })).collect();
        let mut queues = queues(&waiting);
        let first: Vec<_> = (0..16).filter_map(|_| pop_one(&mut queues, 9, &[])).collect();
        assert_eq!(first.iter().filter(|id| *id % 2 == 1).count(), 1, "{first:?}");
    }
}
