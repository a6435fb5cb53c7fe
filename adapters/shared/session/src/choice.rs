//! Which of the waiting messages leave now: higher classes first, past those that must wait for another, and so that a long one gets its room.
//!
//! A message begins only when all of it has room. While a lower class takes each place as soon as it is free, a long one would never have it: so
//! when there is no room for the next of a class, those below get nothing but their guaranteed turn, and what is freed gathers. That takes a
//! round trip. Where an operator leaves a place taken for ever, it would take for ever: then they wait and go by turns.

use crate::order::UnderWay;
use crate::queue::Queues;
use domain::message::Quota;
use ports::driven::Shipment;
use std::collections::VecDeque;
use std::time::Duration;

/// How long lower classes wait for a message to get its room, and how long they then go all the same.
const GATHER: Duration = Duration::from_secs(5);
/// How many messages of a class are looked past in one go.
const MOST_LOOKED_PAST: usize = 100;

/// Whether a message may leave its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Now.
    Now,
    /// When another to its recipient has its end. What stands behind it to others need not wait.
    Behind,
    /// When there is room for all of it. What stands behind it does not go before it.
    NoRoom,
}

/// Since when room is gathered for a long message, and when it was last missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gathering {
    since: Duration,
    last: Duration,
}

impl Gathering {
    /// Room is missing (still).
    fn missing(before: Option<Self>, now: Duration) -> Self {
        let still = before.filter(|g| now.saturating_sub(g.last) < 2 * GATHER);
        Self { since: still.map_or(now, |g| g.since), last: now }
    }

    /// When lower classes may go or must wait again: they wait first, then by turns.
    fn turns_at(self) -> Duration {
        self.since + GATHER * (self.turn() + 1)
    }

    fn holds_back(self) -> bool {
        self.turn().is_multiple_of(2)
    }

    fn turn(self) -> u32 {
        let over = self.last.saturating_sub(self.since).as_secs() / GATHER.as_secs();
        u32::try_from(over).unwrap_or(u32::MAX - 1)
    }
}

impl Queues {
    /// Takes messages of about so many segments together; the last may have more. Says when to ask again although nothing changed.
    pub fn take(
        &mut self,
        now: Duration,
        segments: usize,
        into: &mut Vec<Shipment>,
        mut may: impl FnMut(&Shipment) -> Leave,
    ) -> Option<Duration> {
        if segments == 0 || self.is_empty() {
            return None;
        }
        let waiting = self.classes.each_ref().map(VecDeque::len);
        let mut shares = Quota::share(segments, self.turn).divide(waiting);
        let (mut left, mut spare, mut gathering) = (segments, 0, None);
        let before = into.len();
        for (at, class) in self.classes.iter_mut().enumerate().rev() {
            let share = shares.get(at).map_or(0, |share| share + spare);
            let (mut taken, mut passed) = (0, 0);
            while taken < share && left > 0 && passed < MOST_LOOKED_PAST {
                match class.get(passed).map(&mut may) {
                    Some(Leave::Now) => {
                        let Some(shipment) = class.remove(passed) else { break };
                        let long = shipment.segments.len();
                        left = left.saturating_sub(long.max(1));
                        self.segments = self.segments.saturating_sub(long);
                        self.len -= 1;
                        self.gathering = self.gathering.filter(|_| long <= 1);
                        into.push(shipment);
                        taken += 1;
                    }
                    Some(Leave::Behind) => passed += 1,
                    Some(Leave::NoRoom) => {
                        let missing = Gathering::missing(self.gathering, now);
                        self.gathering = Some(missing);
                        gathering = gathering.or(Some(missing));
                        break;
                    }
                    None => break,
                }
            }
            // What a class cannot use, because all of it waits for others, is the next one's.
            spare = share - taken;
            if gathering.is_some_and(Gathering::holds_back) {
                let mut all = waiting;
                all.iter_mut().skip(at).take(1).for_each(|waiting| *waiting = usize::MAX);
                (shares, spare) = (Quota::share(1, self.turn).divide(all), 0);
            }
        }
        // A guaranteed turn that came while room is gathered comes once, not each time that somebody asks.
        if gathering.is_none() || into.len() > before {
            self.turn = self.turn.wrapping_add(1);
        }
        gathering.map(Gathering::turns_at)
    }
}

/// What a session has room for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Free {
    /// Places in its window.
    pub(crate) places: usize,
    /// Nothing is under way: then a message may be longer than the window.
    pub(crate) idle: bool,
}

impl Free {
    /// Takes a message's places, if it has room for all of it.
    fn take(&mut self, shipment: &Shipment) -> bool {
        let segments = shipment.segments.len().max(1);
        let fits = segments <= self.places || self.idle;
        if fits {
            self.places = self.places.saturating_sub(segments);
            self.idle = false;
        }
        fits
    }
}

/// What a session may begin.
pub(crate) struct Chosen {
    /// These.
    pub(crate) shipments: Vec<Shipment>,
    /// The session that a message must wait for.
    pub(crate) wait_for: Option<usize>,
    /// When to ask again although nothing changed.
    pub(crate) again_at: Option<Duration>,
}

/// Takes messages of so many segments together that have room and cannot overtake others to their recipient; with which session they go and
/// what is under way is said where there are several.
pub(crate) fn choose(
    queues: &mut Queues,
    mut here: Option<(usize, &mut UnderWay)>,
    now: Duration,
    segments: usize,
    mut free: Free,
) -> Chosen {
    let (mut shipments, mut wait_for) = (Vec::new(), None);
    let again_at = queues.take(now, segments, &mut shipments, |first| {
        if let Some((place, under_way)) = &here
            && let Some(other) = under_way.elsewhere(first, *place)
        {
            wait_for.get_or_insert(other);
            return Leave::Behind;
        }
        if !free.take(first) {
            return Leave::NoRoom;
        }
        if let Some((place, under_way)) = &mut here {
            under_way.begins(first, *place);
        }
        Leave::Now
    });
    Chosen { shipments, wait_for, again_at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::address::Recipient;
    use domain::message::Priority;
    use fakes::samples;

    fn shipment(id: i64, priority: Priority, to: &str, parts: usize) -> Shipment {
        let mut message = samples::message(id, Timestamp::UNIX_EPOCH);
        message.priority = priority;
        message.recipient = Recipient::parse(to).expect("a number");
        samples::shipment(message, &"x".repeat(if parts > 1 { 153 * parts } else { 10 }))
    }

    fn ids(taken: &[Shipment]) -> Vec<i64> {
        taken.iter().map(|s| s.message.id.0).collect()
    }

    /// A window whose replies come one by one, asked after each; after how many replies the alarm went.
    fn replies_until_the_alarm(window: usize, parts: usize, asked: usize) -> Option<usize> {
        let mut queues = Queues::default();
        (1..=1_000).for_each(|id| queues.push(shipment(id, Priority::Bulk, "46701000000", 1)));
        let mut flying = window;
        queues.push(shipment(0, Priority::Alarm, "46701234567", parts));
        for reply in 1..500 {
            flying -= 1;
            for _ in 0..asked {
                let (mut taken, mut free) = (Vec::new(), window - flying);
                queues.take(Duration::ZERO, free, &mut taken, |first| {
                    let long = first.segments.len();
                    if long > free && flying > 0 {
                        return Leave::NoRoom;
                    }
                    free = free.saturating_sub(long);
                    Leave::Now
                });
                flying += taken.iter().map(|s| s.segments.len()).sum::<usize>();
                if ids(&taken).contains(&0) {
                    return Some(reply);
                }
            }
        }
        None
    }

    #[test]
    fn a_long_alarm_has_its_room_within_a_round_trip() {
        for (window, parts) in [(10, 2), (10, 5), (10, 10), (10, 12), (20, 8), (20, 19), (100, 40), (2, 2)] {
            for asked in [1, 3, 40] {
                let replies = replies_until_the_alarm(window, parts, asked);
                assert!(replies.is_some_and(|n| n <= window + 1), "{window} {parts} {asked}: {replies:?}");
            }
        }
    }

    #[test]
    fn by_turns_where_a_place_is_never_free() {
        let mut queues = Queues::default();
        queues.push(shipment(0, Priority::Alarm, "46701234567", 3));
        (1..=100).for_each(|id| queues.push(shipment(id, Priority::Normal, "46701000000", 1)));
        let mut take = |at| {
            let mut taken = Vec::new();
            let room = |first: &Shipment| if first.segments.len() > 2 { Leave::NoRoom } else { Leave::Now };
            let again = queues.take(Duration::from_secs(at), 2, &mut taken, room);
            (taken.len(), again.map(|at| at.as_secs()))
        };
        assert_eq!([take(100), take(104)], [(0, Some(105)), (0, Some(105))]);
        assert_eq!([take(105), take(109)], [(2, Some(110)), (2, Some(110))]);
        assert_eq!([take(110), take(115)], [(0, Some(115)), (2, Some(120))]);
        assert_eq!(take(300), (0, Some(305)), "another one");
    }

    #[test]
    fn past_those_that_wait_for_another() {
        let mut queues = Queues::default();
        for (id, to) in [(1, "46701111111"), (2, "46701111111"), (3, "46702222222"), (4, "46703333333")] {
            queues.push(shipment(id, Priority::Alarm, to, 1));
        }
        (5..=9).for_each(|id| queues.push(shipment(id, Priority::Bulk, "46704444444", 1)));
        let busy = Recipient::parse("46701111111").expect("a number");
        let mut take = |segments, free: bool| {
            let mut taken = Vec::new();
            let behind = |first: &Shipment| !free && first.message.recipient == busy;
            queues.take(Duration::ZERO, segments, &mut taken, |first| {
                if behind(first) { Leave::Behind } else { Leave::Now }
            });
            ids(&taken)
        };
        assert_eq!(take(1, false), [3]);
        assert_eq!(take(3, false), [4, 5, 6], "what a class cannot use is the next one's");
        assert_eq!(take(3, true), [1, 2, 7], "in their order");
    }

    #[test]
    fn not_past_any_number_of_them() {
        let mut queues = Queues::default();
        (1..=150).for_each(|id| queues.push(shipment(id, Priority::High, "46701111111", 1)));
        queues.push(shipment(151, Priority::High, "46702222222", 1));
        let (mut taken, mut asked) = (Vec::new(), 0);
        queues.take(Duration::ZERO, 5, &mut taken, |_| {
            asked += 1;
            Leave::Behind
        });
        assert_eq!((taken.len(), asked, queues.len()), (0, MOST_LOOKED_PAST, 151));
    }
}
