//! The file itself: migrations, backup, and whether it is sound.

use super::{MIGRATIONS, Role, Session, copy, establish, path_of};
use crate::error::Fault;
use crate::{Checked, migrations};
use diesel::sql_types::Text;
use diesel::sqlite::SqliteConnection;
use diesel::{QueryResult, RunQueryDsl};
use diesel_migrations::MigrationHarness;
use ports::driven::StoreError;
use std::path::{Path, PathBuf};

use crate::statement::Sql;

/// Brings the tables up to date; takes the store for itself while it does. The names of what was applied.
pub(crate) fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    let path = path_of(url);
    let _session = Session::lock(&path, 0)?;
    migrate_file(&path).map_err(StoreError::from)
}

/// As [`migrate`], with the lock already held. A store that has rows is copied first.
pub(super) fn migrate_file(path: &Path) -> Result<Vec<String>, Fault> {
    let fresh = !path.exists();
    if fresh {
        // Its log files get the same rights. Opening says what stands in the way.
        let _ = copy::private(path);
    }
    let mut conn = establish(path, Role::Writer)?;
    let applied = conn.applied_migrations().map_err(migrations::failed)?;
    migrations::not_newer(&applied, &migrations::versions::<diesel::sqlite::Sqlite>(&MIGRATIONS)?)?;
    let pending = conn.pending_migrations(MIGRATIONS).map_err(migrations::failed)?;
    let Some(first) = pending.first() else { return Ok(Vec::new()) };
    if !fresh && !applied.is_empty() {
        let to = copy_name(path, &first.name().to_string());
        tracing::info!(copy = %to.display(), "copying the store before it is changed");
        // One that a stopped migration left is replaced: the store has not changed since.
        copy::copy(&mut conn, &to)?;
    }
    drop(pending);
    let done = conn.run_pending_migrations(MIGRATIONS).map_err(migrations::failed)?;
    Ok(done.iter().map(ToString::to_string).collect())
}

fn copy_name(path: &Path, migration: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{migration}"));
    PathBuf::from(name)
}

/// Copies the store to a new file while it is in use, and verifies the copy.
pub(crate) fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Data(format!("{} is there already", to.display())));
    }
    let mut conn = establish(&path_of(url), Role::Reader)?;
    copy::copy(&mut conn, to).map_err(StoreError::from)
}

/// What `integrity_check` finds wrong.
pub(super) fn complaints(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let lines: Vec<String> = Sql::<Text>::varying("PRAGMA integrity_check(20)", Vec::new()).load(conn)?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// How many migrations are missing.
pub(super) fn pending(path: &Path) -> Result<usize, StoreError> {
    let mut conn = establish(path, Role::Reader)?;
    let applied = conn.applied_migrations().map_err(migrations::failed)?;
    let all = migrations::versions::<diesel::sqlite::Sqlite>(&MIGRATIONS)?;
    migrations::not_newer(&applied, &all)?;
    Ok(all.len().saturating_sub(applied.len()))
}

/// Looks the store over without changing it.
pub(crate) fn check(url: &str) -> Result<Checked, StoreError> {
    let path = path_of(url);
    let mut conn = establish(&path, Role::Reader)?;
    let version: Vec<String> = Sql::<Text>::varying("SELECT sqlite_version()", Vec::new())
        .load(&mut conn)
        .map_err(crate::error::of_reading)?;
    let applied = conn.applied_migrations().map_err(migrations::failed)?;
    let all = migrations::versions::<diesel::sqlite::Sqlite>(&MIGRATIONS)?;
    migrations::not_newer(&applied, &all)?;
    let wrong = complaints(&mut conn).map_err(crate::error::of_reading)?;
    Ok(Checked {
        server: format!("SQLite {}", version.join("")),
        pending: all.len().saturating_sub(applied.len()),
        wrong,
    })
}
