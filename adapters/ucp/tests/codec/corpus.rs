//! Every seed of the fuzzer, whole, cut at each octet and damaged: what follows it is read all the same.

use bytes::{Bytes, BytesMut};
use std::path::Path;
use ucp::codec::{cut, decode, encode};

/// A good frame that has to get through whatever came before it.
const GOOD: &[u8] = b"\x0200/00019/R/60/A//6D\x03";

fn seeds() -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/ucp_frame");
    let files = std::fs::read_dir(directory).expect("the seeds");
    let seeds: Vec<_> =
        files.map(|file| std::fs::read(file.expect("an entry").path()).expect("a seed")).collect();
    assert!(seeds.len() > 20);
    seeds
}

fn last(stream: &[u8]) -> Option<Bytes> {
    let mut input = BytesMut::from(stream);
    std::iter::from_fn(|| cut(&mut input, &mut 0)).last()
}

#[test]
fn what_follows_is_read() {
    let good = last(GOOD).expect("a frame");
    for seed in seeds() {
        for end in 0..=seed.len() {
            let stream = [&seed[..end], GOOD].concat();
            assert_eq!(last(&stream).as_ref(), Some(&good), "{}", String::from_utf8_lossy(&stream));
        }
    }
}

#[test]
fn canonical_frames_come_back() {
    let mut whole = 0;
    for seed in seeds() {
        let Ok(packet) = decode(&last(&seed).expect("a frame")) else { continue };
        let mut out = BytesMut::new();
        encode(&packet, &mut out).expect("canonical");
        assert_eq!(out, seed[..]);
        whole += 1;
    }
    assert!(whole > 20);
}
