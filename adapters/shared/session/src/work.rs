//! The messages that one session has taken: which segments are to be written, which wait for replies, which have their end.
//!
//! Every message that comes in leaves with one reply, also when the session's task is dropped or panics: what is left is
//! then returned through the link's keeper (`Drop`).

use crate::shared::Shared;
use domain::Timestamp;
use domain::address::Recipient;
use domain::routing::{Failure, FailureClass};
use ports::driven::{PartReply, Shipment};
use ports::driving::Reply;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::AcqRel;
use std::time::Duration;

/// How often a segment is throttled or asked for again before its message is given back.
const MOST_THROTTLED: u16 = 20;
/// How long that may go on: what is here can go by no other link. At a modem a try takes seconds.
const LONGEST_THROTTLED: Duration = Duration::from_secs(5);
/// The same while others wait: it may be this one alone, whose phone is full, and they cannot be tried as long as it goes first.
const MOST_BEFORE_OTHERS: u16 = 3;

/// A segment: the place of its message here, and its index in the message.
type Token = (usize, usize);

/// What one session has to do.
pub(crate) struct Work {
    shared: Arc<Shared>,
    messages: Vec<Option<Message>>,
    vacant: Vec<usize>,
    again: VecDeque<Token>,
    ready: VecDeque<Token>,
    done: Vec<Reply>,
    /// Segments with their end in messages without, but for those with a segment that was passed over.
    partial: usize,
}

struct Message {
    shipment: Shipment,
    parts: Vec<(u8, PartReply)>,
    throttled: u16,
    /// When that began.
    throttled_since: Option<Duration>,
    /// One of its segments was passed over.
    passed_over: bool,
}

/// Packs a token for the session.
pub(crate) fn pack((place, index): Token) -> u64 {
    ((place as u64) << 8) | (index as u64 & 0xFF)
}

fn unpack(token: u64) -> Token {
    ((token >> 8) as usize, (token & 0xFF) as usize)
}

impl Work {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        shared.working.fetch_add(1, AcqRel);
        Self {
            shared,
            messages: Vec::new(),
            vacant: Vec::new(),
            again: VecDeque::new(),
            ready: VecDeque::new(),
            done: Vec::new(),
            partial: 0,
        }
    }

    /// Segments that may be written.
    pub(crate) fn backlog(&self) -> usize {
        self.again.len() + self.ready.len()
    }

    /// Takes a message.
    pub(crate) fn add(&mut self, shipment: Shipment) {
        let segments = shipment.segments.len();
        let message = Message {
            shipment,
            parts: Vec::with_capacity(segments),
            throttled: 0,
            throttled_since: None,
            passed_over: false,
        };
        let place = match self.vacant.pop() {
            Some(place) => place,
            None => {
                self.messages.push(None);
                self.messages.len() - 1
            }
        };
        if let Some(slot) = self.messages.get_mut(place) {
            *slot = Some(message);
        }
        self.ready.extend((0..segments).map(|index| (place, index)));
        if segments == 0 {
            self.finish(place, self.shared.clock.now());
        }
    }

    /// The next segment to be written, throttled ones first. Messages that have outlived their validity end here.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<(Token, &Shipment)> {
        let token = loop {
            let token = self.again.pop_front().or_else(|| self.ready.pop_front())?;
            let expires_at = self.message(token.0)?.shipment.message.expires_at;
            if expires_at > now {
                break token;
            }
            self.end(token, PartReply::NotOffered, now);
            self.end_unwritten(token.0, now);
        };
        let message = self.messages.get(token.0)?.as_ref()?;
        Some((token, &message.shipment))
    }

    /// A segment has its end. After a refusal the rest of its message is not written.
    pub(crate) fn ended(&mut self, token: u64, end: PartReply, now: Timestamp) {
        let refused = matches!(end, PartReply::Refused(_));
        let token = unpack(token);
        self.end(token, end, now);
        if refused {
            self.end_unwritten(token.0, now);
        }
    }

    /// The operator has answered what came after this segment, and long since: what of its message is answered waits for it alone.
    pub(crate) fn passed_over(&mut self, token: u64) {
        let Some(message) = self.message(unpack(token).0).filter(|message| !message.passed_over) else {
            return;
        };
        message.passed_over = true;
        let answered = message.parts.len();
        self.partial = self.partial.saturating_sub(answered);
    }

    /// A copy of this segment was never answered, and another was written: the operator may have both.
    pub(crate) fn repeated(&mut self, token: u64) {
        let Some(message) = self.message(unpack(token).0) else { return };
        if !std::mem::replace(&mut message.shipment.possible_duplicate, true) {
            metrics::counter!("omnigate_possible_duplicate_total").increment(1);
        }
    }

    /// To whom a segment goes.
    pub(crate) fn recipient(&self, token: u64) -> Option<&Recipient> {
        let message = self.messages.get(unpack(token).0)?.as_ref()?;
        Some(&message.shipment.message.recipient)
    }

    /// The operator asked to slow down, or for this segment again: it goes first next time, and its message back after many times or some seconds, or at
    /// once when its route says that it goes on by another link then.
    pub(crate) fn throttled(&mut self, token: u64, failure: Failure, now: Timestamp) {
        let unpacked = unpack(token);
        let at = self.shared.clock.monotonic();
        let Some(message) = self.message(unpacked.0) else { return };
        message.throttled += 1;
        let throttled = message.throttled;
        let since = *message.throttled_since.get_or_insert(at);
        let long = at.saturating_sub(since) >= LONGEST_THROTTLED;
        let leaves = failure.is_among(&message.shipment.leaves_on);
        let most = if self.shared.waiting() > 0 { MOST_BEFORE_OTHERS } else { MOST_THROTTLED };
        if throttled > most || long || leaves {
            self.ended(token, PartReply::Refused(Failure { class: FailureClass::Throttled, ..failure }), now);
        } else {
            self.again.push_back(unpacked);
        }
    }

    /// Gives back what would go first and is of a lower class than what waits: an alarm is not held up by what the operator does not take.
    pub(crate) fn make_way(&mut self, now: Timestamp) {
        if self.again.is_empty() {
            return;
        }
        let Some(waiting) = self.shared.highest_waiting() else { return };
        for token in self.again.clone() {
            let below = self.message(token.0).is_some_and(|m| m.shipment.message.priority < waiting);
            if below && self.again.contains(&token) {
                self.end_unwritten(token.0, now);
            }
        }
    }

    /// Gives back what is not written.
    pub(crate) fn recall(&mut self, now: Timestamp) {
        let unwritten: Vec<Token> = self.again.drain(..).chain(self.ready.drain(..)).collect();
        for token in unwritten {
            self.end(token, PartReply::NotOffered, now);
        }
    }

    /// Messages that have their end, to be reported.
    pub(crate) fn done(&mut self) -> &mut Vec<Reply> {
        &mut self.done
    }

    /// Segments that have their end, which is not being stored yet.
    pub(crate) fn unstored(&self) -> usize {
        self.done.iter().map(|reply| reply.parts.len()).sum::<usize>() + self.partial
    }

    /// Whether no message is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.vacant.len() == self.messages.len()
    }

    /// The session is over: what was not begun stands first in the link's queue again, what was written is in doubt, what
    /// was not is given back.
    pub(crate) fn close(&mut self, now: Timestamp) {
        let mut fresh = Vec::new();
        for place in 0..self.messages.len() {
            let unwritten = self.ready.iter().filter(|token| token.0 == place).count();
            let untouched = |m: &Message| {
                m.parts.is_empty() && m.throttled == 0 && unwritten == m.shipment.segments.len()
            };
            if self.messages.get(place).and_then(Option::as_ref).is_some_and(untouched) {
                fresh.extend(
                    self.messages
                        .get_mut(place)
                        .and_then(Option::take)
                        .map(|m| (self.first_ready(place), m.shipment)),
                );
                self.ready.retain(|token| token.0 != place);
                self.vacant.push(place);
            }
        }
        fresh.sort_by_key(|(order, _)| *order);
        self.shared.landed(fresh.iter().map(|(_, shipment)| shipment));
        self.shared.put_back(fresh.into_iter().map(|(_, shipment)| shipment).collect());
        self.recall(now);
        for place in 0..self.messages.len() {
            let Some(message) = self.message(place) else { continue };
            let ended: Vec<u8> = message.parts.iter().map(|(seq, _)| *seq).collect();
            let silent =
                message.shipment.segments.iter().map(|(seq, _)| *seq).filter(|seq| !ended.contains(seq));
            let silent: Vec<_> = silent.map(|seq| (seq, PartReply::Unanswered)).collect();
            message.parts.extend(silent);
            self.finish(place, now);
        }
    }

    fn first_ready(&self, place: usize) -> usize {
        self.ready.iter().position(|token| token.0 == place).unwrap_or(usize::MAX)
    }

    fn message(&mut self, place: usize) -> Option<&mut Message> {
        self.messages.get_mut(place)?.as_mut()
    }

    fn end_unwritten(&mut self, place: usize, now: Timestamp) {
        let mine = |token: &Token| token.0 == place;
        if !self.again.iter().chain(&self.ready).any(mine) {
            return;
        }
        let unwritten: Vec<Token> = self.again.iter().chain(&self.ready).copied().filter(mine).collect();
        self.again.retain(|token| !mine(token));
        self.ready.retain(|token| !mine(token));
        for token in unwritten {
            self.end(token, PartReply::NotOffered, now);
        }
    }

    fn end(&mut self, (place, index): Token, end: PartReply, now: Timestamp) {
        let Some(message) = self.message(place) else { return };
        let Some((seq, _)) = message.shipment.segments.get(index) else { return };
        message.parts.push((*seq, end));
        self.partial += usize::from(!message.passed_over);
        let Some(message) = self.message(place) else { return };
        if message.parts.len() == message.shipment.segments.len() {
            self.finish(place, now);
        }
    }

    fn finish(&mut self, place: usize, at: Timestamp) {
        let Some(Message { shipment, mut parts, passed_over, .. }) =
            self.messages.get_mut(place).and_then(Option::take)
        else {
            return;
        };
        parts.sort_unstable_by_key(|(seq, _)| *seq);
        self.partial = self.partial.saturating_sub(if passed_over { 0 } else { parts.len() });
        self.vacant.push(place);
        self.shared.landed(std::iter::once(&shipment));
        self.done.push(Reply { shipment, link: self.shared.id.clone(), at, parts });
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let now = self.shared.clock.now();
        self.close(now);
        self.shared.return_replies(std::mem::take(&mut self.done));
        self.shared.working.fetch_sub(1, AcqRel);
    }
}
