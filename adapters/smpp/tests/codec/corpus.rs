//! Real PDUs and receipt texts, the seeds of the fuzz targets: read, damaged, read again.

use std::fs;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use smpp::codec::{FrameCodec, decode};
use smpp::receipt;
use tokio_util::codec::Decoder;

use super::round_trip::{frame, look_at};
use super::stream::{good, spoil};

/// The seeds of a fuzz target, in order of their names.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of seeds")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a seed"))
        })
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// Those that are one whole frame.
fn whole() -> Vec<(String, Vec<u8>)> {
    let whole = |seed: &[u8]| {
        seed.first_chunk().is_some_and(|length| u32::from_be_bytes(*length) as usize == seed.len())
    };
    seeds("smpp_pdu").into_iter().filter(|(_, seed)| whole(seed)).collect()
}

#[test]
fn real_pdus_are_read_and_come_back() {
    for (name, seed) in whole() {
        let octets = Bytes::from(seed);
        let decoded = decode(&octets).unwrap_or_else(|error| panic!("{name}: {error}"));
        if decoded.warnings.is_empty() {
            assert_eq!(frame(&decoded.pdu), octets, "{name}");
        } else {
            // A password of nine letters, an id without NUL.
            assert!(["smpp-045", "smpp-055"].contains(&name.as_str()), "{name}: {:?}", decoded.warnings);
        }
    }
}

#[test]
fn after_every_real_pdu_the_next_is_read() {
    for (name, seed) in whole() {
        for cut in 16..seed.len() {
            // The same PDU, ended early but with a length that fits.
            let mut octets = seed[..cut].to_vec();
            octets[..4].copy_from_slice(&(cut as u32).to_be_bytes());
            let mut source = BytesMut::from(&octets[..]);
            source.extend_from_slice(&frame(&good(9)));
            let first = FrameCodec.decode(&mut source).expect("framed").expect("whole");
            look_at(&first);
            let next = FrameCodec.decode(&mut source).expect("framed").expect("whole");
            assert_eq!(decode(&next).unwrap().pdu, good(9), "{name} cut at {cut}");
        }
    }
}

#[test]
fn real_receipt_texts_cut_anywhere_do_no_harm() {
    for (_, seed) in seeds("smpp_receipt_text") {
        for cut in 0..=seed.len() {
            let fields = receipt::parse(&seed[..cut]);
            let _ = fields.done_date.map(receipt::parse_date);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_real_pdus_do_no_harm(which in any::<prop::sample::Index>(),
                                    damage in proptest::collection::vec(any::<(usize, u8)>(), 1..12)) {
        let whole = whole();
        let (_, seed) = which.get(&whole);
        look_at(&Bytes::from(spoil(seed, &damage)));
    }
}
