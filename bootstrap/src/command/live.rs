//! What a running gateway says of its links: asked for at its health page, where `listening.json` says that it listens.
//!
//! Never changes anything, and never waits long: a gateway that does not answer is taken for one that does not run.

use crate::config::Loaded;
use crate::wire;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::language::Language;
use domain::routing::{Condition, Health, Healths};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// The most octets of its answer.
const MOST: u64 = 4 * 1024 * 1024;

/// How long deliveries took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) struct Times {
    /// Half took at most this.
    pub p50: f64,
    /// Nineteen of twenty took at most this.
    pub p95: f64,
}

/// A link as the running gateway sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct LiveLink {
    /// Its name.
    pub name: String,
    /// `up`, `down`, `held`, `parked`.
    pub state: String,
    /// Why, in English.
    pub detail: String,
    /// How long it is until it tries again to be up.
    #[serde(default)]
    pub next_try_seconds: Option<f64>,
    /// Bound sessions.
    pub sessions: usize,
    /// Segments written and not answered.
    pub in_flight: usize,
    /// Messages taken and not yet written.
    pub waiting: usize,
    /// How many more messages it takes at once.
    #[serde(default)]
    pub room: usize,
    /// How long the last deliveries took.
    #[serde(default)]
    pub delivery_seconds: Option<Times>,
    /// How receipts spell ids: `same`, `padded`, `decimal`, `hexadecimal`.
    #[serde(default)]
    pub receipt_ids: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    links: Vec<LiveLink>,
}

/// The links of the gateway that serves from this data directory; `None` when none runs or its page cannot be read (served by TLS alone).
pub(super) async fn links(loaded: &Loaded) -> Option<Vec<LiveLink>> {
    let path = loaded.config.node.data_dir.join("listening.json");
    let places: BTreeMap<String, SocketAddr> =
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()?;
    let address = places.get("ops").or_else(|| {
        let plain = loaded.config.http.as_ref().is_some_and(|h| h.tls.is_none());
        places.get("http").filter(|_| plain)
    })?;
    let body = tokio::time::timeout(PATIENCE, get(*address, "/health/ready")).await.ok()??;
    Some(serde_json::from_slice::<Page>(&body).ok()?.links)
}

/// Whether a gateway listens where its file says, also when it lets nobody in from here.
pub(super) fn runs(loaded: &Loaded) -> bool {
    let path = loaded.config.node.data_dir.join("listening.json");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let places: BTreeMap<String, SocketAddr> = serde_json::from_str(&text).unwrap_or_default();
    let listens =
        |at: &SocketAddr| std::net::TcpStream::connect_timeout(at, Duration::from_millis(500)).is_ok();
    places.values().any(listens)
}

/// Who could send what waits in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// A gateway runs here.
    Here,
    /// None runs here, but another node may serve from the same store.
    Perhaps,
    /// None runs here, and the store is this machine's alone.
    Nobody,
}

/// Who serves from this configuration's store.
///
/// # Errors
/// A database whose URL cannot be read.
pub(super) async fn served(loaded: &Loaded) -> anyhow::Result<Served> {
    if links(loaded).await.is_some() || runs(loaded) {
        return Ok(Served::Here);
    }
    let url = wire::database_url(loaded)?;
    Ok(if url.expose_secret().starts_with("sqlite:") { Served::Nobody } else { Served::Perhaps })
}

/// The body of a page, whatever its status.
async fn get(address: SocketAddr, path: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).await.ok()?;
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(answer.split_off(at + 4))
}

/// A state as people say it.
pub(super) fn state(state: &str, language: Language) -> &str {
    match state {
        "up" => language.pick("uppe", "up"),
        "down" => language.pick("nere", "down"),
        "held" => language.pick("hålls", "held"),
        "parked" => language.pick("parkerad", "parked"),
        other => other,
    }
}

/// The links' condition as routing wants it.
pub(super) fn healths(links: &[LiveLink]) -> Healths {
    let since = Timestamp::UNIX_EPOCH;
    let one = |link: &LiveLink| {
        let condition = match link.state.as_str() {
            "up" => Condition::Up,
            "held" => Condition::Held,
            "parked" => Condition::Parked { since },
            _ => Condition::Down { since },
        };
        Some((LinkId::parse(&link.name).ok()?, Health { condition, room: link.room }))
    };
    links.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_page_is_read() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut octets = [0; 1024];
            let _ = stream.read(&mut octets).await;
            let _ = stream.write_all(b"HTTP/1.0 503 No\r\nx: y\r\n\r\n{\"links\":[]}").await;
        });
        assert_eq!(get(address, "/health/ready").await.expect("a body"), b"{\"links\":[]}");
    }

    #[test]
    fn conditions() {
        let page = r#"{"links":[{"name":"TS0","state":"parked","detail":"","sessions":1,"in_flight":0,"waiting":0,"room":0,
            "delivery_seconds":{"p50":1.5,"p95":4.0}}]}"#;
        let page: Page = serde_json::from_str(page).expect("a page");
        let healths = healths(&page.links);
        let health = healths.values().next().expect("a link");
        assert!(matches!(health.condition, Condition::Parked { .. }) && !health.is_up());
        assert_eq!(page.links.first().and_then(|l| l.delivery_seconds).map(|t| t.p95), Some(4.0));
    }
}
