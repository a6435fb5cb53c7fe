//! A whole PDU: header and body (section 3.2), from one frame and to the end of a buffer.
//!
//! Decoding never looks past its frame, never panics and copies nothing. Its errors are all recoverable except a
//! frame whose length is wrong, which [`super::FrameCodec`] never gives.

use bytes::{BufMut, Bytes, BytesMut};

use super::body::Body;
use super::command::CommandId;
use super::error::{DecodeError, EncodeError, Malformed, Warning};
use super::frame::MAX_FRAME;
use super::reader::Reader;
use super::writer::Writer;
use crate::status::Status;

/// Octets of a header: command_length, command_id, command_status, sequence_number.
pub const HEADER_LEN: usize = 16;

/// Room asked for before a PDU is written: a full single message without growing.
const USUAL_PDU: usize = 256;

/// A PDU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdu {
    /// 0 in requests, the outcome in responses.
    pub status: Status,
    /// 1 to 0x7FFFFFFF of us; anything from a peer.
    pub sequence: u32,
    /// The body, which also says what kind of PDU this is.
    pub body: Body,
}

impl Pdu {
    /// A request, or a response that says OK.
    pub fn new(sequence: u32, body: Body) -> Pdu {
        Pdu { status: Status::ESME_ROK, sequence, body }
    }

    /// What kind of PDU this is.
    pub fn command_id(&self) -> CommandId {
        self.body.command_id()
    }
}

/// The first 16 octets, which can be read from any frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Of the whole PDU, in octets.
    pub command_length: u32,
    /// What kind of PDU.
    pub command_id: CommandId,
    /// Outcome, in responses.
    pub status: Status,
    /// Pairs request and response.
    pub sequence: u32,
}

impl Header {
    /// Reads a header, or None if there are not 16 octets yet.
    pub fn read(octets: &[u8]) -> Option<Header> {
        let octets: &[u8; HEADER_LEN] = octets.first_chunk()?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *octets;
        Some(Header {
            command_length: u32::from_be_bytes([a, b, c, d]),
            command_id: CommandId(u32::from_be_bytes([e, f, g, h])),
            status: Status(u32::from_be_bytes([i, j, k, l])),
            sequence: u32::from_be_bytes([m, n, o, p]),
        })
    }
}

/// A PDU that was read, with what was odd about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decoded {
    /// The PDU.
    pub pdu: Pdu,
    /// As its header says: octets of the frame.
    pub command_length: u32,
    /// Oddities that were tolerated.
    pub warnings: Vec<Warning>,
    /// Octets that belong to no field. Without them and warnings, encoding gives the same frame again.
    pub trailing: Bytes,
}

/// Reads one frame.
///
/// # Errors
/// [`DecodeError`] with what to answer. Fatal only if the frame is not one whole PDU.
pub fn decode(frame: &Bytes) -> Result<Decoded, DecodeError> {
    let header = checked_header(frame)?;
    let mut reader = Reader::new(frame, HEADER_LEN);
    let body = match Body::read(header.command_id, &mut reader) {
        Ok(body) => body,
        Err(malformed) => return error_response(frame, header, malformed),
    };
    let remarks = reader.into_remarks();
    Ok(Decoded {
        pdu: Pdu { status: header.status, sequence: header.sequence, body },
        command_length: header.command_length,
        warnings: remarks.warnings,
        trailing: remarks.trailing,
    })
}

/// Appends one PDU. On an error the buffer is as it was.
///
/// # Errors
/// [`EncodeError`] for a NUL inside a string or a field longer than the standard allows.
pub fn encode(pdu: &Pdu, out: &mut BytesMut) -> Result<(), EncodeError> {
    let start = out.len();
    let written = append(pdu, start, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn append(pdu: &Pdu, start: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
    out.reserve(USUAL_PDU);
    out.put_u32(0);
    out.put_u32(pdu.command_id().0);
    out.put_u32(pdu.status.0);
    out.put_u32(pdu.sequence);
    pdu.body.write(&mut Writer::new(out))?;
    let octets = out.len() - start;
    let length = u32::try_from(octets).ok().filter(|_| octets <= MAX_FRAME).ok_or(EncodeError::TooLong {
        field: "PDU",
        octets,
        limit: MAX_FRAME,
    })?;
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// The header of a frame that is as long as it says.
fn checked_header(frame: &Bytes) -> Result<Header, DecodeError> {
    let short = Malformed::Length { stated: 0, octets: frame.len() };
    let header = Header::read(frame).ok_or_else(|| DecodeError::fatal(short, None))?;
    let stated = header.command_length;
    let malformed = if (stated as usize) < HEADER_LEN {
        Malformed::LengthTooSmall(stated)
    } else if stated as usize > MAX_FRAME {
        Malformed::LengthTooLarge(stated)
    } else if stated as usize != frame.len() {
        Malformed::Length { stated, octets: frame.len() }
    } else {
        return Ok(header);
    };
    Err(DecodeError::fatal(malformed, Some(header)))
}

/// An error response may have no body, or half of one: its status is all that counts.
fn error_response(frame: &Bytes, header: Header, malformed: Malformed) -> Result<Decoded, DecodeError> {
    let request = CommandId(header.command_id.0 & 0x7FFF_FFFF);
    let empty = Body::empty_response(request)
        .filter(|_| header.command_id.is_response() && header.status != Status::ESME_ROK);
    let body = empty.ok_or_else(|| DecodeError::recoverable(malformed, header))?;
    Ok(Decoded {
        pdu: Pdu { status: header.status, sequence: header.sequence, body },
        command_length: header.command_length,
        warnings: vec![Warning::ErrorBody(malformed)],
        trailing: frame.slice(HEADER_LEN..),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorClass, MessageResp, ShortMessage, SubmitMultiResp};
    use super::*;

    fn frame(command_id: u32, status: u32, body: &[u8]) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u32((HEADER_LEN + body.len()) as u32);
        out.put_u32(command_id);
        out.put_u32(status);
        out.put_u32(7);
        out.put_slice(body);
        out.freeze()
    }

    #[test]
    fn responses_of_sixteen_octets() {
        for id in [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x15, 0x21, 0x103, 0] {
            for status in [0, 0x58] {
                let decoded = decode(&frame(0x8000_0000 | id, status, b"")).unwrap();
                assert_eq!(decoded.pdu.status, Status(status));
                assert_eq!(decoded.warnings, []);
            }
        }
    }

    #[test]
    fn an_id_without_nul_ends_with_its_frame() {
        let decoded = decode(&frame(0x8000_0004, 0, b"abc")).unwrap();
        assert_eq!(decoded.pdu.body, Body::SubmitSmResp(MessageResp::new("abc")));
        assert_eq!(decoded.warnings, [Warning::Unterminated("message_id")]);
    }

    #[test]
    fn an_id_that_is_too_long_is_taken_with_a_warning() {
        let mut body = vec![b'9'; 80];
        body.push(0);
        let decoded = decode(&frame(0x8000_0004, 0, &body)).unwrap();
        assert!(
            matches!(&decoded.pdu.body, Body::SubmitSmResp(resp) if resp.message_id.as_ref().unwrap().len() == 80)
        );
        assert_eq!(decoded.warnings, [Warning::TooLong { field: "message_id", octets: 81, limit: 65 }]);
    }

    #[test]
    fn half_a_body_of_an_error_response_is_ignored() {
        let decoded = decode(&frame(0x8000_0021, 8, b"id\0")).unwrap();
        assert_eq!(decoded.pdu.body, Body::SubmitMultiResp(None));
        assert_eq!(decoded.trailing.as_ref(), b"id\0");
        let error = decode(&frame(0x8000_0021, 0, b"id\0")).unwrap_err();
        assert_eq!((error.class, error.answer()), (ErrorClass::Recoverable, None));
    }

    #[test]
    fn a_bad_request_gets_its_own_response() {
        let error =
            decode(&frame(5, 0, b"\0\x05\0F\xf6retag\0\x01\x01123\0\0\0\0\0\0\0\0\0\0\x20abc")).unwrap_err();
        assert_eq!(error.class, ErrorClass::Recoverable);
        assert_eq!(error.malformed, Malformed::ShortMessageLength(32));
        let answer = error.answer().unwrap();
        assert_eq!(answer.command_id(), CommandId::DELIVER_SM_RESP);
        assert_eq!((answer.status, answer.sequence), (Status::ESME_RINVMSGLEN, 7));
        assert_eq!(error.to_string(), "sm_length 32 is more than what follows in deliver_sm 7");
    }

    #[test]
    fn refusals() {
        let check = |id, expect: Option<CommandId>| {
            let pdu = Pdu::refusal(CommandId(id), 3, Status::ESME_RSYSERR);
            assert_eq!(pdu.map(|pdu| pdu.command_id()), expect, "{id:08X}");
        };
        check(0x4, Some(CommandId::SUBMIT_SM_RESP));
        check(0x111, Some(CommandId::GENERIC_NACK));
        check(0x7777, Some(CommandId::GENERIC_NACK));
        check(0x8000_0004, None);
        check(0x0B, None);
        check(0x102, None);
    }

    #[test]
    fn what_follows_the_fields_is_kept() {
        let decoded = decode(&frame(0x15, 0, b"\x12\x34\x00\x01x\x00\x05\x00")).unwrap();
        let Body::EnquireLink(tlvs) = &decoded.pdu.body else { panic!("{decoded:?}") };
        assert_eq!(tlvs.get(0x1234).unwrap().as_ref(), b"x");
        assert_eq!(decoded.trailing.as_ref(), b"\x00\x05\x00");
        assert_eq!(decoded.warnings, [Warning::Trailing(3)]);
        let cut = decode(&frame(0x15, 0, b"\x12\x34\x00\x09x")).unwrap();
        assert_eq!(cut.warnings, [Warning::TruncatedTlv { tag: 0x1234 }, Warning::Trailing(5)]);
    }

    #[test]
    fn the_unknown_is_kept() {
        let decoded = decode(&frame(0x111, 0, b"abc")).unwrap();
        let payload = Bytes::from_static(b"abc");
        assert_eq!(decoded.pdu.body, Body::Unknown { command_id: CommandId::BROADCAST_SM, payload });
    }

    #[test]
    fn what_must_not_be_written_leaves_the_buffer_alone() {
        let mut out = BytesMut::from(&b"before"[..]);
        let nul = ShortMessage { service_type: "a\0b".into(), ..ShortMessage::default() };
        assert_eq!(
            encode(&Pdu::new(1, Body::SubmitSm(nul)), &mut out),
            Err(EncodeError::Nul("service_type"))
        );
        let long = ShortMessage { short_message: Bytes::from(vec![0; 256]), ..ShortMessage::default() };
        let refused = encode(&Pdu::new(1, Body::SubmitSm(long)), &mut out).unwrap_err();
        assert_eq!(refused.to_string(), "short_message has 256 octets, at most 255 are allowed");
        let mut many = SubmitMultiResp::default();
        for _ in 0..2 {
            many.tlvs.push(0x424, vec![0; 65_535]);
        }
        assert!(encode(&Pdu::new(1, Body::SubmitMultiResp(Some(many))), &mut out).is_err());
        assert_eq!(out.as_ref(), b"before");
    }

    #[test]
    fn a_frame_must_be_as_long_as_it_says() {
        let fatal = |octets: &'static [u8]| {
            let error = decode(&Bytes::from_static(octets)).unwrap_err();
            assert_eq!(error.class, ErrorClass::Fatal);
            error.answer().unwrap().sequence
        };
        assert_eq!(fatal(b"\0\0\0"), 0);
        assert_eq!(fatal(b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x09x"), 9);
        assert_eq!(fatal(b"\0\0\0\x0F\0\0\0\x15\0\0\0\0\0\0\0\x09"), 9);
    }
}
