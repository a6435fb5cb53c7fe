//! The store, written once and included for each database: `Conn`, `Reader`, `Session` and `dialect` beside it say what differs.
//!
//! Everything that changes the store goes through one queue to one writer (group commit); reading has connections of its own.

mod accept;
mod answers;
mod cluster;
mod cold;
mod deadlines;
mod directory;
mod handoffs;
mod inbox;
mod lease;
mod ports_read;
mod ports_write;
mod read;
mod recalls;
mod receipts;
mod retain;
mod settle;
mod sweep;
mod tell;
mod writer;

use super::{Conn, Reader, Session, dialect};
use crate::error::Fault;
use crate::memory::{Accounts, Memory};
use crate::queue::{Queue, queue};
use crate::statement::Sql;
use diesel::sql_types::BigInt;
use ports::driven::{Clock, StoreError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// An error that says what to do when nobody has made the tables yet: for commands, which do not make them.
pub(crate) async fn tables_are_there(conn: &mut Conn) -> Result<(), StoreError> {
    let asked = Sql::<BigInt>::varying("SELECT value FROM meta WHERE name = ''", Vec::new());
    match asked.rows::<_, i64>(conn).await.map_err(Fault::from) {
        Ok(_) => Ok(()),
        Err(Fault::Odd(text)) => Err(StoreError::Unavailable(format!(
            "its tables are not there yet, or may not be read: start the server or run omnigate migrate ({text})"
        ))),
        Err(fault) => Err(fault.into()),
    }
}

/// All store ports over one database.
pub(crate) struct Store {
    queue: Queue,
    reader: Reader,
    broken: Arc<OnceLock<String>>,
    accounts: Accounts,
    /// How far waiting messages are counted.
    counted: i64,
}

impl Store {
    /// A store and its writer. The writer must be run ([`writer::Writer::run`]); it ends when the store is dropped.
    pub(crate) fn new(
        session: Session,
        reader: Reader,
        node: String,
        clock: Arc<dyn Clock>,
        patience: Option<Duration>,
    ) -> (Self, writer::Writer, watch::Receiver<bool>) {
        let (sender, waiting) = queue(patience);
        let broken = Arc::new(OnceLock::new());
        let (stopped, ended) = watch::channel(false);
        let accounts = Accounts::default();
        let memory = Memory::new(node, Arc::clone(&accounts));
        let writer = writer::Writer::new(session, waiting, memory, clock, Arc::clone(&broken), stopped);
        (Self { queue: sender, reader, broken, accounts, counted: read::COUNTED }, writer, ended)
    }

    /// For a command, which asks once: what waits is counted to the end.
    pub(crate) fn for_command(self) -> Self {
        Self { counted: i64::MAX, ..self }
    }

    /// An error for ever after the disk failed.
    fn sound(&self) -> Result<(), StoreError> {
        self.broken.get().map_or(Ok(()), |text| Err(StoreError::Broken(text.clone())))
    }
}
