//! Where a simulated modem is plugged in: a pseudo-terminal, or a TCP port that serves one caller at a time.

use super::options::ModemOptions;
#[cfg(unix)]
use super::pty::Pty;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// After an error that would come again at once.
const CALM: Duration = Duration::from_millis(50);

/// Where it is plugged in.
pub(super) enum Port {
    #[cfg(unix)]
    Pty(Pty),
    Tcp {
        listener: TcpListener,
        caller: Option<TcpStream>,
    },
}

impl Port {
    pub(super) async fn open(options: &ModemOptions) -> io::Result<Self> {
        if let Some(address) = &options.tcp {
            let listener = TcpListener::bind(address).await?;
            return Ok(Self::Tcp { listener, caller: None });
        }
        #[cfg(unix)]
        return Pty::open(options.path.as_deref()).map(Self::Pty);
        #[cfg(not(unix))]
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "pseudo-terminals are there on Unix alone; use TCP",
        ));
    }

    pub(super) fn name(&self) -> String {
        match self {
            #[cfg(unix)]
            Self::Pty(pty) => pty.path().display().to_string(),
            Self::Tcp { listener, .. } => listener
                .local_addr()
                .map_or_else(|_| String::new(), |address| format!("{}{address}", crate::port::TCP)),
        }
    }

    pub(super) fn share(&self) {
        match self {
            #[cfg(unix)]
            Self::Pty(pty) => pty.share(),
            Self::Tcp { .. } => {}
        }
    }

    /// Reads; waits for a caller when there is none.
    pub(super) async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Pty(pty) => {
                let read = pty.read(into).await;
                if read.is_err() {
                    tokio::time::sleep(CALM).await;
                }
                read
            }
            Self::Tcp { listener, caller } => {
                if caller.is_none() {
                    let (fresh, _) = listener.accept().await?;
                    *caller = Some(fresh);
                }
                let Some(stream) = caller else { return Ok(0) };
                let read = stream.read(into).await;
                if !matches!(read, Ok(1..)) {
                    *caller = None;
                }
                read
            }
        }
    }

    pub(super) async fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Pty(pty) => pty.write(octets).await,
            Self::Tcp { caller: Some(stream), .. } => stream.write(octets).await,
            Self::Tcp { caller: None, .. } => Ok(octets.len()),
        }
    }
}
