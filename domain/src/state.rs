//! The states of a message and every legal way from one to another, in one table.

use crate::language::Language;
use std::fmt;

/// Where a message is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum State {
    /// Waits for the time it was asked to leave at.
    Scheduled = 0,
    /// Waits for a place on a link.
    Queued = 1,
    /// Handed to a link; the operator has not answered for all of it.
    Sending = 2,
    /// The operator has taken it over.
    Sent = 3,
    /// The phone has it.
    Delivered = 4,
    /// It will not arrive.
    Failed = 5,
    /// Its time ran out.
    Expired = 6,
    /// Taken back: before it left, or by its operator, who had not delivered it.
    Cancelled = 7,
    /// No receipt came within its validity and the grace after it: it may have arrived.
    Unknown = 8,
}

/// What may happen to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Its scheduled time came.
    Due,
    /// A link took it.
    Leased,
    /// The operator accepted all of it.
    Accepted,
    /// The operator or the link could not take it now; it will be tried again.
    PutBack,
    /// The operator refused it for good, or tries ran out.
    Refused,
    /// A receipt: delivered.
    ReceiptDelivered,
    /// A receipt: failed.
    ReceiptFailed,
    /// A receipt: expired at the operator.
    ReceiptExpired,
    /// No receipt came in time, or the operator says it does not know.
    ReceiptMissing,
    /// Its validity ran out here.
    TimeOut,
    /// Somebody took it back.
    Cancel,
    /// Its operator took it back for whoever asked.
    TakenBack,
    /// Its outcome did not come in time: it goes by another way.
    Diverted,
    /// It goes no further (it failed on the way it is on, or somebody took it back), but an operator that has some of it may still deliver that.
    LeftOpen,
    /// It goes no further, and nobody knows whether an operator has it.
    LeftInDoubt,
}

impl State {
    /// Every state.
    pub const ALL: [State; 9] = [
        Self::Scheduled,
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Unknown,
    ];

    /// The state after an event, or `None` where the event cannot happen (it is then ignored and counted).
    ///
    /// A receipt may overtake the operator's reply (`Sending`) or the verdict about a lost connection (`Queued`). `Unknown` is the one
    /// end that a late receipt still mends.
    #[must_use]
    pub fn after(self, event: Event) -> Option<State> {
        use Event as E;
        use State as S;
        Some(match (self, event) {
            (S::Scheduled, E::Due) => S::Queued,
            (S::Scheduled | S::Queued, E::Leased) => S::Sending,
            (S::Sending, E::Accepted) => S::Sent,
            (S::Sending, E::PutBack) => S::Queued,
            (S::Queued | S::Sending, E::Refused) => S::Failed,
            (S::Queued | S::Sending | S::Sent | S::Unknown, E::ReceiptDelivered) => S::Delivered,
            (S::Sending | S::Sent | S::Unknown, E::ReceiptFailed) => S::Failed,
            (S::Sending | S::Sent | S::Unknown, E::ReceiptExpired) => S::Expired,
            (S::Sent, E::ReceiptMissing) => S::Unknown,
            (S::Scheduled | S::Queued | S::Sending, E::TimeOut) => S::Expired,
            (S::Scheduled | S::Queued, E::Cancel) => S::Cancelled,
            (S::Sending | S::Sent | S::Unknown, E::TakenBack) => S::Cancelled,
            (S::Scheduled | S::Queued | S::Sending | S::Sent, E::Diverted) => S::Queued,
            (S::Scheduled | S::Queued | S::Sending, E::LeftOpen) => S::Sent,
            (S::Scheduled | S::Queued | S::Sending, E::LeftInDoubt) => S::Unknown,
            _ => return None,
        })
    }

    /// Whether nothing more is expected to happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Expired | Self::Cancelled | Self::Unknown)
    }

    /// Whether operators are asked to take back what they have of a message in this state: a part of one that came to a bad end may still be with one.
    #[must_use]
    pub fn may_be_asked_back(self) -> bool {
        matches!(self, Self::Sent | Self::Failed | Self::Expired | Self::Unknown)
    }

    /// The number in the database.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The state of a number in the database.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// The name for people.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let swedish = match self {
            Self::Scheduled => "schemalagt",
            Self::Queued => "köat",
            Self::Sending => "sänds",
            Self::Sent => "sänt",
            Self::Delivered => "levererat",
            Self::Failed => "misslyckat",
            Self::Expired => "för gammalt",
            Self::Cancelled => "återtaget",
            Self::Unknown => "okänt",
        };
        language.pick(swedish, self.as_str())
    }

    /// Reads the name on the wire.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 15] = [
        Event::Due,
        Event::Leased,
        Event::Accepted,
        Event::PutBack,
        Event::Refused,
        Event::ReceiptDelivered,
        Event::ReceiptFailed,
        Event::ReceiptExpired,
        Event::ReceiptMissing,
        Event::TimeOut,
        Event::Cancel,
        Event::TakenBack,
        Event::Diverted,
        Event::LeftOpen,
        Event::LeftInDoubt,
    ];

    #[test]
    fn final_states_stay_but_unknown_is_mended() {
        for state in State::ALL.into_iter().filter(|s| s.is_final() && *s != State::Unknown) {
            assert!(EVENTS.iter().all(|e| state.after(*e).is_none()), "{state}");
        }
        assert_eq!(State::Unknown.after(Event::ReceiptDelivered), Some(State::Delivered));
        assert_eq!(State::Unknown.after(Event::Leased), None);
    }

    #[test]
    fn what_left_cannot_be_cancelled() {
        for state in [State::Sending, State::Sent, State::Delivered] {
            assert_eq!(state.after(Event::Cancel), None);
        }
        assert_eq!(State::Sent.after(Event::TakenBack), Some(State::Cancelled), "but by its operator");
        assert_eq!(State::Delivered.after(Event::TakenBack), None);
    }

    #[test]
    fn every_state_can_reach_an_end() {
        for start in State::ALL {
            let mut reached = vec![start];
            let mut at = 0;
            while let Some(state) = reached.get(at).copied() {
                at += 1;
                for next in EVENTS.iter().filter_map(|e| state.after(*e)) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
            }
            assert!(reached.iter().any(|s| s.is_final()), "{start} never ends");
        }
    }

    #[test]
    fn names_and_numbers_come_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(State::from_code(state.code()), Some(state));
        }
    }
}
