//! Simulated modems: a GSM modem and an analogue one (which calls a simulated central), on a pseudo-terminal or behind a TCP port, for
//! rehearsals, demonstrations and tests.
//!
//! The GSM modem takes messages in PDU mode, brings status reports and messages of phones, keeps a journal, and misbehaves on request in the
//! ways real modems and networks do; its port can be unplugged and plugged in. It forgets everything when it stops.

mod air;
mod analogue;
mod central;
mod commands;
mod control;
mod engine;
mod options;
mod port;
#[cfg(unix)]
mod pty;
mod sim;

pub use analogue::{AnalogueModem, AnalogueOptions, LineFaults, LineStats, line_faults};
pub use central::{CentralOptions, SERVICE};
pub use control::{ModemCommand, ModemCommandError, modem_faults};
pub use engine::ModemStats;
pub use options::{ModemFaults, ModemOptions};

use bytes::{Buf as _, BytesMut};
use engine::Engine;
use futures_util::future::BoxFuture;
use port::Port;
use ports::driven::Clock;
use rehearsal::{Journal, Line};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Orders that may wait.
const ORDERS: usize = 1_024;
/// How often small upkeep is done.
const ROUND: Duration = Duration::from_millis(200);
/// Read at once.
const READ: usize = 4_096;

/// A running simulated modem; it ends when dropped.
pub struct ModemSimulator {
    orders: mpsc::Sender<ModemCommand>,
    stats: Arc<Mutex<ModemStats>>,
    address: Arc<Mutex<String>>,
    options: ModemOptions,
    task: JoinHandle<()>,
}

impl ModemSimulator {
    /// Plugs it in. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When no pseudo-terminal can be had, the link or the journal cannot be made, or the port is taken.
    pub fn start(options: ModemOptions, clock: Arc<dyn Clock>) -> BoxFuture<'static, io::Result<Self>> {
        Box::pin(Self::begin(options, clock))
    }

    async fn begin(options: ModemOptions, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let journal = Journal::open(options.journal.as_deref())?;
        let port = Port::open(&options).await?;
        let (orders, orders_of) = mpsc::channel(ORDERS);
        let stats = Arc::new(Mutex::new(ModemStats::default()));
        let address = Arc::new(Mutex::new(port.name()));
        let life = Life {
            engine: Engine::new(options.clone()),
            options: options.clone(),
            clock,
            journal,
            stats: Arc::clone(&stats),
            address: Arc::clone(&address),
            input: BytesMut::new(),
        };
        let task = tokio::spawn(life.run(port, orders_of));
        Ok(Self { orders, stats, address, options, task })
    }

    /// What to write into a configuration as its port: the lasting name where there is one.
    #[must_use]
    pub fn port(&self) -> String {
        let address = || self.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.options.path.as_ref().map_or_else(address, |path: &PathBuf| path.display().to_string())
    }

    /// The device behind it.
    #[must_use]
    pub fn device(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has seen so far.
    #[must_use]
    pub fn stats(&self) -> ModemStats {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Obeys; false when too much waits already.
    pub fn command(&self, command: ModemCommand) -> bool {
        self.orders.try_send(command).is_ok()
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for ModemSimulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Life {
    engine: Engine,
    options: ModemOptions,
    clock: Arc<dyn Clock>,
    journal: Journal,
    stats: Arc<Mutex<ModemStats>>,
    address: Arc<Mutex<String>>,
    input: BytesMut,
}

impl Life {
    async fn run(mut self, port: Port, mut orders: mpsc::Receiver<ModemCommand>) {
        self.plugged(&port);
        let mut port = Some(port);
        let mut read = vec![0_u8; READ];
        loop {
            self.upkeep();
            let now = self.clock.monotonic();
            let pause = self.engine.poll_timeout().map_or(ROUND, |at| at.saturating_sub(now)).min(ROUND);
            self.flush(port.as_mut()).await;
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order, &mut port).await,
                    None => return,
                },
                got = receive(port.as_mut(), &mut read) => {
                    if let Some(octets) = got.ok().and_then(|n| read.get(..n)) {
                        self.input.extend_from_slice(octets);
                    }
                }
                () = tokio::time::sleep(pause) => {}
            }
            let (now, wall) = (self.clock.monotonic(), self.clock.now());
            self.engine.handle_timeout(now, wall);
            if !self.input.is_empty() {
                self.engine.handle_input(now, wall, &mut self.input);
            }
            if let Some(port) = &port {
                port.share();
            }
        }
    }

    /// Writes what there is to say; what nobody reads waits, and the rest of the modem goes on.
    async fn flush(&mut self, port: Option<&mut Port>) {
        let drip = self.engine.faults().drip;
        let out = self.engine.out();
        let Some(port) = port else { return out.clear() };
        while !out.is_empty() {
            let most = if drip.is_some() { 1 } else { out.len() };
            let some = out.get(..most).unwrap_or_default();
            match tokio::time::timeout(ROUND, port.write(some)).await {
                Ok(Ok(written)) => out.advance(written.min(out.len())),
                Ok(Err(_)) => out.clear(),
                Err(_) => return,
            }
            if let Some(pause) = drip {
                tokio::time::sleep(pause).await;
            }
        }
    }

    fn plugged(&mut self, port: &Port) {
        let name = port.name();
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = name.clone();
        self.journal.write(Line::new(self.clock.now().as_millisecond(), "listening").text("address", &name));
        self.engine.plugged(self.clock.now());
    }

    async fn obey(&mut self, order: ModemCommand, port: &mut Option<Port>) {
        let (now, wall) = (self.clock.monotonic(), self.clock.now());
        match order {
            ModemCommand::Mo { from, text } => self.engine.mo(now, wall, &from, &text),
            ModemCommand::Faults(faults) => self.engine.set_faults(faults),
            ModemCommand::Ring => self.engine.ring(),
            ModemCommand::Restart => self.engine.restart(now),
            ModemCommand::Unplug => {
                *port = None;
                self.input.clear();
                self.engine.restart(now);
                self.journal.write(Line::new(wall.as_millisecond(), "closed"));
            }
            ModemCommand::Plug if port.is_none() => match Port::open(&self.options).await {
                Ok(fresh) => {
                    self.plugged(&fresh);
                    *port = Some(fresh);
                }
                Err(error) => tracing::error!(%error, "the simulated modem cannot be plugged in"),
            },
            ModemCommand::Plug => {}
        }
    }

    fn upkeep(&mut self) {
        for line in self.engine.take_lines() {
            self.journal.write(line);
        }
        self.journal.flush();
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = self.engine.stats;
    }
}

async fn receive(port: Option<&mut Port>, into: &mut [u8]) -> io::Result<usize> {
    match port {
        Some(port) => port.read(into).await,
        None => std::future::pending().await,
    }
}
