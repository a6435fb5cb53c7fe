//! A program of a customer, as far as the gateway can tell: it is called back about messages and is given received ones. It keeps
//! the last of them for the show.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use ports::driven::Clock;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How many calls are kept.
const KEPT: usize = 1_000;

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// What was said.
    pub body: Value,
    /// Whether it carried a signature.
    pub signed: bool,
    /// When, by the sink's clock that does not jump.
    pub at: Duration,
}

struct Heard {
    clock: Arc<dyn Clock>,
    callbacks: Mutex<VecDeque<Call>>,
    received: Mutex<VecDeque<Call>>,
    came: Notify,
}

/// The program; it ends when dropped.
pub(super) struct Sink {
    heard: Arc<Heard>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Sink {
    /// Listens on any free port of loopback.
    pub(super) async fn start(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let heard = Arc::new(Heard {
            clock,
            callbacks: Mutex::default(),
            received: Mutex::default(),
            came: Notify::new(),
        });
        let app = Router::new()
            .route("/callback", post(callback))
            .route("/received", post(received))
            .with_state(Arc::clone(&heard));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::warn!(%error, "the demonstration's own program failed");
            }
        });
        Ok(Self { heard, address, task })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it wants to be told of messages.
    pub(super) fn callback_url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    /// The callbacks so far, once there are `count` or the time is out.
    pub(super) async fn callbacks(&self, count: usize, limit: Duration) -> Vec<Call> {
        let all = || -> Vec<Call> { lock(&self.heard.callbacks).iter().cloned().collect() };
        self.wait(limit, || (all().len() >= count).then(all)).await.unwrap_or_else(all)
    }

    /// The call about a received message with this text, once it comes; `None` when the time is out.
    pub(super) async fn received(&self, text: &str, since: Duration, limit: Duration) -> Option<Call> {
        let fits = |call: &&Call| call.at >= since && call.body.to_string().contains(text);
        self.wait(limit, || lock(&self.heard.received).iter().find(fits).cloned()).await
    }

    /// Time by the sink's clock.
    pub(super) fn now(&self) -> Duration {
        self.heard.clock.monotonic()
    }

    async fn wait<T>(&self, limit: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
        let seen = async {
            loop {
                let came = self.heard.came.notified();
                if let Some(found) = look() {
                    return found;
                }
                // A call that came between the look and here is seen at the next one, or in a moment.
                let _ = tokio::time::timeout(Duration::from_millis(50), came).await;
            }
        };
        tokio::time::timeout(limit, seen).await.ok()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(heard: &Heard, calls: &Mutex<VecDeque<Call>>, headers: &HeaderMap, body: &str) -> StatusCode {
    let Ok(body) = serde_json::from_str(body) else { return StatusCode::BAD_REQUEST };
    let signed = headers.contains_key("omnigate-signature");
    let mut calls = lock(calls);
    if calls.len() >= KEPT {
        calls.pop_front();
    }
    calls.push_back(Call { body, signed, at: heard.clock.monotonic() });
    heard.came.notify_waiters();
    StatusCode::NO_CONTENT
}

async fn callback(State(heard): State<Arc<Heard>>, headers: HeaderMap, body: String) -> StatusCode {
    keep(&heard, &heard.callbacks, &headers, &body)
}

async fn received(State(heard): State<Arc<Heard>>, headers: HeaderMap, body: String) -> StatusCode {
    keep(&heard, &heard.received, &headers, &body)
}
