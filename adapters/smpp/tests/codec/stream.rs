//! Framing survives: any split of the stream gives the same frames, and a bad PDU never moves the next one.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use smpp::codec::{Body, FrameCodec, Pdu, Tlvs, decode};
use tokio_util::codec::Decoder;

use super::generate::pdu;
use super::round_trip::frame;

/// Feeds the stream in pieces and gives all frames.
fn frames(stream: &[u8], pieces: &[usize]) -> Vec<Bytes> {
    let mut source = BytesMut::new();
    let mut found = Vec::new();
    let mut left = stream;
    let mut pieces = pieces.iter().copied().cycle();
    while !left.is_empty() {
        let (piece, rest) = left.split_at(pieces.next().unwrap_or(1).clamp(1, left.len()));
        source.extend_from_slice(piece);
        left = rest;
        while let Some(frame) = FrameCodec.decode(&mut source).expect("lengths are right") {
            found.push(frame);
        }
    }
    assert!(source.is_empty());
    found
}

/// Spoils a frame behind its length.
pub fn spoil(octets: &[u8], damage: &[(usize, u8)]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    for (place, octet) in damage {
        let place = 4 + place % (octets.len() - 4);
        octets[place] = *octet;
    }
    octets
}

/// A PDU that must be read wherever it stands.
pub fn good(sequence: u32) -> Pdu {
    Pdu::new(sequence, Body::EnquireLink(Tlvs::default()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same(pdus in proptest::collection::vec(pdu(), 1..6),
                                pieces in proptest::collection::vec(1_usize..40, 1..8)) {
        let stream: Vec<u8> = pdus.iter().flat_map(frame).collect();
        let read: Vec<Pdu> =
            frames(&stream, &pieces).iter().map(|frame| decode(frame).expect("generated").pdu).collect();
        prop_assert_eq!(read, pdus);
    }

    #[test]
    fn a_bad_pdu_does_not_move_the_next(bad in pdu(), damage in proptest::collection::vec(any::<(usize, u8)>(), 1..6),
                                        pieces in proptest::collection::vec(1_usize..60, 1..4)) {
        let mut stream = spoil(&frame(&bad), &damage);
        stream.extend_from_slice(&frame(&good(7)));
        let found = frames(&stream, &pieces);
        prop_assert_eq!(found.len(), 2);
        if let Err(error) = decode(&found[0]) {
            prop_assert_eq!(error.class, smpp::codec::ErrorClass::Recoverable);
            prop_assert!(error.header.is_some());
        }
        prop_assert_eq!(decode(&found[1]).unwrap().pdu, good(7));
    }

    #[test]
    fn noise_ends_the_stream_or_is_cut(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut source = BytesMut::from(&noise[..]);
        while let Ok(Some(frame)) = FrameCodec.decode(&mut source) {
            let _ = decode(&frame);
        }
    }
}
