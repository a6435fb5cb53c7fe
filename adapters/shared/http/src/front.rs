//! What happens to every request before and after its handler: a place, who calls, panics caught, headers that protect.

use crate::caller::{Caller, FORWARDED_HOST, is_proxy, language as spoken};
use crate::limits::Limits;
use crate::problem;
use crate::watched::Working;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use domain::Language;
use domain::refusal::{Code, Refusal};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use hyper::body::{Frame, Incoming, SizeHint};
use metrics::Counter;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tower::ServiceExt;

/// One door's handlers and how many requests they are working on.
pub(crate) struct Front {
    app: Router,
    limits: Limits,
    working: AtomicUsize,
    answered: [Counter; 4],
}

impl Front {
    pub(crate) fn new(app: Router, limits: Limits) -> Self {
        let class = |class| metrics::counter!("omnigate_http_requests_total", "door" => limits.name, "class" => class);
        let answered = ["2xx", "3xx", "4xx", "5xx"].map(class);
        Self { app, limits, working: AtomicUsize::new(0), answered }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers one request, whatever happens.
    pub(crate) async fn answer(
        self: Arc<Self>,
        peer: IpAddr,
        tls: bool,
        working: Working,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        let language = spoken(request.headers(), self.limits.language);
        let Some(_place) = Place::take(&self) else {
            let (parts, _) = request.into_parts();
            let usual = || problem::problem(&Refusal::new(Code::Busy), language, None);
            let busy = (self.limits.busy)(&parts, language).unwrap_or_else(usual);
            return Ok(until_written(self.finish(busy, language, tls), working));
        };
        if is_compressed(request.headers()) {
            return Ok(until_written(self.finish(compressed(language), language, tls), working));
        }
        let caller = Caller::behind(peer, tls, request.headers(), &self.limits.proxies);
        if !is_proxy(peer, &self.limits.proxies) {
            request.headers_mut().remove(FORWARDED_HOST);
        }
        request.extensions_mut().insert(caller);
        let handled = AssertUnwindSafe(self.app.clone().oneshot(request)).catch_unwind().await;
        let response = match handled {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => {
                tracing::error!(door = self.limits.name, "a handler panicked");
                let text = language.pick("Det blev fel i gatewayen.", "The gateway made a mistake.");
                bare(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", text, language)
            }
        };
        Ok(until_written(self.finish(response, language, tls), working))
    }

    fn finish(&self, response: Response, language: Language, tls: bool) -> Response {
        let mut response = explain(response, language);
        protect(response.headers_mut(), tls);
        let [good, elsewhere, refused, failed] = &self.answered;
        let class = match response.status().as_u16() {
            200..300 => good,
            300..400 => elsewhere,
            400..500 => refused,
            _ => failed,
        };
        class.increment(1);
        response
    }
}

/// Whether the content is what nobody here unpacks. Other words in that header (`utf-8`) are a mistake that does no harm.
fn is_compressed(headers: &HeaderMap) -> bool {
    const CODINGS: [&str; 7] = ["gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"];
    let named = headers.get_all(header::CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut words = named.flat_map(|value| value.split(',')).map(str::trim);
    words.any(|word| CODINGS.iter().any(|coding| word.eq_ignore_ascii_case(coding)))
}

/// What is understood instead (RFC 9110, 15.5.16). The caller may still be sending.
fn compressed(language: Language) -> Response {
    let text = language.pick(
        "Komprimerat innehåll tas inte emot: sänd det okomprimerat, utan Content-Encoding.",
        "Compressed content is not taken: send it uncompressed, without Content-Encoding.",
    );
    let mut response = bare(StatusCode::UNSUPPORTED_MEDIA_TYPE, "compressed_content", text, language);
    response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A request counts as being worked on until the last of its answer is written.
fn until_written(response: Response, working: Working) -> Response {
    if response.body().is_end_stream() {
        return response;
    }
    response.map(|body| Body::new(Answer { body, _working: working }))
}

/// The body of an answer.
struct Answer {
    body: Body,
    _working: Working,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request being worked on at this door.
struct Place(Arc<Front>);

impl Place {
    fn take(front: &Arc<Front>) -> Option<Self> {
        let before = front.working.fetch_add(1, Ordering::Relaxed);
        let place = Self(Arc::clone(front));
        (before < front.limits.requests).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives the router's empty 404 and 405 a body like every other error.
fn explain(response: Response, language: Language) -> Response {
    let empty = !response.headers().contains_key(header::CONTENT_TYPE)
        && response.body().size_hint().exact() == Some(0);
    let said = match response.status() {
        StatusCode::NOT_FOUND if empty => (
            "no_such_place",
            language.pick("Det finns inget på den adressen.", "There is nothing at this address."),
        ),
        StatusCode::METHOD_NOT_ALLOWED if empty => {
            let text = language
                .pick("Den adressen tar inte den metoden.", "This address does not take that method.");
            ("method_not_allowed", text)
        }
        _ => return response,
    };
    let mut explained = bare(response.status(), said.0, said.1, language);
    if let Some(allow) = response.headers().get(header::ALLOW) {
        explained.headers_mut().insert(header::ALLOW, allow.clone());
    }
    explained
}

/// A problem that is nobody's refusal: the web server's own.
fn bare(status: StatusCode, code: &'static str, title: &'static str, language: Language) -> Response {
    let document = problem::Problem {
        kind: "about:blank".to_owned(),
        title,
        status: status.as_u16(),
        detail: title.to_owned(),
        code,
        field: None,
        temporary: status.is_server_error(),
        state: None,
        request_id: None,
    };
    let mut response = Response::new(Body::from(serde_json::to_vec(&document).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response
}

/// Headers for browsers that get here by accident or malice; a handler's own stay.
fn protect(headers: &mut HeaderMap, tls: bool) {
    let own = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    headers.reserve(own.len());
    for (name, value) in own {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if tls {
        let hsts = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(hsts);
    }
}
