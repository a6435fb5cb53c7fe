//! CIMD2 (Nokia's interface to its SMS centres): the wire, the operator link and a simulated operator.
//!
//! The codec and the dialect are sans-IO: octets in, values out. They never wait, never read a clock and never panic on what
//! a peer sends. Sections named in the modules are those of the CIMD interface specification for SMS Center 8.0.

pub mod codec;
pub mod config;
pub mod dialect;
mod link;
pub mod simulator;
pub mod status;

pub use config::Cimd2Config;
pub use link::Cimd2Link;
