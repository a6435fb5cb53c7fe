//! What is SQLite's own: rows go in one by one with a statement that stays prepared, inside the writer's one transaction.

use super::Conn;
use crate::one_by_one::{ChangeEach, DeleteEach, InsertEach};
use crate::rows::{AWAITING_COLUMNS, Awaited, AwaitedSql, EARLY_COLUMNS, EarlySql, StoredEarly};
use crate::statement::{Pieces, Repeated, Sql};
use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl};

/// Takes the write lock at once: there is one writer, and it never waits for itself.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
/// One writer needs no row locks.
pub(super) const FOR_UPDATE: &str = "";
/// As above.
pub(super) const SKIP_LOCKED: &str = "";
/// Nobody else writes.
pub(super) const SOLE: bool = true;

/// What waits in a queue: the very words of the partial indexes.
pub(super) const WAITING: &[&str] = &["state < 2"];

/// A number of 64 bits.
pub(super) fn bigint(expression: &str) -> String {
    expression.to_owned()
}

/// A number that changes with every commit of another connection, if there is one.
pub(super) async fn version(conn: &mut Conn) -> QueryResult<Option<i64>> {
    let found: Vec<i64> = Sql::<BigInt>::new("PRAGMA data_version", Vec::new()).rows(conn).await?;
    Ok(found.first().copied())
}

/// Inserts rows.
pub(super) async fn insert<T: InsertEach>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    conn.spawn_blocking(move |conn| T::insert_each(conn, &rows)).await
}

/// Changes messages; says of each whether it was there and the fence held.
pub(super) async fn change<T: ChangeEach>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<(Vec<T>, Vec<bool>)> {
    conn.spawn_blocking(move |conn| T::change_each(conn, &rows).map(|done| (rows, done))).await
}

/// Deletes rows by their keys.
pub(super) async fn delete<T: DeleteEach>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    conn.spawn_blocking(move |conn| T::delete_each(conn, &rows)).await
}

/// Deletes rows that are too old, at most so many.
pub(super) async fn delete_old(
    conn: &mut Conn,
    table: &str,
    column: &str,
    key: &str,
    before: i64,
    limit: usize,
) -> QueryResult<usize> {
    let text = format!(
        "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {column} <= ? ORDER BY {column} LIMIT ?)"
    );
    Sql::<()>::new(text, vec![before.into(), limit.into()]).run(conn).await
}

/// The awaited parts under these links and keys.
pub(super) async fn awaited(conn: &mut Conn, keys: Vec<(String, String)>) -> QueryResult<Vec<Awaited>> {
    conn.spawn_blocking(move |conn| {
        let text = format!("SELECT {AWAITING_COLUMNS} FROM awaiting WHERE link = ? AND op_key = ?");
        let pieces = Pieces::of(&text);
        let mut found = Vec::with_capacity(keys.len());
        for (link, key) in &keys {
            let binds = vec![link.as_str().into(), key.as_str().into()];
            let rows: Vec<Awaited> = Repeated::<Awaited, AwaitedSql>::new(&pieces, binds).load(conn)?;
            found.extend(rows);
        }
        Ok(found)
    })
    .await
}

/// The parked receipts under these links and keys.
pub(super) async fn early(conn: &mut Conn, keys: Vec<(String, String)>) -> QueryResult<Vec<StoredEarly>> {
    conn.spawn_blocking(move |conn| {
        let text = format!("SELECT {EARLY_COLUMNS} FROM early_receipt WHERE link = ? AND op_key = ?");
        let pieces = Pieces::of(&text);
        let mut found = Vec::new();
        for (link, key) in &keys {
            let binds = vec![link.as_str().into(), key.as_str().into()];
            let rows: Vec<StoredEarly> = Repeated::<StoredEarly, EarlySql>::new(&pieces, binds).load(conn)?;
            found.extend(rows);
        }
        Ok(found)
    })
    .await
}
