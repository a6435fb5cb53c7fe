//! A stream of EMI/UCP frames: how it is split changes nothing, nothing is kept beyond one frame, what is read can be
//! written and is read to the same, and every field can be asked about.

#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use ucp::codec::{MAX_FRAME, cut, decode, encode, names, read_time, services, unpack_sender};

/// All frames of a stream that comes in pieces of this size.
fn frames(stream: &[u8], piece: usize) -> Vec<Bytes> {
    let mut source = BytesMut::new();
    let mut found = Vec::new();
    for piece in stream.chunks(piece) {
        source.extend_from_slice(piece);
        found.extend(std::iter::from_fn(|| cut(&mut source, &mut 0)));
        assert!(source.len() <= MAX_FRAME + 2 || source.len() <= piece.len());
    }
    found
}

fuzz_target!(|stream: &[u8]| {
    let whole = frames(stream, usize::MAX);
    assert_eq!(whole, frames(stream, 1));
    assert_eq!(whole, frames(stream, 7));
    // Each piece alone too: the fuzzer need not find STX and ETX first.
    for frame in whole.iter().chain([&Bytes::copy_from_slice(stream)]) {
        let Ok(packet) = decode(frame) else { continue };
        let _ = (names(&packet), packet.system_message(), packet.error_code());
        for field in &packet.fields {
            let _ = (services(field), unpack_sender(field), read_time(field));
        }
        let mut out = BytesMut::new();
        if encode(&packet, &mut out).is_ok() {
            let again = frames(&out, usize::MAX);
            assert_eq!(again.len(), 1);
            assert_eq!(decode(&again[0]).as_ref(), Ok(&packet));
        }
    }
});
