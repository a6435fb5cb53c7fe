//! A connection, plain or TLS, which looks the same to whoever speaks on it.
//!
//! On a listener's connection the TLS handshake happens inside the first read or write (or in [`Stream::handshake`]),
//! under its own time limit, so that one slow caller delays no other.

use crate::places::Place;
use crate::tls::TlsServer;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::{Accept, TlsStream};

/// A connection. Dropping it closes it and gives its place at the door back.
#[derive(Debug)]
pub struct Stream {
    wire: Wire,
    place: Option<Arc<Place>>,
}

enum Wire {
    Plain(TcpStream),
    Shaking(Box<(Accept<TcpStream>, Pin<Box<Sleep>>)>),
    Tls(Box<TlsStream<TcpStream>>),
    Broken,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain",
            Self::Shaking(_) => "Shaking",
            Self::Tls(_) => "Tls",
            Self::Broken => "Broken",
        })
    }
}

impl Stream {
    pub(crate) fn plain(tcp: TcpStream, place: Option<Arc<Place>>) -> Self {
        Self { wire: Wire::Plain(tcp), place }
    }

    pub(crate) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self { wire: Wire::Tls(Box::new(tls)), place: None }
    }

    pub(crate) fn shaking(
        tcp: TcpStream,
        tls: &TlsServer,
        limit: Duration,
        place: Option<Arc<Place>>,
    ) -> Self {
        let sleep = Box::pin(tokio::time::sleep(limit));
        Self { wire: Wire::Shaking(Box::new((tls.accept(tcp), sleep))), place }
    }

    /// Its place at the door; `None` when it came through none. Who holds it must let go of it together with the connection.
    #[must_use]
    pub fn place(&self) -> Option<Arc<Place>> {
        self.place.clone()
    }

    /// Whether TLS protects it (or will, after the handshake).
    #[must_use]
    pub fn is_tls(&self) -> bool {
        !matches!(self.wire, Wire::Plain(_))
    }

    /// Finishes the TLS handshake, if there is one to finish. Reading and writing do it too.
    ///
    /// # Errors
    /// What went wrong in it; `TimedOut` when it took longer than the listener allows.
    pub async fn handshake(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_handshake(cx)).await
    }

    /// The protocol that the handshake agreed on: `h2`, `http/1.1`; `None` before it and without TLS.
    #[must_use]
    pub fn alpn(&self) -> Option<&[u8]> {
        match &self.wire {
            Wire::Tls(tls) => tls.get_ref().1.alpn_protocol(),
            _ => None,
        }
    }

    /// Turns a plain connection into a TLS one (STARTTLS). What the caller has read and not used he must throw away first:
    /// it came unprotected. The handshake has `limit` to finish.
    ///
    /// # Errors
    /// `InvalidInput` when it is TLS already.
    pub fn upgrade(self, tls: &TlsServer, limit: Duration) -> io::Result<Self> {
        match self.wire {
            Wire::Plain(tcp) => Ok(Self::shaking(tcp, tls, limit, self.place)),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the connection is protected already")),
        }
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Wire::Shaking(shaking) = &mut self.wire else {
            return Poll::Ready(Ok(()));
        };
        let (accept, sleep) = &mut **shaking;
        let done = match Pin::new(accept).poll(cx) {
            Poll::Ready(done) => done,
            Poll::Pending if sleep.as_mut().poll(cx).is_ready() => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long"))
            }
            Poll::Pending => return Poll::Pending,
        };
        let (wire, result) = match done {
            Ok(tls) => (Wire::Tls(Box::new(tls.into())), Ok(())),
            Err(error) => (Wire::Broken, Err(error)),
        };
        self.wire = wire;
        Poll::Ready(result)
    }

    /// The wire below, once it can carry octets.
    fn poll_wire(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut dyn Wireable>> {
        std::task::ready!(self.poll_handshake(cx))?;
        Poll::Ready(match &mut self.wire {
            Wire::Plain(tcp) => Ok(tcp),
            Wire::Tls(tls) => Ok(tls.as_mut()),
            Wire::Shaking(_) | Wire::Broken => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

trait Wireable: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Wireable for T {}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = std::task::ready!(self.get_mut().poll_wire(cx))?;
        Pin::new(wire).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let wire = std::task::ready!(self.get_mut().poll_wire(cx))?;
        Pin::new(wire).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = std::task::ready!(self.get_mut().poll_wire(cx))?;
        Pin::new(wire).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        // Both kinds do; what is not known yet will be TLS.
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = std::task::ready!(self.get_mut().poll_wire(cx))?;
        Pin::new(wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Wire::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
            Wire::Shaking(_) | Wire::Broken => Poll::Ready(Ok(())),
        }
    }
}
