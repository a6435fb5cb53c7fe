//! Who is to be told of a message's state, and what is stored and carried out for it.

use crate::rows::{HandoffRow, millis};
use domain::Timestamp;
use domain::message::{Callback, Incarnation};
use domain::state::State;
use ports::driven::{Content, Handoff, HandoffKey, MessageRecord, target_of};

/// Somebody is to be told that a message reached a state.
pub struct Tell {
    /// The message.
    pub id: i64,
    /// The state.
    pub state: State,
    /// The run that carries it out; `None` = whoever finds it due.
    pub lease: Option<Incarnation>,
    /// When the message reached it.
    pub at: Timestamp,
}

/// Whether a stored callback wants to hear of a state.
pub fn wanted(callback: Option<&str>, state: State) -> bool {
    callback.and_then(|text| text.parse::<Callback>().ok()).is_some_and(|callback| callback.wants(state))
}

/// The handoff as it is stored.
pub fn row(tell: &Tell, callback: &Callback) -> HandoffRow {
    HandoffRow {
        subject: tell.id,
        event: tell.state.code(),
        target: target_of(callback),
        destination: None,
        lease: tell.lease.map(|l| l.0),
        created_at: millis(tell.at),
    }
}

/// The handoff as it is carried out.
pub fn handoff(tell: &Tell, callback: Callback, record: MessageRecord) -> Handoff {
    Handoff {
        key: HandoffKey { subject: tell.id, event: tell.state.code() },
        content: Content::State { callback, record: Box::new(record) },
        tries: 0,
        created_at: tell.at,
        resent_at: None,
    }
}
