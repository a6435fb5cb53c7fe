//! TAP 1.8: paging centrals and the simple SMS centres that speak like them, over a call or over TCP.
//!
//! Half-duplex: one block goes, one answer comes. There are no receipts: what the central takes is all that is ever known.

pub mod codec;
mod codes;
mod config;
mod link;
mod page;
mod session;

pub use codes::{Meaning, meaning};
pub use config::{NumberForm, TapConfig, TapTimes, Way};
pub use link::TapLink;
pub use session::TapSession;
