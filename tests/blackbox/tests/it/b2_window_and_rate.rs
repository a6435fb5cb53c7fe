//! B2: the window and the rate of the configuration are never exceeded, as the operator sees it.

use crate::story::{judge, long, send};
use blackbox::checker::Terms;
use blackbox::clock::{PATIENCE, pause, start, within};
use blackbox::gateway::Gateway;
use blackbox::history::{marked_text, number_of};
use blackbox::http::{Client, Request};
use blackbox::journal::Entry;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Submits a second.
const RATES: [u32; 2] = [50, 500];
/// Submits without an answer.
const WINDOWS: [u32; 3] = [1, 10, 100];
/// How long there is always something to send, in every run.
const LENGTH: Duration = Duration::from_secs(8);
/// The same in the long form.
const LENGTH_LONG: Duration = Duration::from_secs(60);
/// Recipients of one request.
const RECIPIENTS: u64 = 50;

#[test]
fn the_window_holds() {
    for window in WINDOWS {
        let simulator = Simulator::start(&["--receipts", "--delay", "10ms"]);
        let gateway = Gateway::start(&Settings { window, ..Settings::towards(simulator.address()) });
        let attempts = send(&gateway, 0, 100);
        judge(&gateway, &simulator, attempts, &Terms { window: window as usize, ..Terms::default() });
    }
}

#[test]
fn the_rate_holds_in_every_second_at_every_window() {
    for rate in RATES {
        std::thread::scope(|scope| {
            for window in WINDOWS {
                scope.spawn(move || rate_holds(rate, window));
            }
        });
    }
}

/// There is always more to send than the rate lets through; nothing goes faster, and with room in the window not much slower.
fn rate_holds(rate: u32, window: u32) {
    let length = if long() { LENGTH_LONG } else { LENGTH };
    let simulator = Simulator::start(&[]);
    let gateway = Gateway::start(&Settings { rate, window, ..Settings::towards(simulator.address()) });
    let mut client = Client::new(gateway.doors().http);
    let (began, mut accepted) = (start(), 0);
    while began.elapsed() < length {
        let gone = began.elapsed().as_millis() as u64 * u64::from(rate) / 1_000;
        if accepted > gone + u64::from(rate) + RECIPIENTS {
            pause(Duration::from_millis(20));
            continue;
        }
        let to: Vec<_> = (accepted..accepted + RECIPIENTS).map(number_of).collect();
        let body = json!({ "to": to, "text": marked_text(accepted, 10) });
        let answer = client.send(&Request::json("/api/v1/messages", &body).basic(USER, PASSWORD));
        assert_eq!(answer.expect("an answer").status, 202);
        accepted += RECIPIENTS;
    }
    // A window of one is slower than the higher rate.
    let all = within(3 * length + PATIENCE, || {
        pause(Duration::from_millis(200));
        (simulator.submits() as u64 >= accepted).then_some(())
    });
    assert!(all.is_some(), "{} of {accepted} came", simulator.submits());
    let (mut times, mut recipients, mut unanswered) = (Vec::new(), BTreeSet::new(), 0);
    for entry in simulator.journal() {
        match entry {
            Entry::Submit { at_ms, to, .. } => {
                times.push(at_ms);
                recipients.insert(to);
                unanswered += 1;
            }
            Entry::Reply { .. } => unanswered -= 1,
            _ => {}
        }
        assert!(unanswered <= window as usize, "{unanswered} unanswered, window {window}");
    }
    assert_eq!((times.len() as u64, recipients.len() as u64), (accepted, accepted), "each once");
    for (place, began) in times.iter().enumerate() {
        // The simulator stamps after reading, so a second of its clock may gain what the network held back.
        let within = times[place..].iter().take_while(|at| **at < began + 950).count();
        assert!(within <= rate as usize + 1, "{within} submits in a second from {began}, window {window}");
    }
    let took = times.last().zip(times.first()).map_or(0, |(last, first)| last - first);
    let reached = times.len() as u64 * 1_000 / took.max(1);
    println!("rate {rate}, window {window}: {reached}/s over {took} ms");
    assert!(window == 1 || reached >= u64::from(rate) * 8 / 10, "{reached}/s of {rate}, window {window}");
}
