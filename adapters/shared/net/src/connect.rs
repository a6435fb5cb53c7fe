//! Connecting to `host:port` by name or address, within one time limit for everything: name, TCP, TLS.

use crate::socket;
use crate::stream::Stream;
use crate::tls::TlsClient;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// How to connect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// For everything together, 10 s by default.
    pub timeout: Duration,
    /// TLS from the first octet; `None` = plain.
    pub tls: Option<TlsClient>,
    /// How long written octets may stay unacknowledged (TCP_USER_TIMEOUT); `None` = the system's limit (minutes).
    pub user_timeout: Option<Duration>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), tls: None, user_timeout: None }
    }
}

/// Connects to `host:port` (`[::1]:2775` for IPv6). Every address of a name is tried in turn.
///
/// # Errors
/// What went wrong last, with `host:port` in the text; `TimedOut` when the limit was reached.
pub async fn connect(host_port: &str, options: &ConnectOptions) -> io::Result<Stream> {
    let named = |e: io::Error| io::Error::new(e.kind(), format!("{host_port}: {e}"));
    let late = |_| {
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("{host_port}: no connection in {:?}", options.timeout),
        )
    };
    timeout(options.timeout, open(host_port, options)).await.map_err(late)?.map_err(named)
}

async fn open(host_port: &str, options: &ConnectOptions) -> io::Result<Stream> {
    let addresses: Vec<SocketAddr> = lookup_host(host_port).await?.collect();
    let share = options.timeout / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return secure(tcp, host_port, options).await,
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn secure(tcp: TcpStream, host_port: &str, options: &ConnectOptions) -> io::Result<Stream> {
    socket::prepare(&tcp)?;
    if let Some(limit) = options.user_timeout {
        socket::user_timeout(&tcp, limit)?;
    }
    match &options.tls {
        None => Ok(Stream::plain(tcp, None)),
        Some(tls) => Ok(Stream::tls(tls.connect(host_of(host_port), tcp).await?)),
    }
}

/// The host of `host:port`, without the brackets of an IPv6 address.
fn host_of(host_port: &str) -> &str {
    let host = host_port.rsplit_once(':').map_or(host_port, |(host, _)| host);
    host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (given, host) in
            [("smsc.example.se:2775", "smsc.example.se"), ("[::1]:2775", "::1"), ("10.0.0.1:1", "10.0.0.1")]
        {
            assert_eq!(host_of(given), host);
        }
    }
}
