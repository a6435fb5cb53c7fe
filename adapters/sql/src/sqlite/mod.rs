//! SQLite: one file, one process that writes it, one writer on a thread of its own.
//!
//! WAL with `synchronous=FULL`: a commit is on the disk when it returns. Statements run on the calling thread (`Inline`), so that
//! the text of the store, which is async for the servers' sake, costs no thread hop here.

mod copy;
mod dialect;
mod file;
mod session;

#[path = "../store/mod.rs"]
mod store;

use crate::error::Fault;
use crate::{Opened, StoreOptions};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ports::driven::StoreError;
use session::Session;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

pub(crate) use file::{backup, check, migrate};

/// What this version expects of the tables.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How many connections read.
const READERS: usize = 3;

/// A connection whose statements run where they are awaited.
pub(crate) type Conn = SyncConnectionWrapper<SqliteConnection, Inline>;

/// Runs what would block at once, on this thread.
pub(crate) struct Inline;

impl SpawnBlocking for Inline {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        std::future::ready(Ok(task())).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// The file of a URL: `sqlite://path`, `sqlite:path` or a path.
pub(crate) fn path_of(url: &str) -> PathBuf {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    PathBuf::from(path)
}

/// Opens the store: alone, as the one process that writes it, or to read beside such a process.
pub(crate) fn open(url: &str, options: StoreOptions) -> Result<Opened, StoreError> {
    let path = path_of(url);
    if !options.serve && !options.change {
        return read_only(&path, options);
    }
    let mut session = if options.serve {
        let session = Session::lock(&path, options.reserve)?;
        file::migrate_file(&path).map_err(StoreError::from)?;
        session
    } else {
        beside(&path)?
    };
    let conn = connect(&path, Role::Writer)?;
    session.opened();
    session.lay_reserve();
    let reader = Reader::open(&path)?;
    let (store, writer, ended) = store::Store::new(session, reader, options.node, options.clock, None);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let thread = std::thread::Builder::new().name("store-writer".to_owned());
    let spawned = thread.spawn(move || runtime.block_on(writer.run(conn)));
    spawned.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    Ok(Opened::new(&Arc::new(store), ended))
}

/// A session beside a process that may serve: what the writer remembers only saves time, so short changes of another process are
/// safe. The tables must be there already.
fn beside(path: &Path) -> Result<Session, StoreError> {
    crate::migrations::up_to_date(file::pending(path)?)?;
    Ok(Session::none(path))
}

/// A store that answers questions and refuses changes.
fn read_only(path: &Path, options: StoreOptions) -> Result<Opened, StoreError> {
    let mut conn = connect(path, Role::Reader)?;
    store::tables_are_there(&mut conn).now_or_never().unwrap_or(Ok(()))?;
    drop(conn);
    let reader = Reader::open(path)?;
    let session = Session::none(path);
    let (store, writer, ended) = store::Store::new(session, reader, options.node, options.clock, None);
    // Without its writer the queue is closed: changes are refused.
    drop(writer);
    Ok(Opened::new(&Arc::new(store.for_command()), ended))
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that writes.
    Writer,
    /// Those that read.
    Reader,
}

/// A connection.
pub(crate) fn connect(path: &Path, role: Role) -> Result<Conn, StoreError> {
    establish(path, role).map(SyncConnectionWrapper::new).map_err(StoreError::from)
}

fn establish(path: &Path, role: Role) -> Result<SqliteConnection, Fault> {
    if role == Role::Reader && !path.exists() {
        return Err(Fault::Lost(format!(
            "there is no store at {}: the server makes it when it first starts",
            path.display()
        )));
    }
    let name = path.to_str().ok_or_else(|| Fault::Lost("the path is not UTF-8".to_owned()))?;
    let mut conn = SqliteConnection::establish(name).map_err(|e| Fault::Lost(e.to_string()))?;
    let common = "PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;";
    let own = match role {
        // The writer copies the log into the file itself, in pieces large enough that pages written often are copied seldom.
        Role::Writer => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; \
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;"
        }
        Role::Reader => "PRAGMA cache_size = -4096; PRAGMA query_only = ON;",
    };
    conn.batch_execute(common)?;
    conn.batch_execute(own)?;
    Ok(conn)
}

/// Connections that read, on blocking threads.
pub(crate) struct Reader {
    idle: Arc<Mutex<Vec<Conn>>>,
    permits: Arc<Semaphore>,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let idle = (0..READERS).map(|_| connect(path, Role::Reader)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { idle: Arc::new(Mutex::new(idle)), permits: Arc::new(Semaphore::new(READERS)) })
    }

    /// As [`Reader::read`], which has no time limit here.
    pub(crate) async fn read_at_leisure<R, F>(&self, question: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, diesel::QueryResult<R>> + Send + 'static,
    {
        self.read(question).await
    }

    /// Asks the database something.
    pub(crate) async fn read<R, F>(&self, question: F) -> Result<R, StoreError>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, diesel::QueryResult<R>> + Send + 'static,
    {
        let closed = |text: String| StoreError::Unavailable(text);
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|e| closed(e.to_string()))?;
        let idle = Arc::clone(&self.idle);
        let asked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut conn = taken.ok_or_else(|| closed("no connection is left".to_owned()))?;
            let answer = question(&mut conn).now_or_never();
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            let answer = answer.ok_or_else(|| closed("a statement did not finish".to_owned()))?;
            answer.map_err(crate::error::of_reading)
        });
        asked.await.map_err(|e| closed(e.to_string()))?
    }
}
