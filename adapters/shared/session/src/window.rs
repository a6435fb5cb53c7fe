//! The requests that wait for their replies, by key and in the order they were written.
//!
//! A request keeps its place while the operator may still come to it: only when a request that was written after it has its reply, and it
//! has waited for many times what replies take here (and ten seconds, and at most twice its time), it leaves its place to the next (promise
//! B2): a reply that is lost does not shut the window. Its key stays taken and a late reply still finds it, until its second limit. Bounded:
//! so many are passed over at most.
//!
//! After its second limit a request is given up, and its key is not used again on this connection until the peer does
//! answer it: where keys are few (UCP has 100, CIMD2 128), a reply that is later than late must not pair with another
//! request. When a quarter of the keys is lost that way, a new connection is needed.

use crate::withdraw::is_aside;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

/// Keys of given-up requests that are remembered where keys are many.
const MOST_GIVEN_UP: usize = 256;
/// Requests that are passed over at a time, at most, when the window is narrower.
const MOST_LATE: usize = 100;
/// A request that was passed over is given up for lost after so many times what the slowest replies took lately,
const TIMES_SLOWEST: u32 = 16;
/// but not before this.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);
/// How much of the slowest time each reply makes forgotten.
const FORGOTTEN: u32 = 1_024;
/// So many requests in a row that are given up, with nothing answered that was written later, are no accident.
const IN_VAIN: usize = 2;

/// Outstanding requests.
#[derive(Debug)]
pub struct Window<K> {
    size: usize,
    keys: usize,
    by_key: HashMap<K, Waiting>,
    in_time: BTreeMap<u64, K>,
    late: BTreeMap<u64, K>,
    written: u64,
    answered: u64,
    /// How long the slowest replies took lately.
    slowest: Duration,
    given_up: VecDeque<K>,
    /// Given up one after the other, with no reply to any that was written later.
    in_vain: usize,
    hopeless: bool,
    urgent: usize,
    urgent_since: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    order: u64,
    token: u64,
    written_at: Duration,
    late: bool,
    urgent: bool,
}

/// A request that has its reply, or will not get one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The caller's own name of it.
    pub token: u64,
    /// When it was written.
    pub written_at: Duration,
}

impl<K: Copy + Eq + Hash + Debug> Window<K> {
    /// An empty window of a size, at least 1, in a protocol with so many keys.
    #[must_use]
    pub fn new(size: usize, keys: usize) -> Self {
        Self {
            size: size.max(1),
            keys,
            by_key: HashMap::with_capacity(size),
            in_time: BTreeMap::new(),
            late: BTreeMap::new(),
            written: 0,
            answered: 0,
            slowest: Duration::ZERO,
            given_up: VecDeque::new(),
            in_vain: 0,
            hopeless: false,
            urgent: 0,
            urgent_since: None,
        }
    }

    /// How many more may be written.
    #[must_use]
    pub fn free(&self) -> usize {
        self.size.saturating_sub(self.in_time.len())
    }

    /// How many wait, late ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether the peer takes requests and does not answer: the window was full when its oldest request reached its second
    /// limit without being passed over, or that happened to two in a row.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.hopeless || self.in_vain >= IN_VAIN
    }

    /// Whether so many replies are missing that a new connection is needed: too many passed over, or too many keys lost.
    #[must_use]
    pub fn misses_many(&self) -> bool {
        self.late.len() > self.size.max(MOST_LATE).min(self.keys / 2) || self.given_up.len() > self.keys / 4
    }

    /// Since when the oldest submit waits that keeps its place.
    #[must_use]
    pub fn waits_since(&self) -> Option<Duration> {
        let in_time = self.in_time.values().filter_map(|key| self.by_key.get(key));
        in_time.filter(|waiting| !is_aside(waiting.token)).map(|waiting| waiting.written_at).next()
    }

    /// The submit that has waited longest leaves its place, though none that came later has its reply: its token.
    pub fn pass_over_oldest(&mut self) -> Option<u64> {
        let waiting = |key: &K| self.by_key.get(key).filter(|waiting| !is_aside(waiting.token));
        let order = self.in_time.iter().find(|(_, key)| waiting(key).is_some()).map(|(order, _)| *order)?;
        let key = self.in_time.remove(&order)?;
        self.late.insert(order, key);
        let waiting = self.by_key.get_mut(&key)?;
        waiting.late = true;
        Some(waiting.token)
    }

    /// How many were passed over and wait on.
    #[must_use]
    pub fn late(&self) -> usize {
        self.late.len()
    }

    /// A reply took so long.
    pub fn took(&mut self, time: Duration) {
        self.slowest = (self.slowest - self.slowest / FORGOTTEN).max(time);
    }

    /// How long what was passed over keeps its place.
    #[must_use]
    pub fn patience(&self, reply_limit: Duration) -> Duration {
        (self.slowest * TIMES_SLOWEST).max(LEAST_PATIENCE).min(reply_limit * 2)
    }

    /// How many keys must not be used: those that wait and those that were given up.
    #[must_use]
    pub fn taken_keys(&self) -> usize {
        self.by_key.len() + self.given_up.len()
    }

    /// Whether this key must not be used.
    #[must_use]
    pub fn is_taken(&self, key: &K) -> bool {
        self.by_key.contains_key(key) || self.given_up.contains(key)
    }

    /// Whether this key waits for a reply.
    #[must_use]
    pub fn holds(&self, key: &K) -> bool {
        self.by_key.contains_key(key)
    }

    /// The caller's name of what waits under this key.
    #[must_use]
    pub fn token(&self, key: &K) -> Option<u64> {
        self.by_key.get(key).map(|waiting| waiting.token)
    }

    /// Takes note of a request that was written.
    pub fn insert(&mut self, key: K, token: u64, now: Duration) {
        self.written += 1;
        let order = self.written;
        self.by_key.insert(key, Waiting { order, token, written_at: now, late: false, urgent: false });
        self.in_time.insert(order, key);
    }

    /// What was just written under this key is urgent.
    pub fn hurry(&mut self, key: &K) {
        if let Some(waiting) = self.by_key.get_mut(key)
            && !waiting.urgent
        {
            waiting.urgent = true;
            self.urgent += 1;
            self.urgent_since.get_or_insert(waiting.written_at);
        }
    }

    /// Since when something urgent waits without a break.
    #[must_use]
    pub fn urgent_since(&self) -> Option<Duration> {
        self.urgent_since
    }

    /// The reply came: whose it is, or none's. The key may be used again.
    pub fn take(&mut self, key: &K) -> Option<Taken> {
        let Some(waiting) = self.by_key.remove(key) else {
            let before = self.given_up.len();
            self.given_up.retain(|given_up| given_up != key);
            if self.given_up.len() < before {
                self.in_vain = 0;
            }
            return None;
        };
        let line = if waiting.late { &mut self.late } else { &mut self.in_time };
        line.remove(&waiting.order);
        self.answered = self.answered.max(waiting.order);
        self.in_vain = 0;
        self.urgent -= usize::from(waiting.urgent);
        self.urgent_since = self.urgent_since.filter(|_| self.urgent > 0);
        Some(Taken { token: waiting.token, written_at: waiting.written_at })
    }

    /// Lets time pass: what was passed over and has waited for long enough leaves its place. The tokens of those.
    pub fn pass_over(&mut self, now: Duration, reply_limit: Duration) -> Vec<u64> {
        let mut passed_over = Vec::new();
        while let Some((order, key)) = self.oldest(&self.in_time, now, self.patience(reply_limit))
            && order < self.answered
        {
            self.in_time.remove(&order);
            self.late.insert(order, key);
            if let Some(waiting) = self.by_key.get_mut(&key) {
                waiting.late = true;
                passed_over.push(waiting.token);
            }
        }
        passed_over
    }

    /// Lets time pass: what was written `late_limit` ago will not be answered and comes back.
    pub fn expire(&mut self, now: Duration, late_limit: Duration) -> Vec<Taken> {
        let mut gone = Vec::new();
        while let Some((_, key)) = self.oldest(&self.late, now, late_limit) {
            gone.extend(self.give_up(&key));
        }
        while let Some((_, key)) = self.oldest(&self.in_time, now, late_limit) {
            // An operator may not know the request to take something back: that says nothing of how he answers submits.
            let aside = self.token(&key).is_some_and(is_aside);
            let in_vain = self.in_vain + usize::from(!aside);
            self.hopeless |= self.free() == 0 && !aside;
            gone.extend(self.give_up(&key));
            self.in_vain = in_vain;
        }
        gone
    }

    /// When [`Window::pass_over`] or [`Window::expire`] has something to do.
    #[must_use]
    pub fn deadline(&self, reply_limit: Duration, late_limit: Duration) -> Option<Duration> {
        let in_time = self.first(&self.in_time).map(|(order, _, at)| {
            let passed_over = order < self.answered;
            at + if passed_over { late_limit.min(self.patience(reply_limit)) } else { late_limit }
        });
        let late = self.first(&self.late).map(|(_, _, at)| at + late_limit);
        in_time.into_iter().chain(late).min()
    }

    /// Takes a request out without its reply.
    fn give_up(&mut self, key: &K) -> Option<Taken> {
        let (answered, in_vain) = (self.answered, self.in_vain);
        let taken = self.take(key);
        (self.answered, self.in_vain) = (answered, in_vain);
        self.given_up.push_back(*key);
        if self.given_up.len() > MOST_GIVEN_UP {
            self.given_up.pop_front();
        }
        taken
    }

    /// Takes out what was written under this key and after it, in the order it was written; nothing, when nothing waits under it. The
    /// keys may be used again.
    pub fn take_from(&mut self, key: &K) -> Vec<Taken> {
        let first = self.by_key.get(key).map_or(u64::MAX, |waiting| waiting.order);
        self.take_all(|_, order| order >= first)
    }

    /// Takes out what waits under these keys, in the order it was written. The keys may be used again.
    pub fn take_those(&mut self, which: impl Fn(&K) -> bool) -> Vec<Taken> {
        self.take_all(|key, _| which(key))
    }

    fn take_all(&mut self, which: impl Fn(&K, u64) -> bool) -> Vec<Taken> {
        let mut later: Vec<_> = self.by_key.iter().map(|(key, w)| (w.order, *key)).collect();
        later.retain(|(order, key)| which(key, *order));
        later.sort_unstable_by_key(|(order, _)| *order);
        let (answered, in_vain) = (self.answered, self.in_vain);
        let taken = later.iter().filter_map(|(_, key)| self.take(key)).collect();
        (self.answered, self.in_vain) = (answered, in_vain);
        taken
    }

    /// Everything that waits, in the order it was written; the window is empty after that.
    pub fn drain(&mut self) -> Vec<Taken> {
        let mut all: Vec<_> = self.by_key.drain().map(|(_, waiting)| waiting).collect();
        all.sort_unstable_by_key(|waiting| waiting.order);
        self.in_time.clear();
        self.late.clear();
        (self.urgent, self.urgent_since) = (0, None);
        all.into_iter().map(|w| Taken { token: w.token, written_at: w.written_at }).collect()
    }

    fn first(&self, line: &BTreeMap<u64, K>) -> Option<(u64, K, Duration)> {
        let (order, key) = line.first_key_value()?;
        self.by_key.get(key).map(|waiting| (*order, *key, waiting.written_at))
    }

    fn oldest(&self, line: &BTreeMap<u64, K>, now: Duration, limit: Duration) -> Option<(u64, K)> {
        self.first(line).filter(|(_, _, at)| *at + limit <= now).map(|(order, key, _)| (order, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn replies_in_any_order_free_their_place() {
        let mut window = Window::new(3, 1_000);
        for key in 1..=3_u32 {
            window.insert(key, u64::from(key) * 10, s(0));
        }
        assert_eq!(window.free(), 0);
        assert_eq!(window.take(&2).map(|t| t.token), Some(20));
        assert_eq!(window.take(&2), None, "a second reply is nobody's");
        assert_eq!(window.free(), 1);
        assert_eq!(window.drain().iter().map(|t| t.token).collect::<Vec<_>>(), [10, 30]);
        assert!(window.is_empty());
    }

    #[test]
    fn late_keeps_its_place_until_it_is_passed_over() {
        let mut window = Window::new(2, 1_000);
        window.insert(7_u32, 1, s(0));
        window.insert(8, 2, s(1));
        assert_eq!(window.deadline(s(60), s(180)), Some(s(180)));
        assert_eq!(window.pass_over(s(130), s(60)), [0_u64; 0]);
        assert_eq!(window.free(), 0, "the operator may be slow: his window stays what it is");
        assert_eq!(window.take(&8).map(|t| t.token), Some(2));
        window.took(s(129));
        assert_eq!(window.deadline(s(60), s(180)), Some(s(120)), "passed over");
        assert_eq!((window.pass_over(s(131), s(60)), window.late()), (vec![1], 1));
        assert_eq!((window.free(), window.holds(&7)), (2, true), "the place is free, the key is not");
        assert_eq!(window.take(&7).map(|t| t.token), Some(1), "the late reply settles");
        window.insert(9, 3, s(132));
        assert_eq!(window.expire(s(312), s(180)).len(), 1, "and in the end nobody waits");
        assert!(window.is_empty() && !window.is_hopeless());
    }

    #[test]
    fn a_lost_reply_holds_its_place_for_many_times_what_replies_take() {
        let passed_over_at = |times: &[u64]| {
            let mut window = Window::new(2, 1_000);
            window.insert(1_u32, 1, s(0));
            window.insert(2, 2, s(0));
            window.take(&2);
            times.iter().for_each(|took| window.took(Duration::from_millis(*took)));
            window.deadline(s(60), s(180))
        };
        assert_eq!(passed_over_at(&[5, 20, 7]), Some(s(10)), "not before ten seconds");
        assert_eq!(passed_over_at(&[5, 1_000, 1_000]), Some(s(16)));
        assert_eq!(passed_over_at(&[30_000, 5, 5]), Some(s(120)), "at most twice their time");
        let long_ago: Vec<u64> = [30_000].into_iter().chain(std::iter::repeat_n(5, 10_000)).collect();
        assert_eq!(passed_over_at(&long_ago), Some(s(10)));
    }

    #[test]
    fn many_lost_replies_need_a_new_connection() {
        let lose = |keys: usize, times: u32| {
            let mut window = Window::new(2, keys);
            for key in (0..times).map(|n| 2 * n) {
                window.insert(key, 0, s(0));
                window.insert(key + 1, 0, s(0));
                window.take(&(key + 1));
                assert_eq!(window.pass_over(s(10), s(60)).len(), 1);
            }
            window.misses_many()
        };
        assert_eq!(
            [(1_000, 100), (1_000, 101), (100, 50), (100, 51)].map(|(k, n)| lose(k, n)),
            [false, true, false, true]
        );
    }

    #[test]
    fn a_given_up_key_is_not_used_until_its_reply_comes() {
        let mut window = Window::new(4, 8);
        for key in 1..=3_u32 {
            window.insert(key, u64::from(key), s(0));
        }
        assert_eq!(window.expire(s(180), s(180)).len(), 3);
        assert!(window.is_empty() && window.is_taken(&2) && window.misses_many(), "3 of 8 keys are lost");
        assert_eq!((window.take(&2), window.taken_keys()), (None, 2), "nobody's reply frees the key");
        assert!(!window.is_taken(&2) && !window.misses_many());
    }

    #[test]
    fn two_in_a_row_are_hopeless_however_wide_the_window() {
        let given_up = |between: Option<u32>| {
            let mut window = Window::new(50, 1_000);
            window.insert(1_u32, 1, s(0));
            assert_eq!(window.expire(s(180), s(180)).len(), 1);
            assert!(!window.is_hopeless(), "one may be an accident");
            if let Some(key) = between {
                window.insert(key, 2, s(181));
                assert!(window.take(&key).is_some());
            }
            window.insert(3, 3, s(182));
            assert_eq!(window.expire(s(362), s(180)).len(), 1);
            window.is_hopeless()
        };
        assert_eq!([given_up(None), given_up(Some(2))], [true, false]);
    }

    #[test]
    fn since_when_something_urgent_waits() {
        let mut window = Window::new(5, 1_000);
        (1..=4_u32).for_each(|key| window.insert(key, 0, s(key.into())));
        assert_eq!(window.urgent_since(), None);
        window.hurry(&2);
        window.hurry(&2);
        window.hurry(&4);
        let answered = |window: &mut Window<u32>, key| {
            window.take(&key);
            window.urgent_since()
        };
        assert_eq!([2, 1, 4].map(|key| answered(&mut window, key)), [Some(s(2)), Some(s(2)), None]);
    }

    #[test]
    fn a_peer_that_never_answers_is_hopeless() {
        let mut window = Window::new(2, 1_000);
        window.insert(1_u32, 1, s(0));
        window.insert(2, 2, s(1));
        assert_eq!(window.expire(s(179), s(180)), []);
        assert!(!window.is_hopeless());
        assert_eq!(window.expire(s(180), s(180)).len(), 1);
        assert!(window.is_hopeless());
    }
}
