//! MariaDB, for shops that run one, by the protocol and the driver of MySQL. One writer connection for each node, a pool for reading.
//!
//! Refuses to serve over a server that does not sync its log at each commit, and MySQL itself, which lacks what the migrations and the
//! writer rely on. TLS by the URL (`require_ssl=true`).

mod dialect;
mod version;

#[path = "../pool.rs"]
mod pool;
#[path = "../../../src/store/mod.rs"]
mod store;

use crate::error::Fault;
use crate::statement::Sql;
use crate::{Checked, Opened, StoreOptions, migrations};
use diesel::sql_types::Text;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncMigrationHarness, AsyncMysqlConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mysql_async::{Opts, OptsBuilder};
use pool::Reader;
use ports::driven::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// What this version expects of the tables.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/mysql");

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long callers wait for a commit.
const PATIENCE: Duration = Duration::from_secs(5);

/// For what takes as long as a table is large, where the server has a limit.
const UNHURRIED: &str = "SET SESSION max_statement_time = 0";

/// A connection.
pub(crate) type Conn = AsyncMysqlConnection;

/// Opens the store and brings its tables up to date.
pub async fn open(url: &str, options: StoreOptions) -> Result<Opened, StoreError> {
    let mut session = Session { url: url.to_owned() };
    if options.serve {
        migrate(url).await?;
    } else if options.change {
        migrations::up_to_date(check(url).await?.pending)?;
    }
    let mut conn = session.connect().await?;
    let wrong = lax(&mut conn).await?.1;
    if let Some(why) = wrong.first().filter(|_| options.serve) {
        return Err(StoreError::Unavailable(why.clone()));
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

/// Connects. Rows found count as changed, so that a fence is told from a change that changes nothing.
fn connect(url: String) -> BoxFuture<'static, ConnectionResult<Conn>> {
    async move {
        let bad = |e: &dyn std::fmt::Display| ConnectionError::BadConnection(e.to_string());
        let options =
            Opts::from_url(&url).map_err(|e| ConnectionError::InvalidConnectionUrl(e.to_string()))?;
        let options = OptsBuilder::from_opts(options)
            .client_found_rows(true)
            .stmt_cache_size(0)
            .tcp_keepalive(Some(10_000_u32));
        let conn = mysql_async::Conn::new(options).await.map_err(|e| bad(&e))?;
        let mut conn = Conn::try_from(conn).await?;
        for text in [
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            // A node that is gone without a word (no power, no network) leaves a transaction and its locks behind, which others wait for:
            // the server ends it after five seconds. Who waits comes to know sooner; no transaction of ours pauses for long.
            "SET SESSION innodb_lock_wait_timeout = 2 /*M! , SESSION idle_transaction_timeout = 5 */",
            // Its errors are told apart by their words.
            "SET SESSION lc_messages = 'en_US'",
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
        ] {
            conn.batch_execute(text).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        }
        Ok(conn)
    }
    .boxed()
}

/// The writer's hold on the database.
pub(crate) struct Session {
    url: String,
}

impl Session {
    /// There is nothing to do after a commit.
    pub(crate) async fn written(&mut self, _conn: &mut Conn, _rows: usize) -> diesel::QueryResult<()> {
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
        connected.map_err(|e| Fault::Lost(e.to_string()))
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
    }
}

/// The server's version, and what it does not promise. Another product, or one that is too old, is an error.
async fn lax(conn: &mut Conn) -> Result<(String, Vec<String>), StoreError> {
    let text = "SELECT CONCAT(VERSION()) UNION ALL SELECT CONCAT(@@innodb_flush_log_at_trx_commit) \
                UNION ALL SELECT CONCAT(@@innodb_doublewrite) UNION ALL SELECT CONCAT(@@log_bin) \
                UNION ALL SELECT CONCAT(@@sync_binlog)";
    let found: Vec<String> =
        Sql::<Text>::varying(text, Vec::new()).rows(conn).await.map_err(crate::error::of_reading)?;
    let setting = |n: usize| found.get(n).map_or("", String::as_str);
    let server = version::supported(setting(0)).map_err(StoreError::Data)?;
    let mut wrong = Vec::new();
    if setting(1) != "1" {
        wrong.push(format!(
            "innodb_flush_log_at_trx_commit is {}: what is accepted may be lost; it must be 1",
            setting(1)
        ));
    }
    if matches!(setting(2), "0" | "OFF") {
        wrong.push("innodb_doublewrite is off: a power cut may damage the tables".to_owned());
    }
    if matches!(setting(3), "1" | "ON") && setting(4) != "1" {
        wrong.push(format!(
            "the binary log is on and sync_binlog is {}: what is accepted may be rolled back after a power cut; it must be 1",
            setting(4)
        ));
    }
    Ok((server, wrong))
}

/// Brings the tables up to date; one node at a time. The names of what was applied.
pub async fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    let mut conn = Session { url: url.to_owned() }.connect().await?;
    lax(&mut conn).await?;
    // Another node that is at it is waited for, however large the tables are; one that is gone without a word for a minute.
    for text in [
        UNHURRIED,
        "SET SESSION wait_timeout = 60",
        "SELECT GET_LOCK(CONCAT('omnigate ', DATABASE()), 604800)",
    ] {
        conn.batch_execute(text).await.map_err(crate::error::of_reading)?;
    }
    let work = move || -> Result<Vec<String>, Fault> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let applied = harness.applied_migrations().map_err(migrations::failed)?;
        migrations::not_newer(&applied, &migrations::versions::<diesel::mysql::Mysql>(&MIGRATIONS)?)?;
        let done = harness.run_pending_migrations(MIGRATIONS).map_err(migrations::failed)?;
        let names = done.iter().map(ToString::to_string).collect();
        // The lock goes with the connection.
        drop(harness);
        Ok(names)
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    done.map_err(StoreError::from)
}

/// Looks the database over without changing it.
pub async fn check(url: &str) -> Result<Checked, StoreError> {
    let mut conn = Session { url: url.to_owned() }.connect().await?;
    let (server, wrong) = lax(&mut conn).await?;
    let work = move || -> Result<usize, Fault> {
        let mut harness = AsyncMigrationHarness::new(conn);
        let applied = harness.applied_migrations().map_err(migrations::failed)?;
        let known = migrations::versions::<diesel::mysql::Mysql>(&MIGRATIONS)?;
        migrations::not_newer(&applied, &known)?;
        Ok(known.len().saturating_sub(applied.len()))
    };
    let pending =
        tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
    Ok(Checked { server, pending: pending?, wrong })
}
