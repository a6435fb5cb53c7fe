//! B1 and the fault matrix: an operator that answers late, twice, out of order, not at all, drops in mid-PDU or speaks
//! nonsense. Nothing is lost, what may be doubled is marked, and the link finds back by itself.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::gateway::Gateway;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::{Value, json};

/// A link that notices soon.
const QUICK: &str = "enquire_link = \"1s\"\nresponse_timeout = \"2s\"";
/// Messages under each fault.
const MESSAGES: u64 = 40;

fn story(faults: &Value) {
    println!("{faults}");
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings { link: QUICK.into(), ..Settings::towards(simulator.address()) });
    simulator.behave(faults);
    let mut attempts = send(&gateway, 0, MESSAGES);
    let reached = || (simulator.submits() as u64 >= MESSAGES / 2).then_some(());
    blackbox::clock::eventually("half of them at the operator", reached);
    simulator.behave(&json!({}));
    attempts.extend(send(&gateway, MESSAGES, 5));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{faults}: {:?}", history.rows);
}

#[test]
fn answers_twice_out_of_order_and_to_nothing() {
    story(&json!({ "duplicate_every": 3, "unknown_every": 4, "out_of_order": true }));
}

#[test]
fn answers_late_or_never() {
    story(&json!({ "no_answer_every": 7 }));
    story(&json!({ "reply_delay": 2_500 }));
}

#[test]
fn drops_in_the_middle_of_a_pdu() {
    story(&json!({ "drop_every": 16 }));
}

#[test]
fn speaks_nonsense() {
    story(&json!({ "garbage_every": 11 }));
}

#[test]
fn drips_one_octet_at_a_time() {
    story(&json!({ "drip": 1 }));
}

#[test]
fn refuses_for_a_while() {
    story(&json!({ "status": 8, "status_every": 3 }));
}
