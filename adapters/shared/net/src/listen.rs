//! A door's socket: who may knock, how many at once, and TLS from the first octet where the door has it.
//!
//! A caller without a place is told so (`full_notice`) and closed at once; one who may not come is closed without a word.

use crate::current::Current;
use crate::places::Places;
use crate::socket;
use crate::stream::Stream;
use crate::tls::TlsServer;
use domain::directory::AddressRange;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How a door listens.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// The name in metrics and logs: `http`, `smtp`.
    pub name: &'static str,
    /// Who may connect; empty = everybody. Replaced, it holds for who comes next; who is inside stays.
    pub allow: Current<Vec<AddressRange>>,
    /// TLS from the first octet; `None` = plain.
    pub tls: Option<TlsServer>,
    /// Connections at once, 1,000 by default. Here and below: those that rest make room ([`crate::Place`]).
    pub max_connections: usize,
    /// Connections at once from one address, 50 by default.
    pub max_per_address: usize,
    /// How long a TLS handshake may take, 10 s by default.
    pub handshake_timeout: Duration,
    /// What to write to a caller there is no place for, before closing; not on TLS doors.
    pub full_notice: &'static [u8],
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            name: "door",
            allow: Current::new(Vec::new()),
            tls: None,
            max_connections: 1000,
            max_per_address: 50,
            handshake_timeout: Duration::from_secs(10),
            full_notice: b"",
        }
    }
}

/// A caller that has a place.
#[derive(Debug)]
pub struct Incoming {
    /// The connection.
    pub stream: Stream,
    /// Where it comes from, IPv4-mapped addresses as IPv4.
    pub peer: SocketAddr,
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    options: ListenOptions,
    places: Places,
}

impl Listener {
    /// Listens at `host:port`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the system says, with the address in the text.
    pub async fn bind(address: &str, options: ListenOptions) -> io::Result<Self> {
        let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen at {address}: {e}"));
        let socket = TcpListener::bind(address).await.map_err(named)?;
        let places = Places::new(options.max_connections, options.max_per_address);
        Ok(Self { socket, options, places })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Whether callers are expected to speak TLS from the first octet.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.options.tls.is_some()
    }

    /// The next caller that may come and has a place. It may be dropped and called again.
    ///
    /// # Errors
    /// Only when the socket itself is of no use any more; a lack of descriptors or memory is waited out.
    pub async fn accept(&self) -> io::Result<Incoming> {
        loop {
            match self.socket.accept().await {
                Ok((tcp, peer)) => {
                    if let Some(incoming) = self.admit(tcp, peer) {
                        return Ok(incoming);
                    }
                }
                Err(error) if is_callers_fault(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
                Err(error) => {
                    tracing::error!(door = self.options.name, %error, "cannot accept, waiting");
                    metrics::counter!("omnigate_accept_errors_total", "door" => self.options.name)
                        .increment(1);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn admit(&self, tcp: TcpStream, peer: SocketAddr) -> Option<Incoming> {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if !self.may_come(peer.ip()) {
            self.refused("address", peer);
            return None;
        }
        let place = match self.places.take(peer.ip()) {
            Ok(place) => Arc::new(place),
            Err(no_place) => {
                self.refused(no_place.reason(), peer);
                if !self.is_tls() && !self.options.full_notice.is_empty() {
                    let _ = tcp.try_write(self.options.full_notice);
                }
                return None;
            }
        };
        // A peer that is gone already fails here; the first read tells whoever serves it.
        let _ = socket::prepare(&tcp);
        let stream = match &self.options.tls {
            Some(tls) => Stream::shaking(tcp, tls, self.options.handshake_timeout, Some(place)),
            None => Stream::plain(tcp, Some(place)),
        };
        Some(Incoming { stream, peer })
    }

    fn may_come(&self, peer: IpAddr) -> bool {
        let allow = self.options.allow.get();
        allow.is_empty() || allow.iter().any(|range| range.contains(peer))
    }

    fn refused(&self, reason: &'static str, peer: SocketAddr) {
        let door = self.options.name;
        tracing::debug!(door, reason, peer = %peer.ip(), "connection refused");
        metrics::counter!("omnigate_connections_refused_total", "door" => door, "reason" => reason)
            .increment(1);
    }
}

fn is_callers_fault(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted)
}
