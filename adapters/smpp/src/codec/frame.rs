//! Cuts the stream into frames by command_length (section 3.2.1), and nothing else.
//!
//! The length is checked before anything is allocated. What is inside a frame cannot move the boundary of the
//! next one. A length that cannot be is fatal: nobody knows where the next PDU begins.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::error::{DecodeError, EncodeError, Malformed};
use super::pdu::{HEADER_LEN, Header, Pdu, encode};

/// The longest PDU: a message_payload of 64 KiB and 4 KiB for all the rest.
pub const MAX_FRAME: usize = 64 * 1024 + 4 * 1024;

/// The stream as frames, PDUs as octets.
#[derive(Clone, Copy, Default, Debug)]
pub struct FrameCodec;

/// Why reading or writing the stream ended.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The peer; always of class fatal. [`DecodeError::answer`] gives the generic_nack to send before closing.
    #[error("{0}")]
    Fatal(#[from] DecodeError),
    /// We.
    #[error("{0}")]
    Encode(#[from] EncodeError),
}

impl Decoder for FrameCodec {
    type Item = Bytes;
    type Error = FrameError;

    fn decode(&mut self, source: &mut BytesMut) -> Result<Option<Bytes>, FrameError> {
        let Some(stated) = source.first_chunk::<4>().map(|octets| u32::from_be_bytes(*octets)) else {
            return Ok(None);
        };
        let length = stated as usize;
        if length < HEADER_LEN {
            return Err(DecodeError::fatal(Malformed::LengthTooSmall(stated), Header::read(source)).into());
        }
        if length > MAX_FRAME {
            return Err(DecodeError::fatal(Malformed::LengthTooLarge(stated), Header::read(source)).into());
        }
        if source.len() < length {
            source.reserve(length - source.len());
            return Ok(None);
        }
        Ok(Some(source.split_to(length).freeze()))
    }
}

impl Encoder<&Pdu> for FrameCodec {
    type Error = FrameError;

    fn encode(&mut self, pdu: &Pdu, out: &mut BytesMut) -> Result<(), FrameError> {
        encode(pdu, out).map_err(FrameError::Encode)
    }
}

/// Octets that somebody else made: what a simulator sends to test its peer.
impl Encoder<Bytes> for FrameCodec {
    type Error = FrameError;

    fn encode(&mut self, octets: Bytes, out: &mut BytesMut) -> Result<(), FrameError> {
        out.extend_from_slice(&octets);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fatal(octets: &[u8]) -> DecodeError {
        match FrameCodec.decode(&mut BytesMut::from(octets)) {
            Err(FrameError::Fatal(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_at_once() {
        assert_eq!(fatal(b"\0\0\0\0").malformed, Malformed::LengthTooSmall(0));
        assert_eq!(fatal(b"\0\0\0\x0F").malformed, Malformed::LengthTooSmall(15));
        assert_eq!(fatal(b"\xff\xff\xff\xff").malformed, Malformed::LengthTooLarge(u32::MAX));
        assert_eq!(fatal(b"\0\x01\x10\x01").malformed, Malformed::LengthTooLarge(69_633));
        assert_eq!(fatal(b"\0\0\0\0").answer().unwrap().sequence, 0);
    }

    #[test]
    fn the_nack_carries_the_number_if_it_was_there() {
        let answer = fatal(b"\0\0\0\x08\0\0\0\x04\0\0\0\0\0\0\x01\x02").answer().unwrap();
        assert_eq!(answer.sequence, 0x102);
        assert_eq!(answer.command_id(), super::super::CommandId::GENERIC_NACK);
    }

    #[test]
    fn octet_by_octet() {
        let wire = b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01\0\0\0\x11\x80\0\0\x04\0\0\0\0\0\0\0\x02\0";
        let mut source = BytesMut::new();
        let mut frames = Vec::new();
        for octet in wire {
            source.extend_from_slice(&[*octet]);
            while let Some(frame) = FrameCodec.decode(&mut source).unwrap() {
                frames.push(frame);
            }
        }
        assert_eq!(frames, [&wire[..16], &wire[16..]]);
        assert!(source.is_empty());
    }

    #[test]
    fn the_longest_waits_and_reserves_no_more_than_itself() {
        let mut source = BytesMut::from(&b"\0\x01\x10\0"[..]);
        assert!(FrameCodec.decode(&mut source).unwrap().is_none());
        assert!(source.capacity() < 2 * MAX_FRAME);
        source.resize(MAX_FRAME, 0);
        assert_eq!(FrameCodec.decode(&mut source).unwrap().unwrap().len(), MAX_FRAME);
    }
}
