//! What is written again from what was read is the same, octet by octet; where it is not, the vector is named here with the reason.
//!
//! `at` has no such test: what modems answer is read and never written. Of `gsm`, `segments` counts and writes nothing.

use domain::text::{Udh, gsm7};
use modem::hex;
use modem::tpdu::{self, Address, Pdu, Stamp, Submit, Tpdu, UserData, Validity};
use serde_json::Value;
use vectors::Vector;

/// Vectors whose octets are not what the standard would have one write, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("smpp-045", "its password has nine letters; the standard allows eight, and we write no more"),
    (
        "ucp-056",
        "its length is rounded up to whole octets; ours counts semi-octets, as the specification does",
    ),
];

/// Vectors of these kinds.
fn of(protocol: &str, kinds: &[&str]) -> Vec<Vector> {
    let found: Vec<_> =
        vectors::of(protocol).into_iter().filter(|vector| kinds.contains(&vector.kind.as_str())).collect();
    assert!(!found.is_empty(), "{protocol} {kinds:?}");
    found
}

/// Each comes back, but for those that are named; and those do not.
fn come_back(protocol: &str, kinds: &[&str], again: impl Fn(&Vector) -> Value) {
    let mut wrong = Vec::new();
    for vector in of(protocol, kinds) {
        let (same, known) = (again(&vector) == vector.input, otherwise(&vector));
        if same == known.is_some() {
            wrong.push(format!("{} {}: {} became {}", vector.id, vector.kind, vector.input, again(&vector)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn otherwise(vector: &Vector) -> Option<&'static str> {
    OTHERWISE.iter().find(|(id, _)| *id == vector.id).map(|(_, why)| *why)
}

/// As the command writes it.
fn wire(vector: &Vector) -> Value {
    let read = omnigate::codec::decode(&vector.protocol, &vector.kind, &vector.input).expect("decoded");
    read["wire"].clone()
}

fn octets(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("digits")).expect("octets")
}

fn digits(octets: &[u8]) -> Value {
    Value::String(hex::encode(octets))
}

#[test]
fn ucp_frames() {
    come_back("ucp", &["frame"], wire);
}

#[test]
fn ucp_senders() {
    for vector in of("ucp", &["oadc_packed_decode"]) {
        let name = omnigate::codec::decode("ucp", "oadc_packed_decode", &vector.input).expect("a name");
        let packed = omnigate::codec::decode("ucp", "oadc_packed", &name).expect("packed");
        if otherwise(&vector).is_none() {
            assert_eq!(packed, vector.input, "{}", vector.id);
        }
    }
    for vector in of("ucp", &["oadc_packed"]) {
        let name = omnigate::codec::decode("ucp", "oadc_packed_decode", &vector.expected).expect("a name");
        assert_eq!(name, vector.input, "{}", vector.id);
    }
}

#[test]
fn cimd2_packets() {
    come_back("cimd2", &["frame", "frame_with_noise"], wire);
}

#[test]
fn smpp_pdus() {
    come_back("smpp", &["pdu_decode"], wire);
}

#[test]
fn tap_answers_and_blocks() {
    come_back("tap", &["response"], wire);
    for vector in of("tap", &["block"]) {
        let read = omnigate::codec::decode("tap", "block", &vector.expected).expect("a block");
        assert_eq!(read["wire"], vector.expected, "{}", vector.id);
    }
}

#[test]
fn gsm_pdus() {
    come_back("gsm", &["tpdu"], wire);
}

/// A submit with nothing of interest but what is put into it.
fn submit(destination: Address) -> Submit {
    let user_data = UserData::new(Vec::new(), domain::text::SegmentBody::Gsm7(Vec::new()));
    Submit {
        reply_path: false,
        status_report: false,
        reject_duplicates: false,
        reference: 0,
        destination,
        pid: 0,
        dcs: tpdu::Dcs(0),
        validity: Validity::Unset,
        user_data,
    }
}

#[test]
fn gsm_addresses() {
    come_back("gsm", &["address"], |vector| {
        let address = Address::decode(&octets(&vector.input)).expect("an address");
        let written = tpdu::encode(&Pdu { sca: None, tpdu: Tpdu::Submit(submit(address)) }).expect("written");
        // Behind the empty service centre, the first octet and the reference; before PID, DCS and length.
        digits(written.get(3..written.len() - 3).expect("an address"))
    });
    come_back("gsm", &["address_sca"], |vector| {
        let sca = Address::decode_sca(&octets(&vector.input)).expect("an address");
        let anybody = Address::parse("112").expect("a number");
        let written = tpdu::encode(&Pdu { sca, tpdu: Tpdu::Submit(submit(anybody)) }).expect("written");
        digits(written.get(..tpdu::sca_octets(&written)).expect("an address"))
    });
}

#[test]
fn gsm_times_and_headers() {
    come_back("gsm", &["scts"], |vector| {
        let seven = octets(&vector.input).try_into().expect("seven octets");
        digits(&Stamp::decode(seven).expect("a time").encode())
    });
    // The vectors leave out the header's own length.
    come_back("gsm", &["udh"], |vector| {
        digits(Udh::parse(&octets(&vector.input)).encode().get(1..).expect("a length"))
    });
    for vector in of("gsm", &["vp_relative"]) {
        let code = vector.expected.as_u64().and_then(|code| u8::try_from(code).ok()).expect("a code");
        assert_eq!(Value::from(tpdu::relative_minutes(code)), vector.input["minutes"], "{}", vector.id);
    }
}

#[test]
fn gsm_packing() {
    for vector in of("gsm", &["pack7", "pack7_fill"]) {
        let fill = vector.input["fill_bits"].as_u64().and_then(|bits| u8::try_from(bits).ok()).unwrap_or(0);
        let text = vector.input["text"].as_str().expect("a text");
        let septets = gsm7::encode(text).expect("in the alphabet");
        let unpacked = gsm7::unpack(&octets(&vector.expected["packed"]), septets.len(), fill);
        assert_eq!((gsm7::decode(&unpacked).as_str(), &unpacked), (text, &septets), "{}", vector.id);
    }
}
