//! Other people's programs: where they are, and what to do when one is missing. Installed by `./test`, never by a test.

pub mod kannel;

use crate::database::fast;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program on the path (`swaks`), or nothing in a fast run.
///
/// # Panics
/// When it is missing in a full run.
#[must_use]
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let found =
        std::env::split_paths(&path).chain(system).map(|place| place.join(name)).find(|file| file.is_file());
    present(name, found)
}

/// The Python that has zeep and smpplib.
#[must_use]
pub fn python() -> Option<Command> {
    let path = std::env::var_os("OMNIGATE_TEST_PYTHON").map(PathBuf::from).filter(|file| file.is_file());
    present("python peers", path).map(Command::new)
}

/// Node with `smpp` and `soap` to be required.
#[must_use]
pub fn node() -> Option<Command> {
    let modules =
        std::env::var_os("OMNIGATE_TEST_NODE_MODULES").map(PathBuf::from).filter(|place| place.is_dir());
    let modules = present("node peers", modules)?;
    let mut command = Command::new(program("node")?);
    command.env("NODE_PATH", modules);
    Some(command)
}

/// A script beside the tests: `tests/blackbox/peers/<name>`.
#[must_use]
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// Runs a peer to its end and gives what it printed.
///
/// # Panics
/// When it cannot run or fails; the text is what it wrote to standard error.
#[must_use]
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{printed}\n{errors}", output.status);
    printed
}

fn present<T>(what: &str, found: Option<T>) -> Option<T> {
    if found.is_none() {
        assert!(fast(), "{what} is missing; ./test installs it");
        println!("skipped: {what} is missing in a fast run");
    }
    found
}
