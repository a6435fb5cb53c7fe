//! A simulated analogue modem: on a pseudo-terminal or behind a TCP port it takes Hayes commands, and every call that it makes leads to
//! one address on TCP: a simulated central, whatever it speaks.
//!
//! It is busy, gets no answer, and loses the carrier on request. DTR does not exist on a pseudo-terminal: there `+++` and `ATH` end a call;
//! behind TCP the caller's leaving does.

mod faults;

pub use faults::{LineFaults, line_faults};

use super::options::ModemOptions;
use super::port::Port;
use futures_util::future::BoxFuture;
use ports::driven::Clock;
use rehearsal::{Journal, Line};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Orders that may wait.
const ORDERS: usize = 1_024;
/// Read at once.
const READ: usize = 2_048;
/// The silence around `+++`.
const GUARD: Duration = Duration::from_millis(900);
/// Longest command that is read.
const LONGEST: usize = 256;
/// How often small upkeep is done.
const ROUND: Duration = Duration::from_millis(200);

/// A simulated analogue modem.
#[derive(Debug, Clone, Default)]
pub struct AnalogueOptions {
    /// A lasting name for the pseudo-terminal.
    pub path: Option<PathBuf>,
    /// Listen here as a terminal server does, instead of a pseudo-terminal.
    pub tcp: Option<String>,
    /// Where calls lead: `host:port`.
    pub target: String,
    /// A file to write every call to, one JSON object a line.
    pub journal: Option<PathBuf>,
    /// How it misbehaves from the start.
    pub faults: LineFaults,
}

/// What was seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineStats {
    /// Numbers that were dialled.
    pub dialled: u64,
    /// Calls that were connected.
    pub connected: u64,
}

enum Order {
    Faults(LineFaults),
    HangUp,
}

/// A running one; it ends when dropped.
pub struct AnalogueModem {
    orders: mpsc::Sender<Order>,
    stats: Arc<Mutex<LineStats>>,
    place: String,
    task: JoinHandle<()>,
}

impl AnalogueModem {
    /// Plugs it in. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When no pseudo-terminal can be had, the link or the journal cannot be made, or the port is taken.
    pub fn start(options: AnalogueOptions, clock: Arc<dyn Clock>) -> BoxFuture<'static, io::Result<Self>> {
        Box::pin(Self::begin(options, clock))
    }

    async fn begin(options: AnalogueOptions, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let plug =
            ModemOptions { path: options.path.clone(), tcp: options.tcp.clone(), ..ModemOptions::default() };
        let port = Port::open(&plug).await?;
        let place = options.path.as_ref().map_or_else(|| port.name(), |path| path.display().to_string());
        let (orders, orders_of) = mpsc::channel(ORDERS);
        let stats = Arc::new(Mutex::new(LineStats::default()));
        let life = Life {
            journal: Journal::open(options.journal.as_deref())?,
            faults: options.faults,
            target: options.target,
            clock,
            stats: Arc::clone(&stats),
            line: Vec::new(),
            echo: true,
            call: None,
            online: false,
            heard_at: Duration::ZERO,
            escape_at: None,
            lost_after: None,
        };
        life.journal.write(life.event("modem").text("port", &place));
        life.journal.flush();
        let task = tokio::spawn(life.run(port, orders_of));
        Ok(Self { orders, stats, place, task })
    }

    /// What to write into a configuration as its port.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.place
    }

    /// What it has seen so far.
    #[must_use]
    pub fn stats(&self) -> LineStats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Misbehaves like this from now on; false when too many orders wait.
    pub fn set_faults(&self, faults: LineFaults) -> bool {
        self.orders.try_send(Order::Faults(faults)).is_ok()
    }

    /// Loses the carrier of the call that is; false when too many orders wait.
    pub fn hang_up(&self) -> bool {
        self.orders.try_send(Order::HangUp).is_ok()
    }
}

impl Drop for AnalogueModem {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Life {
    journal: Journal,
    faults: LineFaults,
    target: String,
    clock: Arc<dyn Clock>,
    stats: Arc<Mutex<LineStats>>,
    line: Vec<u8>,
    echo: bool,
    call: Option<TcpStream>,
    /// Octets go to the other side, not to the modem.
    online: bool,
    heard_at: Duration,
    escape_at: Option<Duration>,
    lost_after: Option<u64>,
}

impl Life {
    async fn run(mut self, mut port: Port, mut orders: mpsc::Receiver<Order>) {
        let (mut mine, mut theirs) = (vec![0_u8; READ], vec![0_u8; READ]);
        loop {
            port.share();
            let now = self.clock.monotonic();
            let pause = self.escape_at.map_or(ROUND, |at| at.saturating_sub(now)).min(ROUND);
            let said = tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Faults(faults)) => {
                        self.faults = faults;
                        Vec::new()
                    }
                    Some(Order::HangUp) => self.lost("hung up"),
                    None => return,
                },
                got = port.read(&mut mine) => match got {
                    Ok(n @ 1..) => self.heard_of_computer(mine.get(..n).unwrap_or_default(), &mut port).await,
                    // The computer is gone, and DTR with it. A pseudo-terminal that nobody has open says this again and again.
                    _ => {
                        self.reset();
                        Vec::new()
                    }
                },
                got = receive(self.call.as_mut(), &mut theirs) => match got {
                    Ok(n @ 1..) => self.heard_of_line(theirs.get(..n).unwrap_or_default()),
                    _ => self.lost("the other side hung up"),
                },
                () = tokio::time::sleep(pause) => self.escaped(),
            };
            if write_all(&mut port, &said).await.is_err() {
                self.reset();
            }
            self.journal.flush();
        }
    }

    fn event(&self, event: &str) -> Line {
        Line::new(self.clock.now().as_millisecond(), event)
    }

    fn reset(&mut self) {
        if self.call.take().is_some() {
            self.journal.write(self.event("hang_up").text("why", "the computer hung up"));
        }
        (self.online, self.echo, self.escape_at) = (false, true, None);
        self.line.clear();
    }

    /// The carrier is lost.
    fn lost(&mut self, why: &str) -> Vec<u8> {
        if self.call.take().is_none() {
            return Vec::new();
        }
        self.online = false;
        self.journal.write(self.event("hang_up").text("why", why));
        b"\r\nNO CARRIER\r\n".to_vec()
    }

    fn heard_of_line(&mut self, octets: &[u8]) -> Vec<u8> {
        if !self.online {
            return Vec::new();
        }
        let mut octets = octets.to_vec();
        if self.faults.noise {
            octets.iter_mut().step_by(3).for_each(|octet| *octet ^= 0x15);
        }
        if let Some(left) = &mut self.lost_after {
            let most = usize::try_from(*left).unwrap_or(usize::MAX);
            *left = left.saturating_sub(octets.len() as u64);
            if octets.len() >= most {
                octets.truncate(most);
                octets.extend(self.lost("the line broke"));
            }
        }
        octets
    }

    async fn heard_of_computer(&mut self, octets: &[u8], port: &mut Port) -> Vec<u8> {
        let now = self.clock.monotonic();
        let quiet = now.saturating_sub(self.heard_at) >= GUARD;
        self.heard_at = now;
        if self.online {
            if octets == b"+++" && quiet {
                self.escape_at = Some(now + GUARD);
                return Vec::new();
            }
            self.escape_at = None;
            let sent = match &mut self.call {
                Some(call) => call.write_all(octets).await,
                None => Ok(()),
            };
            return if sent.is_err() { self.lost("the other side hung up") } else { Vec::new() };
        }
        if self.faults.deaf {
            return Vec::new();
        }
        let mut said = Vec::new();
        for octet in octets.iter().map(|octet| octet & 0x7F) {
            if self.echo {
                said.push(octet);
            }
            if octet == b'\r' {
                let command = std::mem::take(&mut self.line);
                let command = String::from_utf8_lossy(&command).trim().to_ascii_uppercase();
                if write_all(port, &std::mem::take(&mut said)).await.is_err() {
                    return Vec::new();
                }
                said.extend(self.command(&command).await);
            } else if self.line.len() < LONGEST {
                self.line.push(octet);
            }
        }
        said
    }

    fn escaped(&mut self) -> Vec<u8> {
        match self.escape_at.filter(|at| *at <= self.clock.monotonic()) {
            Some(_) => {
                (self.escape_at, self.online) = (None, false);
                b"\r\nOK\r\n".to_vec()
            }
            None => Vec::new(),
        }
    }

    async fn command(&mut self, command: &str) -> Vec<u8> {
        let Some(rest) = command.strip_prefix("AT") else { return Vec::new() };
        let answer = match rest.as_bytes().first() {
            Some(b'D') => return self.dial(rest.trim_start_matches("DT").trim_start_matches("DP")).await,
            Some(b'H') => {
                if self.call.take().is_some() {
                    self.journal.write(self.event("hang_up").text("why", "ATH"));
                }
                "OK"
            }
            Some(b'O') if self.call.is_some() => {
                self.online = true;
                "CONNECT"
            }
            Some(b'O') => "NO CARRIER",
            Some(b'Z') => {
                self.call = None;
                self.echo = true;
                "OK"
            }
            _ => {
                if rest.contains("E0") {
                    self.echo = false;
                }
                "OK"
            }
        };
        format!("\r\n{answer}\r\n").into_bytes()
    }

    async fn dial(&mut self, number: &str) -> Vec<u8> {
        let dialled = {
            let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
            stats.dialled += 1;
            stats.dialled
        };
        tokio::time::sleep(self.faults.ring).await;
        let result = match self.faults.result(dialled, number) {
            Some(fault) => fault,
            None => match TcpStream::connect(&self.target).await {
                Ok(call) => {
                    self.stats.lock().unwrap_or_else(PoisonError::into_inner).connected += 1;
                    self.call = Some(call);
                    self.online = true;
                    self.lost_after = self.faults.lost_after(dialled);
                    "CONNECT 9600"
                }
                Err(_) => "NO ANSWER",
            },
        };
        self.journal.write(self.event("call").text("number", number).text("result", result));
        format!("\r\n{result}\r\n").into_bytes()
    }
}

async fn receive(call: Option<&mut TcpStream>, into: &mut [u8]) -> io::Result<usize> {
    match call {
        Some(call) => call.read(into).await,
        None => std::future::pending().await,
    }
}

/// What nobody reads is lost after a while, as on a serial line.
async fn write_all(port: &mut Port, mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        let written = tokio::time::timeout(Duration::from_secs(2), port.write(octets)).await;
        let written = written.map_err(|_| io::ErrorKind::TimedOut)??;
        octets = octets.get(written.max(1)..).unwrap_or_default();
    }
    Ok(())
}
