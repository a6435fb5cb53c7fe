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
