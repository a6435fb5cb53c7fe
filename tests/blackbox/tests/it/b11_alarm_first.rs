//! B11 and E8: with a long queue an alarm takes the next place on the wire, a restart goes on at once, and nothing waits for anything.

use crate::story::{long, post};
use blackbox::clock::{eventually, start};
use blackbox::gateway::Gateway;
use blackbox::http::{Client, Request};
use blackbox::proxy::{Proxy, Weather};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::json;
use std::time::Duration;

/// Bulk messages that wait.
const QUEUED: u64 = 30_000;
/// The same in the long form, as promised.
const QUEUED_LONG: u64 = 1_000_000;
/// Recipients of one request.
const AT_ONCE: u64 = 5_000;
/// The link's rate: the queue must not run empty during the story.
const RATE: u32 = 100;
/// Its window.
const WINDOW: u32 = 10;
/// What may leave between the alarm's acceptance and the alarm: what the link had already taken into its hands (two seconds of its rate) would be
/// too much; what was written and a breath of the queue is not.
const BEFORE_IT: usize = 60;
/// E8 promises 5 s with a million; a shared machine and a program built for debugging get more.
const READY: Duration = Duration::from_secs(30);
/// E2 promises 400 MiB with a million.
const MOST_MEMORY_KIB: u64 = 400 * 1024;

/// Fills the queue.
fn fill(gateway: &Gateway, count: u64) {
    let mut client = Client::new(gateway.doors().http);
    for first in (0..count).step_by(usize::try_from(AT_ONCE).expect("few")) {
        let to: Vec<String> = (first..count.min(first + AT_ONCE)).map(|n| format!("4672{n:07}")).collect();
        let body = json!({ "to": to, "text": "massutskick", "priority": "bulk", "valid_for": "1d" });
        let request = Request::json("/api/v1/messages", &body).basic(USER, PASSWORD);
        let response = eventually("a place in the store", || {
            let response = client.send(&request).expect("an answer");
            (response.status != 503).then_some(response)
        });
        assert_eq!(response.status, 202, "{}", response.text());
    }
}

#[test]
fn through_a_long_queue_and_a_restart() {
    let count = if long() { QUEUED_LONG } else { QUEUED };
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let settings = Settings { rate: RATE, window: WINDOW, ..Settings::towards(proxy.address()) };
    let mut gateway = Gateway::start(&settings);
    let filling = start();
    fill(&gateway, count);
    println!("{count} queued in {:?}, peak {:?} KiB", filling.elapsed(), gateway.process().peak_kib());

    gateway.kill();
    proxy.set(Weather::default());
    let starting = start();
    gateway.restart();
    let ready = Request::get("/health/ready");
    eventually("ready", || {
        let response = blackbox::http::once(gateway.doors().http, &ready).ok()?;
        (response.status == 200).then_some(())
    });
    let took = starting.elapsed();
    println!("ready after {took:?}");
    assert!(took < READY, "ready after {took:?}");

    eventually("bulk on the wire", || (simulator.submits() > 50).then_some(()));
    for round in 0..3 {
        alarm(&gateway, &simulator, round);
    }
    let peak = gateway.process().peak_kib().expect("Linux says");
    println!("peak after the restart: {peak} KiB");
    assert!(peak < MOST_MEMORY_KIB, "{peak} KiB with {count} queued");
    let (in_order, audit) = readback::audit(&gateway);
    assert!(in_order, "{audit}");
    assert_eq!(audit["accepted"], json!(count + 3));
}

/// An alarm is accepted at once and takes the next place.
fn alarm(gateway: &Gateway, simulator: &Simulator, round: usize) {
    let text = format!("larm {round}");
    let body = json!({ "to": ["46701111111"], "text": text, "priority": "alarm" });
    let response = post(gateway, &body, None);
    assert_eq!(response.status, 202, "{}", response.text());
    let before = simulator.submits();
    let place = eventually("the alarm", || simulator.texts().into_iter().position(|sent| sent == text));
    assert!(place <= before + BEFORE_IT, "{} bulk messages left before it", place.saturating_sub(before));
}
