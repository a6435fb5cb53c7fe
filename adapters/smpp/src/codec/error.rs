//! What can be wrong with a PDU, and how bad that is.
//!
//! A recoverable error costs one PDU: the frame was whole, the peer gets a status, the session goes on. A fatal
//! error means that the boundary of the next PDU is unknown: answer if possible, then close.

use std::fmt;

use bytes::Bytes;

use super::body::Body;
use super::command::CommandId;
use super::pdu::{Header, Pdu};
use super::tlv::Tlvs;
use crate::status::Status;

/// Whether the session survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// One PDU is lost; the next one is where it should be.
    Recoverable,
    /// The stream can no longer be cut into PDUs.
    Fatal,
}

/// What was wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// command_length is below the 16 octets of a header.
    LengthTooSmall(u32),
    /// command_length is above what any PDU may have.
    LengthTooLarge(u32),
    /// The octets given are not as many as command_length says (only when decoding a single frame).
    Length {
        /// What command_length says.
        stated: u32,
        /// How many octets there are.
        octets: usize,
    },
    /// The PDU ends before this mandatory field.
    Missing(&'static str),
    /// sm_length is more than what is left.
    ShortMessageLength(u8),
    /// dest_flag of submit_multi is neither 1 nor 2.
    DestFlag(u8),
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::LengthTooSmall(length) => write!(out, "command_length {length} is below 16"),
            Malformed::LengthTooLarge(length) => write!(out, "command_length {length} is too large"),
            Malformed::Length { stated, octets } => {
                write!(out, "command_length says {stated}, there are {octets} octets")
            }
            Malformed::Missing(field) => write!(out, "the PDU ends before {field}"),
            Malformed::ShortMessageLength(length) => {
                write!(out, "sm_length {length} is more than what follows")
            }
            Malformed::DestFlag(flag) => write!(out, "dest_flag {flag} is neither 1 nor 2"),
        }
    }
}

/// A PDU that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{malformed}{}", shown(.header))]
pub struct DecodeError {
    /// Whether the session survives.
    pub class: ErrorClass,
    /// The header, when 16 octets of it were there.
    pub header: Option<Header>,
    /// The command_status that tells the peer.
    pub status_to_answer: Status,
    /// What was wrong.
    pub malformed: Malformed,
}

impl DecodeError {
    /// A fatal error of framing.
    pub(crate) fn fatal(malformed: Malformed, header: Option<Header>) -> DecodeError {
        DecodeError { class: ErrorClass::Fatal, header, status_to_answer: Status::ESME_RINVCMDLEN, malformed }
    }

    /// An error inside one whole frame.
    pub(crate) fn recoverable(malformed: Malformed, header: Header) -> DecodeError {
        let status_to_answer = match malformed {
            Malformed::ShortMessageLength(_) => Status::ESME_RINVMSGLEN,
            Malformed::DestFlag(_) => Status::ESME_RINVDESTFLAG,
            _ => Status::ESME_RINVCMDLEN,
        };
        DecodeError { class: ErrorClass::Recoverable, header: Some(header), status_to_answer, malformed }
    }

    /// What to tell the peer: generic_nack when framing is lost, otherwise the refusing response of the request.
    /// None when the bad PDU was itself a response or has none: answering those could loop.
    pub fn answer(&self) -> Option<Pdu> {
        let nack = |sequence| Pdu {
            status: self.status_to_answer,
            sequence,
            body: Body::GenericNack(Tlvs::default()),
        };
        match (self.class, self.header) {
            (ErrorClass::Fatal, header) => Some(nack(header.map_or(0, |header| header.sequence))),
            (ErrorClass::Recoverable, Some(header)) => {
                Pdu::refusal(header.command_id, header.sequence, self.status_to_answer)
            }
            (ErrorClass::Recoverable, None) => None,
        }
    }
}

/// Something odd that did not cost the PDU. For logs and counters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// The string runs to the end of the PDU: its NUL is missing.
    Unterminated(&'static str),
    /// The string is longer than the standard allows.
    TooLong {
        /// Which field.
        field: &'static str,
        /// How many octets it has, with its NUL.
        octets: usize,
        /// How many it may have, with its NUL.
        limit: usize,
    },
    /// An optional parameter says it is longer than what is left; it is kept as trailing octets.
    TruncatedTlv {
        /// Its tag.
        tag: u16,
    },
    /// Octets after the last whole optional parameter.
    Trailing(usize),
    /// An error response has a body that could not be read; its status counts.
    ErrorBody(Malformed),
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Unterminated(field) => write!(out, "{field} has no terminating NUL"),
            Warning::TooLong { field, octets, limit } => {
                write!(out, "{field} has {octets} octets, {limit} are allowed")
            }
            Warning::TruncatedTlv { tag } => write!(out, "optional parameter {tag:04X} is cut off"),
            Warning::Trailing(octets) => write!(out, "{octets} octets after the end"),
            Warning::ErrorBody(malformed) => write!(out, "body of an error response ignored: {malformed}"),
        }
    }
}

/// Why a PDU is not written. Nothing was appended then.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EncodeError {
    /// A NUL inside a C-octet string would end it early and shift all that follows.
    #[error("{0} holds a NUL")]
    Nul(&'static str),
    /// The field is longer than the standard allows.
    #[error("{field} has {octets} octets, at most {limit} are allowed")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// How many octets or entries it has.
        octets: usize,
        /// How many it may have.
        limit: usize,
    },
}

/// For the message of an error: which PDU it was.
fn shown(header: &Option<Header>) -> String {
    header.map_or_else(String::new, |header| format!(" in {} {}", header.command_id, header.sequence))
}

/// What is left of a frame when reading stopped, with what was noticed on the way.
#[derive(Default)]
pub(crate) struct Remarks {
    /// Oddities.
    pub(crate) warnings: Vec<Warning>,
    /// Octets that belong to nothing.
    pub(crate) trailing: Bytes,
}

/// Where an empty response is asked for by its id.
impl Pdu {
    /// The response that refuses a request; generic_nack for an unknown one; None for what is never answered.
    pub fn refusal(request: CommandId, sequence: u32, status: Status) -> Option<Pdu> {
        if request.is_response() || (!request.is_answered() && request.name().is_some()) {
            return None;
        }
        let body = Body::empty_response(request).unwrap_or(Body::GenericNack(Tlvs::default()));
        Some(Pdu { status, sequence, body })
    }
}
