//! An operator that lets us in and answers neither messages nor keep-alives: an alarm is with the next one within seconds, what comes later
//! goes there at once, and he gets messages again when he answers.

use crate::story::post;
use blackbox::clock::{pause, within};
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;
use std::time::Duration;

/// Silence for a second, a second for the test of the line, and no more than that many for the rest.
const SOON: Duration = Duration::from_secs(8);

fn link(simulator: &Simulator) -> String {
    format!(
        "hosts = [\"{}\"]\nsystem_id = \"omnigate\"\npassword = \"secret\"\nenquire_link = \"1s\"\nenquire_link_timeout = \"1s\"\nfirst_pause = \"100ms\"",
        simulator.address()
    )
}

fn send(gateway: &Gateway, to: &str, priority: &str) {
    let answer = post(gateway, &json!({ "to": [to], "text": "hej", "priority": priority }), None);
    assert_eq!(answer.status, 202, "{}", answer.text());
}

/// Waits until an operator has got something to a number.
fn gets(simulator: &Simulator, to: &str) {
    let is_it = |entry: &Entry| matches!(entry, Entry::Submit { to: given, .. } if given == to);
    let found = within(SOON, || simulator.journal().iter().any(is_it).then_some(()));
    assert!(found.is_some(), "{to}: {:#?}", simulator.journal());
}

#[test]
fn an_alarm_does_not_wait_for_who_answers_nothing() {
    let (mut deaf, other) = (Simulator::start(&["--receipts"]), Simulator::start(&["--receipts"]));
    let settings = Settings {
        bare: true,
        link: link(&deaf),
        ways: "\"TS0\", \"TS1\"".into(),
        more: format!("[[link]]\nname = \"TS1\"\nprotocol = \"smpp\"\n{}\n", link(&other)),
        ..Settings::default()
    };
    let gateway = Gateway::start(&settings);
    send(&gateway, "46701111111", "normal");
    gets(&deaf, "46701111111");
    deaf.behave(&json!({ "deaf": true, "no_answer": true }));
    send(&gateway, "46702222222", "alarm");
    gets(&other, "46702222222");
    // He lets us in again and again, and is not believed.
    let binds = |e: &&Entry| matches!(e, Entry::Bound { .. });
    let again = within(SOON, || (deaf.journal().iter().filter(binds).count() > 2).then_some(()));
    assert!(again.is_some(), "{:#?}", deaf.journal());
    send(&gateway, "46703333333", "normal");
    gets(&other, "46703333333");
    deaf.behave(&json!({}));
    let mut n = 0;
    let back = within(3 * SOON, || {
        n += 1;
        let to = format!("467044444{n:02}");
        send(&gateway, &to, "normal");
        pause(Duration::from_millis(100));
        deaf.journal()
            .iter()
            .any(|e| matches!(e, Entry::Submit { to: given, .. } if *given == to))
            .then_some(())
    });
    assert!(back.is_some(), "{:#?}", deaf.journal());
}
