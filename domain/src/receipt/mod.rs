//! Receipts: what the operator reports of a message it accepted earlier. (A `submit_sm_resp` is a reply, never a receipt.)

pub mod correlate;
mod fold;
mod habit;

pub use fold::{Folded, Known, ended, fold};
pub use habit::{Habit, Spelling};

use crate::address::Recipient;
use crate::directory::LinkId;
use crate::message::PartState;
use jiff::Timestamp;

/// What a receipt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// On its way; nothing final.
    Pending,
    /// The phone has it.
    Delivered,
    /// It will not arrive (undeliverable, rejected).
    Failed,
    /// The operator's validity ran out.
    Expired,
    /// The operator does not know.
    Unknown,
    /// The operator does not have it any more: taken back where somebody asked for that ([`Known::recalled`]), failed where nobody did.
    Deleted,
}

impl Verdict {
    /// The state it puts a part in; `None` when it decides nothing.
    #[must_use]
    pub fn part_state(self) -> Option<PartState> {
        match self {
            Self::Pending => None,
            Self::Delivered => Some(PartState::Delivered),
            Self::Failed | Self::Deleted => Some(PartState::Failed),
            Self::Expired => Some(PartState::Expired),
            Self::Unknown => Some(PartState::Unknown),
        }
    }
}

/// A receipt as a link reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where it came in.
    pub link: LinkId,
    /// The operator's id as the receipt spells it. See [`correlate::keys`].
    pub operator_id: String,
    /// Whose phone, when the receipt says: breaks ties between ids that only look alike.
    pub recipient: Option<Recipient>,
    /// What it says.
    pub verdict: Verdict,
    /// The operator's error, as given; empty when none.
    pub error: String,
    /// When the operator says it happened.
    pub done_at: Option<Timestamp>,
}
