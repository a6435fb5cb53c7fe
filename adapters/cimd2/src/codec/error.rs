//! What can be wrong with a packet.

use super::Operation;

/// A packet that cannot be read. The stream goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{malformed}")]
pub struct DecodeError {
    /// Operation and number, when at least these could be read.
    pub header: Option<(Operation, u8)>,
    /// What is wrong.
    pub malformed: Malformed,
}

/// What is wrong with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The next packet began before this one ended.
    #[error("missing ETX")]
    Unended,
    /// No `ZZ:NNN`.
    #[error("the header is not ZZ:NNN")]
    Header,
    /// A parameter code that is not three digits.
    #[error("a parameter code is not three digits")]
    Code,
    /// A parameter code without its colon.
    #[error("missing colon after parameter code")]
    Colon,
    /// An octet that may not stand in a packet.
    #[error("the octet 00 in a packet")]
    Nul,
    /// The checksum is that of other octets.
    #[error("checksum {stated:02X}, computed {computed:02X}")]
    Checksum {
        /// As it stands there.
        stated: u8,
        /// As it should be.
        computed: u8,
    },
}

impl Malformed {
    /// A stable word for programs.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Unended => "missing ETX",
            Self::Header => "bad header",
            Self::Code => "bad parameter code",
            Self::Colon => "missing colon after parameter code",
            Self::Nul => "forbidden octet",
            Self::Checksum { .. } => "checksum",
        }
    }
}

/// A packet that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The operation has more than two digits.
    #[error("operation {0} has more than two digits")]
    Operation(u8),
    /// The parameter has more than three digits.
    #[error("parameter {0} has more than three digits")]
    Code(u16),
    /// The value holds an octet that ends something.
    #[error("the octet {octet:02X} may not stand in parameter {code:03}")]
    Forbidden {
        /// Of the parameter.
        code: u16,
        /// Which.
        octet: u8,
    },
    /// The packet is longer than peers take.
    #[error("{0} octets are more than a packet may have")]
    TooLong(usize),
}
