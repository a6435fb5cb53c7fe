//! Operators by HTTP: a gateway behind a gateway, a real Kannel in between, and the promises of every link towards a simulated HTTP operator:
//! kill -9, throttling, garbage, silence, connections that break.

use crate::story::{Drivers, judge, post, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::doors::ALL;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::peers::{kannel, program};
use blackbox::proxy::{Proxy, Weather};
use blackbox::random::Random;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// What operators must know to call us.
const SECRET: &str = "story-secret-0123456789";
/// Messages under each fault.
const MESSAGES: u64 = 30;
/// Kills of the gateway.
const KILLS: u64 = 10;

fn free() -> SocketAddr {
    SocketAddr::from((kannel::own_address(), 8080))
}

/// A gateway whose one link goes to an operator of this profile.
fn towards(profile: &str, operator: SocketAddr, own: SocketAddr, more: &str) -> Settings {
    let link = format!(
        "profile = \"{profile}\"\nurl = \"http://{operator}\"\ncallback_url = \"http://{own}\"\ncallback_secret = \"{SECRET}\"\n\
         response_timeout = \"2s\"\n{more}"
    );
    Settings { protocol: "http".into(), http: Some(own), link, ..Settings::default() }
}

/// Towards the simulated 46elks.
fn elks(operator: SocketAddr) -> Settings {
    towards("46elks", operator, free(), "user = \"u\"\npassword = \"p\"\n")
}

fn state(gateway: &Gateway, id: &str) -> Value {
    let request = Request::get(format!("/api/v1/messages/{id}")).basic(USER, PASSWORD);
    once(gateway.doors().http, &request).map_or(Value::Null, |answer| answer.json())
}

fn sent(gateway: &Gateway, to: &str, text: &str) -> String {
    let answer = post(gateway, &json!({ "to": [to], "text": text, "from": "12345" }), None);
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned()
}

fn delivered(gateway: &Gateway, id: &str) {
    let seen = || (state(gateway, id)["state"] == "delivered").then_some(());
    eventually("delivered", seen);
}

fn received(gateway: &Gateway, text: &str) {
    let request = Request::get("/api/v1/inbox?limit=100").basic(USER, PASSWORD);
    eventually("the message in the inbox", || {
        let inbox = once(gateway.doors().http, &request).ok()?.text();
        inbox.contains(text).then_some(())
    });
}

#[test]
fn a_gateway_behind_a_gateway() {
    let mut simulator = Simulator::start(&["--receipts"]);
    let front = free();
    let inner = Settings {
        more: format!(
            "[callbacks]\nsecret = \"between-us\"\n[[mo]]\nto = \"http://{front}/operator/TS0/mo/{SECRET}\"\nuser = \"{USER}\"\n"
        ),
        ..Settings::towards(simulator.address())
    };
    let inner = Gateway::start(&inner);
    let login =
        format!("user = \"{USER}\"\npassword = \"{PASSWORD}\"\nsecrets = {{ callback = \"between-us\" }}\n");
    let outer = Settings {
        more: format!("[[mo]]\nuser = \"{USER}\"\n"),
        ..towards("omnigate", inner.doors().http, front, &login)
    };
    let outer = Gateway::start(&outer);
    let short = sent(&outer, "46701234567", "genom två, åäö € & <b>");
    let long = sent(&outer, "46701234568", &"tre delar genom två ".repeat(20));
    delivered(&outer, &short);
    delivered(&outer, &long);
    let whole = &state(&outer, &long)["parts"];
    assert!(
        whole.as_array().is_some_and(|parts| parts.len() == 1) && whole[0]["seq"] == 0,
        "one request, one receipt: {whole}"
    );
    assert_eq!(simulator.submits(), 4, "one part and three");
    simulator.mo("46709876543", "12345", "hem igen åäö");
    received(&outer, "hem igen åäö");
}

#[test]
fn through_kannel_and_back() {
    let (Some(bearerbox), Some(_)) = (program("bearerbox"), program("smsbox")) else { return };
    let mut simulator = Simulator::start(&["--receipts", "--account", "t:t"]);
    let own = free();
    let link = format!(
        "group = smsc\nsmsc = smpp\nsystem-type = \"\"\ntransceiver-mode = true\nsmsc-id = ours\nhost = {}\nport = {}\n\
         smsc-username = t\nsmsc-password = t\n\n",
        simulator.address().ip(),
        simulator.address().port()
    );
    let service = format!(
        "max-messages = 0\nget-url = \"http://{own}/operator/TS0/mo/{SECRET}?from=%p&to=%P&text=%a&coding=%c&id=%I&at=%T\""
    );
    let kannel = kannel::with_service(&bearerbox, &link, &service);
    let bound = |entry: &Entry| matches!(entry, Entry::Bound { .. });
    eventually("Kannel's session", || simulator.journal().iter().any(bound).then_some(()));
    let settings = Settings {
        more: format!("[[mo]]\nuser = \"{USER}\"\n"),
        ..towards("kannel", kannel.door, own, "user = \"t\"\npassword = \"t\"\n")
    };
    let gateway = Gateway::start(&settings);
    let short = sent(&gateway, "46701234567", "genom Kannel, åäö [€] & %d {to}");
    let wide = sent(&gateway, "46701234568", "ő och 🎈");
    let long = sent(&gateway, "46701234569", &"tre delar genom Kannel å ".repeat(16));
    for id in [&short, &wide, &long] {
        delivered(&gateway, id);
    }
    let texts: Vec<String> = simulator
        .journal()
        .into_iter()
        .filter_map(|entry| if let Entry::Submit { text, .. } = entry { Some(text) } else { None })
        .collect();
    assert!(texts.contains(&"genom Kannel, åäö [€] & %d {to}".to_owned()), "{texts:?}");
    assert!(texts.contains(&"ő och 🎈".to_owned()), "{texts:?}");
    assert_eq!(texts.len(), 5, "three parts of the long one: {texts:?}");
    simulator.mo("46709876543", "12345", "hem genom Kannel åäö");
    received(&gateway, "hem genom Kannel åäö");
}

fn under(faults: &Value) {
    println!("{faults}");
    let mut simulator = Simulator::speaking("http", &["--operator", "46elks", "--receipts"]);
    let gateway = Gateway::start(&elks(simulator.address()));
    simulator.behave(faults);
    let mut attempts = send(&gateway, 0, MESSAGES);
    let reached = || (simulator.submits() as u64 >= MESSAGES / 2).then_some(());
    eventually("half of them at the operator", reached);
    simulator.behave(&json!({}));
    attempts.extend(send(&gateway, MESSAGES, 5));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{faults}: {:?}", history.rows);
}

#[test]
fn throttles_for_a_while() {
    under(&json!({ "throttle_every": 3 }));
}

#[test]
fn speaks_nonsense_or_nothing_or_breaks_off() {
    under(&json!({ "garbage_every": 5 }));
    under(&json!({ "drop_every": 6, "no_answer_every": 9 }));
}

#[test]
fn killed_again_and_again() {
    let mut random = Random::of_story("http_operators");
    let simulator = Simulator::speaking(
        "http",
        &["--operator", "46elks", "--receipts", "--duplicate-receipts", "--delay", "5ms"],
    );
    let mut gateway = Gateway::start(&elks(simulator.address()));
    let drivers = Drivers::start(&ALL, 20, &mut random);
    for _ in 0..KILLS {
        drivers.aim(Some(gateway.doors()));
        let before = drivers.accepted();
        eventually("an accepted message", || (drivers.accepted() > before).then_some(()));
        pause(Duration::from_millis(random.between(5..600)));
        gateway.kill();
        drivers.aim(None);
        gateway.restart();
    }
    let attempts = drivers.finish();
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn connections_break_and_hang() {
    let simulator = Simulator::speaking("http", &["--operator", "46elks", "--receipts", "--delay", "3ms"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { split: 7, ..Weather::default() });
    let gateway = Gateway::start(&elks(proxy.address()));
    let mut attempts = Vec::new();
    for round in 0..4 {
        attempts.extend(send(&gateway, round * 20, 20));
        proxy.reset();
    }
    proxy.set(Weather { drop: true, ..Weather::default() });
    attempts.extend(send(&gateway, 80, 20));
    pause(Duration::from_secs(3));
    proxy.set(Weather::default());
    proxy.reset();
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn a_bad_profile_is_explained() {
    let gateway = Gateway::prepare(&elks(free()));
    let profile = gateway.directory().join("own.toml");
    let text =
        "title = \"x\"\n[send]\nform = [{ name = \"t\", value = \"{txet}\" }]\n[[answer]]\nmeans = \"ok\"\n";
    std::fs::write(&profile, text).expect("a profile");
    let settings = elks(free());
    let link = settings.link.replace("profile = \"46elks\"", &format!("profile = \"{}\"", profile.display()));
    gateway.configure(&Settings { link, ..settings });
    let output = gateway.command(&["check"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("own.toml:3: send.form: there is no {txet}; there are to, "), "{said}");
}
