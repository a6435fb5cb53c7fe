//! The store as commands see it: to look at beside a running server, or to change.

use crate::config::Loaded;
use crate::wire::{self, Machine};
use anyhow::Context as _;
use ports::driven::Stores;
use secrecy::ExposeSecret as _;
use sql::{Opened, StoreOptions};
use std::path::Path;
use std::time::Duration;

/// How long closing may take.
const CLOSING: Duration = Duration::from_secs(10);

/// A store that may be changed, and its end.
pub(super) struct Changing {
    /// The ports.
    pub stores: Stores,
    opened: Opened,
}

impl Changing {
    /// Returns when the database is closed in good order.
    pub async fn close(self) {
        drop(self.stores);
        let _ = tokio::time::timeout(CLOSING, self.opened.closed()).await;
    }
}

/// The store to look at, also while a server runs.
///
/// # Errors
/// What the store says, with what to do.
pub(super) async fn reading(loaded: &Loaded) -> anyhow::Result<Stores> {
    let url = wire::database_url(loaded)?;
    let options = StoreOptions::reading(Machine::of().clock);
    let opened = sql::open(url.expose_secret(), options).await;
    Ok(opened.context("the store cannot be read (omnigate doctor looks closer)")?.stores)
}

/// The store to change, also while a server runs, which sees the change within two seconds.
///
/// # Errors
/// What the store says, with what to do.
pub(super) async fn changing(loaded: &Loaded) -> anyhow::Result<Changing> {
    let (url, clock) = (wire::database_url(loaded)?, Machine::of().clock);
    // What is there may be served by other processes, perhaps of the version before; a SQLite file that is not is made as a server would make it.
    let options = match is_new(url.expose_secret()) {
        true => StoreOptions { reserve: 0, ..StoreOptions::serving(&loaded.config.node.name, clock) },
        false => StoreOptions::changing(clock),
    };
    let opened = sql::open(url.expose_secret(), options).await;
    let opened = opened.context("the store cannot be changed (omnigate doctor looks closer)")?;
    Ok(Changing { stores: opened.stores.clone(), opened })
}

/// Whether a URL names a SQLite file that does not exist yet.
fn is_new(url: &str) -> bool {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
    path.is_some_and(|path| !Path::new(path).exists())
}
