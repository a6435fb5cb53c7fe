//! What people order a link to do. It holds until another order, also over restarts.

use super::LinkId;
use jiff::Timestamp;

/// How a link is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(i16)]
pub enum LinkMode {
    /// As configured.
    #[default]
    Open = 0,
    /// It sends what waits for it, and new messages go by others where their routes have any.
    Draining = 1,
    /// It sends nothing; what waits for it goes by others where their routes have any. Receipts and received messages still come in.
    Paused = 2,
}

impl LinkMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Open, Self::Draining, Self::Paused];

    /// The number in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// Of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.code() == code)
    }

    /// The name in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Draining => "draining",
            Self::Paused => "paused",
        }
    }
}

/// An order about a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkOrder {
    /// Which.
    pub link: LinkId,
    /// How it is to be run.
    pub mode: LinkMode,
    /// Since when.
    pub since: Timestamp,
}
