//! Fallback on the outcome, and links under command: three operators, of whom the first takes alarms and never delivers them.
//!
//! An alarm arrives in time by the next operator that delivers, once by each on the way, also when the gateway is killed in between: its
//! time stands in the store. A link that was paused stays paused over a restart.

use crate::story::post;
use blackbox::clock::within;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// Longer than any machine takes for a time of ten seconds, a restart and a receipt.
const IN_TIME: Duration = Duration::from_secs(120);

/// A gateway with an operator that never delivers and two that do; alarms have ten seconds on each link.
struct Stage {
    silent: Simulator,
    good: Simulator,
    spare: Simulator,
    gateway: Gateway,
}

impl Stage {
    fn set() -> Self {
        let (silent, good, spare) =
            (Simulator::start(&[]), Simulator::start(&["--receipts"]), Simulator::start(&["--receipts"]));
        let link = |name: &str, simulator: &Simulator| {
            format!(
                "[[link]]\nname = \"{name}\"\nprotocol = \"smpp\"\nhosts = [\"{}\"]\nsystem_id = \"omnigate\"\n\
                 password = \"secret\"\n",
                simulator.address()
            )
        };
        let more = format!("{}{}", link("TS1", &good), link("TS2", &spare));
        let settings = Settings { more, ..Settings::towards(silent.address()) };
        let mut gateway = Gateway::prepare(&settings);
        let alarms = "[[route]]\nto = \"*\"\npriorities = [\"alarm\"]\nlinks = [\"TS0\", \"TS1\", \"TS2\"]\ndelivered_within = \"10s\"\n";
        let text = fs::read_to_string(gateway.config()).expect("the configuration");
        let text = text.replacen("[[route]]\n", &format!("{alarms}[[route]]\n"), 1);
        fs::write(gateway.config(), text).expect("the configuration");
        gateway.restart();
        Self { silent, good, spare, gateway }
    }

    fn alarm(&self, to: &str) -> String {
        let body = json!({ "to": [to], "text": format!("larm till {to}"), "priority": "alarm" });
        let answer = post(&self.gateway, &body, None);
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned()
    }

    fn status(&self, id: &str) -> Value {
        let request = Request::get(format!("/api/v1/messages/{id}")).basic(USER, PASSWORD);
        once(self.gateway.doors().http, &request).expect("an answer").json()
    }

    /// The message once it is in a state.
    fn reaches(&self, id: &str, state: &str) -> Value {
        let found = within(IN_TIME, || Some(self.status(id)).filter(|status| status["state"] == state));
        found.unwrap_or_else(|| panic!("not {state}: {}", self.status(id)))
    }

    /// How often each operator got a message to a number.
    fn got(&self, to: &str) -> [usize; 3] {
        let count = |simulator: &Simulator| {
            let of = |entry: &Entry| matches!(entry, Entry::Submit { to: given, .. } if given == to);
            simulator.journal().iter().filter(|e| of(e)).count()
        };
        [count(&self.silent), count(&self.good), count(&self.spare)]
    }

    fn links(&self) -> Value {
        let output = self.gateway.command(&["link", "list", "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

#[test]
fn an_alarm_arrives_by_another_operator_in_time_and_once_by_each() {
    let mut stage = Stage::set();
    let (before, killed) = ("46701110001", "46701110002");
    let id = stage.alarm(before);
    let status = stage.reaches(&id, "delivered");
    assert_eq!(stage.got(before), [1, 1, 0], "{status}");
    let id = stage.alarm(killed);
    stage.reaches(&id, "sent");
    stage.gateway.kill();
    stage.gateway.restart();
    let status = stage.reaches(&id, "delivered");
    assert_eq!(stage.got(killed), [1, 1, 0], "once by each: {status}");
    assert_eq!(status["link"], "TS1");
    let way = &status["ways"][0];
    assert_eq!(
        (&way["link"], &way["state"], &way["left"]),
        (&json!("TS0"), &json!("sent"), &json!("not_delivered_in_time"))
    );
    assert_eq!(status["possible_duplicate"], true);
    let shown = stage.gateway.command(&["message", "show", &id, "--language", "en"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("TS0") && shown.contains("not_delivered_in_time"), "{shown}");
}

#[test]
fn a_paused_link_stays_paused_over_a_restart() {
    let mut stage = Stage::set();
    let paused = stage.gateway.command(&["link", "pause", "TS0"]);
    assert!(paused.status.success(), "{}", String::from_utf8_lossy(&paused.stderr));
    let tested = stage.gateway.command(&["link", "test", "TS0", "--to", "46701110005", "--language", "en"]);
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(!tested.status.success() && said.contains("the link is paused, so nothing was sent"), "{said}");
    assert_eq!(stage.got("46701110005"), [0, 0, 0], "not by another link either");
    let to = "46701110003";
    let id = stage.alarm(to);
    stage.reaches(&id, "delivered");
    assert_eq!(stage.got(to), [0, 1, 0]);
    stage.gateway.kill();
    stage.gateway.restart();
    let held = within(IN_TIME, || {
        let links = stage.links();
        (links["links"][0]["state"] == "held" && links["links"][0]["order"] == "paused").then_some(())
    });
    assert!(held.is_some(), "{}", stage.links());
    let resumed = stage.gateway.command(&["link", "resume", "TS0"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert_eq!(stage.links()["links"][0]["order"], "open");
    let tested = stage.gateway.command(&["link", "test", "TS1", "--to", "46701110004", "--json"]);
    let tested: Value = serde_json::from_slice(&tested.stdout).expect("JSON");
    assert_eq!((&tested["well"], &tested["by"]), (&json!(true), &json!("TS1")), "{tested}");
}
