//! How any of the three is opened, and what an open one is.

use ports::driven::{Clock, Store, Stores};
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
    /// What a store's maker gives out.
    pub fn new(store: &Arc<impl Store + 'static>, ended: watch::Receiver<bool>) -> Self {
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
