//! Everything that changes the store, as values that wait in one queue. Never touches a database.

use domain::Timestamp;
use domain::directory::{LinkId, LinkOrder, User, UserName};
use domain::message::{Incarnation, MessageId, MoId};
use domain::mo::Subscription;
use domain::receipt::Receipt;
use domain::state::State;
use domain::submission::Accepted;
use ports::driven::{
    Acceptance, Applied, Handoff, HandoffKey, HandoffOutcome, Held, LeaseRequest, Leased, Neighbour,
    NewMoPart, PutOff, Recall, RecallAnswer, Recorded, Ruling, Settlement, StoreError,
};
use tokio::sync::oneshot;

/// What was asked, the answer once it is known, and who waits for it.
pub struct Ticket<Q, A> {
    /// What was asked.
    pub ask: Q,
    /// The answer; sent after the commit.
    pub answer: Option<Result<A, StoreError>>,
    reply: oneshot::Sender<Result<A, StoreError>>,
}

impl<Q, A> Ticket<Q, A> {
    /// A ticket and where its answer will come.
    pub fn new(ask: Q) -> (Self, oneshot::Receiver<Result<A, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { ask, answer: None, reply }, answer)
    }

    /// Notes a good answer.
    pub fn done(&mut self, answer: A) {
        self.answer = Some(Ok(answer));
    }

    fn send(self, otherwise: &StoreError) {
        // Nobody may be waiting any more: then what was stored is stored.
        let _ = self.reply.send(self.answer.unwrap_or_else(|| Err(otherwise.clone())));
    }
}

macro_rules! ops {
    ($($(#[$doc:meta])* $name:ident($ask:ty => $answer:ty), settles: $settles:literal;)+) => {
        /// One change.
        pub enum Op { $($(#[$doc])* $name(Ticket<$ask, $answer>),)+ }

        impl Op {
            /// Tells whoever waits; what has no answer yet gets the error.
            pub fn send(self, otherwise: &StoreError) {
                match self { $(Self::$name(ticket) => ticket.send(otherwise),)+ }
            }

            /// Forgets the answer: its transaction was rolled back.
            pub fn forget(&mut self) {
                match self { $(Self::$name(ticket) => ticket.answer = None,)+ }
            }

            /// Answers with an error.
            pub fn fail(&mut self, error: &StoreError) {
                match self { $(Self::$name(ticket) => ticket.answer = Some(Err(error.clone())),)+ }
            }

            /// Whether it belongs to work already taken on: a queue that is nearly full has room for it.
            pub fn settles(&self) -> bool {
                match self { $(Self::$name(_) => $settles,)+ }
            }
        }
    };
}

ops! {
    /// Messages accepted.
    Accept(Acceptance => Accepted), settles: false;
    /// Turns at the operator that ended.
    Settle(Vec<Settlement> => Vec<Option<State>>), settles: true;
    /// Receipts, the run that holds the handoffs, the time.
    Apply((Vec<Receipt>, Option<Incarnation>, Timestamp) => Vec<Applied>), settles: true;
    /// Messages taken from a queue.
    Lease(LeaseRequest => Vec<Leased>), settles: true;
    /// A message taken back.
    Cancel((MessageId, Timestamp) => Option<Result<State, State>>), settles: true;
    /// A wish that operators take a message back.
    Wish((MessageId, Timestamp) => Option<Result<(), State>>), settles: true;
    /// Wishes given out: about which links, now, when they come due again, how many.
    GiveOut((Vec<LinkId>, Timestamp, Timestamp, usize) => Vec<Recall>), settles: true;
    /// What came of a wish.
    Recalled(RecallAnswer => Option<State>), settles: true;
    /// Messages whose time ran out, at most so many.
    Expire((Timestamp, usize) => usize), settles: true;
    /// What waits and was put off given its place back, at most so many.
    PullBack((PutOff, usize) => usize), settles: true;
    /// Receipts that did not come, at most so many.
    GiveUp((Timestamp, usize) => usize), settles: true;
    /// A received part.
    Record(NewMoPart => Recorded), settles: false;
    /// Received messages that stay incomplete.
    CompleteOverdue((Timestamp, usize) => usize), settles: true;
    /// A received message taken care of.
    Acknowledge((Option<UserName>, MoId, Timestamp) => bool), settles: true;
    /// Handoffs taken: how many, without which targets, for whom, when.
    LeaseHandoffs((usize, Vec<String>, Incarnation, Timestamp) => Vec<Handoff>), settles: true;
    /// What became of handoffs.
    SettleHandoffs((Vec<(HandoffKey, HandoffOutcome)>, Incarnation) => ()), settles: true;
    /// Handoffs that were put off by a clock that was ahead: due after when, until when, and now.
    PullHandoffsBack((Timestamp, Timestamp, Timestamp) => usize), settles: true;
    /// Given-up handoffs made due.
    Resend((Option<HandoffKey>, Timestamp) => usize), settles: true;
    /// What follows times that are over.
    Rule(Vec<Ruling> => Vec<bool>), settles: true;
    /// An order about a link.
    OrderLink(LinkOrder => ()), settles: true;
    /// A user.
    PutUser(User => ()), settles: false;
    /// A user removed.
    RemoveUser(String => bool), settles: true;
    /// A program's wish to be told of received messages; `false` = its user has one under the correlator.
    Subscribe(Subscription => bool), settles: false;
    /// A wish of a user's ended, by its correlator.
    Unsubscribe((UserName, String) => bool), settles: true;
    /// A node and the number it wishes.
    Number((String, u16) => u16), settles: true;
    /// A run begins.
    Join((String, Incarnation, Timestamp) => Option<Timestamp>), settles: true;
    /// A run lives and has links; who else does.
    Beat((Incarnation, Timestamp, Vec<LinkId>) => Option<Vec<Neighbour>>), settles: true;
    /// What dead runs held: for whom, when, who has become silent, how many.
    TakeOver((Incarnation, Timestamp, Vec<Neighbour>, usize) => Vec<Leased>), settles: true;
    /// What a run holds and does not know of, and whether it may have been sent.
    LetGo((Incarnation, Held, bool) => usize), settles: true;
    /// A run ends.
    Leave(Incarnation => ()), settles: true;
    /// Old things removed: before when, when, how many.
    Retain((Timestamp, Timestamp, usize) => usize), settles: true;
    /// Whether writing works.
    Ping(() => ()), settles: true;
}

impl Op {
    /// Whether it goes on while the disk is full, out of the reserve: what was taken on, and what tells people that the disk is full. Whoever asks
    /// whether writing works asks for what is new.
    pub fn goes_on_while_full(&self) -> bool {
        match self {
            Self::Ping(_) => false,
            Self::Accept(ticket) => ticket.ask.is_own_alarm(),
            other => other.settles(),
        }
    }

    /// Whether an operator's window, ours to him or his to us, is held by it until it is on the disk.
    pub fn is_awaited_by_operator(&self) -> bool {
        matches!(self, Self::Settle(_) | Self::Apply(_))
    }

    /// Whether it may change messages in ways that the writer's memory of them does not follow: it did, or nobody knows.
    pub fn changes_unseen(&self) -> bool {
        match self {
            Self::Expire(ticket) | Self::GiveUp(ticket) => !matches!(ticket.answer, Some(Ok(0))),
            Self::Retain(ticket) => !matches!(ticket.answer, Some(Ok(0))),
            Self::TakeOver(ticket) => !matches!(&ticket.answer, Some(Ok(taken)) if taken.is_empty()),
            Self::Cancel(_) | Self::Wish(_) | Self::Recalled(_) | Self::Rule(_) | Self::LetGo(_) => true,
            _ => false,
        }
    }

    /// About how many rows it writes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Accept(ticket) => ticket.ask.messages.len(),
            Self::Settle(ticket) => ticket.ask.len(),
            Self::Rule(ticket) => ticket.ask.len(),
            Self::Apply(ticket) => ticket.ask.0.len(),
            Self::SettleHandoffs(ticket) => ticket.ask.0.len(),
            Self::LetGo(ticket) => ticket.ask.1.messages.len() + ticket.ask.1.handoffs.len(),
            Self::GiveOut(Ticket { ask: (_, _, _, limit), .. }) => *limit,
            Self::Lease(ticket) => ticket.ask.quota.room(),
            Self::PullBack(Ticket { ask: (_, limit), .. }) => *limit,
            Self::Expire(Ticket { ask: (_, limit), .. })
            | Self::GiveUp(Ticket { ask: (_, limit), .. })
            | Self::CompleteOverdue(Ticket { ask: (_, limit), .. })
            | Self::Retain(Ticket { ask: (_, _, limit), .. })
            | Self::TakeOver(Ticket { ask: (_, _, _, limit), .. }) => *limit,
            _ => 1,
        }
        .max(1)
    }
}
