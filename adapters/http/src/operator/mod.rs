//! Operators that are reached by HTTP: one driver, and everything that differs between them in a profile.
//!
//! `profile` reads what one operator's interface is; `request`, `answer` and `callback` are pure functions of it: messages to a call, an
//! answer to verdicts, a call of the operator's to receipts and received messages. `link` sends, `door` listens. No operator is named in code.

mod answer;
mod callback;
mod document;
mod door;
mod link;
mod look;
mod message;
mod pattern;
mod profile;
mod request;
mod sign;
pub mod simulator;
mod template;
#[cfg(test)]
mod tests;
pub(crate) mod xml;

pub use door::OperatorDoor;
pub use link::{HttpOperator, HttpOperatorConfig, HttpSurroundings};
pub use look::{Looked, encode, heard, verdicts};
pub use message::Account;
pub use profile::{Flaw, Profile, SHIPPED, shipped};
pub use template::{FILTERS, NAMES, WORDS};
