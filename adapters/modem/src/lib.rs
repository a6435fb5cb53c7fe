//! GSM modems: short message TPDUs (3GPP TS 23.040) and AT answers (3GPP TS 27.005, 27.007).
//!
//! Everything here reads and writes octets and lines; nothing opens a port or waits.

pub mod at;
pub mod tpdu;

pub use pdu::hex;
