//! What differs between operator protocols: keys, framing, and the octets of each operation. Nothing else.
//!
//! A dialect never decides when to send: the session asks it to write and tells it what came.

use bytes::{Bytes, BytesMut};
use domain::Timestamp;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use domain::routing::{Failure, FailureClass};
use ports::driven::{Shipment, Withdrawal};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

/// The time, both ways.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Since some fixed moment; for intervals.
    pub monotonic: Duration,
    /// On the wall; for validity and what people see.
    pub wall: Timestamp,
}

/// What a session is bound for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends and receives.
    Both,
    /// Sends only.
    Send,
    /// Receives only.
    Receive,
}

impl Role {
    /// Whether it may submit.
    #[must_use]
    pub fn sends(self) -> bool {
        self != Self::Receive
    }

    /// Whether the operator may deliver by it.
    #[must_use]
    pub fn receives(self) -> bool {
        self != Self::Send
    }
}

/// What to tell the operator of something it delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is stored.
    Taken,
    /// Not now; send it again.
    TryAgain,
    /// Never.
    Refused,
}

/// What an operator said to a submitted segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Taken over.
    Accepted {
        /// The operator's id as given; may be empty.
        operator_id: String,
    },
    /// Refused.
    Refused(Failure),
    /// Too fast: slow down, then send the same segment first.
    Throttled(Failure),
    /// Not in this form: send the same segment again at once, which the dialect will now write in another.
    Again(Failure),
    /// Full: give the message back, and slow down if it is not one phone's queue alone that is full.
    Congested(Failure),
    /// The operator thinks the session is not bound: bind again; the segment was not taken.
    NotBound(Failure),
}

impl Verdict {
    /// Why it is not accepted.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Accepted { .. } => None,
            Self::Refused(failure)
            | Self::Throttled(failure)
            | Self::Again(failure)
            | Self::Congested(failure)
            | Self::NotBound(failure) => Some(failure),
        }
    }
}

/// Why a bind was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindRefusal {
    /// Name, password or type are wrong: trying fast locks the account.
    pub login: bool,
    /// In the operator's words.
    pub detail: String,
}

/// What one frame meant. What can be answered at once (keep-alives, goodbyes, nonsense) the dialect has answered already.
#[derive(Debug)]
pub enum Received<D: Dialect> {
    /// The peer said hello (only where [`Dialect::waits_for_greeting`]).
    Greeting,
    /// The bind succeeded.
    Bound,
    /// It did not.
    BindRefused(BindRefusal),
    /// The reply to a submit.
    Reply {
        /// Whose.
        key: D::Key,
        /// What it says.
        verdict: Verdict,
        /// The operator says beside it that it is near its limit.
        strained: bool,
    },
    /// The reply to a withdrawal.
    Withdrawn {
        /// Whose.
        key: D::Key,
        /// What it says; accepted = taken back.
        verdict: Verdict,
    },
    /// The peer did not take the request with this key for one, or was in no state for it.
    Nack {
        /// Whose; may be nobody's.
        key: D::Key,
        /// What it says of a submit: too fast and not bound are said this way too. Never that it was accepted.
        verdict: Verdict,
    },
    /// The peer expected the request with this key: what was written under it and after it was not taken and goes again.
    Expected {
        /// The key of the next request it takes.
        key: D::Key,
        /// Whether that is the key of our next request anyway.
        next: bool,
    },
    /// The reply to a keep-alive.
    Alive,
    /// A request that was answered at once, a keep-alive for instance.
    Answered,
    /// A received message.
    Mo {
        /// How to answer it.
        to: D::AnswerTo,
        /// What came.
        part: MoPart,
    },
    /// A receipt.
    Receipt {
        /// How to answer it.
        to: D::AnswerTo,
        /// What came.
        receipt: Receipt,
    },
    /// The peer says goodbye (answered already).
    Unbind,
    /// The peer has answered our goodbye.
    Unbound,
    /// A reply that fits nothing.
    Unknown,
    /// It could not be read; it was refused as the protocol prescribes and the stream goes on.
    Bad(String),
}

/// The stream can no longer be cut into frames. A last answer may have been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadStream(pub String);

/// One protocol, for one connection.
pub trait Dialect: Debug + Send + Sized + 'static {
    /// What pairs a request and its reply: sequence number, TRN.
    type Key: Copy + Eq + Hash + Debug + Send + 'static;
    /// What is needed to answer something received.
    type AnswerTo: Debug + Send + 'static;

    /// The protocol's name in reports and metrics: `smpp`.
    const PROTOCOL: &'static str;

    /// How many different keys there are: the window is kept below it.
    const KEYS: usize;

    /// Whether the protocol has a request that takes back what the operator has.
    const WITHDRAWS: bool = false;

    /// The next key in turn, around and around. The session leaves out those that still wait for a reply.
    fn next_key(&mut self) -> Self::Key;

    /// The next key, where the peer takes each in its turn and none may be left out; `None` where any may come next.
    fn upcoming_key(&self) -> Option<Self::Key> {
        None
    }

    /// Makes [`Dialect::next_key`] begin at this key, which the peer expects ([`Received::Expected`]).
    fn rewind(&mut self, key: Self::Key) {
        let _ = key;
    }

    /// How many requests may wait for their reply, when the peer has said that it is fewer than the settings say.
    fn most_in_flight(&self) -> usize {
        usize::MAX
    }

    /// Whether [`Answer::TryAgain`] is said by not answering. The peer then delivers again on a new connection, so the
    /// session says goodbye after a while.
    fn try_again_is_silence(&self) -> bool {
        false
    }

    /// Whether the peer speaks first, before the bind.
    fn waits_for_greeting(&self) -> bool {
        false
    }

    /// Cuts one frame off the input, or nothing when it is not whole yet.
    ///
    /// # Errors
    /// [`BadStream`] when no frame can be found any more; a farewell may stand in `out`.
    fn cut(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Bytes>, BadStream>;

    /// Reads one frame; writes what must be answered at once. Never fails, never panics.
    fn read(&mut self, now: Now, frame: Bytes, out: &mut BytesMut) -> Received<Self>;

    /// Writes the bind. False when the protocol has none: the session is bound at once.
    fn bind(&mut self, key: Self::Key, out: &mut BytesMut) -> bool;

    /// Writes one segment (by its index in the shipment).
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said in this protocol; nothing was written then.
    fn submit(
        &mut self,
        now: Now,
        key: Self::Key,
        shipment: &Shipment,
        index: usize,
        out: &mut BytesMut,
    ) -> Result<(), Failure>;

    /// Writes a request to take a segment back (only where [`Dialect::WITHDRAWS`]).
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said; nothing was written then.
    fn withdraw(&mut self, key: Self::Key, what: &Withdrawal, out: &mut BytesMut) -> Result<(), Failure> {
        let _ = (key, what, out);
        Err(Failure {
            class: FailureClass::Permanent,
            code: format!("{}-unsayable", Self::PROTOCOL),
            detail: "the protocol has no request for it".to_owned(),
        })
    }

    /// Writes a keep-alive.
    fn keep_alive(&mut self, key: Self::Key, out: &mut BytesMut);

    /// Writes the goodbye. False when the protocol has none.
    fn unbind(&mut self, key: Self::Key, out: &mut BytesMut) -> bool;

    /// Answers something received.
    fn answer(&mut self, to: &Self::AnswerTo, answer: Answer, out: &mut BytesMut);
}
