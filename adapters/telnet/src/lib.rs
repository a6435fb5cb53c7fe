//! The text door: SNPP (RFC 1861) levels 1 and 2, the two-way subset of level 3, and a few words for people at a plain
//! telnet.
//!
//! `session` decides and does no I/O; [`Door`] moves its bytes and asks the ports. It never says that a message is
//! taken before the store has it.

mod charset;
mod command;
mod config;
mod door;
pub mod fuzzing;
mod hold;
mod lines;
mod pace;
mod page;
mod passcode;
mod reply;
mod session;
mod talk;
mod texts;

pub use config::{Config, SubjectUse};
pub use door::{Door, Ports};
pub use net::OpenDoor;
pub use texts::full;
