//! Calling others: callbacks, hand-offs. One pool, time limits, no redirects, small answers, and places nobody may send us to.

mod guard;
mod plain;

pub use guard::Guard;

use bytes::{Bytes, BytesMut};
use domain::directory::AddressRange;
use http::{HeaderMap, Method, StatusCode, header};
use net::tls::TlsClient;
use std::sync::Arc;
use std::time::Duration;

/// How to call.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// For a whole call. 10 s.
    pub timeout: Duration,
    /// For the connection alone. 5 s.
    pub connect_timeout: Duration,
    /// Octets of an answer that are read; the rest is cut off. 64 KiB.
    pub answer_octets: usize,
    /// Idle connections kept to one host, as many as it gets calls at once. 64.
    pub idle_per_host: usize,
    /// Whose certificates are believed; `None` = the system's authorities.
    pub tls: Option<TlsClient>,
    /// Addresses that may be called though they are link-local, metadata or the like.
    pub allow: Vec<AddressRange>,
    /// Addresses that may not be called, besides those.
    pub deny: Vec<AddressRange>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            answer_octets: 64 * 1024,
            idle_per_host: 64,
            tls: None,
            allow: Vec::new(),
            deny: Vec::new(),
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Absolute http or https URL.
    pub url: String,
    /// Headers besides those that the client makes.
    pub headers: HeaderMap,
    /// The body; empty = none.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The `Content-Type`, or nothing.
    pub content_type: String,
    /// How many seconds to wait (`Retry-After`, RFC 9110 10.2.3, in seconds), when that is said.
    pub retry_after: Option<u64>,
    /// The body, at most as long as the options say.
    pub body: Bytes,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not a URL that can be called, or a place nobody may send us to.
    #[error("{0}")]
    Refused(String),
    /// No connection: nothing was sent.
    #[error("{0}")]
    NotConnected(String),
    /// A broken connection, or no answer in time: what was sent may have arrived.
    #[error("{0}")]
    Unreachable(String),
}

/// The client. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub struct HttpClient {
    inner: reqwest::Client,
    plain: plain::Plain,
    guard: Arc<Guard>,
    answer_octets: usize,
}

/// A client that cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("HTTP client: {0}")]
pub struct ClientError(String);

impl HttpClient {
    /// Makes a client. The TLS provider must be installed.
    ///
    /// # Errors
    /// [`ClientError`] when TLS cannot be set up.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let failed = |e: &dyn std::fmt::Display| ClientError(e.to_string());
        let guard = Arc::new(Guard::new(options.allow.clone(), options.deny.clone()));
        let plain = plain::Plain::new(&options, &guard);
        let tls = options.tls.map_or_else(TlsClient::platform, Ok).map_err(|e| failed(&e))?;
        let mut tls = tls.config().clone();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let inner = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::clone(&guard))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .pool_max_idle_per_host(options.idle_per_host)
            .pool_idle_timeout(plain::IDLE)
            .tcp_nodelay(true)
            .user_agent(plain::USER_AGENT)
            .build()
            .map_err(|e| failed(&e))?;
        Ok(Self { inner, plain, guard, answer_octets: options.answer_octets })
    }

    /// Calls.
    ///
    /// # Errors
    /// [`CallError`]; a status of 400 or more is no error here.
    pub async fn call(&self, call: Call) -> Result<Reply, CallError> {
        if let Some(uri) = plain::uri(&call.url) {
            return self.plain.call(uri, call).await;
        }
        let url: reqwest::Url =
            call.url.parse().map_err(|e| CallError::Refused(format!("{}: {e}", call.url)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(CallError::Refused(format!("{}: neither http nor https", call.url)));
        }
        self.guard.check_host(&url).map_err(CallError::Refused)?;
        let mut request = self.inner.request(call.method, url).headers(call.headers);
        if !call.body.is_empty() {
            request = request.body(call.body);
        }
        let response = request.send().await.map_err(|e| unreachable(&e))?;
        let status = response.status();
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let retry_after = retry_after(response.headers());
        let body = head(response, self.answer_octets).await?;
        Ok(Reply { status, content_type, retry_after, body })
    }
}

/// `Retry-After` in seconds (RFC 9110 10.2.3); a date is taken by the clock of the server that says it, in its `Date`.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let said = text(header::RETRY_AFTER)?;
    let date = |text| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    said.parse().ok().or_else(|| {
        let wait = date(said)?.duration_since(date(text(header::DATE)?)?);
        Some(u64::try_from(wait.as_secs()).unwrap_or(0))
    })
}

async fn head(mut response: reqwest::Response, most: usize) -> Result<Bytes, CallError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
        let room = most.saturating_sub(body.len());
        if chunk.len() > room {
            body.extend_from_slice(chunk.get(..room).unwrap_or_default());
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn unreachable(error: &reqwest::Error) -> CallError {
    if let Some(refused) = guard::refused(error) {
        return CallError::Refused(refused);
    }
    if error.is_timeout() { late(error.is_connect()) } else { with_causes(error.is_connect(), error) }
}

/// It took too long, connecting or after that.
fn late(connecting: bool) -> CallError {
    if connecting {
        CallError::NotConnected("no connection in time".to_owned())
    } else {
        CallError::Unreachable("no answer in time".to_owned())
    }
}

/// The error with its causes: a client's own text says only that something failed. URLs are left out, they may hold secrets.
fn with_causes(connecting: bool, error: &(dyn std::error::Error + 'static)) -> CallError {
    let mut text = if connecting { "no connection" } else { "the connection broke" }.to_owned();
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.source().is_none() {
            text = format!("{text}: {error}");
        }
        cause = error.source();
    }
    if connecting { CallError::NotConnected(text) } else { CallError::Unreachable(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_seconds_or_until_a_date() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (said, date, expected) in [
            ("120", now, Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", now, Some(60)),
            ("Sun, 06 Nov 1994 08:40:00 GMT", now, Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", "", None),
            ("soon", now, None),
            ("-1", now, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, said.parse().expect("a value"));
            headers.insert(header::DATE, date.parse().expect("a value"));
            assert_eq!(retry_after(&headers), expected, "{said}");
        }
    }
}
