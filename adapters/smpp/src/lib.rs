//! SMPP 3.4 (and what 5.0 adds): the wire, and later the operator link and the simulated operator.
//!
//! The codec and the receipt reader are sans-IO: bytes in, values out. They never wait, never read a clock and
//! never panic on what a peer sends. Sections named in the modules are those of the SMPP v3.4 specification.

pub mod codec;
pub mod receipt;
pub mod status;
pub mod time;
