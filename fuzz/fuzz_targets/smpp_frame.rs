//! A stream of SMPP frames: how it is split changes nothing, and a frame is never more than was stated.

#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use smpp::codec::{FrameCodec, MAX_FRAME, decode};
use tokio_util::codec::Decoder;

/// All frames of a stream that comes in pieces of this size, and whether it ended badly.
fn frames(stream: &[u8], piece: usize) -> (Vec<Bytes>, bool) {
    let mut source = BytesMut::new();
    let mut found = Vec::new();
    for piece in stream.chunks(piece) {
        source.extend_from_slice(piece);
        loop {
            match FrameCodec.decode(&mut source) {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
        assert!(source.capacity() <= 16 * stream.len() + 2 * MAX_FRAME);
    }
    (found, false)
}

fuzz_target!(|stream: &[u8]| {
    let whole = frames(stream, usize::MAX);
    assert_eq!(whole, frames(stream, 1));
    assert_eq!(whole, frames(stream, 7));
    for frame in &whole.0 {
        let _ = decode(frame);
    }
});
