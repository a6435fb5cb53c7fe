//! Calls by `http://` to plain URLs, straight over hyper's pooled client: callbacks are many, and a general client's work on each (parsing
//! the URL into parts, redirects, retries, layers) cost more than the call (docs/adr/0012-plain-calls-over-hyper.md).
//!
//! Anything unusual in a URL (a login, a fragment, dots to be resolved, characters to be escaped) is not ours: [`uri`] says so.

use super::guard::{Denied, Guard};
use super::{Call, CallError, ClientOptions, Reply, late, retry_after, with_causes};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

/// How long a connection that nobody uses is kept.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// What we call ourselves.
pub(super) const USER_AGENT: &str = concat!("omnigate/", env!("CARGO_PKG_VERSION"));

/// The client. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    client: Client<Dialler, Full<Bytes>>,
    guard: Arc<Guard>,
    timeout: Duration,
    answer_octets: usize,
}

/// A URL that is called here.
pub(super) fn uri(url: &str) -> Option<Uri> {
    let rest = url.strip_prefix("http://")?;
    let path = rest.find(['/', '?']).map_or("", |at| rest.get(at..).unwrap_or_default());
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?[]!$&'()*+,;=%".contains(&b);
    // A path's dots would have to be resolved before it is sent (RFC 3986 5.2.4).
    let clean = url.bytes().all(usual) && !path.contains("/.") && !path.to_ascii_lowercase().contains("%2e");
    let uri: Uri = url.parse().ok().filter(|_| clean)?;
    uri.host().filter(|host| !host.is_empty())?;
    Some(uri)
}

impl Plain {
    pub(super) fn new(options: &ClientOptions, guard: &Arc<Guard>) -> Self {
        let dialler = Dialler { guard: Arc::clone(guard), timeout: options.connect_timeout };
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(options.idle_per_host);
        Self {
            client: builder.build(dialler),
            guard: Arc::clone(guard),
            timeout: options.timeout,
            answer_octets: options.answer_octets,
        }
    }

    /// As [`super::HttpClient::call`], to a URL that [`uri`] has read.
    pub(super) async fn call(&self, uri: Uri, call: Call) -> Result<Reply, CallError> {
        if let Some(address) = address_of(uri.host().unwrap_or_default())
            && !self.guard.allows(address)
        {
            return Err(CallError::Refused(Denied(address.to_string()).to_string()));
        }
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = call.headers;
        let headers = request.headers_mut();
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        timeout(self.timeout, self.exchange(request)).await.map_err(|_| late(false))?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, CallError> {
        let response = self.client.request(request).await.map_err(|e| unreachable(e.is_connect(), &e))?;
        let (head, mut body) = response.into_parts();
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let mut octets = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| unreachable(false, &e))?;
            let Ok(data) = frame.into_data() else { continue };
            let room = self.answer_octets.saturating_sub(octets.len());
            octets.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                break;
            }
        }
        let retry_after = retry_after(&head.headers);
        Ok(Reply { status: head.status, content_type, retry_after, body: octets.freeze() })
    }
}

fn unreachable(connecting: bool, error: &(dyn std::error::Error + 'static)) -> CallError {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(denied) = error.downcast_ref::<Denied>() {
            return CallError::Refused(denied.to_string());
        }
        // An I/O error gives what is inside it, not itself, as its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(denied) = inner.and_then(|e| e.downcast_ref::<Denied>()) {
            return CallError::Refused(denied.to_string());
        }
        if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut) {
            return late(connecting);
        }
        cause = error.source();
    }
    with_causes(connecting, error)
}

/// The address a host stands for, if it is one.
fn address_of(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Connects where the guard lets us: the address is checked, not the name.
#[derive(Debug, Clone)]
struct Dialler {
    guard: Arc<Guard>,
    timeout: Duration,
}

impl Service<Uri> for Dialler {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<TcpStream>>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { guard, timeout: limit } = self.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let port = uri.port_u16().unwrap_or(80);
            let too_late = |_| io::Error::from(io::ErrorKind::TimedOut);
            timeout(limit, dial(host, port, &guard, limit)).await.map_err(too_late)?
        })
    }
}

async fn dial(host: &str, port: u16, guard: &Guard, limit: Duration) -> io::Result<TokioIo<TcpStream>> {
    let found: Vec<SocketAddr> = match address_of(host) {
        Some(address) => vec![SocketAddr::new(address, port)],
        None => tokio::net::lookup_host((host, port)).await?.collect(),
    };
    let allowed: Vec<SocketAddr> = found.into_iter().filter(|at| guard.allows(at.ip())).collect();
    if allowed.is_empty() {
        return Err(io::Error::other(Denied(host.to_owned())));
    }
    let stream = first_of(&allowed, limit).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(stream))
}

/// Every address is tried in turn, each for its share of the time: one that does not answer must not take that of the others.
async fn first_of(addresses: &[SocketAddr], limit: Duration) -> io::Result<TcpStream> {
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listener that takes no connection any more and says nothing of it.
    async fn silent() -> (tokio::net::TcpListener, Vec<TcpStream>) {
        let socket = tokio::net::TcpSocket::new_v4().expect("socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("address");
        let listener = socket.listen(1).expect("listener");
        let address = listener.local_addr().expect("address");
        let mut waiting = Vec::new();
        while let Ok(taken) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            waiting.push(taken.expect("a place"));
        }
        (listener, waiting)
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_does_not_answer() {
        let (silent, _waiting) = silent().await;
        let living = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = |listener: &tokio::net::TcpListener| listener.local_addr().expect("address");
        let limit = Duration::from_millis(400);
        let name = [address(&silent), address(&living)];
        let reached = timeout(limit, first_of(&name, limit)).await.expect("in time").expect("reached");
        assert_eq!(reached.peer_addr().ok(), Some(address(&living)));
        let error = first_of(&[address(&silent)], limit).await.map(|_| ()).map_err(|e| e.kind());
        assert_eq!(error, Err(io::ErrorKind::TimedOut));
    }

    #[test]
    fn what_is_called_here() {
        for url in [
            "http://crm.example.se/cb",
            "http://10.0.0.1:8080",
            "http://[::1]:81/x?n=1&u=http://y/z",
            "http://a/b%20c",
        ] {
            let called = uri(url).map(|uri| uri.to_string());
            assert_eq!(called.as_deref().map(|u| u.trim_end_matches('/')), Some(url), "{url}");
        }
        for url in [
            "https://a/",
            "HTTP://a/",
            "http://user:secret@a/",
            "http://a/#b",
            "http://a/../b",
            "http://a/%2E%2e/b",
            "http://a/{b}",
            "http://\u{e5}.se/",
            "http:///x",
            "http://",
            "http://a b/",
        ] {
            assert_eq!(uri(url), None, "{url}");
        }
    }
}
