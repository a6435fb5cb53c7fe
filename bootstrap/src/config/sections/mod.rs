//! The sections of the file. Every default stands here; `docs/CONFIG.md` is made from these comments.

mod alarm;
mod http;
mod mail;
mod node;
mod oms;
mod received;
mod route;
mod telnet;

pub(super) use node::prefixes;

pub use alarm::AlarmSection;
pub use http::{FileDoor, Http, Tls};
pub use mail::{Relay, RelayTls, Smtp, SmtpDomain, SmtpSender};
pub use node::{Database, DefaultsSection, Log, LogFormat, Minicall, Node, Retention};
pub use oms::Oms;
pub use received::{Callbacks, MoSection};
pub use route::RouteSection;
pub use telnet::Telnet;
