//! What comes of a session: events, its end, and what was counted.

use crate::dialect::BindRefusal;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use domain::routing::Failure;
use ports::driven::PartReply;
use std::time::Duration;

/// Something the caller must hear of.
#[derive(Debug)]
pub enum Event<A> {
    /// The bind succeeded: submits may go.
    Bound,
    /// Submits may not go any more, though the connection stays: a modem without a network. [`Event::Bound`] ends it.
    Lost {
        /// Why, for people.
        why: String,
    },
    /// The operator holds all that may be under way and answers nothing: what waits had better go by another link. [`Event::Bound`] ends it.
    Mute {
        /// Why, for people.
        why: String,
    },
    /// What it is doing, for people, changed.
    Doing(String),
    /// A segment has its end.
    Ended {
        /// Which.
        token: u64,
        /// How it ended.
        end: PartReply,
        /// How long the operator took, when he answered.
        took: Option<Duration>,
    },
    /// Later segments have their replies long since: this one's is as good as lost, and its place is given to the next.
    PassedOver {
        /// Which.
        token: u64,
    },
    /// A segment came back because the operator asks to slow down: it is to be sent first, later.
    Throttled {
        /// Which.
        token: u64,
        /// In the operator's words.
        failure: Failure,
    },
    /// A segment came back because the operator did not take it in this form or under this key: it is to be sent first.
    Again {
        /// Which.
        token: u64,
        /// In the operator's words.
        failure: Failure,
    },
    /// A segment whose first copy was never answered was written once more, as the protocol has it: it may come twice.
    Repeated {
        /// Which.
        token: u64,
    },
    /// The operator is near its limit: slow down.
    Strained,
    /// The operator refused a segment, whose end follows, because it is full, or because one phone's queue is.
    Full {
        /// Which.
        token: u64,
    },
    /// A message came.
    Mo {
        /// For [`Session::answer`].
        to: A,
        /// What came.
        part: MoPart,
    },
    /// A receipt came.
    Receipt {
        /// For [`Session::answer`].
        to: A,
        /// What came.
        receipt: Receipt,
    },
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The operator did not let us in.
    Refused(BindRefusal),
    /// The operator said goodbye.
    Unbound,
    /// We said goodbye.
    Finished,
    /// No answer to the bind or to keep-alives; framing lost; not bound in the operator's view.
    Broken(String),
    /// The operator has submits of ours and answers nothing at all.
    Deaf(String),
    /// The operator answers keep-alives and no submits.
    Mute(String),
}

/// What happened that changed nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Replies to nothing that waits: unknown, repeated, too late.
    pub unknown_replies: u64,
    /// Frames that could not be read.
    pub bad_frames: u64,
    /// Replies that came after their time.
    pub late_replies: u64,
}
