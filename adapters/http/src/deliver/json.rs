//! Our own callback: a JSON document, signed with HMAC-SHA256 (RFC 2104, FIPS 180-4) over its time and itself.
//!
//! `Omnigate-Signature: t=<seconds>,v1=<hex>` where `v1` is of `<seconds>.<body>`. The receiver compares in constant time and
//! turns away what is older than some minutes.

use super::{event_id, headers};
use crate::api::{hex, message_view};
use bytes::Bytes;
use domain::Timestamp;
use domain::state::State;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use ports::driven::{Handoff, MessageRecord};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::Sha256;
use web_kit::Call;

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

/// Adds the signature, if there is a secret.
pub(super) fn sign(headers: &mut HeaderMap, body: &[u8], secret: Option<&SecretString>, now: Timestamp) {
    let Some(secret) = secret else { return };
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return };
    let seconds = now.as_second();
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let value = format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes()));
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static("omnigate-signature"), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_anybody_can_compute() {
        let mut headers = HeaderMap::new();
        let now = Timestamp::from_second(1_700_000_000).expect("time");
        sign(&mut headers, b"{}", Some(&SecretString::from("secret")), now);
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let expected = "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        assert_eq!(headers.get("omnigate-signature").and_then(|v| v.to_str().ok()), Some(expected));
        let mut unsigned = HeaderMap::new();
        sign(&mut unsigned, b"{}", None, now);
        assert!(unsigned.is_empty());
    }
}
