//! B3: throttling keeps the message, slows the link, uses up no tries, and the rate comes back.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;

#[test]
fn a_throttled_message_is_kept_and_sent() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    simulator.behave(&json!({ "throttle": true }));
    let attempts = send(&gateway, 0, 40);
    let throttled = |entry: &Entry| matches!(entry, Entry::Reply { status: 0x58, .. });
    eventually("a throttled submit", || simulator.journal().iter().any(throttled).then_some(()));
    simulator.behave(&json!({ "throttle": false }));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(
        history.rows.iter().all(|row| row.state == "delivered" && !row.possible_duplicate),
        "{:?}",
        history.rows
    );
}
