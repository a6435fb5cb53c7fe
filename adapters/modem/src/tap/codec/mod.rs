//! TAP 1.8 on the wire: control octets, checksum, blocks and the log-on (Telocator Alphanumeric Protocol; IXO and PET are older names).
//!
//! Sans-IO. Seven bits: what comes is stripped of the eighth, what goes never has it. Nothing here knows when to say what.

mod answer;
mod block;
mod charset;

pub use answer::{Answers, Heard, Response, response};
pub use block::{Block, BlockError, Terminator, blocks, checksum, encode};
pub use charset::Charset;

/// Carriage return: ends every field, block and answer.
pub const CR: u8 = 0x0D;
/// Escape: begins the log-on, the go-ahead and the disconnection.
pub const ESC: u8 = 0x1B;
/// Begins a block.
pub const STX: u8 = 0x02;
/// Ends the last block of a page.
pub const ETX: u8 = 0x03;
/// End of the call.
pub const EOT: u8 = 0x04;
/// Taken.
pub const ACK: u8 = 0x06;
/// Not understood: again.
pub const NAK: u8 = 0x15;
/// Ends a block at the end of a field, with more to come.
pub const ETB: u8 = 0x17;
/// Stands before a control character of the text, which is then written with 40 added.
pub const SUB: u8 = 0x1A;
/// This page is given up.
pub const RS: u8 = 0x1E;
/// Ends a block in the middle of a field.
pub const US: u8 = 0x1F;
/// Go on.
pub const XON: u8 = 0x11;
/// Wait.
pub const XOFF: u8 = 0x13;

/// Octets of a password.
pub const LONGEST_PASSWORD: usize = 6;

/// The log-on of an entry device that sends pager ids and texts: `ESC PG1`, the password, CR.
#[must_use]
pub fn login(password: &str) -> Vec<u8> {
    let mut octets = vec![ESC];
    octets.extend_from_slice(b"PG1");
    octets.extend(password.bytes().filter(|octet| (0x21..0x7F).contains(octet)).take(LONGEST_PASSWORD));
    octets.push(CR);
    octets
}
