//! The wire of EMI/UCP 3.5 and 4.x: frames, checksums, operations and their fields.
//!
//! Three steps, each of which can fail alone: [`cut`] finds a frame between STX and ETX and throws away what is none, so
//! that a bad frame never moves the boundary of the next; [`decode`] checks length and checksum and splits the fields;
//! typed readers (originator, extra services, times) look at one field when somebody asks. Fields are views into the frame:
//! whoever keeps one for long should copy it.
//!
//! Liberal in, strict out: [`encode`] refuses a field that would not come back as it went.

mod checksum;
mod error;
mod fields;
mod frame;
mod packet;
mod sender;
mod services;
mod time;

pub use checksum::checksum;
pub use error::{DecodeError, EncodeError, Malformed};
pub use fields::{Submission, five, index_of, names, op, thirty, zero_one};
pub use frame::{ETX, MAX_FRAME, STX, cut};
pub use packet::{Header, Packet, decode, encode};
pub use sender::{LONGEST_NAME, TooLongName, pack_sender, unpack_sender};
pub use services::{Extra, push_service, service, services};
pub use time::{minutes, read_time, seconds};
