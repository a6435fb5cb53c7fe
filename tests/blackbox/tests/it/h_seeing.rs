//! H1 to H3 and H6: ready or not with a reason, metrics, everything about one message, and nothing private in the logs.

use crate::story::{judge, post, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings};
use blackbox::simulator::Simulator;
use serde_json::json;

fn get(gateway: &Gateway, path: &str) -> blackbox::http::Response {
    once(gateway.doors().http, &Request::get(path)).expect("an answer")
}

#[test]
fn ready_depends_on_the_link_and_live_does_not() {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    eventually("ready", || (get(&gateway, "/health/ready").status == 200).then_some(()));
    simulator.kill();
    let answer = eventually("not ready", || {
        let answer = get(&gateway, "/health/ready");
        (answer.status == 503).then_some(answer)
    });
    assert!(answer.text().contains("TS0"), "the reason names the link: {}", answer.text());
    assert_eq!(get(&gateway, "/health/live").status, 200);
}

#[test]
fn metrics_are_there() {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = send(&gateway, 0, 10);
    judge(&gateway, &simulator, attempts, &Terms::default());
    let metrics = get(&gateway, "/metrics");
    assert_eq!(metrics.status, 200);
    assert!(
        metrics.text().lines().any(|line| !line.starts_with('#') && line.contains("TS0")),
        "{}",
        metrics.text()
    );
}

#[test]
fn logs_tell_no_secrets_numbers_or_texts() {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let body = json!({ "to": ["46709876543"], "text": "hemligt-innehåll" });
    assert_eq!(post(&gateway, &body, None).status, 202);
    judge_quietly(&gateway);
    let errors = gateway.errors() + &gateway.process().output();
    for secret in ["46709876543", "hemligt", PASSWORD, "password = "] {
        assert!(!errors.contains(secret), "{secret} stands in the log");
    }
}

fn judge_quietly(gateway: &Gateway) {
    let rows = blackbox::readback::settle(gateway, true);
    assert_eq!(rows.len(), 1);
}
