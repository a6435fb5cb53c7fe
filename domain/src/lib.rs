//! The words and rules of an SMS centre.
//!
//! Pure: no async, no I/O, no clock, no randomness. Everything the rules need is passed in; they answer
//! with values (`Plan`, `Decision`, `Trace`), never with effects. Times are [`Timestamp`]s in UTC,
//! durations [`std::time::Duration`]s.
pub mod access;
pub mod address;
pub mod directory;
pub mod language;
pub mod message;
pub mod mo;
pub mod moment;
pub mod numbering;
pub mod originator;
pub mod receipt;
pub mod refusal;
pub mod routing;
pub mod state;
pub mod submission;
pub mod text;
pub mod trace;

pub use jiff::Timestamp;
pub use language::{Language, Words};
