//! PostgreSQL: what several nodes share. One writer connection for each node, a pool for reading.
//!
//! A commit is on the server's disk when it returns: `synchronous_commit` is put right where it is too lax, and a server that does not
//! sync is refused. TLS by the URL's `sslmode` (`prefer` unless it says otherwise).

mod dialect;
mod server;
mod tls;

#[path = "../pool.rs"]
mod pool;
#[path = "../../../src/store/mod.rs"]
mod store;

use crate::error::Fault;
use crate::{Checked, Opened, StoreOptions, migrations};
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use pool::Reader;
use ports::driven::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What this version expects of the tables.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long callers wait for a commit.
const PATIENCE: Duration = Duration::from_secs(5);

/// For what takes as long as a table is large.
const UNHURRIED: &str = "SET statement_timeout = 0; SET lock_timeout = 0";
/// A table that others use is not waited for as long: everybody else would wait behind us.
const HURRIED: &str = "SET lock_timeout = '5s'";
/// One node migrates at a time.
const LOCK: &str = "SELECT pg_advisory_lock(7305809131)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7305809131)";

/// What every connection begins with. A node that is gone without a word (no power, no network) leaves a transaction and its locks
/// behind, which others wait for: the server ends it after five seconds, and a session of which nothing is heard after half a minute.
/// Waiting for a lock ends sooner than that, so that whoever waits comes to know; no transaction of ours pauses for long.
const SETUP: &str = "SET statement_timeout = '30s'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'; \
                     SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4; \
                     SET default_transaction_isolation = 'read committed'; \
                     SELECT set_config('synchronous_commit', 'on', false) \
                     WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// Errors are told apart by their words, as drivers keep the codes to themselves: in English where this user may choose (a superuser, or who was
/// granted it). Where he may not, nothing is said, not even in the server's log; what is not understood is tried again and by itself.
const IN_ENGLISH: &str = "DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
                          EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// A connection.
pub(crate) type Conn = AsyncPgConnection;

/// Opens the store and brings its tables up to date.
pub async fn open(url: &str, options: StoreOptions) -> Result<Opened, StoreError> {
    let mut session = Session::to(url);
    let mut conn = session.connect().await?;
    let looked = server::look(&mut conn).await?;
    if options.serve {
        looked.to_serve()?;
        migrate(url).await?;
    } else if options.change {
        migrations::up_to_date(check(url).await?.pending)?;
    }
    if !options.serve {
        store::tables_are_there(&mut conn).await?;
    }
    let reader = Reader::new(url)?;
    let (store, writer, ended) =
        store::Store::new(session, reader, options.node, options.clock, Some(PATIENCE));
    if options.serve || options.change {
        tokio::spawn(writer.run(conn));
    }
    let store = if options.serve { store } else { store.for_command() };
    Ok(Opened::new(&Arc::new(store), ended))
}

/// Connects; limits what a statement may take.
fn connect(url: String) -> BoxFuture<'static, ConnectionResult<Conn>> {
    async move {
        let bad = |e: &dyn std::error::Error| ConnectionError::BadConnection(whole(e));
        let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| bad(&e))?;
        config.connect_timeout(CONNECT).keepalives_idle(Duration::from_secs(10)).application_name("omnigate");
        config.tcp_user_timeout(Duration::from_secs(15));
        let mut conn = if config.get_ssl_mode() == SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await.map_err(|e| bad(&e))?;
            Conn::try_from_client_and_connection(client, connection).await?
        } else {
            let tls = tls::client(config.get_ssl_mode()).map_err(|e| bad(&e))?;
            let (client, connection) =
                config.connect(MakeRustlsConnect::new(tls.config().clone())).await.map_err(|e| bad(&e))?;
            Conn::try_from_client_and_connection(client, connection).await?
        };
        conn.batch_execute(SETUP).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        if let Err(error) = conn.batch_execute(IN_ENGLISH).await {
            tracing::debug!(%error, "the server goes on in its own language");
        }
        Ok(conn)
    }
    .boxed()
}

/// An error with its causes: the driver's own words are only where it happened, not what.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup_by(|text, before| before.ends_with(text.as_str()));
    texts.join(": ")
}

/// Rows written between two counts of the tables, at most.
const COUNTED: usize = 200_000;

/// The writer's hold on the database.
pub(crate) struct Session {
    url: String,
    written: usize,
    count_at: usize,
    counting: Option<JoinHandle<()>>,
}

impl Session {
    fn to(url: &str) -> Self {
        Self { url: url.to_owned(), written: 0, count_at: 500, counting: None }
    }

    /// Lets the server count its tables as they grow. Plans are kept, and the first are made while the tables are empty: without a
    /// count they would go on reading whole tables until the server's own turn comes. Nothing waits for it.
    pub(crate) async fn written(&mut self, _conn: &mut Conn, rows: usize) -> QueryResult<()> {
        self.written += rows;
        let counting = self.counting.as_ref().is_some_and(|counting| !counting.is_finished());
        if self.written < self.count_at || counting {
            return Ok(());
        }
        self.count_at = self.written + self.written.min(COUNTED);
        self.counting = Some(tokio::spawn(count(self.url.clone())));
        Ok(())
    }

    /// Where the server keeps what it commits is its affair.
    pub(crate) fn is_whole(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// There is no log of ours to be left.
    pub(crate) async fn leave(&self, _conn: &mut Conn) {}

    /// A fresh connection.
    pub(crate) async fn connect(&mut self) -> Result<Conn, Fault> {
        let late = |_| Fault::Lost("the database does not answer".to_owned());
        let connected = tokio::time::timeout(CONNECT, connect(self.url.clone())).await.map_err(late)?;
        let mut conn = connected.map_err(|e| Fault::Lost(e.to_string()))?;
        // Everything the writer asks has an index, and nothing it asks is worth compiling.
        conn.batch_execute("SET enable_seqscan = off; SET jit = off").await?;
        Ok(conn)
    }

    /// The server's disk is the server's affair.
    pub(crate) fn release_reserve(&self) {}

    /// There is room when a write says so.
    pub(crate) fn restore_reserve(&self) -> bool {
        true
    }

    /// Nothing is left behind.
    pub(crate) async fn close(self, conn: Option<Conn>) {
        drop(conn);
        if let Some(counting) = self.counting {
            counting.abort();
        }
    }
}

/// Lets the server count. A table that is being vacuumed is left out: waiting for that would make the server break it off, each time anew.
async fn count(url: String) {
    let counted = async {
        let mut conn = connect(url).await.map_err(|e| e.to_string())?;
        conn.batch_execute("ANALYZE (SKIP_LOCKED) message, awaiting, handoff")
            .await
            .map_err(|e| e.to_string())
    };
    if let Err(error) = counted.await {
        tracing::warn!(%error, "the server did not count its tables; it is asked again as they grow");
    }
}

/// Brings the tables up to date. The names of what was applied.
pub async fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    let mut conn = Session::to(url).connect().await?;
    // Another node that is at it is waited for.
    for text in [UNHURRIED, LOCK, HURRIED, "RESET enable_seqscan"] {
        conn.batch_execute(text).await.map_err(crate::error::of_reading)?;
    }
    let work = move || -> Result<Vec<String>, Fault> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let applied = harness.applied_migrations().map_err(migrations::failed)?;
        migrations::not_newer(&applied, &migrations::versions::<diesel::pg::Pg>(&MIGRATIONS)?)?;
        let done = harness.run_pending_migrations(MIGRATIONS).map_err(migrations::failed)?;
        let names = done.iter().map(ToString::to_string).collect();
        let mut conn = harness.into_inner();
        tokio::runtime::Handle::current().block_on(conn.batch_execute(UNLOCK))?;
        Ok(names)
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    done.map_err(StoreError::from)
}

/// Looks the database over without changing it.
pub async fn check(url: &str) -> Result<Checked, StoreError> {
    let mut conn = Session::to(url).connect().await?;
    let server::Looked { server, refused: mut wrong, doubtful } = server::look(&mut conn).await?;
    wrong.extend(doubtful);
    let work = move || -> Result<usize, Fault> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let applied = harness.applied_migrations().map_err(migrations::failed)?;
        let known = migrations::versions::<diesel::pg::Pg>(&MIGRATIONS)?;
        migrations::not_newer(&applied, &known)?;
        Ok(known.len().saturating_sub(applied.len()))
    };
    let pending =
        tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    Ok(Checked { server, pending: pending?, wrong })
}
