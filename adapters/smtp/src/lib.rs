//! Mail both ways: a door where mail becomes SMS (RFC 5321, 5322), and a relay by which received SMS and reports of
//! failure leave as mail (RFC 3464).
//!
//! `session` decides and does no I/O; [`Door`] moves its octets and asks the ports. The door never relays mail for anybody, and never says 250
//! to a text before the store has it.

mod config;
mod door;
pub mod fuzzing;
mod letter;
pub mod relay;
mod reply;
mod session;
mod talk;
mod template;
mod trim;
mod wire;

pub use config::{Config, FromPolicy, MailDomain};
pub use door::{Door, Ports};
pub use net::OpenDoor;
pub use template::{Template, TemplateError};
