//! H1 to H3 and H6: ready or not with a reason, metrics, everything about one message, and nothing private in the logs.

use crate::story::{judge, post, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::history::number_of;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::settings::{PASSWORD, Settings, USER};
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

#[test]
fn everything_about_one_message() {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = send(&gateway, 0, 3);
    let id = attempts[1].id().expect("an id").to_owned();
    judge(&gateway, &simulator, attempts, &Terms::default());
    let operator_id = simulator.journal().iter().find_map(|entry| match entry {
        Entry::Submit { to, message_id, .. } if *to == number_of(1) => Some(message_id.clone()),
        _ => None,
    });
    let operator_id = operator_id.expect("a submit");
    let output = gateway.command(&["message", "show", &id, "--json"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for fact in [id.as_str(), &number_of(1), USER, "TS0", "delivered", &operator_id] {
        assert!(shown.contains(fact), "{fact} is missing in {shown}");
    }
}

/// H3: what is measured is what is stored.
#[test]
fn metrics_agree_with_the_books() {
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = send(&gateway, 0, 25);
    judge(&gateway, &simulator, attempts, &Terms::default());
    let (_, audit) = blackbox::readback::audit(&gateway);
    let metrics = get(&gateway, "/metrics").text();
    let sum = |name: &str| -> f64 {
        let values = metrics.lines().filter(|line| line.starts_with(name));
        values.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    };
    assert_eq!(audit["accepted"].as_f64(), Some(sum("omnigate_accepted_total")), "{metrics}");
    assert_eq!(audit["by_state"]["delivered"].as_f64(), Some(sum("omnigate_settled_total")), "{metrics}");
}

fn judge_quietly(gateway: &Gateway) {
    let rows = blackbox::readback::settle(gateway, true);
    assert_eq!(rows.len(), 1);
}
