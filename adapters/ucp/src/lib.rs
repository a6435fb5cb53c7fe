//! EMI/UCP 3.5 and 4.x: the wire, the operator link and a simulated operator.
//!
//! The codec and the dialect are sans-IO: bytes in, values out. They never wait, never read a clock and never panic on
//! what a peer sends. Operations and fields have the names and numbers of the EMI/UCP specification.

pub mod alphabet;
pub mod codec;
pub mod config;
mod content;
pub mod dialect;
mod link;
pub mod receipt;
pub mod simulator;
pub mod status;

pub use config::UcpConfig;
pub use link::UcpLink;
