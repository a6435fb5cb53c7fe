//! Options of a TCP socket that the standard library does not offer. A system without one of them does without.

use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);

/// What every connection has: small writes leave at once, and a peer that is gone is noticed.
pub(crate) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY);
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// How long written octets may stay without an acknowledgement before the connection counts as broken.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn user_timeout(stream: &TcpStream, limit: Duration) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(limit))
}

/// This system has no such option: its own retransmission limit holds.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn user_timeout(_stream: &TcpStream, _limit: Duration) -> io::Result<()> {
    Ok(())
}
