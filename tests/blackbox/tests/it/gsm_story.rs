//! Our GSM link against the simulated modem: kill -9, a cable pulled out, coverage lost; nothing accepted is lost, and people hear of it.

use crate::story::{Drivers, judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::doors::Door;
use blackbox::gateway::Gateway;
use blackbox::mail_sink::MailSink;
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// Kills of the gateway.
const KILLS: u64 = 8;

/// A gateway whose messages go by GSM terminals alone.
fn settings(modems: &[&Simulator], keys: &str, relay: Option<SocketAddr>) -> Settings {
    let names: Vec<String> = (0..modems.len()).map(|n| format!("\"GSM{n}\"")).collect();
    let mut more = String::new();
    for (n, modem) in modems.iter().enumerate() {
        let port = modem.device();
        let _ = write!(
            more,
            "\n[[link]]\nname = \"GSM{n}\"\nprotocol = \"gsm\"\nport = \"{}\"\nnumber = \"4670000000{n}\"\n\
             poll = \"300ms\"\nresponse_timeout = \"5s\"\n{keys}\n",
            port.display()
        );
    }
    // This route stands before the ordinary one.
    let link = format!("\n[[route]]\nto = \"*\"\nlinks = [{{ balance = [{}] }}]\n", names.join(", "));
    Settings { link, more, relay, ..Settings::default() }
}

fn terms() -> Terms {
    Terms { window: 1, ..Terms::default() }
}

#[test]
fn killed_again_and_again() {
    let mut random = Random::of_story("gsm");
    let mut modem = Simulator::modem(&["--receipts", "--pin", "1234", "--fault", "chatter"]);
    let mut gateway = Gateway::start(&settings(&[&modem], "pin = \"1234\"", None));
    let drivers = Drivers::start(&[Door::Json], 400, &mut random);
    for kill in 0..KILLS {
        drivers.aim(Some(gateway.doors()));
        let before = modem.submits();
        eventually("a message by the modem", || (modem.submits() > before).then_some(()));
        modem.text("46701234567", &format!("mo {kill}"));
        pause(Duration::from_millis(random.between(5..1_500)));
        gateway.kill();
        drivers.aim(None);
        gateway.restart();
    }
    let attempts = drivers.finish();
    judge(&gateway, &modem, attempts, &terms());
}

#[test]
fn unplugged_and_without_coverage() {
    let relay = MailSink::start();
    let mut modems = [Simulator::modem(&["--receipts"]), Simulator::modem(&["--receipts"])];
    let keys = "alarm_to = \"drift@example.test\"\nalarm_after = \"2s\"";
    let gateway = Gateway::start(&settings(&modems.each_ref(), keys, Some(relay.address())));
    let mut attempts = send(&gateway, 0, 6);
    let said = |words: &str| {
        relay.mails().iter().any(|mail| mail.to == ["drift@example.test"] && mail.data.contains(words))
    };
    for modem in &mut modems {
        modem.tell(&json!({ "do": "unplug" }));
    }
    attempts.extend(send(&gateway, 6, 4));
    eventually("mails about both", || (said("GSM0 är nere") && said("GSM1 är nere")).then_some(()));
    for modem in &mut modems {
        modem.tell(&json!({ "do": "plug" }));
    }
    eventually("all-clears for both", || (said("GSM0 är uppe") && said("GSM1 är uppe")).then_some(()));
    let before = relay.mails().len();
    let [first, second] = &mut modems;
    first.behave(&json!({ "no_network": true }));
    eventually("a mail about the coverage", || (relay.mails().len() > before).then_some(()));
    attempts.extend(send(&gateway, 10, 4));
    first.behave(&json!({}));
    second.text("46701234567", "svar");
    let rows = blackbox::readback::settle(&gateway, true);
    let delivered = rows.iter().filter(|row| row.state == "delivered").count();
    assert_eq!(delivered, attempts.len(), "{rows:?}");
    eventually("the message of the phone", || {
        blackbox::readback::inbox(&gateway).iter().any(|text| text.contains("svar")).then_some(())
    });
}
