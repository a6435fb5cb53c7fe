//! Wishes that operators take back what they have. They are kept in the store because whoever asks (a command, another node) need not be
//! who has the link.

use super::{MessageRecord, StoreError};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::MessageId;
use domain::state::State;

/// A wish that is to be passed on to an operator.
#[derive(Debug, Clone)]
pub struct Recall {
    /// The message as it is now.
    pub record: MessageRecord,
    /// Whose operator has segments of it.
    pub link: LinkId,
    /// How often it was given out, this time included.
    pub tries: u16,
}

/// What one link said in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallSaid {
    /// How many segments were taken back.
    pub taken: u16,
    /// Of how many that its operator had.
    pub of: u16,
    /// What stood in the way of the others.
    pub why: Obstacle,
    /// In the operator's words, where he refused.
    pub words: String,
}

/// Why an operator did not take something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Obstacle {
    /// Nothing stood in the way.
    None = 0,
    /// He refused.
    Refused = 1,
    /// The link's protocol has no request for it.
    Impossible = 2,
    /// He was asked several times and never answered.
    Silent = 3,
    /// He gave the message no id by which it could be named.
    Nameless = 4,
}

impl Obstacle {
    /// Every one.
    pub const ALL: [Obstacle; 5] =
        [Self::None, Self::Refused, Self::Impossible, Self::Silent, Self::Nameless];

    /// The number in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The one of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.code() == code)
    }
}

/// What comes of a wish that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecallOutcome {
    /// It is given out again at this time.
    Later(Timestamp),
    /// This is the answer.
    Said(RecallSaid),
}

/// What is written down of a wish that was given out.
#[derive(Debug, Clone)]
pub struct RecallAnswer {
    /// Whose.
    pub id: MessageId,
    /// By which link.
    pub link: LinkId,
    /// The segments that were taken back, with the operator's id of each.
    pub taken: Vec<(u8, String)>,
    /// What comes of it.
    pub outcome: RecallOutcome,
    /// When.
    pub now: Timestamp,
}

/// Keeps wishes that operators take messages back.
#[async_trait]
pub trait Recalls: Send + Sync {
    /// Wishes that the operators which have segments of a message take them back, one wish for each link (see `domain::message::Parts::holders`). From
    /// now on the message goes by no other way, and one that waits while an operator has, or may have, some of it is stopped in the same transaction
    /// (`domain::message::Parts::stop`). A wish that stands already is left as it is, one that was answered is renewed. Durable. The state after that,
    /// when nobody is to be asked (see [`State::may_be_asked_back`]); `None` when there is no such message.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written then.
    async fn recall(&self, id: MessageId, now: Timestamp) -> Result<Option<Result<(), State>>, StoreError>;

    /// Gives out at most `limit` wishes that are due and about one of these links, the longest due first. They come due again at `again` unless they are
    /// answered before: nobody else gets them until then.
    ///
    /// # Errors
    /// [`StoreError`]; none was given out then.
    async fn recalls(
        &self,
        links: &[LinkId],
        now: Timestamp,
        again: Timestamp,
        limit: usize,
    ) -> Result<Vec<Recall>, StoreError>;

    /// Writes down what came of a wish. Segments that were taken back are folded in as receipts are (`domain::receipt::fold`); the sender is told of an end
    /// as of any other. Durable, and may be repeated. The message's state, when this changed it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written then.
    async fn recalled(&self, answer: RecallAnswer) -> Result<Option<State>, StoreError>;

    /// What became of the wishes about a message: by which link, and the answer once it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn recall_answers(&self, id: MessageId) -> Result<Vec<(LinkId, Option<RecallSaid>)>, StoreError>;
}
