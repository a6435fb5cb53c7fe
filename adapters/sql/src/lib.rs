//! The store of the queue over SQLite, PostgreSQL and MariaDB: durability and speed of everything else stand on it.
//!
//! The ports say *returns when durable; concurrent calls may share a commit*; how is this crate's secret: one bounded queue, one
//! writer, one transaction for all that came while the last one was being committed. It never reads a clock or makes a name:
//! times and ids come with the calls.

#![allow(clippy::duplicate_mod, reason = "the text of the store is included once for each database")]

mod batches;
mod error;
pub mod failpoints;
mod migrations;
mod mysql;
mod op;
mod postgres;
mod queue;
mod rows;
mod sqlite;
mod statement;

use futures_util::future::BoxFuture;
use ports::driven::{Clock, Store, StoreError, Stores};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;

/// How much disk is kept in reserve, so that work taken on can be written down when the disk is full.
pub const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The name of this node: totals are kept under it.
    pub node: String,
    /// For measuring.
    pub clock: Arc<dyn Clock>,
    /// Open to serve (may write; of a SQLite store there can be one) or only to read beside a process that serves.
    pub serve: bool,
    /// Not serving, and yet changing something small beside a process that may serve: a user, a message taken back.
    pub change: bool,
    /// Bytes of disk kept in reserve beside a SQLite store; 0 = none.
    pub reserve: u64,
}

impl StoreOptions {
    /// For a process that serves.
    #[must_use]
    pub fn serving(node: &str, clock: Arc<dyn Clock>) -> Self {
        Self { node: node.to_owned(), clock, serve: true, change: false, reserve: RESERVE_BYTES }
    }

    /// For a command that only looks.
    #[must_use]
    pub fn reading(clock: Arc<dyn Clock>) -> Self {
        Self { node: String::new(), clock, serve: false, change: false, reserve: 0 }
    }

    /// For a command that changes something small. The tables must be up to date; a SQLite store is not locked by it.
    #[must_use]
    pub fn changing(clock: Arc<dyn Clock>) -> Self {
        Self { change: true, ..Self::reading(clock) }
    }
}

/// An open store and its end.
pub struct Opened {
    /// The ports. The writer ends, and the file is let go, when all of them are dropped.
    pub stores: Stores,
    ended: watch::Receiver<bool>,
}

impl Opened {
    fn new(store: &Arc<impl Store + 'static>, ended: watch::Receiver<bool>) -> Self {
        Self { stores: Stores::of(store), ended }
    }

    /// Lets go of the ports held here and returns when the writer has ended and the database is closed, which it is once nobody
    /// else holds a port either. The caller sets a time limit.
    pub async fn closed(self) {
        let Self { stores, mut ended } = self;
        drop(stores);
        // An error says that the writer is gone already.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// What a look at a database found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The product and its version.
    pub server: String,
    /// How many migrations are missing.
    pub pending: usize,
    /// What is wrong, in words; empty = nothing.
    pub wrong: Vec<String>,
}

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
