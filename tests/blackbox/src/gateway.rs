//! The real gateway as a process: started, killed, restarted on the same data. Never looks inside it; what it tells the
//! outside is the file `listening.json` and its doors.

use crate::clock;
use crate::process::{Process, Signal};
use crate::settings::Settings;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;
use tempfile::TempDir;

/// The program under test: `OMNIGATE_BIN`, or `omnigate` of the profile that this test was built with.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("OMNIGATE_BIN") {
        return given.into();
    }
    let test = std::env::current_exe().expect("the test's own path");
    let profile = test.parent().and_then(Path::parent).expect("a profile directory");
    let found = profile.join("omnigate");
    assert!(found.is_file(), "{} is missing: cargo build --workspace --all-targets", found.display());
    found
}

/// Where the doors of a running gateway are.
#[derive(Debug, Clone, Copy)]
pub struct Doors {
    /// HTTP, SOAP, health and metrics.
    pub http: SocketAddr,
    /// Mail.
    pub smtp: SocketAddr,
    /// Text and SNPP.
    pub telnet: SocketAddr,
}

/// One gateway with its directory; stopped and removed when dropped.
#[derive(Debug)]
pub struct Gateway {
    directory: TempDir,
    process: Option<Process>,
    doors: Option<Doors>,
    wrapper: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Gateway {
    /// Writes the configuration, starts the binary and waits until every door is open.
    #[must_use]
    pub fn start(settings: &Settings) -> Self {
        let mut gateway = Self::prepare(settings);
        gateway.restart();
        gateway
    }

    /// Writes the configuration only.
    ///
    /// # Panics
    /// When the temporary directory cannot be written.
    #[must_use]
    pub fn prepare(settings: &Settings) -> Self {
        let directory =
            tempfile::Builder::new().prefix("omnigate-blackbox-").tempdir().expect("a temporary directory");
        let gateway =
            Self { directory, process: None, doors: None, wrapper: Vec::new(), environment: Vec::new() };
        fs::create_dir_all(gateway.data()).expect("a data directory");
        gateway.configure(settings);
        gateway
    }

    /// Runs the binary under another program from the next start on: strace, faketime.
    pub fn wrap(&mut self, wrapper: &[&str]) {
        self.wrapper = wrapper.iter().map(ToString::to_string).collect();
    }

    /// Sets an environment variable from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.into(), value.into()));
    }

    /// Nothing is set any more from the next start on.
    pub fn clear_environment(&mut self) {
        self.environment.clear();
    }

    /// Rewrites the configuration file; a running gateway sees it at the next start or reload.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn configure(&self, settings: &Settings) {
        fs::write(self.config(), settings.text(&self.data())).expect("a configuration file");
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("omnigate.toml")
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The whole directory of this gateway.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Where the doors are, once open.
    ///
    /// # Panics
    /// When the gateway has not been started.
    #[must_use]
    pub fn doors(&self) -> Doors {
        self.doors.expect("a started gateway")
    }

    /// The running process.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("a running gateway")
    }

    /// Starts on the same data, after a kill or the first time, and waits for the doors.
    ///
    /// # Panics
    /// With what it wrote to standard error, when it ends or does not open its doors in time.
    pub fn restart(&mut self) {
        self.spawn();
        let doors = clock::within(clock::PATIENCE, || self.look());
        let last = || self.process.as_ref().map(Process::last_errors).unwrap_or_default();
        self.doors = Some(doors.unwrap_or_else(|| panic!("the gateway did not open its doors:\n{}", last())));
    }

    /// Starts without waiting for the doors.
    ///
    /// # Panics
    /// When the binary cannot be started.
    pub fn spawn(&mut self) {
        self.process = None;
        self.doors = None;
        // A file left by the life before would show doors that are no longer there.
        let _ = fs::remove_file(self.listening());
        let binary = binary();
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        command.arg("serve").arg("--config").arg(self.config()).current_dir(self.directory.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(Process::start(command, self.directory.path(), "gateway"));
    }

    /// kill -9 in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
        self.doors = None;
    }

    /// SIGTERM, and waits for the drained end.
    pub fn stop(&mut self, limit: Duration) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        process.signal(Signal::Term);
        let status = process.wait(limit);
        if status.is_some() {
            self.process = None;
            self.doors = None;
        }
        status
    }

    /// Runs a command of the binary with this gateway's configuration: `&["audit", "--json"]`.
    ///
    /// # Panics
    /// When the binary cannot be started.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--config").arg(self.config()).current_dir(self.directory.path());
        command.output().expect("a command of the binary")
    }

    /// How it ended, if it did by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(Process::ended)
    }

    /// Everything it wrote to standard error in all its lives.
    #[must_use]
    pub fn errors(&self) -> String {
        fs::read_to_string(self.directory.path().join("gateway.err")).unwrap_or_default()
    }

    fn last_errors(&self) -> String {
        let text = self.errors();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn listening(&self) -> PathBuf {
        self.data().join("listening.json")
    }

    /// Where its doors are, once all of them are open; for a start that may fail.
    #[must_use]
    pub fn opened(&self) -> Option<Doors> {
        let text = fs::read_to_string(self.listening()).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let door = |name: &str| value.get(name)?.as_str()?.parse().ok();
        Some(Doors { http: door("http")?, smtp: door("smtp")?, telnet: door("telnet")? })
    }

    fn look(&mut self) -> Option<Doors> {
        if let Some(status) = self.process.as_mut().and_then(Process::ended) {
            let last = self.process.as_ref().map(Process::last_errors).unwrap_or_default();
            panic!("the gateway ended with {status}:\n{last}");
        }
        self.opened()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // A story that fails wants to know what the gateway said.
        if std::thread::panicking() {
            println!("the gateway's last words:\n{}", self.last_errors());
        }
    }
}
