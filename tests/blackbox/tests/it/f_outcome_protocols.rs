//! Fallback on the outcome through every kind of operator: one by SMPP, one by UCP, one by HTTP and a GSM terminal take an alarm and never
//! deliver it, and Minicall gets it at last, by TAP. In time, and once by each.

use crate::story::post;
use blackbox::clock::{wall_ms, within};
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

/// What an alarm has on each way, in milliseconds.
const EACH: u64 = 3_000;
/// What a slow machine takes on each way beyond that.
const SLOWER: u64 = 10_000;

/// The operators in the order of the ways.
struct Operators([Simulator; 5]);

impl Operators {
    fn start() -> Self {
        Self([
            Simulator::start(&[]),
            Simulator::speaking("ucp", &[]),
            Simulator::speaking("http", &["--operator", "46elks"]),
            Simulator::modem(&[]),
            Simulator::speaking("tap", &["--charset", "646-se"]),
        ])
    }

    /// The links to all but the first, who is `TS0`.
    fn links(&self) -> String {
        let [_, ucp, http, modem, tap] = &self.0;
        format!(
            "[[link]]\nname = \"UCP\"\nprotocol = \"ucp\"\nhosts = [\"{}\"]\nsystem_id = \"12345\"\npassword = \"secret\"\n\
             [[link]]\nname = \"HTTP\"\nprotocol = \"http\"\nprofile = \"46elks\"\nurl = \"http://{}\"\nuser = \"u1234\"\npassword = \"secret\"\n\
             callback_url = \"http://127.0.0.1:9\"\noriginator = \"12345\"\ncallback_secret = \"abcdefghijklmnop\"\n\
             [[link]]\nname = \"GSM\"\nprotocol = \"modem\"\nport = \"{}\"\npoll = \"1s\"\n\
             [[link]]\nname = \"MC\"\nprotocol = \"tap\"\nhosts = [\"{}\"]\ncharset = \"646-se\"\nidle = \"200ms\"\n",
            ucp.address(),
            http.address(),
            modem.device().display(),
            tap.address(),
        )
    }

    /// When each got the text, in milliseconds since 1970.
    fn got(&self, text: &str) -> [Vec<u64>; 5] {
        let of = |simulator: &Simulator| {
            let journal = simulator.journal();
            let times = journal.iter().filter_map(|entry| match entry {
                Entry::Submit { at_ms, text: given, .. } if given == text => Some(*at_ms),
                _ => None,
            });
            times.collect()
        };
        self.0.each_ref().map(of)
    }
}

#[test]
fn an_alarm_goes_by_every_protocol_until_minicall_takes_it() {
    let operators = Operators::start();
    let first: SocketAddr = operators.0[0].address();
    let settings = Settings { more: operators.links(), ..Settings::towards(first) };
    let mut gateway = Gateway::prepare(&settings);
    let alarms = "[[route]]\nto = \"*\"\npriorities = [\"alarm\"]\n\
                  links = [\"TS0\", \"UCP\", \"HTTP\", \"GSM\", \"MC\"]\ndelivered_within = \"3s\"\n";
    let text = fs::read_to_string(gateway.config()).expect("the configuration");
    fs::write(gateway.config(), text.replacen("[[route]]\n", &format!("{alarms}[[route]]\n"), 1))
        .expect("the configuration");
    gateway.restart();
    let up = within(Duration::from_secs(60), || {
        let output = gateway.command(&["link", "list", "--json"]);
        let links: Value = serde_json::from_slice(&output.stdout).ok()?;
        links["links"].as_array()?.iter().all(|link| link["state"] == "up").then_some(())
    });
    assert!(up.is_some(), "not all links are up");

    let larm = "Brand på pumpstationen vid ån";
    let began = wall_ms();
    let answer = post(&gateway, &json!({ "to": ["0701234567"], "text": larm, "priority": "alarm" }), None);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let id = answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned();
    let all = Duration::from_millis(5 * (EACH + SLOWER));
    let there = within(all, || Some(operators.got(larm)).filter(|got| !got[4].is_empty()));
    let got = there.unwrap_or_else(|| panic!("not at Minicall: {:?}", operators.got(larm)));
    let mut before = began;
    for (way, times) in got.iter().enumerate() {
        let [at] = times[..] else { panic!("once by each: {got:?}") };
        let took = at.saturating_sub(before);
        let least = if way == 0 { 0 } else { EACH - 500 };
        assert!((least..EACH + SLOWER).contains(&took), "way {way} after {took} ms: {got:?}");
        before = at;
    }

    // TAP knows no receipts: it is at its end, and no way is tried again.
    let status = || {
        let request = Request::get(format!("/api/v1/messages/{id}")).basic(USER, PASSWORD);
        once(gateway.doors().http, &request).expect("an answer").json()
    };
    let ended = within(all, || Some(status()).filter(|s| s["link"] == "MC" && s["state"] == "sent"));
    let status = ended.unwrap_or_else(|| panic!("{}", status()));
    let ways = status["ways"].as_array().cloned().unwrap_or_default();
    let left: Vec<_> = ways.iter().map(|way| (way["link"].clone(), way["left"].clone())).collect();
    let late = |link: &str| (json!(link), json!("not_delivered_in_time"));
    assert_eq!(left, [late("TS0"), late("UCP"), late("HTTP"), late("GSM")], "{status}");
    blackbox::clock::pause(Duration::from_millis(EACH + 1_000));
    assert!(operators.got(larm).iter().all(|times| times.len() == 1), "{:?}", operators.got(larm));
}
