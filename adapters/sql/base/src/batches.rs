//! Statements for many rows at once, in a few fixed sizes, so that a server keeps each prepared. Texts and values only.

use crate::statement::{Bind, Change, Record, places};

/// How many rows a statement has: the largest that fits is taken, again and again.
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// How many of `left` rows the next statement takes.
pub fn piece(left: usize) -> usize {
    SIZES.into_iter().find(|size| *size <= left).unwrap_or(1)
}

/// `(?,?),(?,?)` for so many rows.
pub fn rows_of_places(rows: usize, width: usize) -> String {
    vec![places(width); rows].join(",")
}

/// `INSERT .. INTO table (columns) VALUES (..),(..)`.
pub fn insert_text<T: Record>(verb: &str, rows: usize, after: &str) -> String {
    let row = format!("{}{})", places(T::WIDTH).trim_end_matches(')'), T::TAIL);
    format!("{verb} INTO {} ({}) VALUES {}{after}", T::TABLE, T::COLUMNS, vec![row; rows].join(","))
}

/// The values of many rows, one after another.
pub fn insert_binds<T: Record>(rows: &[T]) -> Vec<Bind<'_>> {
    rows.iter().flat_map(Record::binds).collect()
}

/// How many values a change has.
pub fn change_width<T: Change>() -> usize {
    T::SET.len() + T::KEEP.len() + 1 + T::FENCE.len()
}

/// One change by its own statement; `hint` stands after the table's name.
pub fn change_one<T: Change>(hint: &str) -> String {
    let set = T::SET.iter().map(|column| format!("{column} = ?"));
    let keep = T::KEEP.iter().map(|column| format!("{column} = COALESCE(?, {column})"));
    let also = (!T::ALSO.is_empty()).then(|| T::ALSO.to_owned());
    let set: Vec<_> = set.chain(keep).chain(also).collect();
    let mut text = format!("UPDATE message{hint} SET {} WHERE id = ?", set.join(", "));
    for column in T::FENCE {
        text.push_str(&format!(" AND {column} = ?"));
    }
    if !T::GUARD.is_empty() {
        text.push_str(" AND ");
        text.push_str(T::GUARD);
    }
    text
}

/// `state = v.c0, .. error = COALESCE(v.c9, m.error), lease = NULL`, with a prefix before the columns that are set.
pub fn change_set<T: Change>(prefix: &str) -> String {
    let set = T::SET.iter().enumerate().map(|(n, column)| format!("{prefix}{column} = v.c{n}"));
    let first = T::SET.len();
    let keep = T::KEEP.iter().enumerate().map(|(n, column)| {
        let n = first + n;
        format!("{prefix}{column} = COALESCE(v.c{n}, m.{column})")
    });
    let also = (!T::ALSO.is_empty()).then(|| format!("{prefix}{}", T::ALSO));
    set.chain(keep).chain(also).collect::<Vec<_>>().join(", ")
}

/// `m.id = v.c10 AND m.lease = v.c11 AND m.state = 2`.
pub fn change_where<T: Change>() -> String {
    let id = T::SET.len() + T::KEEP.len();
    let mut text = format!("m.id = v.c{id}");
    for (n, column) in T::FENCE.iter().enumerate() {
        text.push_str(&format!(" AND m.{column} = v.c{}", id + 1 + n));
    }
    if !T::GUARD.is_empty() {
        text.push_str(" AND m.");
        text.push_str(T::GUARD);
    }
    text
}

/// `(a = ? AND b = ?) OR (a = ? AND b = ?)`, where the server does not use its index for `(a, b) IN (..)`.
pub fn any_of(columns: &[&str], rows: usize) -> String {
    let fits: Vec<_> = columns.iter().map(|column| format!("{column} = ?")).collect();
    vec![format!("({})", fits.join(" AND ")); rows].join(" OR ")
}

/// Keys in pieces of a fixed size: the last is filled up with repetitions of its last key.
pub fn padded<T: Clone>(keys: &[T]) -> Vec<Vec<T>> {
    let mut pieces = Vec::new();
    for some in keys.chunks(SIZES[0]) {
        let size = SIZES.into_iter().rev().find(|size| *size >= some.len()).unwrap_or(some.len());
        let last = some.last().cloned();
        let fill = last.into_iter().flat_map(|last| std::iter::repeat_n(last, size - some.len()));
        pieces.push(some.iter().cloned().chain(fill).collect());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_few_sizes() {
        let mut left = 300;
        let mut sizes = Vec::new();
        while left > 0 {
            sizes.push(piece(left));
            left -= piece(left);
        }
        assert_eq!(sizes, [256, 32, 4, 4, 4]);
        let lengths = |n: usize| padded(&vec![1; n]).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(
            (lengths(0), lengths(1), lengths(5), lengths(257)),
            (vec![], vec![1], vec![32], vec![256, 1])
        );
        assert_eq!(padded(&[1, 2]), [[1, 2, 2, 2]]);
    }

    #[test]
    fn values_stand_in_rows() {
        assert_eq!(rows_of_places(2, 3), "(?,?,?),(?,?,?)");
    }
}
