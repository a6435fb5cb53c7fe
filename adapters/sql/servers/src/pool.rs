//! Connections to a server that only read; included for each server.

use super::{Conn, UNHURRIED, connect};
use crate::error::of_reading;
use diesel::QueryResult;
use diesel_async::SimpleAsyncConnection as _;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use futures_util::future::BoxFuture;
use ports::driven::StoreError;
use std::time::Duration;

/// How many connections read.
const READERS: usize = 6;
/// How long a question may take, with waiting for a connection.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait for a connection.
const WAIT: Duration = Duration::from_secs(2);

/// A pool of connections.
pub(crate) struct Reader {
    pool: Pool<Conn>,
    url: String,
}

impl Reader {
    /// A pool for a URL; it connects when asked something.
    pub(crate) fn new(url: &str) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::<Conn>::default();
        config.custom_setup = Box::new(move |url| connect(url.to_owned()));
        let manager = AsyncDieselConnectionManager::<Conn>::new_with_config(url, config);
        let pool = Pool::builder(manager).max_size(READERS).build();
        pool.map(|pool| Self { pool, url: url.to_owned() })
            .map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    /// Asks the database something. When it takes too long the connection is thrown away.
    pub(crate) async fn read<R, F>(&self, question: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, QueryResult<R>> + Send + 'static,
    {
        let late = |_| StoreError::Unavailable("no answer from the database in time".to_owned());
        let taken = tokio::time::timeout(WAIT, self.pool.get()).await.map_err(late)?;
        let mut conn = taken.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        match tokio::time::timeout(PATIENCE, question(&mut conn)).await {
            Ok(answer) => answer.map_err(of_reading),
            Err(elapsed) => {
                drop(diesel_async::pooled_connection::deadpool::Object::take(conn));
                Err(late(elapsed))
            }
        }
    }

    /// Asks what may take as long as it takes, over a connection of its own, so that nobody else waits for it.
    pub(crate) async fn read_at_leisure<R, F>(&self, question: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, QueryResult<R>> + Send + 'static,
    {
        let late = |_| StoreError::Unavailable("no answer from the database in time".to_owned());
        let connected = tokio::time::timeout(WAIT, connect(self.url.clone())).await.map_err(late)?;
        let mut conn = connected.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        conn.batch_execute(UNHURRIED).await.map_err(of_reading)?;
        question(&mut conn).await.map_err(of_reading)
    }
}
