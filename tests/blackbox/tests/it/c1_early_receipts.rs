//! C1 and C2: receipts before the reply, twice, and with ids written in other ways all find their message.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::gateway::Gateway;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

fn story(arguments: &[&str]) {
    let simulator = Simulator::start(&[&["--receipts"], arguments].concat());
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
    story(&["--duplicate-receipts"]);
}

#[test]
fn ids_in_other_forms() {
    for form in ["hex", "decimal", "padded", "capitals"] {
        story(&["--receipt-id", form]);
    }
}
