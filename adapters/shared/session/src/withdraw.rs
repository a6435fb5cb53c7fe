//! Segments that the operator has and is asked to take back: what waits for a session of the link, and what one session has asked for.
//!
//! They share keys, window, pace and time limits with submits, under tokens of their own, so that no reply to the one is taken for a reply to
//! the other. What a session leaves without an answer is dropped with it: whoever asked hears that it is unanswered.

use crate::event::Event;
use ports::driven::{PartReply, Withdrawal, Withdrawn};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Tokens with this bit belong to no segment of a message.
const ASIDE: u64 = 1 << 63;
/// How many wait for a session.
const MOST_WAITING: usize = 256;

/// Whether a token is that of a withdrawal.
#[must_use]
pub fn is_aside(token: u64) -> bool {
    token & ASIDE != 0
}

/// Something to be asked for, and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) what: Withdrawal,
    reply: oneshot::Sender<Withdrawn>,
}

/// What waits for a session of the link.
#[derive(Debug, Default)]
pub(crate) struct Wishes(Mutex<VecDeque<Wish>>);

impl Wishes {
    fn all(&self) -> MutexGuard<'_, VecDeque<Wish>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one; where its answer will come, when there is room.
    pub(crate) fn push(&self, what: Withdrawal) -> Option<oneshot::Receiver<Withdrawn>> {
        let (reply, answer) = oneshot::channel();
        let mut all = self.all();
        all.retain(|wish| !wish.reply.is_closed());
        if all.len() >= MOST_WAITING {
            return None;
        }
        all.push_back(Wish { what, reply });
        Some(answer)
    }

    /// The next one that somebody still waits for.
    pub(crate) fn pop(&self) -> Option<Wish> {
        let mut all = self.all();
        while let Some(wish) = all.pop_front() {
            if !wish.reply.is_closed() {
                return Some(wish);
            }
        }
        None
    }

    /// Nobody can be asked any more.
    pub(crate) fn give_back(&self) {
        let all = std::mem::take(&mut *self.all());
        all.into_iter().for_each(|wish| drop(wish.reply.send(Withdrawn::NotOffered)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

/// What one session has asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Withdrawn>>,
}

impl Asked {
    /// How many wait for their answer.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// A token for the next one.
    pub(crate) fn token(&mut self) -> u64 {
        self.last = self.last.wrapping_add(1);
        ASIDE | self.last
    }

    /// It was written, or could not be said.
    pub(crate) fn asked(&mut self, token: u64, wish: Wish, written: Result<(), String>) {
        match written {
            Ok(()) => drop(self.waiting.insert(token, wish.reply)),
            Err(why) => drop(wish.reply.send(Withdrawn::Refused(why))),
        }
    }

    /// Takes an event that is about one of them; gives back any other.
    pub(crate) fn hear<A>(&mut self, event: Event<A>) -> Option<Event<A>> {
        let (token, end) = match event {
            Event::Ended { token, end, .. } if is_aside(token) => (token, end),
            // Too fast, or under another number: it is asked for again in a while.
            Event::Throttled { token, .. } | Event::Again { token, .. } if is_aside(token) => {
                (token, PartReply::NotOffered)
            }
            Event::PassedOver { token } | Event::Full { token } if is_aside(token) => return None,
            other => return Some(other),
        };
        if let Some(reply) = self.waiting.remove(&token) {
            let _ = reply.send(match end {
                PartReply::Accepted { .. } => Withdrawn::TakenBack,
                PartReply::Refused(failure) => Withdrawn::Refused(failure.detail),
                PartReply::Unanswered => Withdrawn::Unanswered,
                PartReply::NotOffered => Withdrawn::NotOffered,
            });
        }
        None
    }
}
