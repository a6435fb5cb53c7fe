//! HTTP around SOAP: media types, SOAPAction, sizes, statuses, and the description by GET (SOAP 1.1 section 6, SOAP 1.2 part 2 section 7).

use crate::door::{Doors, Sent};
use crate::fault;
use crate::gateway::{self, Gateway};
use crate::oms::{self, Oms};
use crate::parlayx::{self, ParlayX};
use crate::port_type::PortType;
use crate::trouble::Trouble;
use crate::version::Version;
use crate::wsdl::{self, Description};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use domain::refusal::{Code, Refusal};
use domain::{Language, Words};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use web_kit::{Caller, problem};

/// The services: each takes calls by POST and gives its description by GET with `?wsdl`. Requests must come through `web_kit::serve`, which says who calls.
pub fn router(doors: Doors) -> Router {
    Router::new()
        .route(gateway::PATH, get(describe).post(call::<Gateway>))
        .route(oms::PATH, get(describe).post(call::<Oms>))
        .route(parlayx::PATHS, get(describe).post(call::<ParlayX>))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::new(doors))
}

/// The description of the service that is at a path.
fn description_of(path: &str) -> Option<&'static Description> {
    match path {
        gateway::PATH => Some(&gateway::WSDL),
        oms::PATH => Some(&oms::WSDL),
        path => parlayx::description_of(path),
    }
}

/// `?wsdl`, `?WSDL`, `?singleWsdl`: the same file, which has its schema inside.
async fn describe(State(doors): State<Arc<Doors>>, caller: Caller, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_ascii_lowercase();
    let asked = query.split('&').any(|part| matches!(part.split('=').next(), Some("wsdl" | "singlewsdl")));
    let path = request.uri().path();
    let language = web_kit::language(request.headers(), doors.config.language);
    let Some(description) = description_of(path) else {
        let text = format!("{}\n", parlayx::services().in_language(language));
        return respond(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", text);
    };
    if !asked {
        let text = language.pick(
            "Omnigate: SOAP-webbtjänst. Dess beskrivning: ?wsdl\n",
            "Omnigate: SOAP web service. Its description: ?wsdl\n",
        );
        return respond(StatusCode::OK, "text/plain; charset=utf-8", text.to_owned());
    }
    let authority = request.uri().authority().map(|a| a.as_str());
    let text = wsdl::described(description, path, request.headers(), authority, caller.https, &doors.config);
    respond(StatusCode::OK, "text/xml; charset=utf-8", text)
}

async fn call<P: PortType>(State(doors): State<Arc<Doors>>, caller: Caller, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Parts { headers, .. } = parts;
    let Some(media) = Media::of(&headers) else {
        let refusal = Refusal::because(
            Code::Malformed,
            Words::new(
                "Content-Type: text/xml eller application/soap+xml, inte komprimerat",
                "Content-Type: text/xml or application/soap+xml, not compressed",
            ),
        );
        return early::<P>(&doors, &headers, Version::V11, StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal);
    };
    match web_kit::read_body(body, doors.config.body).await {
        Ok(octets) => {
            answer(doors.take::<P>(&octets, media.charset.as_deref(), media.version, &headers, caller).await)
        }
        Err(error) => {
            let refusal = Refusal::from(error);
            let large = refusal.code == Code::TooLarge;
            let status = if large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            early::<P>(&doors, &headers, media.version, status, refusal)
        }
    }
}

/// Says in a fault that there is no room for a call. Is a [`web_kit::Busy`].
#[must_use]
pub fn busy(parts: &Parts, language: Language) -> Option<Response> {
    if parts.method != Method::POST {
        return None;
    }
    let write = match parts.uri.path() {
        gateway::PATH => fault::write::<Gateway>,
        oms::PATH => fault::write::<Oms>,
        path if parlayx::is_at(path) => fault::write::<ParlayX>,
        _ => return None,
    };
    let version = Media::of(&parts.headers).map_or(Version::V11, |media| media.version);
    let text = write(&Trouble::Refused(Refusal::new(Code::Busy)), version, language);
    let mut response = respond(StatusCode::INTERNAL_SERVER_ERROR, version.media_type(), text);
    problem::headers_for(Code::Busy, response.headers_mut());
    Some(response)
}

/// A fault before the message was read.
fn early<P: PortType>(
    doors: &Doors,
    headers: &HeaderMap,
    version: Version,
    status: StatusCode,
    refusal: Refusal,
) -> Response {
    let language = web_kit::language(headers, doors.config.language);
    let code = refusal.code;
    let text = fault::write::<P>(&Trouble::Refused(refusal), version, language);
    let mut response = respond(status, version.media_type(), text);
    problem::headers_for(code, response.headers_mut());
    response
}

fn answer(sent: Sent) -> Response {
    let Some(trouble) = sent.trouble else {
        return respond(StatusCode::OK, sent.version.media_type(), sent.text);
    };
    // Who showed nothing is asked by HTTP's means (.NET and gSOAP then come again with Basic); who showed something wrong gets a fault.
    let challenge = sent.anonymous && fault::is_login(&trouble);
    let status = if challenge { StatusCode::UNAUTHORIZED } else { StatusCode::INTERNAL_SERVER_ERROR };
    let mut response = respond(status, sent.version.media_type(), sent.text);
    match trouble {
        Trouble::Refused(refusal) if challenge || refusal.code != Code::NotAuthenticated => {
            problem::headers_for_refusal(&refusal, response.headers_mut());
        }
        _ => {}
    }
    response
}

/// The media type of a message.
struct Media {
    version: Version,
    charset: Option<String>,
}

impl Media {
    /// SOAP's two types or the general one for XML; anything else is not SOAP. Nothing at all is refused too: it is what a
    /// foreign web page can make a browser send, with the login that the browser keeps.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let packed = headers
            .get(header::CONTENT_ENCODING)
            .is_some_and(|v| !v.as_bytes().eq_ignore_ascii_case(b"identity"));
        let value = headers.get(header::CONTENT_TYPE).filter(|_| !packed)?.to_str().ok()?;
        let mut parts = value.split(';');
        let version = match parts.next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "text/xml" | "application/xml" => Version::V11,
            "application/soap+xml" => Version::V12,
            _ => return None,
        };
        let charset = parts
            .filter_map(|p| p.split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"));
        Some(Self { version, charset: charset.map(|(_, name)| name.trim().trim_matches('"').to_owned()) })
    }
}

fn respond(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
