//! B8: an undecodable PDU is answered and skipped; the good one behind it gets through on the same connection.

use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;

const DELIVER_SM: u32 = 5;

/// A PDU with a right length.
fn pdu(command: u32, sequence: u32, body: &[u8]) -> String {
    let length = u32::try_from(16 + body.len()).expect("short");
    let words = [length, command, 0, sequence].map(u32::to_be_bytes).concat();
    words.iter().chain(body).map(|octet| format!("{octet:02x}")).collect()
}

/// A deliver_sm from `source` with these octets behind sm_length.
fn deliver(source: &[u8], length: u8, text: &[u8], after: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 5, 0];
    body.extend_from_slice(source);
    body.extend_from_slice(&[0, 1, 1]);
    body.extend_from_slice(b"72456\0");
    body.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, length]);
    body.extend_from_slice(text);
    body.extend_from_slice(after);
    body
}

#[test]
fn the_good_one_behind_the_bad_one() {
    let bad = [
        pdu(DELIVER_SM, 9_001, b""),
        pdu(DELIVER_SM, 9_002, b"no end of this string"),
        pdu(DELIVER_SM, 9_003, &deliver(b"46701", 200, b"shorter than said", b"")),
        pdu(DELIVER_SM, 9_004, &deliver(b"F\xf6retag", 3, b"abc", b"")),
        pdu(DELIVER_SM, 9_005, &deliver(b"1234567890123456789012345678901234567890", 3, b"abc", b"")),
        pdu(DELIVER_SM, 9_006, &deliver(b"46701", 3, b"abc", b"\x04\x27\x00\xff\x01")),
        pdu(DELIVER_SM, 9_007, &deliver(b"46701", 3, b"abc", b"\x15\x01\x00\x02ab\x00")),
        pdu(0x0777, 9_008, b"unknown"),
        pdu(0x8000_0004, 9_009, b"nobody asked\0"),
        pdu(0x102, 9_010, b"\0\0\x0046701\0\0\x0072456\0"),
    ];
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let bound = |entry: &Entry| matches!(entry, Entry::Bound { .. });
    eventually("a bind", || simulator.journal().iter().any(bound).then_some(()));
    for (number, octets) in bad.iter().enumerate() {
        simulator.tell(&json!({ "do": "raw", "octets": octets }));
        let good = format!("good {number}");
        simulator.mo("46701234567", "72456", &good);
        let answered =
            |entry: &Entry| matches!(entry, Entry::Mo { text, answer: Some(0), .. } if *text == good);
        eventually(&format!("the good one behind {octets}"), || {
            simulator.journal().iter().any(answered).then_some(())
        });
    }
    let binds = simulator.journal().iter().filter(|entry| bound(entry)).count();
    assert_eq!(binds, 1, "the link was lost");
    let inbox = readback::inbox(&gateway);
    for number in 0..bad.len() {
        assert!(inbox.contains(&format!("good {number}")), "{number} of {inbox:?}");
    }
}
