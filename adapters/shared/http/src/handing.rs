//! Handing something over by HTTP, whatever its form: one try, the event's name in a header, a signature, and what an answer means.
//!
//! `Omnigate-Signature: t=<seconds>,v1=<hex>` where `v1` is the HMAC-SHA256 (RFC 2104, FIPS 180-4) of `<seconds>.<body>`. The receiver
//! compares in constant time and turns away what is older than some minutes.

use crate::{Call, CallError, EVENT_ID, HttpClient, Reply};
use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use ports::driven::{Handoff, HandoffError};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt::Write as _;

/// What calls are signed with.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// For users without a secret of their own, and messages that came in for nobody; `None` = unsigned.
    pub usual: Option<SecretString>,
    /// Users' own, by name.
    pub by_user: HashMap<String, SecretString>,
}

impl Secrets {
    /// The secret for what is a user's.
    #[must_use]
    pub fn of(&self, user: Option<&str>) -> Option<&SecretString> {
        user.and_then(|user| self.by_user.get(user)).or(self.usual.as_ref())
    }
}

/// The name of the event, the same at each try.
#[must_use]
pub fn event_id(handoff: &Handoff) -> String {
    format!("{}-{}", handoff.key.subject, handoff.key.event)
}

/// The headers of a call: the event's id and which try it is.
#[must_use]
pub fn headers(handoff: &Handoff, content_type: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    if let Ok(id) = HeaderValue::from_str(&event_id(handoff)) {
        headers.insert(EVENT_ID, id);
    }
    headers
        .insert(HeaderName::from_static("omnigate-attempt"), HeaderValue::from(u32::from(handoff.tries) + 1));
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers
}

/// The signature of a body at a time, in seconds since 1970.
#[must_use]
pub fn signature(body: &[u8], secret: &[u8], seconds: i64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let mut value = format!("t={seconds},v1=");
    for octet in mac.finalize().into_bytes() {
        let _ = write!(value, "{octet:02x}");
    }
    value
}

/// Adds the signature, if there is a secret.
pub fn sign(headers: &mut HeaderMap, body: &[u8], secret: Option<&SecretString>, now: Timestamp) {
    let Some(secret) = secret else { return };
    let value = signature(body, secret.expose_secret().as_bytes(), now.as_second());
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static("omnigate-signature"), value);
    }
}

/// Makes the call.
///
/// # Errors
/// Why it was not handed over, and whether it may be later.
pub async fn hand_over(client: &HttpClient, call: Call) -> Result<Reply, HandoffError> {
    let reply = client.call(call).await.map_err(|error| match error {
        CallError::Refused(text) => HandoffError::Permanent(text),
        CallError::NotConnected(text) | CallError::Unreachable(text) => HandoffError::Temporary(text),
    })?;
    match reply.status.as_u16() {
        200..300 => Ok(reply),
        // The one status that says "never again" (RFC 9110 15.5.11). Any other may be a program that is being set up, moved or mended.
        status @ 410 => Err(HandoffError::Permanent(format!("HTTP {status}"))),
        status => Err(HandoffError::Temporary(format!("HTTP {status}"))),
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

    #[test]
    fn a_users_own_secret_first() {
        let secrets = Secrets {
            usual: Some(SecretString::from("usual")),
            by_user: HashMap::from([("crm".to_owned(), SecretString::from("own"))]),
        };
        let of = |user| secrets.of(user).map(|secret| secret.expose_secret().to_owned());
        for (user, expect) in [(Some("crm"), "own"), (Some("erp"), "usual"), (None, "usual")] {
            assert_eq!(of(user).as_deref(), Some(expect), "{user:?}");
        }
    }
}
