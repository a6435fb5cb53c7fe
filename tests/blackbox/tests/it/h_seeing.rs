//! H1 to H3 and H6: ready or not with a reason, metrics, everything about one message, and nothing private in the logs.

use crate::story::{judge, long, post, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, start};
use blackbox::gateway::Gateway;
use blackbox::history::number_of;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::peers::{program, run};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// Messages in the store when one is looked for.
const STORED: u64 = 300_000;
/// The same, in the long form.
const STORED_LONG: u64 = 10_000_000;
/// What one command may take: H1.
const ONE_COMMAND: Duration = Duration::from_secs(1);

/// Puts so many older copies of a finished message into the store, 20 ms apart, each with a number and a reference of its own; prints
/// the id of the one in the middle.
const FILL: &str = "
import sqlite3, sys
file, count, step = sys.argv[1], int(sys.argv[2]), 20
store = sqlite3.connect(file)
store.execute('PRAGMA synchronous = off')
names = [row[1] for row in store.execute('PRAGMA table_info(message)')]
there = store.execute('SELECT min(id) FROM message').fetchone()[0]
own = {'id': f'{there} - i * {step << 22}', 'recipient': \"'4670' || (1000000 + i)\", 'reference': \"'copy-' || i\"}
own |= {name: f'{name} - i * {step}' for name in names if name.endswith('_at')}
chosen = ', '.join(own.get(name, name) for name in names)
store.execute(f'WITH RECURSIVE n(i) AS (SELECT {count} UNION ALL SELECT i - 1 FROM n WHERE i > 1) '
              f'INSERT INTO message SELECT {chosen} FROM n, message WHERE id = {there}')
store.commit()
print(store.execute(f\"SELECT id FROM message WHERE reference = 'copy-{count // 2}'\").fetchone()[0])
";

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

/// H1: one command, one second at most, however many messages there are.
#[test]
fn one_message_among_all_that_are_kept() {
    let Some(python) = program("python3") else { return };
    let count = if long() { STORED_LONG } else { STORED };
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    judge_quietly_after(&gateway);
    gateway.stop(Duration::from_secs(30));
    let store = gateway.data().join("omnigate.db");
    let printed = run(Command::new(python).args(["-c", FILL]).arg(store).arg(count.to_string()));
    let id = printed.trim();
    gateway.restart();
    let (number, reference) = (format!("4670{}", 1_000_000 + count / 2), format!("copy-{}", count / 2));
    for asked in [["show", id].as_slice(), &["list", "--reference", &reference]] {
        let began = start();
        let output = gateway.command(&[&["message"], asked].concat());
        let took = began.elapsed();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        for fact in [id, number.as_str(), "delivered", "TS0"] {
            assert!(shown.contains(fact), "{fact} is missing in {shown}");
        }
        println!("{asked:?} among {count}: {took:?}");
        assert!(took <= ONE_COMMAND, "{asked:?} took {took:?}");
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

/// One message with a reference comes to its end.
fn judge_quietly_after(gateway: &Gateway) {
    let body = json!({ "to": ["46709876543"], "text": "en av många", "reference": "the-last" });
    assert_eq!(post(gateway, &body, None).status, 202);
    judge_quietly(gateway);
}

fn judge_quietly(gateway: &Gateway) {
    let rows = blackbox::readback::settle(gateway, true);
    assert_eq!(rows.len(), 1);
}
