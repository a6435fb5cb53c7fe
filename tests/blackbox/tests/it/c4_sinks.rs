//! C4: a sink that is down for a day loses nothing and stops nothing else; then it is given up, listed, and sent again when asked.

use crate::story::{body, judge, post};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause, wall_ms, within};
use blackbox::doors::Answer;
use blackbox::false_clock::FalseClock;
use blackbox::gateway::Gateway;
use blackbox::history::Attempt;
use blackbox::http::{Request, once};
use blackbox::mail_sink::MailSink;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::web_sink::{Mood, WebSink};
use serde_json::{Value, json};
use std::time::Duration;

/// Messages whose sender is told.
const MESSAGES: u64 = 20;
/// Each is told of twice: sent, delivered.
const TOLD: usize = 2 * MESSAGES as usize;

fn tell_of(gateway: &Gateway, first: u64, sink: &WebSink) -> Vec<Attempt> {
    let one = |number| {
        let mut body = body(number);
        body["callback_url"] = json!(sink.url());
        let began_at = wall_ms();
        let response = post(gateway, &body, None);
        assert_eq!(response.status, 202, "{}", response.text());
        let id = response.json()["messages"][0]["id"].as_str().map(str::to_owned);
        crate::story::attempt(number, began_at, Answer::Accepted(id))
    };
    (first..first + MESSAGES).map(one).collect()
}

fn dead(gateway: &Gateway) -> Vec<Value> {
    let output = gateway.command(&["message", "dead", "--json", "--limit", "1000"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).expect("JSON").as_array().cloned().unwrap_or_default()
}

/// Every event of every message, each at least once.
fn events(sink: &WebSink) -> usize {
    let mut names: Vec<String> = sink
        .kept()
        .iter()
        .filter_map(|call| serde_json::from_str::<Value>(call).ok()?["event_id"].as_str().map(str::to_owned))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len()
}

#[test]
fn down_for_a_while_and_through_a_kill() {
    let (down, up) = (WebSink::start(Mood::Fails(503)), WebSink::start(Mood::Well));
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    let mut attempts = tell_of(&gateway, 0, &down);
    attempts.extend(tell_of(&gateway, MESSAGES, &up));
    eventually("the other sink told", || (events(&up) == TOLD).then_some(()));
    eventually("tries at the one that is down", || (down.calls() >= TOLD).then_some(()));
    gateway.kill();
    gateway.restart();
    down.set(Mood::Well);
    eventually("everything told", || (events(&down) == TOLD).then_some(()));
    assert!(dead(&gateway).is_empty());
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn a_program_that_is_not_there_yet_is_called_again() {
    let sink = WebSink::start(Mood::Fails(404));
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = tell_of(&gateway, 0, &sink);
    // As many tries as what is refused for good gets.
    eventually("tries", || (sink.calls() >= 3 * TOLD).then_some(()));
    assert!(dead(&gateway).is_empty());
    sink.set(Mood::Well);
    eventually("everything told", || (events(&sink) == TOLD).then_some(()));
    assert!(dead(&gateway).is_empty());
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn refused_for_good_is_given_up_listed_and_sent_again() {
    let sink = WebSink::start(Mood::Fails(410));
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = tell_of(&gateway, 0, &sink);
    eventually("the list of the given-up", || (dead(&gateway).len() == TOLD).then_some(()));
    assert!(
        dead(&gateway)
            .iter()
            .all(|one| one["to"].as_str().is_some_and(|to| !to.is_empty() && sink.url().starts_with(to)))
    );
    sink.set(Mood::Well);
    let output = gateway.command(&["message", "resend", "--all"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    eventually("everything told", || (events(&sink) == TOLD).then_some(()));
    assert!(dead(&gateway).is_empty());
    judge(&gateway, &simulator, attempts, &Terms::default());
}

/// Received messages of two numbers become mail to two mailboxes.
fn mailed(mails: &MailSink, smsc: std::net::SocketAddr) -> Settings {
    let more = "[[mo]]\nnumber = \"72456\"\nto = \"mailto:held@example.test\"\n\
                [[mo]]\nnumber = \"72457\"\nto = \"mailto:nurse@example.test\"\n";
    Settings { more: more.to_owned(), relay: Some(mails.address()), ..Settings::towards(smsc) }
}

#[test]
fn a_mailbox_that_the_relay_holds_up_delays_no_other() {
    let mails = MailSink::start();
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&mailed(&mails, simulator.address()));
    for number in 0..100 {
        simulator.mo("46701234567", "72456", &format!("held {number}"));
    }
    for number in 0..10 {
        simulator.mo("46701234567", "72457", &format!("help {number}"));
    }
    let told = || (mails.mails().len() == 10).then_some(());
    within(Duration::from_secs(5), told).expect("the nurse's mail");
    assert!(mails.mails().iter().all(|mail| mail.to == ["nurse@example.test"]));
    assert!(dead(&gateway).is_empty());
}

#[test]
fn a_relay_that_refuses_everything_for_a_while_costs_no_received_message() {
    let mails = MailSink::start();
    mails.refuse(true);
    let mut simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&mailed(&mails, simulator.address()));
    simulator.mo("46701234567", "72457", "help");
    eventually("a third refusal", || (mails.refused() >= 3).then_some(()));
    assert!(dead(&gateway).is_empty());
    mails.refuse(false);
    within(Duration::from_secs(30), || (mails.mails().len() == 1).then_some(())).expect("the nurse's mail");
}

/// Tries that failed and have their next time. The sink sees a try before that.
fn failed(gateway: &Gateway) -> usize {
    let measures = once(gateway.doors().http, &Request::get("/metrics")).expect("measures").text();
    let name = "omnigate_handoffs_total{outcome=\"again\"} ";
    let count = measures.lines().find_map(|line| line.strip_prefix(name));
    count.map_or(0, |count| count.parse().expect("a count"))
}

#[test]
fn down_for_more_than_a_day() {
    let (down, up) = (WebSink::start(Mood::Fails(503)), WebSink::start(Mood::Well));
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
    let Some(clock) = FalseClock::of(&mut gateway) else { return };
    gateway.restart();
    let attempts = tell_of(&gateway, 0, &down);
    // All there is to tell is there before the clock jumps: what comes later is younger by that.
    blackbox::readback::settle(&gateway, true);
    eventually("tries", || (failed(&gateway) >= TOLD).then_some(()));
    for hours in ["+6h", "+12h", "+18h", "+23h"] {
        // Counted first: the gateway sees the new time at once. What has its next time by the old one is due then.
        let before = failed(&gateway);
        clock.show(hours);
        eventually("more tries", || (failed(&gateway) >= before + TOLD).then_some(()));
    }
    // Nothing is given up within the day, and others are told meanwhile.
    assert!(dead(&gateway).is_empty(), "{:?}", dead(&gateway));
    tell_of(&gateway, MESSAGES, &up);
    eventually("the other sink told", || (events(&up) == TOLD).then_some(()));
    // A run that sees its clock jump gives nothing up before it is sure; one that begins has nothing to doubt.
    gateway.kill();
    clock.show("+25h");
    gateway.restart();
    // … and tries each some more, in the minute that the receiver may need to come back as well. The pauses between the tries are long by now: the
    // clock goes fast, and never so far at once that it jumps.
    let mut minutes = 25 * 60;
    let given_up = || {
        minutes += 2;
        clock.show(&format!("+{minutes}m"));
        pause(Duration::from_secs(3));
        (dead(&gateway).len() == TOLD).then_some(())
    };
    within(Duration::from_secs(240), given_up).expect("the list of the given-up");
    down.set(Mood::Well);
    assert!(gateway.command(&["message", "resend", "--all"]).status.success());
    // The command reads the true clock, the gateway one that is ahead: what is due stays due.
    eventually("everything told", || (events(&down) == TOLD).then_some(()));
    drop(attempts);
    assert!(blackbox::readback::audit(&gateway).0);
}
