//! The JSON API under `/api/v1`.

mod messages;
mod openapi;
mod problem;
mod query;
mod received;
mod request;
mod send;
mod view;
mod wrong;

pub(crate) use messages::{cancel, list, status};
pub use openapi::document;
pub(crate) use received::{acknowledge, balance, inbox};
pub(crate) use request::{callback, policy, priority};
pub(crate) use send::{accepted, idempotency_key, preview, say_whether_repeated, send};
pub(crate) use view::{MessageView, MoView, message_view, mo_view};

use axum::body::Body;
use axum::response::Response;
use domain::message::IdError;
use domain::refusal::{Code, Refusal};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::str::FromStr;

/// See [`crate::fuzzing`].
pub(crate) fn read_for_fuzzing(octets: &[u8]) {
    let _ = request::SendBody::read(octets).and_then(|body| body.into_request(None));
}

/// A document as a response.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    // These documents are structs of text and numbers: writing them cannot fail.
    let mut response = Response::new(Body::from(serde_json::to_vec(document).unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An id in a path. One that cannot be an id is not found, like one that is nobody's.
fn id<T: FromStr<Err = IdError>>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| Refusal::new(Code::NotFound))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(octets: &[u8]) -> String {
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble });
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        text.push(digit(octet >> 4));
        text.push(digit(octet & 15));
    }
    text
}

/// Reads hexadecimal digits, spaces between them allowed.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().filter(|c| *c != ' ').map(|c| c.to_digit(16)).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs
        .map(|pair| pair.iter().try_fold(0_u32, |sum, digit| Some(sum * 16 + digit))?.try_into().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal() {
        assert_eq!(unhex("00 ff1A").map(|o| hex(&o)).as_deref(), Some("00ff1a"));
        for bad in ["0", "0g", "åå", "+1"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
        assert_eq!(unhex(""), Some(Vec::new()));
    }
}
