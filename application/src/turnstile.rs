//! The way in to a lane while much goes out by it: as many new messages as went out.
//!
//! A message that finds room at its link is handed over from memory. One that finds none waits in the store, is taken from there and read
//! again, which costs more than it took to write it, and while one waits all others have to queue up behind it. So when a link is well
//! filled, who comes waits a moment for a place. It is a courtesy, never a promise: after [`PATIENCE`] everybody is let in.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// The longest that anybody is kept waiting.
pub(crate) const PATIENCE: Duration = Duration::from_millis(40);
/// How long a count of what goes out lasts.
const SPAN_MS: u64 = 100;
/// What goes out in a span that is much. Below that nobody waits: the next place would be too far away.
const MUCH: u64 = 100;

/// How much goes out somewhere.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// The span being counted, by its number.
    span: AtomicU64,
    /// What went out in it, and in the one before.
    out: AtomicU64,
    before: AtomicU64,
}

impl Flow {
    /// So many went out.
    pub(crate) fn count(&self, count: usize, now: Duration) {
        self.look(now);
        self.out.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Whether much goes out.
    pub(crate) fn is_much(&self, now: Duration) -> bool {
        self.look(now);
        self.out.load(Ordering::Relaxed).max(self.before.load(Ordering::Relaxed)) >= MUCH
    }

    /// Begins a new count when a span is over. Two that do so at the same time spoil a count, and nothing else.
    fn look(&self, now: Duration) {
        let span = u64::try_from(now.as_millis()).unwrap_or(u64::MAX) / SPAN_MS;
        let last = self.span.swap(span, Ordering::Relaxed);
        if span != last {
            let out = self.out.swap(0, Ordering::Relaxed);
            self.before.store(if span == last + 1 { out } else { 0 }, Ordering::Relaxed);
        }
    }
}

/// A lane's way in.
#[derive(Debug, Default)]
pub(crate) struct Turnstile {
    turn: Notify,
    waiting: AtomicUsize,
    flow: Flow,
    /// What went out, in quarters of places for those who come in.
    quarters: AtomicUsize,
}

/// What of that which goes out is given to somebody new, so that what waits comes to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// All of it.
    All,
    /// Three quarters: what is to be told of messages piles up.
    Most,
    /// Half: messages wait in the store.
    Half,
}

impl Room {
    fn quarters(self) -> usize {
        match self {
            Self::All => 4,
            Self::Most => 3,
            Self::Half => 2,
        }
    }
}

impl Turnstile {
    /// Messages went out: others come in.
    pub(crate) fn went_out(&self, count: usize, room: Room, now: Duration) {
        self.flow.count(count, now);
        if self.waiting.load(Ordering::Acquire) == 0 {
            return;
        }
        let more = count * room.quarters();
        let places = (self.quarters.fetch_add(more, Ordering::Relaxed) % 4 + more) / 4;
        (0..places).for_each(|_| self.turn.notify_one());
    }

    /// Whether much goes out.
    pub(crate) fn flows(&self, now: Duration) -> bool {
        self.flow.is_much(now)
    }

    /// Waits for a turn, at most [`PATIENCE`].
    pub(crate) async fn pass(&self) {
        let _here = Here::new(&self.waiting);
        let _ = tokio::time::timeout(PATIENCE, self.turn.notified()).await;
    }
}

/// Somebody who waits, counted as long as he does.
struct Here<'a>(&'a AtomicUsize);

impl<'a> Here<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_flows_is_forgotten_after_two_spans() {
        let way = Turnstile::default();
        assert!(!way.flows(at(0)));
        way.went_out(99, Room::All, at(10));
        assert!(!way.flows(at(20)));
        way.went_out(1, Room::All, at(30));
        assert!(way.flows(at(99)) && way.flows(at(199)));
        assert!(!way.flows(at(200)) && !way.flows(at(1_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn as_many_come_in_as_go_out_and_fewer_when_something_is_behind() {
        let way = Turnstile::default();
        let mut waiting: Vec<_> = (0..12).map(|_| Box::pin(way.pass())).collect();
        for (count, room, expected) in [
            (0, Room::All, 0),
            (2, Room::All, 2),
            (1, Room::Half, 0),
            (1, Room::Half, 1),
            (4, Room::Most, 3),
            (9, Room::All, 6),
        ] {
            // Each is asked once, so that it stands in the queue.
            waiting.retain_mut(|w| w.as_mut().now_or_never().is_none());
            let before = waiting.len();
            way.went_out(count, room, at(1));
            waiting.retain_mut(|w| w.as_mut().now_or_never().is_none());
            assert_eq!(before - waiting.len(), expected, "{count} went out");
        }
        assert!(waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_long() {
        let way = Turnstile::default();
        let one = Duration::from_millis(1);
        assert!(tokio::time::timeout(PATIENCE - one, way.pass()).await.is_err());
        assert!(tokio::time::timeout(PATIENCE + one, way.pass()).await.is_ok());
        assert_eq!(way.waiting.load(Ordering::Acquire), 0);
    }
}
