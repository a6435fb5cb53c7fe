//! The driver: N keep-alive connections, each asking again as soon as it is answered (closed loop).

use crate::clock::now;
use crate::sink::whole;
use crate::tally::Tally;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// An answer is never longer.
const LONGEST: usize = 64 * 1024;
/// A request without an answer for this long is broken.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after a refusal, so that an overloaded door is not hammered.
const BACK_OFF: Duration = Duration::from_millis(5);

/// Builds the request for one message number.
pub(crate) type Request = Rc<dyn Fn(u64) -> Vec<u8>>;

/// When a driver stops asking.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// At this time.
    Time(Instant),
    /// When this number has been reached.
    Number(u64),
}

impl Until {
    fn reached(self, tally: &Tally) -> bool {
        match self {
            Self::Time(end) => now() >= end,
            Self::Number(end) => tally.next.get() >= end,
        }
    }
}

/// Open connections to a door, kept over warm-up and measurement: a storm of new ones would measure the other side's
/// listen queue.
#[derive(Debug)]
pub(crate) struct Driver {
    address: SocketAddr,
    connections: Vec<Option<TcpStream>>,
}

impl Driver {
    /// Connects one after the other.
    pub(crate) async fn connect(address: SocketAddr, count: usize) -> io::Result<Self> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Some(TcpStream::connect(address).await?));
        }
        Ok(Self { address, connections })
    }

    /// Drives the door until it is time, and waits for the last answers.
    pub(crate) async fn drive(&mut self, request: &Request, tally: &Rc<Tally>, until: Until) {
        let mut tasks = JoinSet::new();
        for open in self.connections.drain(..) {
            let (address, request, tally) = (self.address, Rc::clone(request), Rc::clone(tally));
            tasks.spawn_local(async move { connection(open, address, &request, &tally, until).await });
        }
        while let Some(open) = tasks.join_next().await {
            self.connections.push(open.unwrap_or(None));
        }
    }
}

async fn connection(
    mut open: Option<TcpStream>,
    address: SocketAddr,
    request: &Request,
    tally: &Tally,
    until: Until,
) -> Option<TcpStream> {
    let mut buffer = vec![0; LONGEST];
    while !until.reached(tally) {
        let number = tally.take();
        let bytes = request(number);
        let began = now();
        let answer = tokio::time::timeout(PATIENCE, exchange(&mut open, address, &bytes, &mut buffer)).await;
        match answer {
            Ok(Ok(202)) => tally.accept(number, began),
            Ok(Ok(_)) => {
                tally.refused.set(tally.refused.get() + 1);
                tokio::time::sleep(BACK_OFF).await;
            }
            Ok(Err(_)) | Err(_) => {
                open = None;
                tally.broken.set(tally.broken.get() + 1);
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
    open
}

/// One request and its status code. An answer that ends the connection is still an answer.
pub(crate) async fn exchange(
    open: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
    buffer: &mut [u8],
) -> io::Result<u16> {
    let mut stream = match open.take() {
        Some(stream) => stream,
        None => TcpStream::connect(address).await?,
    };
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    let mut held = 0;
    loop {
        let read = stream.read(&mut buffer[held..]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        held += read;
        if let Some(answer) = whole(&buffer[..held]) {
            let code = answer.get(9..12).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok());
            let code = code.ok_or(io::ErrorKind::InvalidData)?;
            if !closes(answer) {
                *open = Some(stream);
            }
            return Ok(code);
        }
    }
}

fn closes(answer: &[u8]) -> bool {
    const LINE: &[u8] = b"connection: close";
    answer
        .split(|byte| *byte == b'\n')
        .any(|line| line.len() >= LINE.len() && line[..LINE.len()].eq_ignore_ascii_case(LINE))
}
