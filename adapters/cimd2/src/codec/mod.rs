//! The wire: frames, packets, parameters, checksum and text (CIMD2 interface specification, chapters 3 and 5).
//!
//! Sans-IO and total: any octets give a value or an error, never a panic, and a bad packet never moves the next one.

pub mod checksum;
mod error;
mod frame;
mod operation;
mod packet;
pub mod parameter;
pub mod stamp;
pub mod text;

pub use error::{DecodeError, EncodeError, Malformed};
pub use frame::{Frames, MAX_PACKET, TooLong};
pub use operation::Operation;
pub use packet::{Decoded, Packet, decode, encode};
pub use parameter::Parameter;

/// Begins a packet.
pub const STX: u8 = 0x02;
/// Ends a packet.
pub const ETX: u8 = 0x03;
/// Ends the header and each parameter.
pub const TAB: u8 = 0x09;
