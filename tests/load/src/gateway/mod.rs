//! Starts a gateway in a temporary directory, on ports of its own, towards the bench's operator.

mod kannel;
mod omnigate;

use crate::driver::{Request, exchange};
use crate::options::{Options, Scenario, Subject};
use crate::tally::{DIGITS, Tally};
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a gateway may take to come up.
const START: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A running gateway; ended when dropped.
pub(crate) struct Gateway {
    pub(crate) door: SocketAddr,
    children: Vec<Child>,
    _directory: TempDir,
}

/// Where the gateway finds the other two parts of the bench.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) operator: SocketAddr,
    pub(crate) sink: SocketAddr,
}

impl Gateway {
    /// Ids of its processes.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts one and waits until its door answers and its session at the operator is bound.
pub(crate) async fn start(
    subject: Subject,
    scenario: Scenario,
    options: &Options,
    places: Places,
    tally: &Tally,
) -> io::Result<(Gateway, Request)> {
    match subject {
        Subject::Kannel => kannel::start(scenario, options, places, tally, "file").await,
        Subject::KannelSpool => kannel::start(scenario, options, places, tally, "spool").await,
        Subject::Omnigate => omnigate::start(scenario, options, places, tally, omnigate::Door::Json).await,
        Subject::OmnigateEnd => {
            omnigate::start(scenario, options, places, tally, omnigate::Door::JsonEnd).await
        }
        Subject::OmnigateSendsms => {
            omnigate::start(scenario, options, places, tally, omnigate::Door::Sendsms).await
        }
    }
}

/// Text of a message: its number and some words, 62 characters.
fn text(number: u64) -> String {
    format!("L{number:0DIGITS$} The quick brown fox jumps over the lazy dog, twice.")
}

/// The `GET /cgi-bin/sendsms` of both gateways.
fn sendsms(number: u64, from: &str, scenario: Scenario, places: Places) -> Vec<u8> {
    let text = text(number).replace(' ', "+").replace(',', "%2C");
    let receipt = if scenario.receipts {
        format!("&dlr-mask=3&dlr-url=http%3A%2F%2F{}%2Fdlr%3Fn%3DL{number:0DIGITS$}", places.sink)
    } else {
        String::new()
    };
    let to = 46_700_000_000 + number % 10_000_000;
    format!(
        "GET /cgi-bin/sendsms?username=bench&password=bench{from}&to={to}&text={text}{receipt} HTTP/1.1\r\n\
         Host: localhost\r\n\r\n"
    )
    .into_bytes()
}

fn spawn(command: &mut Command, directory: &Path, name: &str) -> io::Result<Child> {
    let log = File::create(directory.join(format!("{name}.out")))?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    child.map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", command.get_program().to_string_lossy()))
    })
}

/// A port that was free just now; for programs that cannot pick one themselves.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Looks until `ready` or until a child ends.
async fn until(
    what: &str,
    children: &mut [Child],
    directory: &Path,
    mut ready: impl FnMut() -> bool,
) -> io::Result<()> {
    let looks = START.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        if ready() {
            return Ok(());
        }
        for child in &mut *children {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!(
                    "{what}: ended with {status}\n{}",
                    last_words(directory)
                )));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(io::Error::other(format!("{what}: not ready in {} s\n{}", START.as_secs(), last_words(directory))))
}

fn last_words(directory: &Path) -> String {
    let mut words = String::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        if entry.path().extension().is_some_and(|kind| kind == "out" || kind == "log") {
            let lines: Vec<&str> = text.lines().collect();
            words.push_str(&lines[lines.len().saturating_sub(8)..].join("\n"));
        }
    }
    words
}

/// Asks until the door takes a message, so that measuring begins with an open door and a bound session.
async fn probe(door: SocketAddr, request: &Request, tally: &Tally) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut last = String::new();
    for _ in 0..START.as_millis() / LOOK.as_millis() {
        match exchange(&mut None, door, &request(tally.take()), &mut buffer).await {
            Ok(202) => return Ok(()),
            Ok(code) => {
                last = format!("{code} {}", String::from_utf8_lossy(&buffer[..400]).trim_end_matches('\0'))
            }
            Err(error) => last = error.to_string(),
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(io::Error::other(format!("the door takes nothing: {last}")))
}
