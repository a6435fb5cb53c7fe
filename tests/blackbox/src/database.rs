//! The databases that `./test` started: a fresh one for each story, or a spoken reason why there is none.

use crate::clock::wall_ms;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A store to run a story on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// PostgreSQL of `OMNIGATE_TEST_POSTGRES`.
    Postgres,
    /// MariaDB of `OMNIGATE_TEST_MYSQL`.
    Mysql,
}

/// Whether a missing peer or server is a reason to skip instead of to fail.
#[must_use]
pub fn fast() -> bool {
    std::env::var_os("OMNIGATE_TEST_FAST").is_some()
}

/// A new, empty database of this kind: `Some(None)` is SQLite in the data directory, nothing means skip.
///
/// # Panics
/// When the server is missing in a full run, or cannot make a database.
#[must_use]
pub fn fresh(kind: Kind) -> Option<Option<String>> {
    let variable = match kind {
        Kind::Sqlite => return Some(None),
        Kind::Postgres => "OMNIGATE_TEST_POSTGRES",
        Kind::Mysql => "OMNIGATE_TEST_MYSQL",
    };
    let Ok(url) = std::env::var(variable) else {
        assert!(fast(), "{variable} is not set; ./test sets it");
        println!("skipped: no {variable} in a fast run");
        return None;
    };
    let name = format!("t{}_{}", wall_ms(), NEXT.fetch_add(1, Ordering::SeqCst));
    let statement = format!("CREATE DATABASE {name}");
    let made = match kind {
        Kind::Postgres => Command::new("psql").arg(&url).args(["-q", "-c", &statement]).status(),
        _ => mariadb(&url, &statement),
    };
    assert!(made.is_ok_and(|status| status.success()), "cannot make a database for {kind:?}");
    let server = url.rsplit_once('/').map_or(url.as_str(), |(server, _)| server);
    Some(Some(format!("{server}/{name}")))
}

/// Runs one statement; the client takes no URL.
fn mariadb(url: &str, statement: &str) -> std::io::Result<std::process::ExitStatus> {
    let rest = url.trim_start_matches("mysql://");
    let (login, place) = rest.split_once('@').unwrap_or(("", rest));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let server = place.split('/').next().unwrap_or_default();
    let (host, port) = server.split_once(':').unwrap_or((server, "3306"));
    Command::new("mariadb")
        .args(["--no-defaults", "-h", host, "-P", port, "-u", user, "-e", statement])
        .env("MYSQL_PWD", password)
        .status()
}
