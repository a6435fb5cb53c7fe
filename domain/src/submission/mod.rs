//! From what was asked to what will be sent: access, numbers, originator, text, times and route, decided together.

mod body;
pub mod pager;
mod plain;
mod plan;
mod request;

pub use body::{Choice, decide_body};
pub use pager::{PagerKind, PagerRules};

pub use plan::{Decided, Plan, Planned, plan};
pub use request::{Content, Request};

use crate::message::{MessageId, SubmissionId};
use crate::refusal::Refusal;
use crate::state::State;
use crate::text::{Alphabet, Change};

/// A recipient that gets nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRecipient {
    /// As the caller wrote it.
    pub input: String,
    /// Why.
    pub refusal: Refusal,
}

/// A message that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedMessage {
    /// Its name.
    pub id: MessageId,
    /// Who gets it, in canonical form.
    pub to: String,
    /// How many PDUs it takes.
    pub segments: u8,
    /// Its alphabet.
    pub alphabet: Alphabet,
    /// `scheduled` or `queued`.
    pub state: State,
}

/// The answer to a request that was accepted: made by a store after its commit and by nothing else, so that no door can
/// say yes before the disk has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    submission: SubmissionId,
    messages: Vec<AcceptedMessage>,
    refused: Vec<RefusedRecipient>,
    repeated: bool,
    changes: Vec<Change>,
}

impl Accepted {
    /// For stores only, after the commit. `repeated`: the same key had been accepted before, nothing new was stored.
    #[must_use]
    pub fn after_commit(
        submission: SubmissionId,
        messages: Vec<AcceptedMessage>,
        refused: Vec<RefusedRecipient>,
        repeated: bool,
    ) -> Self {
        Self { submission, messages, refused, repeated, changes: Vec::new() }
    }

    /// With what was changed of the text to fit.
    #[must_use]
    pub fn telling(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    /// Characters that were changed.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The request's name.
    #[must_use]
    pub fn submission(&self) -> SubmissionId {
        self.submission
    }

    /// What was stored, in the order of the recipients.
    #[must_use]
    pub fn messages(&self) -> &[AcceptedMessage] {
        &self.messages
    }

    /// The recipients that get nothing.
    #[must_use]
    pub fn refused(&self) -> &[RefusedRecipient] {
        &self.refused
    }

    /// Whether this repeats an earlier answer.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }
}
