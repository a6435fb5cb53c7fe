//! The store, opened by its URL.

use crate::config::Loaded;
use anyhow::{Context as _, anyhow};
use ports::driven::{Clock, StoreError, Stores};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// How often a serving process tries to reach its database before it gives up, about a second apart.
const STORE_TRIES: u32 = 30;
/// How long the process before may take to let a store go, at a restart.
const HANDED_OVER: Duration = Duration::from_secs(10);

/// The URL of the store.
///
/// # Errors
/// When its secret is missing.
pub fn database_url(loaded: &Loaded) -> anyhow::Result<SecretString> {
    match &loaded.config.database.url {
        Some(secret) => secret.resolve().map_err(|e| anyhow!("database.url: {e}")),
        None => {
            Ok(SecretString::from(format!("sqlite://{}/omnigate.db", loaded.config.node.data_dir.display())))
        }
    }
}

/// Whether no other node can serve the store while this one does.
///
/// # Errors
/// When the secret of its URL is missing.
pub fn serves_alone(loaded: &Loaded) -> anyhow::Result<bool> {
    Ok(sql::serves_alone(database_url(loaded)?.expose_secret()))
}

/// Opens the store to serve: creates and migrates it when needed, and keeps other processes from serving the same SQLite file. The second value ends it:
/// drop the ports, then await [`sql::Opened::closed`].
///
/// # Errors
/// What the store says.
pub async fn open_stores(loaded: &Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<(Stores, sql::Opened)> {
    open(loaded, sql::StoreOptions::serving(&loaded.config.node.name, clock)).await
}

/// Opens the store for a command beside a process that serves.
///
/// # Errors
/// What the store says.
pub async fn read_stores(loaded: &Loaded, clock: Arc<dyn Clock>) -> anyhow::Result<Stores> {
    Ok(open(loaded, sql::StoreOptions::reading(clock)).await?.0)
}

async fn open(loaded: &Loaded, options: sql::StoreOptions) -> anyhow::Result<(Stores, sql::Opened)> {
    let url = database_url(loaded)?;
    let opened = patiently(url.expose_secret(), options).await.context("the store cannot be opened")?;
    Ok((opened.stores.clone(), opened))
}

/// A database server may be slower to start than we are, or busy: one that serves waits for it, and for room on a full disk as long as it takes; a
/// command does not.
async fn patiently(url: &str, options: sql::StoreOptions) -> Result<sql::Opened, StoreError> {
    let began = options.clock.monotonic();
    let waited = |since: Duration| options.clock.monotonic().saturating_sub(since);
    let mut said = false;
    let mut tries = if options.serve { STORE_TRIES } else { 1 };
    loop {
        tries -= 1;
        match sql::open(url, options.clone()).await {
            Err(StoreError::Unavailable(detail)) if tries > 0 => {
                tracing::warn!(%detail, "the database is not there yet; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(StoreError::InUse(detail)) if options.serve && waited(began) < HANDED_OVER => {
                if !said {
                    tracing::warn!(%detail, "the store is in use; waiting ten seconds for it at most");
                }
                said = true;
                tries += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(StoreError::Full) if options.serve => {
                tracing::error!("the disk is full: the start waits until there is room");
                tries += 1;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            other => return other,
        }
    }
}
