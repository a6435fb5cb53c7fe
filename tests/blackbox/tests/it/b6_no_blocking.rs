//! B6: a route, a recipient and a sink that swallow everything hold up nobody else.

use crate::story::{attempt, body, post};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, start, wall_ms};
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::history::marker;
use blackbox::journal::Entry;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::web_sink::{Mood, WebSink};
use serde_json::json;

/// Messages into the black hole, before the good ones: more than any window or queue in memory of its link.
const SWALLOWED: u64 = 400;
/// Messages beside it.
const GOOD: u64 = 300;

#[test]
fn a_route_that_never_answers() {
    let hole = Simulator::start(&["--fault", "no_answer"]);
    let simulator = Simulator::start(&["--receipts"]);
    let more = format!(
        "[[link]]\nname = \"TS1\"\nprotocol = \"smpp\"\nhosts = [\"{}\"]\nsystem_id = \"o\"\npassword = \"p\"\n\
         response_timeout = \"2m\"\n",
        hole.address()
    );
    let gateway = Gateway::start(&Settings { more, ..Settings::towards(simulator.address()) });
    for number in 0..SWALLOWED {
        let body = json!({ "to": [format!("4679{number:07}")], "text": "till hålet", "link": "TS1" });
        assert_eq!(post(&gateway, &body, None).status, 202);
    }
    eventually("a message in the hole", || (hole.submits() > 0).then_some(()));
    good_ones_get_through(&gateway, &simulator, None);
    assert!(hole.submits() < usize::try_from(SWALLOWED).expect("few"), "the hole still held its window");
}

#[test]
fn a_sink_that_never_answers() {
    let (hole, sink) = (WebSink::start(Mood::Silent), WebSink::start(Mood::Well));
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    for number in 0..SWALLOWED {
        let body = json!({ "to": [format!("4679{number:07}")], "text": "tyst", "callback_url": hole.url() });
        assert_eq!(post(&gateway, &body, None).status, 202);
    }
    eventually("a call into the hole", || (hole.calls() > 0).then_some(()));
    good_ones_get_through(&gateway, &simulator, Some(&sink));
    // All of its calls under way are still waiting, or were given up once and wait for their next turn.
    assert!(hole.kept().is_empty());
}

/// While the hole holds what it has, the good ones come to their end and their sender is told.
fn good_ones_get_through(gateway: &Gateway, simulator: &Simulator, sink: Option<&WebSink>) {
    let mut attempts = Vec::new();
    for number in 0..GOOD {
        let mut body = body(number);
        if let Some(sink) = sink {
            body["callback_url"] = json!(sink.url());
        }
        let began_at = wall_ms();
        let response = post(gateway, &body, None);
        assert_eq!(response.status, 202, "{}", response.text());
        let id = response.json()["messages"][0]["id"].as_str().map(str::to_owned);
        attempts.push(attempt(number, began_at, Answer::Accepted(id)));
    }
    let arrived = |entry: &Entry| matches!(entry, Entry::Submit { text, .. } if marker(text).is_some());
    eventually("every good message at the operator", || {
        let count = simulator.journal().iter().filter(|e| arrived(e)).count() as u64;
        (count >= GOOD).then_some(())
    });
    if let Some(sink) = sink {
        let told = || sink.kept().iter().filter(|call| call.contains("\"delivered\"")).count() as u64;
        eventually("every good sender told", || (told() >= GOOD).then_some(()));
        let own = Terms { own_numbers: false, ..Terms::default() };
        let mut history = crate::story::gather(gateway, simulator, attempts, &own);
        history
            .operator
            .retain(|entry| !matches!(entry, Entry::Submit { text, .. } if marker(text).is_none()));
        let (in_order, audit) = blackbox::readback::audit(gateway);
        history.books = Some(blackbox::history::Books::from_audit(in_order, &audit));
        history.rows.retain(|row| !row.to.starts_with("4679"));
        assert!(in_order, "{audit}");
        assert!(history.rows.iter().all(|row| row.state == "delivered" && !row.possible_duplicate));
    } else {
        let (in_order, audit) = blackbox::readback::audit(gateway);
        assert!(in_order, "{audit}");
        let rows = blackbox::readback::messages(gateway);
        let good: Vec<_> = rows.iter().filter(|row| !row.to.starts_with("4679")).collect();
        assert_eq!(good.len() as u64, GOOD);
        assert!(good.iter().all(|row| !row.possible_duplicate), "{good:?}");
    }
}

/// The most rounds of the comparison (it ends with the first that shows it), and messages of each to either gateway.
const ROUNDS: usize = 30;
const EACH: u64 = 100;
/// A black hole beside it may slow the rest down by a fifth.
const MOST: f64 = 1.2;

/// The slowest but one of a hundred answers, in seconds, of messages sent one after another.
fn p99(gateway: &Gateway, first: u64) -> f64 {
    let mut took: Vec<f64> = (first..first + EACH)
        .map(|number| {
            let began = start();
            assert_eq!(post(gateway, &body(number), None).status, 202);
            began.elapsed().as_secs_f64()
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100 - 1]
}

/// Two gateways in turns, one with a black hole that is full and one without: what the others notice is a ratio within one run, and the best
/// of some rounds of either, because the machine has other things to do as well.
#[test]
fn a_black_hole_slows_nobody_down() {
    let hole = Simulator::start(&["--fault", "no_answer"]);
    let (beside, alone) = (Simulator::start(&["--receipts"]), Simulator::start(&["--receipts"]));
    let more = format!(
        "[[link]]\nname = \"TS1\"\nprotocol = \"smpp\"\nhosts = [\"{}\"]\nsystem_id = \"o\"\npassword = \"p\"\n\
         response_timeout = \"10m\"\n",
        hole.address()
    );
    let slowed = Gateway::start(&Settings { more: more.clone(), ..Settings::towards(beside.address()) });
    let clear = Gateway::start(&Settings { more, ..Settings::towards(alone.address()) });
    for number in 0..SWALLOWED {
        let body = json!({ "to": [format!("4679{number:07}")], "text": "till hålet", "link": "TS1" });
        assert_eq!(post(&slowed, &body, None).status, 202);
    }
    eventually("a message in the hole", || (hole.submits() > 0).then_some(()));
    let (mut with, mut without) = (f64::MAX, f64::MAX);
    let mut ratio = f64::MAX;
    for round in 0..ROUNDS {
        let first = round as u64 * EACH;
        with = with.min(p99(&slowed, first));
        without = without.min(p99(&clear, first));
        ratio = with / without;
        if round >= 2 && ratio < MOST {
            break;
        }
    }
    println!("p99 {:.2} ms beside the hole, {:.2} ms without: {ratio:.2}", with * 1e3, without * 1e3);
    assert!(ratio < MOST, "{ratio:.2} times as slow");
}
