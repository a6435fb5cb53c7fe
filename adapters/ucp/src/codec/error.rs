//! What can be wrong with a frame, and what can not be said in one.

use super::packet::{Header, Packet};

/// What is wrong with a frame that came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// TRN, LEN, O/R or OT are not what they have to be.
    #[error("the header is not NN/NNNNN/O or R/NN")]
    Header,
    /// LEN says something else than what is there.
    #[error("LEN says {stated}, there are {found} characters")]
    Length {
        /// As stated.
        stated: usize,
        /// As counted.
        found: usize,
    },
    /// The sum is another.
    #[error("the checksum is {found:02X}, the frame says {stated}")]
    Checksum {
        /// As stated.
        stated: String,
        /// As computed.
        found: u8,
    },
    /// The operation has more fields than came.
    #[error("operation {operation:02} has {wanted} fields, {found} came")]
    Fields {
        /// The operation.
        operation: u8,
        /// How many it has.
        wanted: usize,
        /// How many came.
        found: usize,
    },
}

/// A frame that cannot be used, with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{malformed}")]
pub struct DecodeError {
    /// What is wrong.
    pub malformed: Malformed,
    /// Its header, when that much is readable.
    pub header: Option<Header>,
}

impl DecodeError {
    /// The negative result that an operation gets: error code 01 for a wrong checksum, 02 for all else. A result gets none.
    #[must_use]
    pub fn answer(&self) -> Option<Packet> {
        let header = self.header.filter(|header| !header.result)?;
        let code = if matches!(self.malformed, Malformed::Checksum { .. }) { "01" } else { "02" };
        Some(Packet::refusal(header.operation, header.trn, code, ""))
    }
}

/// Why a packet cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A field holds what separates fields or frames, or what is no printable ASCII.
    #[error("field {0} holds a character that no field can carry")]
    Character(usize),
    /// The frame would be longer than LEN or any peer can take.
    #[error("the frame would be {0} characters long")]
    TooLong(usize),
    /// A TRN is 0 to 99.
    #[error("{0} is no transaction number")]
    Trn(u8),
}
