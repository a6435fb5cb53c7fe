//! The store of the queue over SQLite, PostgreSQL and MariaDB: durability and speed of everything else stand on it.
//!
//! The ports say *returns when durable; concurrent calls may share a commit*; how is this crate's secret: one bounded queue, one
//! writer, one transaction for all that came while the last one was being committed. It never reads a clock or makes a name:
//! times and ids come with the calls.
//!
//! Here is SQLite, and which store a URL names; PostgreSQL and MariaDB are in `servers/`, a crate of its own so that SQLite's store can be optimised
//! without making everybody wait for two more (docs/adr/0019).

#![allow(clippy::duplicate_mod, reason = "the text of the store is included once for each database")]

mod sqlite;

pub use sql_base::{Checked, Opened, RESERVE_BYTES, StoreOptions, failpoints};

use futures_util::future::BoxFuture;
use ports::driven::StoreError;
use sql_base::{error, folding, memory, migrations, one_by_one, op, queue, rows, settling, statement, told};
use sql_servers::{mysql, postgres};
use std::borrow::Cow;
use std::path::Path;

/// Whether one process at a time serves the store behind a URL: a SQLite store is locked by it.
#[must_use]
pub fn serves_alone(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn unknown(url: &str) -> StoreError {
    let scheme = url.split(':').next().unwrap_or_default();
    StoreError::Data(format!("a database URL begins with sqlite://, postgres:// or mariadb://, not {scheme}"))
}

/// The URL as the drivers spell it: to theirs MariaDB is a MySQL.
fn spelled(url: &str) -> Cow<'_, str> {
    url.strip_prefix("mariadb:").map_or(Cow::Borrowed(url), |rest| Cow::Owned(format!("mysql:{rest}")))
}

// These are boxed here because an `async fn` is compiled again in every crate that awaits it, as that crate is optimised: the writers of two
// databases would be compiled, and run, as what the wiring is.

/// Opens a store by its URL and brings its tables up to date.
///
/// # Errors
/// [`StoreError`]: not there, held by another process, made by a newer version, of an unknown kind.
pub fn open(url: &str, options: StoreOptions) -> BoxFuture<'_, Result<Opened, StoreError>> {
    Box::pin(async move {
        let url = &*spelled(url);
        match url {
            _ if url.starts_with("sqlite:") => sqlite::open(url, options),
            _ if url.starts_with("postgres") => postgres::open(url, options).await,
            _ if url.starts_with("mysql:") => mysql::open(url, options).await,
            _ => Err(unknown(url)),
        }
    })
}

/// Brings the tables up to date. The names of what was applied.
///
/// # Errors
/// [`StoreError`]; what was begun can be begun again.
pub fn migrate(url: &str) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
    Box::pin(async move {
        let url = &*spelled(url);
        match url {
            _ if url.starts_with("sqlite:") => sqlite::migrate(url),
            _ if url.starts_with("postgres") => postgres::migrate(url).await,
            _ if url.starts_with("mysql:") => mysql::migrate(url).await,
            _ => Err(unknown(url)),
        }
    })
}

/// Copies a SQLite store to a new file while it is in use, and verifies the copy.
///
/// # Errors
/// [`StoreError`]; for a server `Data` with what to use instead.
pub async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    let url = &*spelled(url);
    match url {
        _ if url.starts_with("sqlite:") => sqlite::backup(url, to),
        _ if url.starts_with("postgres") => {
            Err(StoreError::Data("this store is in PostgreSQL, which has its own means: use pg_dump, or a base backup with WAL archiving".to_owned()))
        }
        _ if url.starts_with("mysql:") => {
            Err(StoreError::Data("this store is in MariaDB, which has its own means: use mariadb-dump --single-transaction, or mariadb-backup".to_owned()))
        }
        _ => Err(unknown(url)),
    }
}

/// Looks a database over without changing it.
///
/// # Errors
/// [`StoreError`] when it cannot be reached.
pub fn check(url: &str) -> BoxFuture<'_, Result<Checked, StoreError>> {
    Box::pin(async move {
        let url = &*spelled(url);
        match url {
            _ if url.starts_with("sqlite:") => sqlite::check(url),
            _ if url.starts_with("postgres") => postgres::check(url).await,
            _ if url.starts_with("mysql:") => mysql::check(url).await,
            _ => Err(unknown(url)),
        }
    })
}
