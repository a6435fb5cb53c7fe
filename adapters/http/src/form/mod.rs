//! The doors that take parameters instead of a document: the plain form at `/` and `/send`, and Kannel's sendsms.

mod answer;
mod kannel;
mod kannel_xml;
mod numbers;
mod params;
mod send;

pub(crate) use kannel::kannel;
pub(crate) use send::{root, send};

use crate::Doors;
use crate::known::{Manner, let_in};
use axum::response::Response;
use domain::Language;
use domain::access::Sender;
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use params::Params;
use ports::driving::Credentials;
use secrecy::SecretString;
use web_kit::problem;

/// Only GET and POST send. A HEAD asks what a GET would answer and must change nothing (RFC 9110 9.2.1): it is not passed on to
/// what answers GET, as the router would. The web server says it in words.
pub(crate) async fn not_so() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

/// Says that there is no room for a request, in its form's own language. Is a [`web_kit::Busy`].
#[must_use]
pub fn busy(parts: &Parts, language: Language) -> Option<Response> {
    let busy = Refusal::new(Code::Busy);
    match parts.uri.path() {
        "/" if parts.method == Method::GET && parts.uri.query().is_none_or(str::is_empty) => None,
        "/" | "/send" => {
            let request_id = problem::request_id(&parts.headers).map(str::to_owned);
            Some(answer::Form::of(&parts.headers).refused(&busy, &[], &Manner { language, request_id }))
        }
        "/cgi-bin/sendsms" => Some(kannel::no(&busy)),
        _ => None,
    }
}

/// See [`crate::fuzzing`].
pub(crate) fn read_for_fuzzing(octets: &[u8]) {
    if let Ok(params) = Params::of_xml(octets, None) {
        let _ = kannel::reads(&params);
    }
    let Ok(params) = Params::of_form(octets) else { return };
    let _ = kannel::reads(&params);
    let to = params.text(&["numbers", "to"]).ok().flatten();
    let _ = send::request_of(&params, to.into_iter().collect());
}

/// Lets in whom the parameters, the header or the address make known.
async fn admit(doors: &Doors, params: &Params, parts: &Parts, door: Door) -> Result<Sender, Refusal> {
    let shown = match (
        params.text(&["username", "user"])?,
        params.text(&["password", "pass"])?,
        params.text(&["key"])?,
    ) {
        (Some(user), password, _) => {
            let password = SecretString::from(password.unwrap_or_default());
            Credentials::Password { user, password }
        }
        (None, _, Some(key)) => Credentials::Key(SecretString::from(key)),
        (None, _, None) => web_kit::credentials(&parts.headers)?,
    };
    let_in(doors, &shown, parts, door).await
}
