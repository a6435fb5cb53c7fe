//! Framing survives: any split of the stream gives the same packets, and a bad packet never moves the next one.

use crate::round_trip::{frame, packet};
use bytes::{Bytes, BytesMut};
use cimd2::codec::{Frames, Operation, Packet, decode};
use proptest::prelude::*;

/// Feeds the stream in pieces and gives all frames.
fn frames(stream: &[u8], pieces: &[usize]) -> Vec<Bytes> {
    let (mut cutter, mut input) = (Frames::default(), BytesMut::new());
    let (mut found, mut left) = (Vec::new(), stream);
    let mut pieces = pieces.iter().copied().cycle();
    while !left.is_empty() {
        let (piece, rest) = left.split_at(pieces.next().unwrap_or(1).clamp(1, left.len()));
        input.extend_from_slice(piece);
        left = rest;
        while let Some(frame) = cutter.cut(&mut input).expect("short enough") {
            found.push(frame);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same(packets in proptest::collection::vec((packet(), any::<bool>(), "[a-z\r\n]{0,9}"), 1..6),
                                pieces in proptest::collection::vec(1_usize..40, 1..8)) {
        let stream: Vec<u8> =
            packets.iter().flat_map(|(p, sum, noise)| [noise.as_bytes(), &frame(p, *sum)].concat()).collect();
        let read: Vec<Packet> = frames(&stream, &pieces).iter().map(|f| decode(f).unwrap().packet).collect();
        prop_assert_eq!(read, packets.into_iter().map(|(p, ..)| p).collect::<Vec<_>>());
    }

    #[test]
    fn a_bad_packet_does_not_move_the_next(bad in proptest::collection::vec(any::<u8>(), 0..80),
                                           pieces in proptest::collection::vec(1_usize..60, 1..4)) {
        let good = Packet::new(Operation::ALIVE, 7);
        let found = frames(&[&bad[..], &frame(&good, true)].concat(), &pieces);
        prop_assert_eq!(&decode(found.last().unwrap()).unwrap().packet, &good);
    }
}
