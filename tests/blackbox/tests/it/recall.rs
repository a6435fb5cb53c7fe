//! A message that an operator has and has not delivered is taken back: over the HTTP door and by the command, which is another process than the
//! server, towards the simulated operators of both protocols that can. And what is said where it cannot be.

use crate::story::post;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, Response, once};
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use blackbox::web_sink::{Mood, WebSink};
use serde_json::{Value, json};
use std::fs;

/// Phones that are off: receipts come long after the story.
const OFF: [&str; 3] = ["--receipts", "--receipt-delay", "1h"];

fn settings(protocol: &str, simulator: &Simulator) -> Settings {
    Settings { protocol: protocol.into(), ..Settings::towards(simulator.address()) }
}

fn send(gateway: &Gateway, to: &str, text: &str, callback: Option<&str>) -> String {
    let mut body = json!({ "to": [to], "text": text });
    if let Some(url) = callback {
        body["callback_url"] = json!(url);
    }
    let answer = post(gateway, &body, None);
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["messages"][0]["id"].as_str().expect("an id").to_owned()
}

fn status(gateway: &Gateway, id: &str) -> Value {
    let request = Request::get(format!("/api/v1/messages/{id}")).basic(USER, PASSWORD);
    once(gateway.doors().http, &request).expect("an answer").json()
}

fn reaches(gateway: &Gateway, id: &str, state: &str) -> Value {
    eventually(&format!("{id} is {state}"), || Some(status(gateway, id)).filter(|s| s["state"] == state))
}

fn take_back(gateway: &Gateway, id: &str, query: &str) -> Response {
    let request = Request::delete(format!("/api/v1/messages/{id}{query}")).basic(USER, PASSWORD);
    once(gateway.doors().http, &request).expect("an answer")
}

/// The cancels at the operator: the id, and 0 where it took the message back.
fn cancels(simulator: &Simulator) -> Vec<(String, u64)> {
    let text = fs::read_to_string(simulator.journal_path()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let id = |v: &Value| v["message_id"].as_str().unwrap_or_default().to_owned();
    lines.filter(|v| v["event"] == "cancel").map(|v| (id(&v), v["status"].as_u64().unwrap_or(9))).collect()
}

/// All parts of a long text, its callback, the report that it is deleted; then again by the command, to a server that knows nothing of it but what stands
/// in the store.
fn taken_back_over(protocol: &str) {
    let simulator = Simulator::speaking(protocol, &OFF);
    let sink = WebSink::start(Mood::Well);
    let gateway = Gateway::start(&settings(protocol, &simulator));
    let long = send(&gateway, "0701234567", &"fel lista ".repeat(40), Some(&sink.url()));
    reaches(&gateway, &long, "sent");
    let left = take_back(&gateway, &long, "");
    assert_eq!((left.status, &left.json()["state"]), (409, &json!("sent")), "nobody asked for more");
    assert!(cancels(&simulator).is_empty());
    let back = take_back(&gateway, &long, "?recall=true");
    assert_eq!((back.status, back.text()), (200, json!({ "id": long, "state": "cancelled" }).to_string()));
    let asked = cancels(&simulator);
    assert!(asked.len() == 3 && asked.iter().all(|(_, status)| *status == 0), "{asked:?}");
    eventually("its sender is told", || {
        let told = sink.kept().iter().any(|body| body.contains("\"state\":\"cancelled\""));
        told.then_some(())
    });
    let again = take_back(&gateway, &long, "?recall=true");
    assert_eq!((again.status, &again.json()["state"]), (409, &json!("cancelled")));

    let short = send(&gateway, "0701234568", "fel lista", None);
    reaches(&gateway, &short, "sent");
    let held = gateway.command(&["link", "pause", "TS0"]);
    assert!(held.status.success(), "{}", String::from_utf8_lossy(&held.stderr));
    let output = gateway.command(&["message", "cancel", "--recall", &short]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("taken back"), "{said}{:?}", output.stderr);
    let shown = reaches(&gateway, &short, "cancelled");
    assert_eq!(shown["parts"][0]["state"], "cancelled", "{shown}");
    // The operator's own report of it has come by now or comes yet: it changes nothing.
    eventually("the reports that it is deleted", || {
        let text = fs::read_to_string(simulator.journal_path()).unwrap_or_default();
        (text.matches("\"DELETED\"").count() >= 4).then_some(())
    });
    assert_eq!(status(&gateway, &short)["state"], "cancelled");
    assert_eq!(status(&gateway, &long)["state"], "cancelled");
}

#[test]
fn taken_back_over_cimd2() {
    taken_back_over("cimd2");
}

#[test]
fn taken_back_over_smpp() {
    taken_back_over("smpp");
}

/// A message that has arrived is refused in the operator's words, in the language of the installation, and a link that cannot says so.
#[test]
fn refused_or_impossible() {
    let forgetful = Simulator::start(&[]);
    let gateway = Gateway::start(&settings("smpp", &forgetful));
    let id = send(&gateway, "0701234567", "hej", None);
    reaches(&gateway, &id, "sent");
    let refused = take_back(&gateway, &id, "?recall=true");
    assert_eq!((refused.status, &refused.json()["state"]), (409, &json!("sent")), "{}", refused.text());
    let detail = refused.json()["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains("tog tillbaka 0 av 1 delar: ESME_RCANCELFAIL"), "{detail}");

    let shown = gateway.command(&["message", "show", &id]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("took back 0 of 1 parts: ESME_RCANCELFAIL"), "{shown}");

    let ucp = Simulator::speaking("ucp", &OFF);
    let settings = Settings { system_id: "12345".into(), ..settings("ucp", &ucp) };
    let gateway = Gateway::start(&settings);
    let id = send(&gateway, "0701234567", "hej", None);
    reaches(&gateway, &id, "sent");
    let impossible = take_back(&gateway, &id, "?recall=true");
    assert!(impossible.status == 409, "{}", impossible.text());
    let detail = "förbindelsen TS0 kan inte ta tillbaka det den har skickat";
    assert!(impossible.text().contains(detail), "{}", impossible.text());
    assert_eq!(take_back(&gateway, &id, "?recal=true").status, 400, "a wrong name is not overlooked");
}

/// The wish stands in the store: it is fulfilled when the operator is there again, also after a kill.
#[test]
fn the_wish_outlives_a_kill() {
    let simulator = Simulator::start(&OFF);
    let proxy = Proxy::to(simulator.address());
    let mut gateway = Gateway::start(&Settings::towards(proxy.address()));
    let id = send(&gateway, "0701234567", "hej", None);
    reaches(&gateway, &id, "sent");
    proxy.set(Weather { refuse: true, ..Weather::default() });
    proxy.reset();
    let output = gateway.command(&["message", "cancel", "--recall", "--json", &id]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.success(), &said["state"]), (false, &json!("sent")), "{said}");
    assert!(said["detail"].as_str().is_some_and(|d| d.contains("The wish stands")), "{said}");
    gateway.kill();
    proxy.set(Weather::default());
    gateway.restart();
    reaches(&gateway, &id, "cancelled");
    assert_eq!(cancels(&simulator).len(), 1);
}
