//! The bounded queue before the one writer. Never waits for room: a full queue says so at once.

use crate::op::{Op, Ticket};
use ports::driven::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How many operations may wait.
pub const MOST_OPS: usize = 8_192;
/// How many rows may wait before nothing new is accepted.
const MOST_ROWS: usize = 65_536;
/// Places that new messages leave free for work already taken on.
const RESERVED: usize = 1_024;
/// Rows of one transaction, unless a single operation has more.
pub const BATCH_ROWS: usize = 2_000;
/// Turns that end in one transaction that are much.
const MUCH: usize = 16;
/// New messages of one transaction while much goes out; more if even more goes out.
const NEW_ROWS: usize = 64;

/// The callers' end.
#[derive(Clone)]
pub struct Queue {
    sender: mpsc::Sender<Op>,
    rows: Arc<AtomicUsize>,
    patience: Option<Duration>,
}

/// The writer's end.
pub struct Waiting {
    receiver: mpsc::Receiver<Op>,
    rows: Arc<AtomicUsize>,
    taken: Vec<Op>,
    /// Turns that ended in the last batch.
    out: usize,
}

/// A queue; callers wait for answers at most `patience` (for ever without).
pub fn queue(patience: Option<Duration>) -> (Queue, Waiting) {
    let (sender, receiver) = mpsc::channel(MOST_OPS);
    let rows = Arc::new(AtomicUsize::new(0));
    (
        Queue { sender, rows: Arc::clone(&rows), patience },
        Waiting { receiver, rows, taken: Vec::new(), out: 0 },
    )
}

impl Queue {
    /// Queues something and waits for its answer. Once queued it is done even if nobody waits.
    pub async fn ask<Q, A>(&self, wrap: fn(Ticket<Q, A>) -> Op, ask: Q) -> Result<A, StoreError> {
        let answer = self.put(wrap, ask)?;
        let gone = |_| Err(StoreError::Unavailable("the store broke off before it answered".to_owned()));
        match self.patience {
            None => answer.await.unwrap_or_else(gone),
            Some(patience) => match tokio::time::timeout(patience, answer).await {
                Ok(answer) => answer.unwrap_or_else(gone),
                Err(_) => Err(StoreError::Unavailable("no answer from the database in time".to_owned())),
            },
        }
    }

    fn put<Q, A>(
        &self,
        wrap: fn(Ticket<Q, A>) -> Op,
        ask: Q,
    ) -> Result<oneshot::Receiver<Result<A, StoreError>>, StoreError> {
        let (ticket, answer) = Ticket::new(ask);
        let op = wrap(ticket);
        let weight = op.weight();
        if !op.settles()
            && (self.sender.capacity() < RESERVED || self.rows.load(Ordering::Relaxed) > MOST_ROWS)
        {
            return Err(StoreError::Busy);
        }
        self.rows.fetch_add(weight, Ordering::Relaxed);
        self.sender.try_send(op).map_err(|refused| {
            self.rows.fetch_sub(weight, Ordering::Relaxed);
            match refused {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => {
                    StoreError::Unavailable("the store has stopped".to_owned())
                }
            }
        })?;
        Ok(answer)
    }
}

impl Waiting {
    /// Everything that waits, up to a transaction's worth, in order; waits for the first. `None`: nobody can ask any more.
    pub async fn next_batch(&mut self) -> Option<Vec<Op>> {
        let room = MOST_OPS - self.taken.len().min(MOST_OPS - 1);
        if self.taken.is_empty() {
            if self.receiver.recv_many(&mut self.taken, room).await == 0 {
                return None;
            }
        } else {
            while self.taken.len() < MOST_OPS {
                let Ok(op) = self.receiver.try_recv() else { break };
                self.taken.push(op);
            }
        }
        let mut room = BATCH_ROWS;
        let mut new_room = self.room_for_new();
        let mut rows = 0;
        let fits = |op: &mut Op| {
            let weight = op.weight();
            let new = matches!(op, Op::Accept(_));
            // Whatever is too heavy for the rest of a batch goes first in the next one, and may be as heavy as it is.
            let fits = rows == 0 || (weight <= room && (!new || weight <= new_room));
            match (fits, new) {
                (true, _) => {
                    rows += weight;
                    room = room.saturating_sub(weight);
                    new_room = new_room.saturating_sub(if new { weight } else { 0 });
                }
                (false, true) => new_room = 0,
                (false, false) => room = 0,
            }
            fits
        };
        let batch: Vec<Op> = self.taken.extract_if(.., fits).collect();
        self.out = turns(&batch);
        self.rows.fetch_sub(rows, Ordering::Relaxed);
        metrics::gauge!("omnigate_store_queue_rows").set(self.rows.load(Ordering::Relaxed) as f64);
        Some(batch)
    }

    /// What came meanwhile and operators wait for joins a batch that is about to be committed, as far as a transaction has room; the rest
    /// keeps its order. How many joined.
    pub fn join(&mut self, batch: &mut Vec<Op>) -> usize {
        while self.taken.len() < MOST_OPS {
            let Ok(op) = self.receiver.try_recv() else { break };
            self.taken.push(op);
        }
        let before = batch.len();
        let mut room = BATCH_ROWS.saturating_sub(batch.iter().map(Op::weight).sum());
        let mut rows = 0;
        batch.extend(self.taken.extract_if(.., |op| {
            let weight = op.weight();
            let joins = op.is_awaited_by_operator() && weight <= room;
            if joins {
                room -= weight;
                rows += weight;
            } else if op.is_awaited_by_operator() {
                // Of two about one message the first must not be overtaken.
                room = 0;
            }
            joins
        }));
        self.rows.fetch_sub(rows, Ordering::Relaxed);
        let joined = batch.get(before..).unwrap_or_default();
        self.out += turns(joined);
        joined.len()
    }

    /// How many new messages a batch may have. While much goes out, windows would stand still as long as hundreds of new messages are
    /// written. (That no more comes in than goes out is seen to before they are stored.)
    fn room_for_new(&self) -> usize {
        match self.out.max(turns(&self.taken)) {
            out if out < MUCH => BATCH_ROWS,
            out => NEW_ROWS.max(2 * out),
        }
    }
}

/// How many turns end in a batch.
fn turns(ops: &[Op]) -> usize {
    ops.iter().filter(|op| matches!(op, Op::Settle(_))).map(Op::weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fakes::samples;
    use ports::driven::HandoffKey;

    #[tokio::test]
    async fn a_full_queue_says_busy_at_once() {
        let (queue, mut waiting) = queue(None);
        let ask = || queue.put(Op::Ping, ());
        let asked: Vec<_> = (0..MOST_OPS).map(|_| ask()).collect();
        assert!(asked.iter().all(Result::is_ok));
        assert_eq!(ask().err(), Some(StoreError::Busy));
        let batch = waiting.next_batch().await.expect("a batch");
        assert_eq!(batch.len(), BATCH_ROWS);
        assert!(ask().is_ok(), "room again");
    }

    #[tokio::test]
    async fn replies_and_receipts_join_the_batch_before_its_commit() {
        let (queue, mut waiting) = queue(None);
        let _first = queue.put(Op::Ping, ());
        let mut batch = waiting.next_batch().await.expect("a batch");
        let _later = queue.put(Op::Ping, ());
        let _reply = queue.put(Op::Settle, Vec::new());
        assert_eq!(waiting.join(&mut batch), 1);
        assert!(matches!(batch.as_slice(), [Op::Ping(_), Op::Settle(_)]));
        assert_eq!(waiting.join(&mut batch), 0);
        assert!(matches!(waiting.next_batch().await.as_deref(), Some([Op::Ping(_)])));
        assert_eq!(queue.rows.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn windows_do_not_stand_still_while_hundreds_are_written() {
        let (queue, mut waiting) = queue(None);
        let (link, now) = (samples::link("TS0"), domain::Timestamp::UNIX_EPOCH);
        let run = domain::message::Incarnation(1);
        let new = || samples::queued(samples::message(1, now), &link);
        let accept = || drop(queue.put(Op::Accept, samples::acceptance(vec![new()])));
        let turn = samples::sent(domain::message::MessageId(1), run, &link, now, &["a1"]);
        let turns = |n| drop(queue.put(Op::Settle, vec![turn.clone(); n]));
        (0..500).for_each(|_| accept());
        turns(MUCH - 1);
        assert_eq!(waiting.next_batch().await.map(|b| b.len()), Some(501), "little goes out");
        (0..500).for_each(|_| accept());
        turns(MUCH);
        let batch = waiting.next_batch().await.expect("a batch");
        assert_eq!(batch.len(), NEW_ROWS + 1);
        assert!(matches!(batch.last(), Some(Op::Settle(_))), "what operators wait for is not held up");
        assert_eq!(waiting.next_batch().await.map(|b| b.len()), Some(NEW_ROWS), "as long as it flows");
        turns(100);
        assert_eq!(waiting.next_batch().await.map(|b| b.len()), Some(200 + 1), "twice what goes out");
        assert_eq!(waiting.next_batch().await.map(|b| b.len()), Some(500 - 2 * NEW_ROWS - 200));
        assert_eq!(queue.rows.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_heavy_one_goes_alone() {
        let (queue, mut waiting) = queue(None);
        let many =
            vec![(HandoffKey { subject: 1, event: 1 }, ports::driven::HandoffOutcome::Done); BATCH_ROWS + 1];
        let lease = domain::message::Incarnation(1);
        let _first = queue.put(Op::Ping, ());
        let _heavy = queue.put(Op::SettleHandoffs, (many, lease));
        let _last = queue.put(Op::Ping, ());
        let sizes = [waiting.next_batch().await, waiting.next_batch().await, waiting.next_batch().await];
        assert_eq!(sizes.map(|b| b.map(|b| b.len())), [Some(1), Some(1), Some(1)]);
        drop(queue);
        assert!(waiting.next_batch().await.is_none());
    }
}
