//! `omnigate simulate smpp` (or another protocol) as a process: the operator's side of every story. It is told things by JSON lines on its
//! standard input and writes what happened into its journal.

use crate::clock;
use crate::gateway::binary;
use crate::journal::{self, Entry};
use crate::process::Process;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A running simulator; ended when dropped.
#[derive(Debug)]
pub struct Simulator {
    directory: TempDir,
    process: Process,
    control: Option<File>,
    address: String,
}

/// The modem's name in the simulator's directory.
const DEVICE: &str = "modem";

fn temporary() -> TempDir {
    tempfile::Builder::new().prefix("omnigate-simulator-").tempdir().expect("a temporary directory")
}

impl Simulator {
    /// Starts one on a free port, with more arguments: `&["--receipts", "--delay", "20ms"]`.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        Self::listen("127.0.0.1:0", arguments)
    }

    /// The same for another protocol than SMPP.
    #[must_use]
    pub fn speaking(protocol: &str, arguments: &[&str]) -> Self {
        Self::spawn(protocol, "127.0.0.1:0", arguments)
    }

    /// Starts one on a given address, for an operator that comes back.
    #[must_use]
    pub fn listen(address: &str, arguments: &[&str]) -> Self {
        Self::spawn("smpp", address, arguments)
    }

    /// A simulated modem on a pseudo-terminal; its lasting name is [`Simulator::device`].
    #[must_use]
    pub fn modem(arguments: &[&str]) -> Self {
        let directory = temporary();
        let path = directory.path().join(DEVICE).display().to_string();
        Self::run(&[&["modem", "--path", &path], arguments].concat(), directory)
    }

    /// An operator on a free port with a simulated analogue modem before it, whose lasting name is [`Simulator::device`].
    #[must_use]
    pub fn called(protocol: &str, arguments: &[&str]) -> Self {
        let directory = temporary();
        let path = directory.path().join(DEVICE).display().to_string();
        let own = [protocol, "--listen", "127.0.0.1:0", "--modem", &path];
        Self::run(&[&own, arguments].concat(), directory)
    }

    /// Changes how its telephone line behaves from now on: `json!({"busy": true})`.
    pub fn line(&mut self, faults: &Value) {
        self.tell(&json!({ "do": "line", "faults": faults }));
    }

    /// The numbers that its modem dialled, and what came of it.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.journal_path()).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let said = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        lines.filter(|v| v["event"] == "call").map(|v| (said(&v, "number"), said(&v, "result"))).collect()
    }

    /// Starts one under another program, for instance in a network of its own, on a given address.
    #[must_use]
    pub fn under(wrapper: &[&str], address: &str, arguments: &[&str]) -> Self {
        Self::run_under(wrapper, &[&["smpp", "--listen", address], arguments].concat(), temporary())
    }

    fn spawn(protocol: &str, address: &str, arguments: &[&str]) -> Self {
        Self::run(&[&[protocol, "--listen", address], arguments].concat(), temporary())
    }

    fn run(arguments: &[&str], directory: TempDir) -> Self {
        Self::run_under(&[], arguments, directory)
    }

    /// # Panics
    /// When it does not listen in time.
    fn run_under(wrapper: &[&str], arguments: &[&str], directory: TempDir) -> Self {
        let journal = directory.path().join("journal.jsonl");
        let fifo = directory.path().join("control");
        let made = Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success());
        assert!(made, "mkfifo");
        // Opened for both ways, so that neither side waits for the other and none sees an end.
        let control = File::options().read(true).write(true).open(&fifo).expect("the control pipe");
        let mut command = match wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
        command.arg("simulate").args(arguments).arg("--journal").arg(&journal);
        let input = Stdio::from(control.try_clone().expect("a second handle"));
        let mut process = Process::start_with_input(command, directory.path(), "simulator", input);
        let address = clock::within(clock::PATIENCE, || {
            journal::read(&journal).into_iter().find_map(|entry| match entry {
                Entry::Listening { address } => Some(address),
                _ => None,
            })
        });
        let ended = process.ended();
        let address =
            address.unwrap_or_else(|| panic!("no simulator ({ended:?}):\n{}", process.last_errors()));
        Self { directory, process, control: Some(control), address }
    }

    /// Where it listens.
    ///
    /// # Panics
    /// When it is a modem.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.parse().expect("it listens at an address")
    }

    /// The lasting name of a modem's port.
    #[must_use]
    pub fn device(&self) -> PathBuf {
        self.directory.path().join(DEVICE)
    }

    /// Has a phone send a message through the modem.
    pub fn text(&mut self, from: &str, text: &str) {
        self.tell(&json!({ "do": "mo", "from": from, "text": text }));
    }

    /// Its journal so far.
    #[must_use]
    pub fn journal(&self) -> Vec<Entry> {
        journal::read(&self.journal_path())
    }

    /// The journal's file.
    #[must_use]
    pub fn journal_path(&self) -> PathBuf {
        self.directory.path().join("journal.jsonl")
    }

    /// Tells it something.
    ///
    /// # Panics
    /// When it no longer listens.
    pub fn tell(&mut self, what: &Value) {
        let control = self.control.as_mut().expect("a control pipe");
        writeln!(control, "{what}").expect("a line to the simulator");
    }

    /// Has a phone send a message to the gateway.
    pub fn mo(&mut self, from: &str, to: &str, text: &str) {
        self.tell(&json!({ "do": "mo", "from": from, "to": to, "text": text }));
    }

    /// Changes how it behaves from now on: `json!({"throttle": true})`.
    pub fn behave(&mut self, faults: &Value) {
        self.tell(&json!({ "do": "faults", "faults": faults }));
    }

    /// Ends it without a word, as a broken operator would.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// The running process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// How many submits came so far.
    #[must_use]
    pub fn submits(&self) -> usize {
        self.journal().iter().filter(|entry| matches!(entry, Entry::Submit { .. })).count()
    }

    /// The texts of the submits so far, in their order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let text = |entry| if let Entry::Submit { text, .. } = entry { Some(text) } else { None };
        self.journal().into_iter().filter_map(text).collect()
    }

    /// Keeps the journal of a failed story.
    pub fn keep(&self, to: &std::path::Path) {
        let _ = fs::copy(self.journal_path(), to);
    }
}
