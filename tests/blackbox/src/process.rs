//! A child process that never outlives its test: output goes to files, dropping it kills it. Only ever signals what it
//! started itself.

use crate::clock;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// What to send to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Asks it to stop.
    Term,
    /// Asks it to reload.
    Hup,
    /// Freezes it.
    Stop,
    /// Thaws it.
    Cont,
    /// Ends it without warning.
    Kill,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Hup => "HUP",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
            Self::Kill => "KILL",
        }
    }
}

/// A running child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: PathBuf,
    errors: PathBuf,
}

impl Process {
    /// Starts `command` with its output in `<directory>/<name>.out` and `.err`, appended over restarts.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn start(command: Command, directory: &Path, name: &str) -> Self {
        Self::start_with_input(command, directory, name, Stdio::null())
    }

    /// As [`Self::start`], with something to read.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn start_with_input(mut command: Command, directory: &Path, name: &str, input: Stdio) -> Self {
        let open =
            |path: &Path| File::options().create(true).append(true).open(path).expect("an output file");
        let output = directory.join(format!("{name}.out"));
        let errors = directory.join(format!("{name}.err"));
        let child = command.stdin(input).stdout(open(&output)).stderr(open(&errors)).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, output, errors }
    }

    /// The child's own id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal to the child, or to the one process that it wraps (strace, faketime).
    pub fn signal(&self, signal: Signal) {
        send(self.innermost(), signal);
    }

    /// kill -9, and waits for the end.
    pub fn kill(&mut self) {
        let inner = self.innermost();
        if inner != self.child.id() {
            send(inner, Signal::Kill);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The exit status once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for the end.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        clock::within(limit, || self.ended())
    }

    /// What it wrote to standard output.
    #[must_use]
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// The last lines of standard error, for a failing test's message.
    #[must_use]
    pub fn last_errors(&self) -> String {
        let text = self.errors();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Highest resident memory so far, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.innermost())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The gateway's own id, whether or not a wrapper started it.
    #[must_use]
    pub fn innermost(&self) -> u32 {
        let mut id = self.child.id();
        while let Some(child) = only_child(id) {
            id = child;
        }
        id
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn only_child(id: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn send(id: u32, signal: Signal) {
    // The shell's own kill, so that no foreign function is called from here.
    let _ = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -{} {id}", signal.name()))
        .stderr(Stdio::null())
        .status();
}
