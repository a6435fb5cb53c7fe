//! What the stores over the three databases have in common and nobody else sees: rows, statements, the queue of what is to be written, what errors mean.
//!
//! The text of the store itself is `adapters/sql/src/store`. It is generic over nothing: each database's crate compiles it against its own connections.

#![allow(missing_docs, reason = "the fields of a row are the columns of the migrations, by their names")]

pub mod batches;
pub mod error;
pub mod failpoints;
pub mod folding;
pub mod lately;
pub mod map;
pub mod memory;
pub mod migrations;
pub mod one_by_one;
pub mod op;
mod options;
pub mod queue;
pub mod rows;
pub mod settling;
pub mod statement;
pub mod told;

pub use options::{Checked, Opened, RESERVE_BYTES, StoreOptions};
