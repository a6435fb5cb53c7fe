//! Handing things to somebody outside: states of messages to their senders, received messages to mailboxes and programs.

use super::{MessageRecord, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::UserName;
use domain::message::{Callback, Incarnation};
use domain::mo::{Destination, Mo};

/// The name of a handoff: what it is about (a `MessageId` or `MoId`) and which event (`State::code`, or [`HandoffKey::MO`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HandoffKey {
    /// The message.
    pub subject: i64,
    /// The event.
    pub event: i16,
}

/// A handoff that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Its name.
    pub key: HandoffKey,
    /// Whom it was for: `mailto:` and the mailbox, or where a URL leads (what follows the host may be secret).
    pub target: String,
    /// Why.
    pub error: String,
}

impl HandoffKey {
    /// The event of a received message.
    pub const MO: i16 = 100;
}

/// What is to be handed over, and to whom.
#[derive(Debug, Clone)]
pub enum Content {
    /// A message reached a state.
    State {
        /// Whom to tell, and how.
        callback: Callback,
        /// The message as it is now; `record.state` may be later than the event.
        record: Box<MessageRecord>,
    },
    /// A received message.
    Mo {
        /// Where to.
        destination: Destination,
        /// The message.
        mo: Box<Mo>,
        /// Whose it is; `None` = everybody's.
        user: Option<UserName>,
    },
}

/// One thing to hand over.
#[derive(Debug, Clone)]
pub struct Handoff {
    /// Its name; the same at each try, so that the receiver can tell a repetition.
    pub key: HandoffKey,
    /// What and to whom.
    pub content: Content,
    /// Earlier tries.
    pub tries: u16,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody had it sent again, after it was given up.
    pub resent_at: Option<Timestamp>,
}

impl Handoff {
    /// Who is behind the address, for fairness: scheme and host of a URL, or [`MAIL`] and the mailbox. One mailbox that the relay holds up or puts
    /// off delays no other.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.content {
            Content::State { callback, .. } => target_of(callback),
            Content::Mo { destination: Destination::Mail(address), .. } => mailbox(address),
            Content::Mo { destination: Destination::Url(url), .. } => host(url),
            Content::Mo { destination: Destination::ParlayX(to), .. } => host(to.endpoint()),
        }
    }

    /// Whether it goes by mail.
    #[must_use]
    pub fn is_mail(&self) -> bool {
        matches!(
            self.content,
            Content::State { callback: Callback::Mail { .. }, .. }
                | Content::Mo { destination: Destination::Mail(_), .. }
        )
    }
}

/// What the targets of all mailboxes begin with.
pub const MAIL: &str = "mailto:";
/// The longest name of a target, in characters.
const LONGEST: usize = 255;

/// The target of handoffs to a callback.
#[must_use]
pub fn target_of(callback: &Callback) -> String {
    match callback {
        Callback::Json { url, .. } | Callback::Kannel { url, .. } => host(url),
        Callback::Mail { address } => mailbox(address),
        Callback::ParlayX(to) => host(to.endpoint()),
    }
}

/// Whether a target is among those that are to be left out: by its name, or all mailboxes by [`MAIL`].
#[must_use]
pub fn is_without(target: &str, without: &[String]) -> bool {
    without.iter().any(|name| name == target || (name == MAIL && target.starts_with(MAIL)))
}

fn mailbox(address: &str) -> String {
    format!("{MAIL}{}", address.to_lowercase()).chars().take(LONGEST).collect()
}

fn host(url: &str) -> String {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(after..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| after + at);
    url.get(..end).unwrap_or(url).to_ascii_lowercase().chars().take(LONGEST).collect()
}

/// Why it was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoffError {
    /// It may go later: refused connection, time-out, HTTP 5xx or 429, SMTP 4xx.
    #[error("{0}")]
    Temporary(String),
    /// It never will: HTTP 4xx other than 408 and 429, SMTP 5xx.
    #[error("{0}")]
    Permanent(String),
}

/// What the receiver said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// A text to send back to the sender of a received message.
    pub text: Option<String>,
}

/// Hands things over. At least once: the receiver knows repetitions by the key.
#[async_trait]
pub trait Deliver: Send + Sync {
    /// Hands one thing over; returns within the deliverer's time-out (10 s by default; a mail relay's last answer may take 10 minutes).
    ///
    /// # Errors
    /// [`HandoffError`].
    async fn deliver(&self, handoff: &Handoff) -> Result<Answer, HandoffError>;
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandoffOutcome {
    /// Done.
    Done,
    /// Again later.
    Again {
        /// Not before this.
        due_at: Timestamp,
        /// What went wrong.
        error: String,
        /// Whether it counts as a try.
        counts: bool,
    },
    /// Given up: kept in a list for re-sending.
    Dead {
        /// What went wrong.
        error: String,
    },
}

/// Keeps what is to be handed over.
#[async_trait]
pub trait Handoffs: Send + Sync {
    /// Takes at most `limit` due handoffs for a run, oldest due first, leaving out targets that have enough to do (all mailboxes by
    /// [`MAIL`]). Durable.
    async fn lease(
        &self,
        limit: usize,
        without: &[String],
        lease: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<Handoff>, StoreError>;

    /// Writes down what became of handoffs held by a run. Returns when durable; concurrent calls may share a commit.
    async fn settle(
        &self,
        outcomes: Vec<(HandoffKey, HandoffOutcome)>,
        lease: Incarnation,
    ) -> Result<(), StoreError>;

    /// Given-up handoffs, newest first.
    async fn dead(&self, limit: usize) -> Result<Vec<GivenUp>, StoreError>;

    /// Makes due now what is due after one time and not after another: a clock that was ahead put it off. The number of them.
    async fn pull_back(
        &self,
        after: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<usize, StoreError>;

    /// Makes given-up handoffs due again, as if they had not been tried; all of them when `key` is `None`. The number of them.
    async fn resend(&self, key: Option<HandoffKey>, now: Timestamp) -> Result<usize, StoreError>;
}
