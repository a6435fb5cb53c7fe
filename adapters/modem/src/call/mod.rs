//! Calls: connections that a modem makes by dialling (Hayes commands, ITU-T V.250), for whatever is spoken over them.
//!
//! [`Dialler`] is a `session::Dial`: its places are telephone numbers, tried in turn. It knows no protocol, and no protocol knows it:
//! who wires links gives it to them. A modem has one call at a time; links that share one wait for each other at [`Lines`].

mod carrier;
mod dialler;
mod hayes;

pub use dialler::{CallSettings, Dialler, Lines, is_number};
pub use hayes::{CallError, Hayes, Script};
