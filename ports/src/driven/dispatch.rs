//! Taking messages from the queue and writing down what became of them.

use super::StoreError;
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, Message, MessageId, Parts, Quota};
use domain::routing::{Deadline, Tries};
use domain::state::State;
use std::sync::Arc;

/// A message taken from the queue.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The message.
    pub message: Arc<Message>,
    /// The link whose queue it stood in.
    pub link: LinkId,
    /// What became of its segments so far.
    pub parts: Parts,
    /// How often it was tried.
    pub tries: Tries,
    /// It may have been sent before.
    pub possible_duplicate: bool,
    /// When it was due there: its place in that queue.
    pub due_at: Timestamp,
}

/// Places in a link's queue, one for each class (by `Priority::code`): when a message was due there, and its name. `None` is before the first.
pub type Places = [Option<(Timestamp, MessageId)>; 4];

/// What to take.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// From this link's queue.
    pub link: LinkId,
    /// So many, shared among the classes.
    pub quota: Quota,
    /// Due and not expired at this time.
    pub now: Timestamp,
    /// For this run.
    pub lease: Incarnation,
    /// Only what stands behind these places.
    pub behind: Places,
}

/// What waits for a time that a clock which was ahead gave it.
#[derive(Debug, Clone)]
pub struct PutOff {
    /// In this link's queue.
    pub link: LinkId,
    /// Due later than this, which is not before `now`.
    pub after: Timestamp,
    /// And no later than this.
    pub until: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// How a turn at the operator ended for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The operator has all of it.
    Sent,
    /// It failed for good.
    Failed {
        /// Stable code.
        code: String,
        /// For people.
        detail: String,
    },
    /// Its time ran out.
    Expired,
    /// It failed for good on this way, but an operator of one that it left has or may have it: it is sent, and waits for that receipt; when
    /// nobody knows whether that operator has it, it is unknown.
    Abandoned {
        /// Stable code.
        code: String,
        /// For people.
        detail: String,
    },
    /// Back into a queue.
    PutBack {
        /// Whose queue.
        link: LinkId,
        /// Not before this.
        due_at: Timestamp,
        /// Tries to remember.
        tries: Tries,
        /// The last error, for people; empty when there is no new one: then the one before stays.
        error: String,
        /// Its times by that link, when it is another than the one that had it: all its earlier times are replaced by these. Where it
        /// stays with its link it keeps the times it has, and this says nothing.
        deadlines: Vec<Deadline>,
    },
}

impl Outcome {
    /// The times of a message that goes by another link than this, which had it; `None` where it keeps those it has.
    #[must_use]
    pub fn new_times(&self, had: &LinkId) -> Option<&[Deadline]> {
        match self {
            Self::PutBack { link, deadlines, .. } if link != had => Some(deadlines),
            _ => None,
        }
    }

    /// The state a message comes to by it, with these parts.
    #[must_use]
    pub fn state(&self, parts: &Parts) -> State {
        match self {
            Self::Sent => State::Sent,
            Self::Failed { .. } => State::Failed,
            Self::Abandoned { .. } => parts.rests_as(State::Failed),
            Self::Expired => parts.rests_as(State::Expired),
            Self::PutBack { .. } => State::Queued,
        }
    }
}

/// What to write down about a message that was leased.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which message.
    pub id: MessageId,
    /// Who holds it: a settlement by another than the holder, or about another link than the message is on, writes nothing (fencing) but
    /// what an operator of a way that was left says late: its ids are kept, and its receipts are awaited.
    pub lease: Incarnation,
    /// When it ended.
    pub at: Timestamp,
    /// The link that had it.
    pub link: LinkId,
    /// All parts as they are now.
    pub parts: Parts,
    /// How it ended.
    pub outcome: Outcome,
    /// The recipient may get it more than once, or will where it goes again: what says so once is never taken back.
    pub possible_duplicate: bool,
    /// Parts whose receipts are awaited: place and key (see `domain::receipt::correlate::stored_key`).
    pub awaiting: Vec<(u8, String)>,
    /// Until when they are.
    pub awaiting_until: Timestamp,
    /// The sender is to be told of the new state: a handoff is stored with it.
    pub tell: bool,
    /// The handoff is held by this run (it is about to be delivered directly) or free.
    pub tell_lease: Option<Incarnation>,
}

/// How much waits in the queue of a link, by class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The link.
    pub link: LinkId,
    /// Waiting messages by `Priority::code`, counted up to a limit of the store's choosing (at least 1,000).
    pub waiting: [usize; 4],
    /// When the one that waits longest was due.
    pub oldest_due_at: Option<Timestamp>,
}

/// The queue.
#[async_trait]
pub trait Dispatch: Send + Sync {
    /// Takes due messages of a link's queue, higher classes first, within a class by due time and then in the order they were accepted. They are
    /// `Sending` and held by the run when this returns; durable. Two callers never get the same message.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is taken then.
    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, StoreError>;

    /// Writes down what became of messages. Returns when durable; concurrent calls may share a commit. Repeating one changes nothing. A receipt that
    /// came before its reply is applied here.
    ///
    /// Says of each, in the order given, the state that it brought; `None` when nothing was written: a repetition, or one that is fenced. Where what
    /// the store knows of earlier ways makes it another state than [`Outcome::state`], the sender is told of that one, by a handoff that nobody holds.
    ///
    /// # Errors
    /// [`StoreError`]; the caller keeps the settlements and tries again.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Option<State>>, StoreError>;

    /// Takes a waiting message back: its state after that, or the state that stops it from being taken back. What an operator has, or may have,
    /// any of is `Sent` in this, whatever it waits for.
    ///
    /// # Errors
    /// [`StoreError`]; `Ok(None)` when there is no such message.
    async fn cancel(&self, id: MessageId, now: Timestamp)
    -> Result<Option<Result<State, State>>, StoreError>;

    /// Ends at most `limit` waiting messages whose time ran out (handoffs for their senders are stored with it). The number ended.
    async fn expire(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// Gives at most `limit` waiting messages that were put off their places back: a message that asked to leave later than it was accepted is due then, any
    /// other when it was accepted, but now where that is still to come. One that waits for the time it asked for stays as it is. The number changed.
    async fn pull_back(&self, put_off: PutOff, limit: usize) -> Result<usize, StoreError>;

    /// What is due and waits, by link. A store that serves need not count further than to say that it is much.
    async fn backlog(&self, now: Timestamp) -> Result<Vec<Backlog>, StoreError>;
}
