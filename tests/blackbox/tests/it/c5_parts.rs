//! C5: a long message from a mobile comes together from its parts in any order, with parts that come twice, with the same reference from
//! different phones, and with the process killed between parts.

use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;

/// The number that phones send to.
const TO: &str = "72456";
/// One reference for all phones.
const REFERENCE: u8 = 7;
/// Orders in which three parts can come.
const ORDERS: [[u8; 3]; 6] = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

fn text(phone: usize, part: u8) -> String {
    format!("telefon {phone} del {part}. ")
}

/// A deliver_sm with a part in a user data header, as hexadecimal digits.
fn part(phone: usize, seq: u8, sequence: u32) -> String {
    let text = text(phone, seq);
    let mut body = vec![0, 1, 1];
    body.extend_from_slice(format!("467077000{phone:02}\0").as_bytes());
    body.extend_from_slice(&[0, 1]);
    body.extend_from_slice(format!("{TO}\0").as_bytes());
    body.extend_from_slice(&[0x40, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.push(u8::try_from(6 + text.len()).expect("a short part"));
    body.extend_from_slice(&[5, 0, 3, REFERENCE, 3, seq]);
    body.extend_from_slice(text.as_bytes());
    let length = u32::try_from(16 + body.len()).expect("short");
    let words = [length, 5, 0, sequence].map(u32::to_be_bytes).concat();
    words.iter().chain(&body).map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn in_any_order_with_a_kill_between_parts() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    let mut sequence = 900_000;
    for step in 0..3 {
        let binds = |entries: &[Entry]| entries.iter().filter(|e| matches!(e, Entry::Bound { .. })).count();
        eventually("a bind", || (binds(&simulator.journal()) > step).then_some(()));
        for (phone, order) in ORDERS.iter().enumerate() {
            // The part before comes once more, as after an answer that the operator did not get.
            for seq in &order[step.saturating_sub(1)..=step] {
                sequence += 1;
                simulator.tell(&json!({ "do": "raw", "octets": part(phone, *seq, sequence) }));
            }
        }
        // An operator forgets what was answered. What was not he would bring again, which octets of ours he cannot.
        let sent = u64::from(sequence - 900_000);
        let is_taken = |entry: &&Entry| matches!(entry, Entry::Answer { status: 0, .. });
        let taken = || simulator.journal().iter().filter(is_taken).count() as u64;
        eventually("the answers to all parts", || (taken() == sent).then_some(()));
        gateway.kill();
        gateway.restart();
    }
    let inbox = readback::inbox(&gateway);
    for phone in 0..ORDERS.len() {
        let whole: String = (1..=3).map(|seq| text(phone, seq)).collect();
        let found = inbox.iter().filter(|text| text.trim_end() == whole.trim_end()).count();
        assert_eq!(found, 1, "phone {phone}: {inbox:#?}");
    }
    assert_eq!(inbox.len(), ORDERS.len(), "{inbox:#?}");
    let (in_order, audit) = readback::audit(&gateway);
    assert!(in_order, "{audit}");
}
