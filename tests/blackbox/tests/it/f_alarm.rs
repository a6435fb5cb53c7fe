//! A link that is out of credit or whose login is refused is parked, and people are told: by mail, and by a message of another link. It is
//! tried again slowly, and they are told when it is well again. No message is lost and no try is counted meanwhile.

use crate::story::send;
use blackbox::clock::{eventually, within};
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::mail_sink::MailSink;
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;
use std::fs;
use std::time::Duration;

/// Who is on duty.
const DUTY: &str = "46701119999";
/// Longer than any machine takes for three logins and a mail.
const IN_TIME: Duration = Duration::from_secs(120);

struct Stage {
    mails: MailSink,
    first: Simulator,
    second: Simulator,
    gateway: Gateway,
}

impl Stage {
    /// Two operators in order, people who are told, and `keys` for the first link.
    fn set(faults: &serde_json::Value, keys: &str) -> Self {
        Self::of("en", faults, keys)
    }

    /// In this language.
    fn of(language: &str, faults: &serde_json::Value, keys: &str) -> Self {
        let mails = MailSink::start();
        let (mut first, second) = (Simulator::start(&["--receipts"]), Simulator::start(&["--receipts"]));
        first.behave(faults);
        let more = format!(
            "[[link]]\nname = \"TS1\"\nprotocol = \"smpp\"\nhosts = [\"{}\"]\nsystem_id = \"omnigate\"\npassword = \"secret\"\n\
             [alarm]\nmail = [\"drift@example.test\"]\nsms = [\"{DUTY}\"]\nafter = \"1s\"\n",
            second.address()
        );
        let link = format!("first_pause = \"100ms\"\n{keys}");
        let relay = Some(mails.address());
        let settings = Settings { more, link, relay, ..Settings::towards(first.address()) };
        let mut gateway = Gateway::prepare(&settings);
        let text = fs::read_to_string(gateway.config()).expect("the configuration");
        let text = text.replace("links = [\"TS0\"]", "links = [\"TS0\", \"TS1\"]");
        let speaks = format!("country = \"46\"\nlanguage = \"{language}\"\n");
        let text = text.replace("country = \"46\"\n", &speaks);
        fs::write(gateway.config(), text).expect("the configuration");
        gateway.restart();
        Self { mails, first, second, gateway }
    }

    /// A mail whose subject begins so, and a message to who is on duty with these words.
    fn told(&self, subject: &str, words: &str) {
        let mailed = || {
            let mails = self.mails.mails();
            let fits = |mail: &blackbox::mail_sink::Mail| {
                mail.to == ["drift@example.test"] && mail.data.contains(&format!("Subject: {subject}"))
            };
            mails.iter().any(fits).then_some(())
        };
        assert!(within(IN_TIME, mailed).is_some(), "no {subject:?} in {:?}", self.mails.mails());
        let texted = || {
            let told = |entry: &Entry| matches!(entry, Entry::Submit { to, text, .. } if to == DUTY && text.contains(words));
            self.second.journal().iter().chain(&self.first.journal()).any(told).then_some(())
        };
        assert!(within(IN_TIME, texted).is_some(), "nobody was told {words:?} by a message");
    }

    fn measure(&self, line: &str) -> bool {
        let request = Request::get("/metrics");
        once(self.gateway.doors().http, &request).expect("measures").text().lines().any(|l| l == line)
    }
}

#[test]
fn a_login_that_is_refused_is_alarmed_and_messages_go_by_the_other_link() {
    let stage = Stage::set(&json!({ "bind_status": 14 }), "");
    stage.told("ALARM: the operator takes nothing on TS0, the link is parked", "Omnigate: TS0 parked");
    assert!(stage.measure("omnigate_link_parked{link=\"TS0\"} 1"));
    let (heard, test) =
        (stage.second.submits(), ["link", "test", "TS0", "--to", "46701110005", "--language"]);
    for (language, words) in [
        ("en", "the link is parked, so nothing was sent: "),
        ("sv", "vägen är parkerad, så ingenting sändes: "),
    ] {
        let tested = stage.gateway.command(&[&test[..], &[language]].concat());
        let said = String::from_utf8_lossy(&tested.stdout).into_owned();
        assert!(!tested.status.success() && said.contains(words), "{said}");
    }
    assert_eq!(stage.second.submits(), heard, "not by another link either");
    let attempts = send(&stage.gateway, 0, 5);
    let rows = readback::settle(&stage.gateway, true);
    assert_eq!(rows.len(), attempts.len());
    assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}");
    assert_eq!(stage.first.submits(), 0);
}

#[test]
fn that_it_is_over_is_told_after_a_restart_too() {
    let mut stage = Stage::set(&json!({ "bind_status": 14 }), "");
    stage.told("ALARM: the operator takes nothing on TS0, the link is parked", "Omnigate: TS0 parked");
    stage.gateway.kill();
    stage.first.behave(&json!({}));
    stage.gateway.restart();
    stage.told("CLEAR: the operator takes messages on TS0 again", "Omnigate: TS0 no longer parked");
}

#[test]
fn no_credit_is_alarmed_and_told_when_it_is_over() {
    let keys = "park_on = [\"smpp-0x00000400\"]\npark_for = \"2s\"\n";
    let mut stage = Stage::set(&json!({ "status": 0x400 }), keys);
    let attempts = send(&stage.gateway, 0, 5);
    stage.told("ALARM: the operator takes nothing on TS0, the link is parked", "Omnigate: TS0 parked");
    eventually("all five by the other link", || (stage.second.submits() >= attempts.len()).then_some(()));
    stage.first.behave(&json!({}));
    stage.told("CLEAR: the operator takes messages on TS0 again", "Omnigate: TS0 no longer parked");
    let before = stage.first.journal().iter().filter(|e| matches!(e, Entry::Reply { status: 0, .. })).count();
    let _ = send(&stage.gateway, 10, 1);
    eventually("the first link used again", || {
        let after =
            stage.first.journal().iter().filter(|e| matches!(e, Entry::Reply { status: 0, .. })).count();
        (after > before).then_some(())
    });
    let rows = readback::settle(&stage.gateway, true);
    assert!(rows.iter().all(|row| row.state == "delivered"), "{rows:?}");
}

#[test]
fn swedes_are_told_the_reason_in_swedish() {
    let mut stage = Stage::of("sv", &json!({}), "");
    stage.first.behave(&json!({ "bind_status": 14 }));
    stage.first.tell(&json!({ "do": "drop" }));
    let texted = || {
        stage.second.journal().into_iter().find_map(|entry| match entry {
            Entry::Submit { to, text, .. } if to == DUTY && text.contains("TS0") => Some(text),
            _ => None,
        })
    };
    let text = within(IN_TIME, texted).expect("an alarm");
    assert!(text.contains("inloggningen avvisades"), "{text}");
}
