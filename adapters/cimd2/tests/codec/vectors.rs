//! The published packets and texts, both ways: what was decoded is encoded to the same octets.

use bytes::{Bytes, BytesMut};
use cimd2::codec::{self, Frames, text};
use domain::text::{gsm7, latin1};
use serde_json::Value;

const VECTORS: &str = include_str!("../../../../tests/vectors/vectors.json");

fn vectors(kinds: &[&str]) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let ours = |v: &Value| v["protocol"] == "cimd2" && kinds.contains(&v["kind"].as_str().unwrap());
    let found: Vec<Value> = all.into_iter().filter(ours).collect();
    assert!(!found.is_empty(), "{kinds:?}");
    found
}

#[test]
fn packets_come_back_octet_for_octet() {
    for vector in vectors(&["frame", "frame_with_noise"]) {
        let octets = latin1::encode(vector["input"].as_str().unwrap()).unwrap();
        let mut input = BytesMut::from(&octets[..]);
        let frame = Frames::default().cut(&mut input).unwrap().unwrap();
        let decoded = codec::decode(&frame).unwrap();
        let mut again = BytesMut::new();
        codec::encode(&decoded.packet, decoded.checksum.is_some(), &mut again).unwrap();
        assert_eq!(again, frame, "{}", vector["id"]);
    }
}

#[test]
fn texts_come_back() {
    for vector in vectors(&["text", "text_table", "text_decode_plain", "text_decode_8bit"]) {
        let written = latin1::encode(vector["input"]["cimd"].as_str().unwrap()).unwrap();
        let shown = vector["expected"]["text"].as_str().unwrap();
        assert_eq!(text::decode(&written), shown, "{}", vector["id"]);
        let septets = gsm7::encode(shown).unwrap();
        let again = [false, true].map(|eight_bit| text::encode(&septets, eight_bit));
        match vector["kind"].as_str().unwrap() {
            "text_decode_plain" => {}
            "text_decode_8bit" => assert_eq!(again[1], written, "{}", vector["id"]),
            _ => assert_eq!(again[0], written, "{}", vector["id"]),
        }
        assert_eq!(again.map(|octets| text::decode(&octets)), [shown, shown]);
    }
}

#[test]
fn what_is_invalid_is_refused() {
    for vector in vectors(&["frame_invalid"]) {
        let frame = Bytes::from(latin1::encode(vector["input"].as_str().unwrap()).unwrap());
        let error = codec::decode(&frame).unwrap_err();
        assert_eq!(error.malformed.class(), vector["expected"]["error"], "{}", vector["id"]);
    }
}
