//! GSM terminals: nothing is lost by kill -9, and a balanced group goes on when the port of one of them vanishes and returns.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::gateway::Gateway;
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;
use std::time::Duration;

/// Kills of the gateway.
const KILLS: u64 = 5;
/// Between two messages of which each looks whether a port is served again: it must not fill the queue of one that is not.
const LOOK: Duration = Duration::from_millis(400);
/// One message at a time.
const TERMS: Terms = Terms { window: 1, receipts: true, ordered: false, own_numbers: true };

fn link(modem: &Simulator) -> String {
    format!("port = \"{}\"\npoll = \"1s\"", modem.device().display())
}

#[test]
fn killed_again_and_again() {
    let mut random = Random::of_story("modem");
    let modem = Simulator::modem(&["--receipts", "--memory", "200"]);
    let settings =
        Settings { protocol: "modem".into(), bare: true, link: link(&modem), ..Settings::default() };
    let mut gateway = Gateway::start(&settings);
    let mut attempts = Vec::new();
    for kill in 0..KILLS {
        let before = modem.submits();
        attempts.extend(send(&gateway, kill * 8, 8));
        eventually("a message at the modem", || (modem.submits() > before).then_some(()));
        pause(Duration::from_millis(random.between(1..300)));
        gateway.kill();
        gateway.restart();
    }
    judge(&gateway, &modem, attempts, &TERMS);
}

#[test]
fn a_group_goes_on_without_the_one_that_is_unplugged() {
    let (mut first, second) = (Simulator::modem(&["--receipts"]), Simulator::modem(&["--receipts"]));
    let other = format!("[[link]]\nname = \"TS1\"\nprotocol = \"modem\"\n{}\n", link(&second));
    let settings = Settings {
        protocol: "modem".into(),
        bare: true,
        link: link(&first),
        ways: "{ balance = [\"TS0\", \"TS1\"] }".into(),
        more: other,
        ..Settings::default()
    };
    let gateway = Gateway::start(&settings);
    let mut attempts = Vec::new();
    // Which of them is up first takes what comes then.
    eventually("both of them send", || {
        let number = attempts.len() as u64;
        attempts.extend(send(&gateway, number, 1));
        pause(LOOK);
        (first.submits() > 0 && second.submits() > 0).then_some(())
    });
    let early = attempts.len();
    eventually("all are sent", || (first.submits() + second.submits() >= early).then_some(()));
    first.tell(&json!({ "do": "unplug" }));
    let before = first.submits();
    attempts.extend(send(&gateway, early as u64, 12));
    eventually("the other sends the rest", || {
        (first.submits() + second.submits() >= early + 12).then_some(())
    });
    assert!(first.submits() <= before + 1, "{} {before}", first.submits());
    first.tell(&json!({ "do": "plug" }));
    eventually("the first sends again", || {
        let number = attempts.len() as u64;
        attempts.extend(send(&gateway, number, 1));
        pause(LOOK);
        (first.submits() > before).then_some(())
    });
    let rows = blackbox::readback::settle(&gateway, true);
    assert!(rows.len() == attempts.len() && rows.iter().all(|row| row.state == "delivered"), "{rows:?}");
}
