//! Running the binary in a directory of its own.

use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A place with a configuration and a store.
pub struct Place {
    directory: TempDir,
}

impl Place {
    /// A directory with this configuration.
    pub fn with(configuration: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("omnigate-commands-").tempdir().expect("a directory");
        std::fs::write(directory.path().join("omnigate.toml"), configuration).expect("a configuration");
        Self { directory }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a command there, in English, with this on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_omnigate"))
            .args(arguments)
            .current_dir(self.path())
            .env("LANG", "C.UTF-8")
            .env_remove("LC_ALL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that does not read may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ran(child.wait_with_output().expect("an end"))
    }

    /// Runs a command there.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }
}

/// What a command did.
pub struct Ran(Output);

impl Ran {
    /// Its exit code.
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    /// What it printed.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    /// What it complained of.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// What it printed, given that it did what it was asked.
    pub fn good(self) -> String {
        assert_eq!(self.code(), Some(0), "{}{}", self.out(), self.err());
        self.out()
    }

    /// The JSON it printed, given that it did what it was asked.
    pub fn json(self) -> Value {
        let text = self.good();
        serde_json::from_str(&text).expect(&text)
    }

    /// What it complained of, given that it failed.
    pub fn bad(self) -> String {
        assert_eq!(self.code(), Some(1), "{}{}", self.out(), self.err());
        self.err()
    }
}

/// A server that runs; killed when it is let go of.
#[cfg(unix)]
pub struct Server {
    child: std::process::Child,
    log: std::path::PathBuf,
}

#[cfg(unix)]
impl Server {
    /// Starts one in a place; it may not be ready yet.
    pub fn start(place: &Place) -> Self {
        let log = place.path().join("log");
        let child = Command::new(env!("CARGO_BIN_EXE_omnigate"))
            .arg("serve")
            .current_dir(place.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the binary");
        Self { child, log }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("a running server");
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until something holds of its log.
    pub fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        for look in 0.. {
            let log = self.log();
            if holds(&log) {
                return log;
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended ({ended:?}) before {what}: {log}");
            assert!(look < 600, "not in time: {what}: {log}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        unreachable!("it is looked for until it is there")
    }

    /// Stops it in good order.
    pub fn stop(mut self) -> Option<i32> {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().expect("an end").code()
    }
}

#[cfg(unix)]
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
