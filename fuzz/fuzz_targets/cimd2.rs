//! A stream of CIMD2 packets: how it is split changes nothing, each packet is read without a panic, what is canonical comes
//! back octet for octet, and a text that was read is written to the same.

#![no_main]

use bytes::{Bytes, BytesMut};
use cimd2::codec::{Frames, MAX_PACKET, decode, encode, parameter, stamp, text};
use libfuzzer_sys::fuzz_target;

/// All packets of a stream that comes in pieces of this size, and whether it ended badly.
fn packets(stream: &[u8], piece: usize) -> (Vec<Bytes>, bool) {
    let (mut frames, mut input) = (Frames::default(), BytesMut::new());
    let mut found = Vec::new();
    for piece in stream.chunks(piece) {
        input.extend_from_slice(piece);
        loop {
            match frames.cut(&mut input) {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
        assert!(input.capacity() <= 16 * stream.len() + 2 * MAX_PACKET);
    }
    (found, false)
}

/// Reads a packet and everything that can be asked about it.
fn look_at(frame: &Bytes) {
    let Ok(decoded) = decode(frame) else { return };
    for value in decoded.packet.parameters.iter().map(|parameter| &parameter.value) {
        let _ = stamp::parse(value);
        if let Some(septets) = text::septets(value) {
            let written = text::encode(&septets, false);
            assert_eq!(text::septets(&written), Some(septets));
        }
        let _ = text::decode(value);
    }
    let _ = (decoded.packet.integer(parameter::STATUS), decoded.packet.text(parameter::DESTINATION));
    let mut back = BytesMut::new();
    encode(&decoded.packet, decoded.checksum.is_some(), &mut back).expect("what was read can be written");
    let again = decode(&back.freeze()).expect("what was written can be read");
    assert_eq!(again.packet, decoded.packet);
}

fuzz_target!(|stream: &[u8]| {
    let whole = packets(stream, usize::MAX);
    assert_eq!(whole.0, packets(stream, 1).0);
    assert_eq!(whole.0, packets(stream, 7).0);
    whole.0.iter().for_each(look_at);
});
