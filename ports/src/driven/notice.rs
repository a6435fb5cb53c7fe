//! Telling the people who run the gateway that something is wrong, and that it is well again.

use domain::Timestamp;
use domain::directory::LinkId;
use std::fmt::{self, Display, Formatter};

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum About {
    /// A link.
    Link(LinkId),
    /// Whom something was to be handed over to: `https://crm.example.se`, `mailto:ward@example.se`.
    Receiver(String),
    /// This gateway itself, by the name of its node.
    Node(String),
}

impl About {
    /// The link, if it is about one.
    #[must_use]
    pub fn link(&self) -> Option<&LinkId> {
        match self {
            Self::Link(link) => Some(link),
            Self::Receiver(_) | Self::Node(_) => None,
        }
    }
}

impl Display for About {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(link) => link.fmt(f),
            Self::Receiver(name) | Self::Node(name) => name.fmt(f),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// A link cannot send: no coverage, no connection, no login.
    LinkDown,
    /// A link sends, but nothing comes in by it: receipts and received messages wait at the operator.
    Deaf,
    /// A link's operator takes nothing from us: no credit, barred, a login it refuses.
    Parked,
    /// A link's heartbeat did not come back.
    Heartbeat,
    /// A modem's signal is weak.
    WeakSignal,
    /// A modem's memory for messages is nearly full and stays so.
    MemoryFull,
    /// Something was given up that a receiver did not take: it is listed for re-sending. It never clears.
    GivenUp,
    /// Something that a link reported cannot be taken and was put in quarantine. It never clears.
    Quarantine,
    /// The store takes nothing new: every door refuses.
    Store,
}

/// Something that people should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub about: About,
    /// What is, or was, wrong.
    pub trouble: Trouble,
    /// It is well again.
    pub cleared: bool,
    /// More, in English: `/dev/ttyUSB0: no network`.
    pub detail: String,
    /// Since when it was wrong.
    pub since: Timestamp,
    /// When this was found.
    pub at: Timestamp,
}

/// Tells people. Whoever gives notices gives each trouble once, and once more when it is cleared.
pub trait Notices: Send + Sync {
    /// Takes a notice and never waits. It is told in the order given and tried again for a day while it cannot be told; it is not
    /// kept over a restart.
    fn give(&self, notice: Notice);

    /// What was given before this run began, and was not cleared then.
    fn ongoing(&self) -> Vec<(About, Trouble)> {
        Vec::new()
    }
}
