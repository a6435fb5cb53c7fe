//! Refusals on the wire: problem documents (RFC 9457), one status for each code.

use axum::body::Body;
use axum::response::Response;
use domain::Language;
use domain::refusal::{Code, Refusal};
use domain::state::State;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

/// The document. `code` and `status` are for programs and never change; `title` and `detail` are for people.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    /// A place that explains the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// The whole of it in words.
    pub detail: String,
    /// The stable code.
    pub code: &'static str,
    /// The field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<&'a str>,
    /// Whether the same request may succeed later.
    pub temporary: bool,
    /// The state that stands in the way, where that is what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'a str>,
    /// The caller's own name for the request (`X-Request-Id`), given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
}

/// The HTTP status of a code.
#[must_use]
pub fn status(code: Code) -> StatusCode {
    use StatusCode as S;
    match code {
        Code::Malformed | Code::InvalidParameter => S::BAD_REQUEST,
        Code::NotAuthenticated => S::UNAUTHORIZED,
        Code::NoCredit => S::PAYMENT_REQUIRED,
        Code::AddressNotAllowed
        | Code::NotPermitted
        | Code::NumberNotAllowed
        | Code::OriginatorNotAllowed => S::FORBIDDEN,
        Code::NotFound => S::NOT_FOUND,
        Code::IdempotencyConflict | Code::NotCancellable | Code::AlreadyExists => S::CONFLICT,
        Code::TooLarge | Code::TooManyRecipients => S::PAYLOAD_TOO_LARGE,
        Code::InvalidNumber
        | Code::NoRecipient
        | Code::NoText
        | Code::TextTooLong
        | Code::TextNotEncodable
        | Code::PagerTextOnly
        | Code::PagerDigitsOnly
        | Code::InvalidOriginator
        | Code::InvalidTime
        | Code::InvalidCallback
        | Code::NoRoute
        | Code::UnknownLink
        | Code::DialogUnavailable => S::UNPROCESSABLE_ENTITY,
        Code::RateLimited => S::TOO_MANY_REQUESTS,
        Code::Busy | Code::StoreUnavailable => S::SERVICE_UNAVAILABLE,
    }
}

/// After how many seconds a refused caller may come again; `None` = never with the same request.
#[must_use]
pub fn retry_after(code: Code) -> Option<u32> {
    match code {
        Code::Busy => Some(1),
        Code::RateLimited | Code::StoreUnavailable => Some(5),
        _ if code.is_temporary() => Some(5),
        _ => None,
    }
}

/// Adds the headers that go with a code: `Retry-After`, `WWW-Authenticate`, and the end of the connection for a caller who may
/// still be sending what is too large.
pub fn headers_for(code: Code, headers: &mut HeaderMap) {
    if let Some(seconds) = retry_after(code) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    match code {
        Code::NotAuthenticated => {
            let schemes = HeaderValue::from_static("Basic realm=\"omnigate\", charset=\"UTF-8\", Bearer");
            headers.insert(header::WWW_AUTHENTICATE, schemes);
        }
        Code::TooLarge => {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
}

/// The headers of a refusal: those of its code, and `Retry-After` as long as is known.
pub fn headers_for_refusal(refusal: &Refusal, headers: &mut HeaderMap) {
    headers_for(refusal.code, headers);
    if let Some(seconds) = refusal.wait_seconds() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// A refusal as a response. `request_id`: the caller's own, see [`request_id`].
#[must_use]
pub fn problem(refusal: &Refusal, language: Language, request_id: Option<&str>) -> Response {
    let status = status(refusal.code);
    let document = Problem {
        kind: format!("/docs#{}", refusal.code),
        title: refusal.code.text(language),
        status: status.as_u16(),
        detail: refusal.text(language),
        code: refusal.code.as_str(),
        field: refusal.field,
        temporary: refusal.code.is_temporary(),
        state: state(refusal),
        request_id,
    };
    let mut response = Response::new(Body::from(serde_json::to_vec(&document).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers_for_refusal(refusal, headers);
    response
}

/// The state in the detail of `not_cancellable`: it stands first, before what else there is to say.
fn state(refusal: &Refusal) -> Option<&str> {
    let named = refusal.detail.in_language(Language::English);
    let named = named.split_once(':').map_or(named, |(state, _)| state);
    (refusal.code == Code::NotCancellable).then(|| State::parse(named)).flatten().map(State::as_str)
}

/// The caller's own name for the request, when it is one that can stand in an answer and a log.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let clean = (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(&b));
    clean.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_wait_is_the_one_that_is_said() {
        let said = |refusal: &Refusal| {
            let response = problem(refusal, Language::English, None);
            response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()).map(str::to_owned)
        };
        let wait = std::time::Duration::from_secs(120);
        assert_eq!(said(&Refusal::too_often(wait)).as_deref(), Some("120"));
        assert_eq!(said(&Refusal::new(Code::RateLimited)).as_deref(), Some("5"));
        assert_eq!(said(&Refusal::new(Code::NotFound)), None);
    }

    #[test]
    fn every_code_has_a_fitting_status() {
        let lines: Vec<String> = Code::ALL
            .iter()
            .map(|code| {
                let status = status(*code);
                assert!(status.is_client_error() || code.is_temporary(), "{code}");
                assert_eq!(retry_after(*code).is_some(), code.is_temporary(), "{code}");
                format!("{} {code}", status.as_u16())
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
