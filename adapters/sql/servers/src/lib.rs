//! The store over PostgreSQL and MariaDB. The text of the store is `adapters/sql/src/store`, compiled once more for each: what a store does stands there
//! and is changed there (docs/adr/0019).

#![allow(clippy::duplicate_mod, reason = "the text of the store is included once for each database")]

pub mod mysql;
pub mod postgres;

use sql_base::{
    Checked, Opened, StoreOptions, batches, error, failpoints, folding, memory, migrations, op, queue, rows,
    settling, statement, told,
};
