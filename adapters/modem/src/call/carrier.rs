//! A call as a connection: what comes and goes, until the modem says that the carrier is lost, which reads as the end.

use crate::port::Opened;
use bytes::{Buf as _, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedMutexGuard;

/// What a modem says when the other side is gone.
const LOST: &[u8] = b"NO CARRIER\r";

/// Looks for the modem's words in what is read.
#[derive(Debug, Default)]
pub(super) struct Carrier {
    seen: usize,
    lost: bool,
}

impl Carrier {
    /// Looks at what was read; how much of it came before the carrier was lost.
    pub(super) fn look(&mut self, octets: &[u8]) -> usize {
        for (n, octet) in octets.iter().enumerate() {
            let octet = octet & 0x7F;
            self.seen = match LOST.get(self.seen) {
                Some(wanted) if *wanted == octet => self.seen + 1,
                _ => usize::from(LOST.first() == Some(&octet)),
            };
            if self.seen == LOST.len() {
                self.lost = true;
                return n + 1;
            }
        }
        octets.len()
    }
}

/// A call. Dropping it hangs up and gives the modem to who waits for it.
pub(super) struct Call {
    port: Opened,
    /// What the other side said while the modem was still being listened to.
    first: BytesMut,
    carrier: Carrier,
    _line: OwnedMutexGuard<()>,
}

impl Call {
    pub(super) fn new(port: Opened, first: BytesMut, line: OwnedMutexGuard<()>) -> Self {
        let mut carrier = Carrier::default();
        carrier.look(&first);
        Self { port, first, carrier, _line: line }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.port.hang_up();
    }
}

impl AsyncRead for Call {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.first.has_remaining() {
            let some = this.first.len().min(buf.remaining());
            buf.put_slice(&this.first.split_to(some));
            return Poll::Ready(Ok(()));
        }
        if this.carrier.lost {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut this.port).poll_read(cx, buf);
        if matches!(read, Poll::Ready(Ok(()))) {
            let came = buf.filled().get(before..).unwrap_or_default().to_vec();
            let kept = this.carrier.look(&came);
            buf.set_filled(before + kept);
        }
        read
    }
}

impl AsyncWrite for Call {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().port).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().port).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().port).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_carrier_is_seen_wherever_it_is_cut() {
        let text = b"\x06\r\r\nNNO CARRIER\r\nOK";
        for at in 0..text.len() {
            let mut carrier = Carrier::default();
            let first = carrier.look(&text[..at]);
            if !carrier.lost {
                carrier.look(&text[at..]);
            }
            assert!(carrier.lost, "{at}");
            assert!(first <= at);
        }
        let mut carrier = Carrier::default();
        assert_eq!((carrier.look(b"NO CARRIE\rNO CARRIER"), carrier.lost), (20, false));
    }
}
