//! C1 and C2: receipts before the reply, twice, and with ids written in other ways all find their message.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::gateway::Gateway;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

fn story(arguments: &[&str]) {
    let simulator = Simulator::start(arguments);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = send(&gateway, 0, 60);
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{arguments:?}: {:?}", history.rows);
}

#[test]
fn before_the_reply() {
    story(&["--receipt-before-reply"]);
}

#[test]
fn twice() {
    story(&["--receipt-copies", "2"]);
}

#[test]
fn ids_in_other_forms() {
    story(&["--id-form", "decimal", "--receipt-id-form", "hex"]);
    story(&["--id-form", "hex", "--receipt-id-form", "decimal"]);
    story(&["--id-form", "decimal", "--receipt-id-form", "padded"]);
    story(&["--id-form", "hex", "--receipt-id-form", "capitals"]);
}
