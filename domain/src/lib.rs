//! The words and rules of an SMS centre.
//!
//! Pure: no async, no I/O, no clock, no randomness. Everything the rules need is passed in; they answer
//! with values (`Plan`, `Decision`, `Trace`), never with effects.
pub mod text;
