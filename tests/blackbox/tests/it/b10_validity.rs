//! B10: nothing is sent after its validity, whatever kept it: an operator that is away, one that throttles, a restart.

use crate::story::{post, send};
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::history::{Books, number_of};
use blackbox::journal::Entry;
use blackbox::proxy::{Proxy, Weather};
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;

/// Messages that go out of date, from this number on.
const SHORT: std::ops::Range<u64> = 100..110;

fn short_lived(gateway: &Gateway) {
    for number in SHORT {
        let body = json!({ "to": [number_of(number)], "text": "strax för gammal", "valid_for": "4s" });
        assert_eq!(post(gateway, &body, None).status, 202);
    }
}

fn expired(gateway: &Gateway) -> usize {
    readback::messages(gateway).iter().filter(|row| row.state == "expired").count()
}

/// All of the short-lived ones are at their end and never reached the operator; the others did.
fn demand(gateway: &Gateway, simulator: &Simulator, others: usize) {
    let rows = readback::settle(gateway, true);
    let delivered = rows.iter().filter(|row| row.state == "delivered").count();
    assert_eq!((delivered, expired(gateway)), (others, SHORT.count()), "{rows:?}");
    let (in_order, audit) = readback::audit(gateway);
    assert!(Books::from_audit(in_order, &audit).in_order, "{audit}");
    let taken = |entry: &Entry| matches!(entry, Entry::Submit { text, .. } if text.contains("för gammal"));
    assert!(!simulator.journal().iter().any(taken), "an old message was sent");
}

#[test]
fn the_operator_comes_back_too_late_and_the_node_was_killed_meanwhile() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let mut gateway = Gateway::start(&Settings::towards(proxy.address()));
    short_lived(&gateway);
    send(&gateway, 0, 10);
    gateway.kill();
    // Some of the time passes while nobody counts it.
    blackbox::clock::pause(std::time::Duration::from_secs(2));
    gateway.restart();
    eventually("the end of the short-lived", || (expired(&gateway) == SHORT.count()).then_some(()));
    proxy.set(Weather::default());
    demand(&gateway, &simulator, 10);
}

#[test]
fn the_time_runs_out_while_the_node_is_down() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let mut gateway = Gateway::start(&Settings::towards(proxy.address()));
    short_lived(&gateway);
    send(&gateway, 0, 10);
    gateway.kill();
    blackbox::clock::pause(std::time::Duration::from_secs(5));
    // The operator is there the moment it starts: the queue must not go before it is looked through.
    proxy.set(Weather::default());
    gateway.restart();
    demand(&gateway, &simulator, 10);
}

#[test]
fn throttled_until_it_is_too_late() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    simulator.behave(&json!({ "throttle": true }));
    short_lived(&gateway);
    eventually("the end of the short-lived", || (expired(&gateway) == SHORT.count()).then_some(()));
    simulator.behave(&json!({}));
    send(&gateway, 0, 10);
    let rows = readback::settle(&gateway, true);
    assert_eq!(rows.iter().filter(|row| row.state == "delivered").count(), 10, "{rows:?}");
    let last_try = |entry: &Entry| match entry {
        Entry::Submit { text, at_ms, .. } if text.contains("för gammal") => Some(*at_ms),
        _ => None,
    };
    let first_good = |entry: &Entry| match entry {
        Entry::Submit { text, at_ms, .. } if !text.contains("för gammal") => Some(*at_ms),
        _ => None,
    };
    let journal = simulator.journal();
    let last = journal.iter().filter_map(last_try).max().expect("a try");
    let first = journal.iter().filter_map(first_good).min().expect("a good one");
    assert!(last <= first, "tried again after its end");
    assert!(readback::audit(&gateway).0);
}
