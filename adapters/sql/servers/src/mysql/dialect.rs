//! What is MySQL's own: no `RETURNING`, no partial indexes, and rows are found by conditions, not by lists of pairs.

use super::Conn;
use crate::batches;
use crate::rows::{AWAITING_COLUMNS, Awaited, AwaitedSql, EARLY_COLUMNS, EarlySql, StoredEarly};
use crate::statement::{Bind, Change, Doomed, Record, Sql};
use diesel::QueryResult;

/// Begins a transaction.
pub(super) const BEGIN: &str = "START TRANSACTION";
/// Holds rows until the commit.
pub(super) const FOR_UPDATE: &str = " FOR UPDATE";
/// Holds rows that nobody else holds.
pub(super) const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";
/// Other nodes write too.
pub(super) const SOLE: bool = false;

/// What waits in a queue: one state at a time, so that the index gives the order.
pub(super) const WAITING: &[&str] = &["state = 0", "state = 1"];

/// A number of 64 bits.
pub(super) fn bigint(expression: &str) -> String {
    format!("CAST({expression} AS SIGNED)")
}

/// A server has no number that tells of others' commits: what they may change is not remembered.
pub(super) async fn version(_conn: &mut Conn) -> QueryResult<Option<i64>> {
    Ok(None)
}

/// Inserts rows.
pub(super) async fn insert<T: Record>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    let verb = if T::IGNORE { "INSERT IGNORE" } else { "INSERT" };
    let mut rest = rows.as_slice();
    let mut count = 0;
    while let Some((some, more)) =
        rest.split_at_checked(batches::piece(rest.len())).filter(|(s, _)| !s.is_empty())
    {
        let text = batches::insert_text::<T>(verb, some.len(), "");
        count += Sql::<()>::new(text, batches::insert_binds(some)).run(conn).await?;
        rest = more;
    }
    Ok(count)
}

/// Changes messages; says of each whether it was there and the fence held.
pub(super) async fn change<T: Change>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<(Vec<T>, Vec<bool>)> {
    // Left alone it takes the index of what is held, and locks all of that for each row.
    let text = batches::change_one::<T>(" FORCE INDEX (PRIMARY)");
    let mut done = Vec::with_capacity(rows.len());
    for row in &rows {
        done.push(Sql::<()>::new(text.as_str(), row.binds()).run(conn).await? > 0);
    }
    Ok((rows, done))
}

/// Deletes rows by their keys.
pub(super) async fn delete<T: Doomed>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    let all: Vec<&T> = rows.iter().collect();
    let mut count = 0;
    for some in batches::padded(&all) {
        let text = format!("DELETE FROM {} WHERE {}", T::TABLE, batches::any_of(T::COLUMNS, some.len()));
        let binds = some.iter().flat_map(|row| row.binds()).collect();
        count += Sql::<()>::new(text, binds).run(conn).await?;
    }
    Ok(count)
}

/// Deletes rows that are too old, at most so many.
pub(super) async fn delete_old(
    conn: &mut Conn,
    table: &str,
    column: &str,
    _key: &str,
    before: i64,
    limit: usize,
) -> QueryResult<usize> {
    let text = format!("DELETE FROM {table} WHERE {column} <= ? ORDER BY {column} LIMIT ?");
    Sql::<()>::new(text, vec![before.into(), limit.into()]).run(conn).await
}

/// The awaited parts under these links and keys.
pub(super) async fn awaited(conn: &mut Conn, keys: Vec<(String, String)>) -> QueryResult<Vec<Awaited>> {
    let mut found = Vec::with_capacity(keys.len());
    for some in batches::padded(&keys) {
        let any = batches::any_of(&["link", "op_key"], some.len());
        let text = format!("SELECT {AWAITING_COLUMNS} FROM awaiting WHERE {any}");
        let rows: Vec<Awaited> = Sql::<AwaitedSql>::new(text, pairs(&some)).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The parked receipts under these links and keys.
pub(super) async fn early(conn: &mut Conn, keys: Vec<(String, String)>) -> QueryResult<Vec<StoredEarly>> {
    let mut found = Vec::new();
    for some in batches::padded(&keys) {
        let any = batches::any_of(&["link", "op_key"], some.len());
        let text = format!("SELECT {EARLY_COLUMNS} FROM early_receipt WHERE {any}");
        let rows: Vec<StoredEarly> = Sql::<EarlySql>::new(text, pairs(&some)).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

fn pairs(keys: &[(String, String)]) -> Vec<Bind<'_>> {
    keys.iter().flat_map(|(link, key)| [link.as_str().into(), key.as_str().into()]).collect()
}
