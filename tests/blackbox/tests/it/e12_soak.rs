//! E12: hours of steady traffic by all doors, with receipts, callbacks, received messages and small troubles: memory, open files, what the
//! database takes for a message and how long an acceptance takes stay as they are, nothing is lost and everybody is told.
//!
//! Only with `OMNIGATE_LONG=1`, for as many minutes as `OMNIGATE_SOAK_MINUTES` says.

use crate::story::{Drivers, attempt, body, gather, long, post};
use blackbox::checker::{Terms, demand};
use blackbox::clock::{PATIENCE, pause, start, wall_ms, within};
use blackbox::doors::{ALL, Answer};
use blackbox::gateway::Gateway;
use blackbox::history::{Attempt, Books};
use blackbox::journal::Entry;
use blackbox::process::Signal;
use blackbox::random::Random;
use blackbox::readback;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::web_sink::{Mood, WebSink};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs;
use std::time::Duration;

/// Minutes unless somebody says otherwise.
const MINUTES: u64 = 120;
/// Looks in the whole time.
const LOOKS: u64 = 100;
/// How often something small goes wrong.
const TROUBLE_EVERY: u64 = 5;
/// The most that anything may grow in an hour.
const PER_HOUR: f64 = 0.01;
/// What two measurements of a shared machine may differ by.
const NOISE: f64 = 0.05;
/// What the caches keep of the database, at most, KiB: 32 MiB for the writer, 4 for each of three readers.
const CACHES_KIB: f64 = 44.0 * 1024.0;
/// Numbers of the messages that a callback is asked for.
const CALLED: u64 = 9_000_000;

/// What is seen of the gateway at one moment.
#[derive(Debug, Clone, Copy)]
struct Look {
    at_ms: u64,
    memory_kib: f64,
    files: f64,
    database_kib: f64,
    accepted: f64,
}

fn look(gateway: &Gateway, accepted: u64) -> Look {
    let process = format!("/proc/{}", gateway.process().innermost());
    let status = fs::read_to_string(format!("{process}/status")).expect("a status");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    let memory = memory.trim().trim_end_matches(" kB").parse().expect("a number");
    let files = fs::read_dir(format!("{process}/fd")).expect("open files").count();
    let database = fs::metadata(gateway.data().join("omnigate.db")).expect("a database").len() / 1024;
    Look {
        at_ms: wall_ms(),
        memory_kib: memory,
        files: files as f64,
        database_kib: database as f64,
        accepted: accepted as f64,
    }
}

fn mean(looks: &[Look], of: impl Fn(&Look) -> f64) -> f64 {
    looks.iter().map(of).sum::<f64>() / looks.len().max(1) as f64
}

/// The slowest of a hundred acceptances in a part of the time, ms.
fn p99(attempts: &[Attempt], looks: &[Look]) -> f64 {
    let (from, to) =
        (looks.first().map_or(0, |first| first.at_ms), looks.last().map_or(0, |last| last.at_ms));
    let within = attempts.iter().filter(|a| a.accepted() && a.began_at >= from && a.ended_at <= to);
    let mut took: Vec<u64> = within.map(|a| a.ended_at - a.began_at).collect();
    took.sort_unstable();
    took.get(took.len() * 99 / 100).copied().unwrap_or(0) as f64
}

/// Something small goes wrong and is over soon.
fn trouble(nth: u64, gateway: &Gateway, operator: &mut Simulator, sink: &WebSink) {
    match nth % 4 {
        0 => operator.tell(&json!({ "do": "drop" })),
        1 => {
            operator.behave(&json!({ "throttle": true }));
            pause(Duration::from_secs(1));
            operator.behave(&json!({}));
        }
        2 => {
            sink.set(Mood::Fails(503));
            pause(Duration::from_secs(1));
            sink.set(Mood::Well);
        }
        _ => gateway.process().signal(Signal::Hup),
    }
}

/// Ids of messages whose sender heard that they were delivered, and texts of what phones sent.
fn told(sink: &WebSink) -> (HashSet<String>, HashSet<String>) {
    let (mut delivered, mut received) = (HashSet::new(), HashSet::new());
    for call in sink.kept() {
        let call: Value = serde_json::from_str(&call).expect("JSON");
        let text = |name: &str| call["message"][name].as_str().unwrap_or_default().to_owned();
        if call["event"] == "message.received" {
            received.insert(text("text"));
        } else if text("state") == "delivered" {
            delivered.insert(text("id"));
        }
    }
    (delivered, received)
}

#[test]
fn steady_traffic_leaves_everything_as_it_is() {
    if !long() {
        return;
    }
    let given = std::env::var("OMNIGATE_SOAK_MINUTES").ok();
    let minutes = given.map_or(MINUTES, |given| given.parse().expect("a number of minutes"));
    let mut random = Random::of_story("e12_soak");
    let sink = WebSink::start(Mood::Well);
    let mut operator = Simulator::start(&["--receipts", "--delay", "5ms"]);
    let more = format!("[[mo]]\nto = \"{}\"\n", sink.url());
    let gateway = Gateway::start(&Settings { more, ..Settings::towards(operator.address()) });
    let drivers = Drivers::start(&ALL, 200, &mut random);
    drivers.aim(Some(gateway.doors()));

    let (mut looks, mut called, mut phones, mut troubles) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let (began, whole) = (start(), Duration::from_secs(minutes * 60));
    let every = whole / u32::try_from(LOOKS).expect("few");
    while began.elapsed() < whole {
        let number = CALLED + called.len() as u64;
        let mut body = body(number);
        body["callback_url"] = json!(sink.url());
        let began_at = wall_ms();
        let response = post(&gateway, &body, None);
        let id = response.json()["messages"][0]["id"].as_str().map(str::to_owned);
        let answer =
            if response.status == 202 { Answer::Accepted(id) } else { Answer::Refused(response.text()) };
        called.push(attempt(number, began_at, answer));
        let text =
            format!("svar {number} {}", "långt ".repeat(if number.is_multiple_of(4) { 40 } else { 0 }));
        operator.mo("46701234567", "72456", text.trim());
        phones.push(text.trim().to_owned());
        if began.elapsed() >= every * u32::try_from(looks.len()).expect("few") {
            looks.push(look(&gateway, drivers.accepted()));
            if (looks.len() as u64).is_multiple_of(TROUBLE_EVERY) {
                troubles += 1;
                trouble(troubles, &gateway, &mut operator, &sink);
            }
        }
        pause(Duration::from_millis(500));
    }
    let mut attempts = drivers.finish();
    attempts.extend(called.iter().cloned());

    let mut untold = Vec::new();
    let everybody = within(PATIENCE, || {
        let (delivered, received) = told(&sink);
        let senders = called.iter().filter_map(Attempt::id).filter(|id| !delivered.contains(*id));
        let receivers = phones.iter().map(String::as_str).filter(|text| !received.contains(*text));
        untold = senders.chain(receivers).map(str::to_owned).collect();
        untold.is_empty().then_some(())
    });
    assert!(everybody.is_some(), "{} not told: {:?}", untold.len(), untold.first());
    flat(&looks, &attempts);

    let terms = Terms::default();
    let mut history = gather(&gateway, &operator, attempts, &terms);
    // The journal knows parts, and the inbox whole messages.
    let mut inbox = std::mem::take(&mut history.inbox);
    inbox.sort();
    phones.sort();
    assert!(inbox == phones, "{} kept of {}", inbox.len(), phones.len());
    history.operator.retain(|entry| !matches!(entry, Entry::Mo { .. }));
    let (in_order, audit) = readback::audit(&gateway);
    history.books = Some(Books::from_audit(in_order, &audit));
    demand(&history, &terms);
}

/// The last quarter is like the one before it.
fn flat(looks: &[Look], attempts: &[Attempt]) {
    let quarter = looks.len() / 4;
    let (earlier, later) = (&looks[2 * quarter..3 * quarter], &looks[3 * quarter..]);
    let hours = (mean(later, |l| l.at_ms as f64) - mean(earlier, |l| l.at_ms as f64)) / 3_600_000.0;
    let grown = |of: fn(&Look) -> f64| (mean(earlier, of), mean(later, of));
    let allowed = 1.0 + PER_HOUR * hours + NOISE;

    let (before, after) = grown(|l| l.database_kib);
    // As long as the database is smaller than the caches they grow with it.
    let cached = after.min(CACHES_KIB) - before.min(CACHES_KIB);
    println!("database: {before:.0} KiB, then {after:.0}");
    let (before, after) = grown(|l| l.memory_kib);
    println!("memory: {before:.0} KiB, then {after:.0}");
    assert!(after <= before * allowed + cached, "memory grew from {before:.0} to {after:.0} KiB");
    let (before, after) = grown(|l| l.files);
    println!("open files: {before:.1}, then {after:.1}");
    assert!(after <= before + 3.0, "open files grew from {before:.1} to {after:.1}");
    let for_each = |looks: &[Look]| match (looks.first(), looks.last()) {
        (Some(first), Some(last)) => {
            (last.database_kib - first.database_kib) / (last.accepted - first.accepted).max(1.0)
        }
        _ => 0.0,
    };
    // The file grows by whole pieces, as the log is copied into it.
    let (before, after) =
        (for_each(&looks[quarter..2 * quarter + quarter / 2]), for_each(&looks[2 * quarter..]));
    println!("database for each message: {before:.2} KiB, then {after:.2}");
    assert!(after <= before * 1.25 + 0.5, "a message took {before:.2} KiB, then {after:.2}");
    let (before, after) = (p99(attempts, earlier), p99(attempts, later));
    println!("p99 of an acceptance: {before:.0} ms, then {after:.0}");
    assert!(after <= before * 1.5 + 50.0, "an acceptance took {before:.0} ms, then {after:.0}");
}
