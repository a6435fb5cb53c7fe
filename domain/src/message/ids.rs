//! Names of things: 64-bit, made by the application, ordered by the time they were made. Written as decimal digits.

use std::fmt;
use std::str::FromStr;

/// A name that is not 1 to 19 decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a decimal number")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                let digits = !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                if digits { s.parse().map(Self).map_err(|_| IdError) } else { Err(IdError) }
            }
        }
    )+};
}

ids! {
    /// One message to one recipient.
    MessageId;
    /// One request: the messages that were accepted together.
    SubmissionId;
    /// One received message.
    MoId;
    /// One thing to hand to somebody outside: a received message or a report of a state.
    HandoffId;
    /// One run of one node, from its start to its end; leases are held by it.
    Incarnation;
}

/// Bits of an id that count within a millisecond; above them stands the node.
const COUNT_BITS: u32 = 12;
/// Bits of the node (`docs/adr/0004-ids.md`).
const NODE_BITS: u32 = 10;

impl MoId {
    /// The number of the node that made it.
    #[must_use]
    pub fn node(self) -> u16 {
        u16::try_from((self.0 >> COUNT_BITS) & ((1 << NODE_BITS) - 1)).unwrap_or_default()
    }
}
