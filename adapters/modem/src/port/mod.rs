//! Where modems are: serial and USB ports, pseudo-terminals, and terminal servers over TCP.
//!
//! Gives connections and nothing else; it never speaks to a modem. A port that is not there is an error like any other and is
//! tried again: names under `/dev/serial/by-id/` last while a modem is unplugged and plugged in.

mod serial;

use async_trait::async_trait;
use net::ConnectOptions;
use session::{Connection, Dial};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::SerialStream;

pub use serial::{Flow, Pulse, SerialOptions};

/// What a terminal server's name begins with.
pub const TCP: &str = "tcp://";

/// How long a terminal server may take to answer.
const CONNECT: Duration = Duration::from_secs(10);

/// Whether DTR is to be dropped before a port is used, and for how long.
pub type DropDtr = dyn Fn() -> Option<Pulse> + Send + Sync;

/// Opens ports.
pub struct Ports {
    /// How serial ports are set.
    pub serial: SerialOptions,
    /// Asked at each opening.
    pub drop_dtr: Box<DropDtr>,
}

/// A port that was opened.
///
/// What a device has taken and not sent is never waited for, and thrown away in the end: a modem that is switched off keeps its CTS low,
/// and `tcdrain` and `close` would then hold up the thread, and with it every other link.
pub enum Opened {
    /// A device of this machine.
    Serial(SerialStream),
    /// A terminal server's.
    Server(net::Stream),
}

impl Opened {
    /// Takes DTR down, where there is one: a modem ends its call.
    pub fn hang_up(&mut self) {
        if let Self::Serial(port) = self {
            serial::hang_up(port);
        }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut (dyn Connection + '_)> {
        match self.get_mut() {
            Self::Serial(port) => Pin::new(port),
            Self::Server(stream) => Pin::new(stream),
        }
    }
}

impl AsyncRead for Opened {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for Opened {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {
            Self::Serial(_) => Poll::Ready(Ok(())),
            Self::Server(_) => self.stream().poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {
            Self::Serial(_) => Poll::Ready(Ok(())),
            Self::Server(_) => self.stream().poll_shutdown(cx),
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Self::Serial(port) = self {
            serial::discard(port);
        }
    }
}

impl Ports {
    /// Opens a port by its name.
    ///
    /// # Errors
    /// Why not, with the name in the text.
    pub async fn open(&self, name: &str) -> io::Result<Opened> {
        if let Some(host) = name.strip_prefix(TCP) {
            let options = ConnectOptions { timeout: CONNECT, tls: None, user_timeout: Some(CONNECT * 2) };
            return net::connect(host, &options).await.map(Opened::Server);
        }
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
        serial::open(name, self.serial, (self.drop_dtr)()).await.map(Opened::Serial).map_err(told)
    }
}

#[async_trait]
impl Dial for Ports {
    async fn dial(&self, name: &str) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(self.open(name).await?))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// A device whose other end takes nothing: all that it can hold is written.
    async fn stuck() -> (SerialStream, Opened) {
        let (modem, port) = SerialStream::pair().expect("a pair");
        let mut port = Opened::Serial(port);
        let limit = Duration::from_millis(200);
        while let Ok(written) = tokio::time::timeout(limit, port.write(&[b'x'; 4_096])).await {
            assert!(written.is_ok_and(|n| n > 0));
        }
        (modem, port)
    }

    /// What arrives at the other end.
    async fn arrives(modem: &mut SerialStream) -> usize {
        let mut all = 0;
        let mut some = [0; 4_096];
        while let Ok(Ok(n @ 1..)) =
            tokio::time::timeout(Duration::from_millis(200), modem.read(&mut some)).await
        {
            all += n;
        }
        all
    }

    #[tokio::test]
    async fn nobody_waits_for_a_device_that_does_not_drain() {
        let (_modem, mut port) = stuck().await;
        let ready = poll_fn(|cx| {
            let flushed = Pin::new(&mut port).poll_flush(cx).is_ready();
            Poll::Ready((flushed, Pin::new(&mut port).poll_shutdown(cx).is_ready()))
        });
        assert_eq!(ready.await, (true, true));
    }

    #[tokio::test]
    async fn what_a_device_did_not_send_is_thrown_away() {
        // What has crossed to the other end's own queue is not the device's any more, as on a real line.
        let (mut modem, _port) = stuck().await;
        let all = arrives(&mut modem).await;
        let (mut modem, port) = stuck().await;
        drop(port);
        assert!(arrives(&mut modem).await < all, "closing would wait for it");
        let (mut modem, mut port) = stuck().await;
        port.hang_up();
        assert!(arrives(&mut modem).await < all);
    }
}
