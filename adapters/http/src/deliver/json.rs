//! Our own callback: a signed JSON document.

use crate::api::message_view;
use bytes::Bytes;
use domain::Timestamp;
use domain::state::State;
use http::Method;
use ports::driven::{Handoff, MessageRecord};
use secrecy::SecretString;
use serde::Serialize;
use web_kit::Call;
use web_kit::handing::{event_id, headers, sign};

#[derive(Serialize)]
struct StateEvent<'a> {
    event: &'static str,
    event_id: String,
    /// The state this is about. The message may have moved on since.
    state: &'a str,
    created_at: String,
    message: crate::api::MessageView,
}

/// Tells a sender that his message reached a state.
pub(super) fn state_call(
    url: &str,
    handoff: &Handoff,
    record: &MessageRecord,
    secret: Option<&SecretString>,
    now: Timestamp,
) -> Call {
    let state = State::from_code(handoff.key.event).unwrap_or(record.state);
    let event = StateEvent {
        event: "message.state",
        event_id: event_id(handoff),
        state: state.as_str(),
        created_at: handoff.created_at.to_string(),
        message: message_view(record),
    };
    signed(url, handoff, &event, secret, now)
}

/// A signed POST of a document.
pub(super) fn signed(
    url: &str,
    handoff: &Handoff,
    document: &impl Serialize,
    secret: Option<&SecretString>,
    now: Timestamp,
) -> Call {
    let body = serde_json::to_vec(document).unwrap_or_default();
    let mut headers = headers(handoff, Some("application/json"));
    sign(&mut headers, &body, secret, now);
    Call { method: Method::POST, url: url.to_owned(), headers, body: Bytes::from(body) }
}
