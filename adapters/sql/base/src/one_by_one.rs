//! Rows that SQLite takes one by one, each kind with a statement that stays prepared.
//!
//! Written for each kind here, because what is generic is compiled, and optimised, as the crate that calls it (docs/adr/0019): these loops are
//! a third of the writer's time.

use crate::batches;
use crate::rows::{
    Awaited, DeadlineRow, Diverted, EarlyReceipt, Folded, HandoffName, HandoffRow, Incoming, MoPartRow,
    MoRow, SeenRow, Settled, StoredEarly,
};
use crate::statement::{Change, Doomed, Pieces, Record, Repeated};
use diesel::sqlite::SqliteConnection;
use diesel::{QueryResult, RunQueryDsl};

/// Rows that are inserted.
pub trait InsertEach: Record + Sized {
    /// Inserts them; how many were not there.
    fn insert_each(conn: &mut SqliteConnection, rows: &[Self]) -> QueryResult<usize>;
}

/// Messages that are changed.
pub trait ChangeEach: Change + Sized {
    /// Changes them; of each whether it was there and the fence held.
    fn change_each(conn: &mut SqliteConnection, rows: &[Self]) -> QueryResult<Vec<bool>>;
}

/// Rows that are deleted.
pub trait DeleteEach: Doomed + Sized {
    /// Deletes them; how many were there.
    fn delete_each(conn: &mut SqliteConnection, rows: &[Self]) -> QueryResult<usize>;
}

macro_rules! each {
    ($trait:ident::$name:ident by $how:ident -> $answer:ty: $($row:ty),+) => {$(
        impl $trait for $row {
            fn $name(conn: &mut SqliteConnection, rows: &[Self]) -> QueryResult<$answer> {
                $how(conn, rows)
            }
        }
    )+};
}

each!(InsertEach::insert_each by insert -> usize:
    Incoming, Awaited, EarlyReceipt, HandoffRow, DeadlineRow, MoRow, MoPartRow, SeenRow);
each!(ChangeEach::change_each by change -> Vec<bool>: Settled, Folded, Diverted);
each!(DeleteEach::delete_each by delete -> usize: Awaited, HandoffName, StoredEarly, DeadlineRow);

fn insert<T: Record>(conn: &mut SqliteConnection, rows: &[T]) -> QueryResult<usize> {
    let verb = if T::IGNORE { "INSERT OR IGNORE" } else { "INSERT" };
    let text = batches::insert_text::<T>(verb, 1, "");
    let pieces = Pieces::of(&text);
    let mut count = 0;
    for row in rows {
        count += Repeated::<(T, Insert)>::new(&pieces, row.binds()).execute(conn)?;
    }
    Ok(count)
}

fn change<T: Change>(conn: &mut SqliteConnection, rows: &[T]) -> QueryResult<Vec<bool>> {
    let text = batches::change_one::<T>("");
    let pieces = Pieces::of(&text);
    let mut done = Vec::with_capacity(rows.len());
    for row in rows {
        done.push(Repeated::<(T, Update)>::new(&pieces, row.binds()).execute(conn)? > 0);
    }
    Ok(done)
}

fn delete<T: Doomed>(conn: &mut SqliteConnection, rows: &[T]) -> QueryResult<usize> {
    let fits: Vec<_> = T::COLUMNS.iter().map(|column| format!("{column} = ?")).collect();
    let text = format!("DELETE FROM {} WHERE {}", T::TABLE, fits.join(" AND "));
    let pieces = Pieces::of(&text);
    let mut count = 0;
    for row in rows {
        count += Repeated::<(T, Delete)>::new(&pieces, row.binds()).execute(conn)?;
    }
    Ok(count)
}

/// Names of statements: with the type of the row, one text each.
struct Insert;
struct Update;
struct Delete;
