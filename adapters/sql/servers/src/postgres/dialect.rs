//! What is PostgreSQL's own: many rows in one statement, `RETURNING`, row locks that are skipped.

use super::Conn;
use crate::batches;
use crate::rows::{AWAITING_COLUMNS, Awaited, AwaitedSql, EARLY_COLUMNS, EarlySql, StoredEarly};
use crate::statement::{Change, Doomed, Record, Sql};
use diesel::QueryResult;
use diesel::sql_types::BigInt;

/// Begins a transaction.
pub(super) const BEGIN: &str = "BEGIN";
/// Holds rows until the commit.
pub(super) const FOR_UPDATE: &str = " FOR UPDATE";
/// Holds rows that nobody else holds.
pub(super) const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";
/// Other nodes write too.
pub(super) const SOLE: bool = false;

/// What waits in a queue: the very words of the partial indexes.
pub(super) const WAITING: &[&str] = &["state < 2"];

/// A number of 64 bits.
pub(super) fn bigint(expression: &str) -> String {
    format!("CAST({expression} AS BIGINT)")
}

/// A server has no number that tells of others' commits: what they may change is not remembered.
pub(super) async fn version(_conn: &mut Conn) -> QueryResult<Option<i64>> {
    Ok(None)
}

/// Inserts rows.
pub(super) async fn insert<T: Record>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    let after = if T::IGNORE { " ON CONFLICT DO NOTHING" } else { "" };
    let mut rest = rows.as_slice();
    let mut count = 0;
    while let Some((some, more)) =
        rest.split_at_checked(batches::piece(rest.len())).filter(|(s, _)| !s.is_empty())
    {
        let text = batches::insert_text::<T>("INSERT", some.len(), after);
        count += Sql::<()>::new(text, batches::insert_binds(some)).run(conn).await?;
        rest = more;
    }
    Ok(count)
}

/// Changes messages; says of each whether it was there and the fence held.
pub(super) async fn change<T: Change>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<(Vec<T>, Vec<bool>)> {
    let mut done = vec![false; rows.len()];
    let width = batches::change_width::<T>();
    let names: Vec<_> = (0..width).map(|n| format!("c{n}")).collect();
    let mut from = 0;
    while let Some(rest) = rows.get(from..).filter(|rest| !rest.is_empty()) {
        let some = rest.get(..batches::piece(rest.len())).unwrap_or(rest);
        let text = format!(
            "UPDATE message AS m SET {} FROM (VALUES {}) AS v ({}, n) WHERE {} RETURNING v.n",
            batches::change_set::<T>(""),
            batches::rows_of_places(some.len(), width + 1),
            names.join(", "),
            batches::change_where::<T>(),
        );
        let mut binds = Vec::with_capacity(some.len() * (width + 1));
        for (n, row) in some.iter().enumerate() {
            binds.extend(row.binds());
            binds.push((from + n).into());
        }
        let changed: Vec<i64> = Sql::<BigInt>::new(text, binds).rows(conn).await?;
        for n in changed {
            if let Some(done) = usize::try_from(n).ok().and_then(|n| done.get_mut(n)) {
                *done = true;
            }
        }
        from += some.len();
    }
    Ok((rows, done))
}

/// Deletes rows by their keys.
pub(super) async fn delete<T: Doomed>(conn: &mut Conn, rows: Vec<T>) -> QueryResult<usize> {
    let all: Vec<&T> = rows.iter().collect();
    let mut count = 0;
    for some in batches::padded(&all) {
        let binds = some.iter().flat_map(|row| row.binds()).collect();
        let fits: Vec<_> =
            T::COLUMNS.iter().enumerate().map(|(n, column)| format!("{column} = v.k{n}")).collect();
        let keys = values(T::COLUMNS, some.len());
        let text = format!("DELETE FROM {} USING {keys} WHERE {}", T::TABLE, fits.join(" AND "));
        count += Sql::<()>::new(text, binds).run(conn).await?;
    }
    Ok(count)
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
    let mut found = Vec::with_capacity(keys.len());
    for some in batches::padded(&keys) {
        let keys = values(&["link", "op_key"], some.len());
        let text =
            format!("SELECT {AWAITING_COLUMNS} FROM awaiting JOIN {keys} ON link = v.k0 AND op_key = v.k1");
        let binds = some.iter().flat_map(|(link, key)| [link.as_str().into(), key.as_str().into()]).collect();
        let rows: Vec<Awaited> = Sql::<AwaitedSql>::new(text, binds).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The parked receipts under these links and keys.
pub(super) async fn early(conn: &mut Conn, keys: Vec<(String, String)>) -> QueryResult<Vec<StoredEarly>> {
    let mut found = Vec::new();
    for some in batches::padded(&keys) {
        let keys = values(&["link", "op_key"], some.len());
        let text =
            format!("SELECT {EARLY_COLUMNS} FROM early_receipt JOIN {keys} ON link = v.k0 AND op_key = v.k1");
        let binds = some.iter().flat_map(|(link, key)| [link.as_str().into(), key.as_str().into()]).collect();
        let rows: Vec<StoredEarly> = Sql::<EarlySql>::new(text, binds).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// A table of keys to join with: by a list of pairs, PostgreSQL would look each up by a scan of its own.
fn values(columns: &[&str], rows: usize) -> String {
    let names: Vec<_> = (0..columns.len()).map(|n| format!("k{n}")).collect();
    format!("(VALUES {}) AS v ({})", batches::rows_of_places(rows, columns.len()), names.join(", "))
}
