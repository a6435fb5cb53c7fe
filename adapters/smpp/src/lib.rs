//! SMPP 3.4 (and what 5.0 adds): the wire, the operator link and a simulated operator.
//!
//! The codec, the receipt reader and the dialect are sans-IO: bytes in, values out. They never wait, never read a clock
//! and never panic on what a peer sends. Sections named in the modules are those of the SMPP v3.4 specification.

pub mod codec;
pub mod config;
pub mod dialect;
mod link;
pub mod receipt;
pub mod simulator;
pub mod status;
pub mod time;

pub use config::SmppConfig;
pub use link::SmppLink;
