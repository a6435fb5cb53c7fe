//! Dialling: a modem's port, the chat, and the call as a connection.

use super::carrier::Call;
use super::hayes::{CallError, Hayes, Script};
use crate::port::{Opened, Ports, Pulse, SerialOptions};
use async_trait::async_trait;
use bytes::BytesMut;
use domain::directory::LinkId;
use metrics::counter;
use ports::driven::Clock;
use session::{Connection, Dial};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Read at once.
const READ: usize = 512;
/// For the last octets before hanging up.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// A modem and whom it calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSettings {
    /// The modem's port: a device, or `tcp://host:port` of a terminal server.
    pub port: String,
    /// How a serial port is set.
    pub serial: SerialOptions,
    /// The numbers, tried in turn.
    pub numbers: Vec<String>,
    /// What the modem is told.
    pub script: Script,
}

/// Whether a modem can be asked to dial this: digits, `*`, `#`, `+`, pauses (`,` and `W`), `T`, `P`, `!`, `@`, and what people put between.
#[must_use]
pub fn is_number(text: &str) -> bool {
    text.bytes().any(|octet| octet.is_ascii_digit())
        && text.len() <= 60
        && text.bytes().all(|octet| octet.is_ascii_digit() || b"*#+,wWtTpP!@ -()".contains(&octet))
}

/// The modems of a machine: one call at a time each. Links that use the same port wait here for their turn.
#[derive(Debug, Default)]
pub struct Lines(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Lines {
    fn line(&self, port: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lines.entry(port.to_owned()).or_default())
    }
}

/// Makes calls.
pub struct Dialler {
    link: String,
    settings: CallSettings,
    ports: Ports,
    clock: Arc<dyn Clock>,
    lines: Arc<Lines>,
}

impl Dialler {
    /// For a link.
    #[must_use]
    pub fn new(link: &LinkId, settings: CallSettings, clock: Arc<dyn Clock>, lines: Arc<Lines>) -> Self {
        // DTR falls before each call: a call that was left over by whoever used the modem before is ended.
        let ports = Ports { serial: settings.serial, drop_dtr: Box::new(|| Some(Pulse::HANG_UP)) };
        Self { link: link.to_string(), settings, ports, clock, lines }
    }

    async fn chat(&self, port: &mut Opened, number: &str) -> io::Result<Result<BytesMut, CallError>> {
        let mut chat = Hayes::new(self.settings.script.clone(), number, self.clock.monotonic());
        let mut input = BytesMut::with_capacity(READ);
        loop {
            if !chat.out().is_empty() {
                let out = std::mem::take(chat.out());
                port.write_all(&out).await?;
                port.flush().await?;
            }
            let now = self.clock.monotonic();
            let pause = chat.poll_timeout().map_or(Duration::ZERO, |at| at.saturating_sub(now));
            let read = tokio::time::timeout(pause, port.read_buf(&mut input)).await;
            let now = self.clock.monotonic();
            let result = match read {
                Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) => chat.handle_input(now, &mut input),
                Err(_) => chat.handle_timeout(now),
            };
            match result {
                Some(Ok(())) => return Ok(Ok(input)),
                Some(Err(error)) => {
                    let out = std::mem::take(chat.out());
                    if !out.is_empty() {
                        // The octet that ends the dialling needs its time: what is not sent is thrown away at the hanging up.
                        let _ = tokio::time::timeout(LAST_WORDS, port.write_all(&out)).await;
                        tokio::time::sleep(LAST_WORDS).await;
                    }
                    return Ok(Err(error));
                }
                None => {}
            }
        }
    }
}

#[async_trait]
impl Dial for Dialler {
    async fn dial(&self, number: &str) -> io::Result<Box<dyn Connection>> {
        let line = self.lines.line(&self.settings.port).lock_owned().await;
        let count = |result: &'static str| {
            counter!("omnigate_modem_calls_total", "link" => self.link.clone(), "result" => result)
                .increment(1);
        };
        let mut port = self.ports.open(&self.settings.port).await.inspect_err(|_| count("no_port"))?;
        let chat = self.chat(&mut port, number).await;
        let result = chat.map_err(|error| {
            count("no_port");
            io::Error::new(error.kind(), format!("{}: {error}", self.settings.port))
        });
        match result? {
            Ok(first) => {
                count("connected");
                tracing::info!(link = self.link, number, port = self.settings.port, "connected");
                Ok(Box::new(Call::new(port, first, line)))
            }
            Err(error) => {
                count(error.word());
                port.hang_up();
                Err(io::Error::new(io::ErrorKind::ConnectionRefused, error.to_string()))
            }
        }
    }
}
