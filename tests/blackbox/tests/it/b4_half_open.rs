//! B1, B4 and the fault matrix: an operator that vanishes without a word, resets in mid-PDU, drips, or stops reading.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::network::Network;
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

/// A link that notices soon.
const QUICK: &str = "enquire_link = \"1s\"\nresponse_timeout = \"2s\"";

fn through(proxy: &Proxy) -> Gateway {
    Gateway::start(&Settings { link: QUICK.into(), ..Settings::towards(proxy.address()) })
}

#[test]
fn a_silent_peer_is_noticed_and_left() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    let gateway = through(&proxy);
    let mut attempts = send(&gateway, 0, 5);
    eventually("the first messages", || (simulator.submits() >= 5).then_some(()));
    proxy.set(Weather { drop: true, ..Weather::default() });
    attempts.extend(send(&gateway, 5, 20));
    let before = proxy.connections();
    eventually("a new connection", || (proxy.connections() > before).then_some(()));
    proxy.set(Weather::default());
    proxy.reset();
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn resets_in_the_middle_of_everything() {
    let simulator = Simulator::start(&["--receipts", "--delay", "3ms"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { split: 7, ..Weather::default() });
    let gateway = through(&proxy);
    let mut attempts = Vec::new();
    for round in 0..5 {
        attempts.extend(send(&gateway, round * 20, 20));
        proxy.reset();
    }
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn one_octet_at_a_time_and_a_full_window() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { split: 1, ..Weather::default() });
    let gateway = through(&proxy);
    let mut attempts = send(&gateway, 0, 10);
    eventually("the first messages", || (simulator.submits() >= 10).then_some(()));
    proxy.set(Weather { stall: true, ..Weather::default() });
    attempts.extend(send(&gateway, 10, 30));
    let before = proxy.connections();
    eventually("a new connection", || (proxy.connections() > before).then_some(()));
    proxy.set(Weather { delay: Duration::from_millis(1), ..Weather::default() });
    judge(&gateway, &simulator, attempts, &Terms::default());
}

/// The kernel of the operator vanishes, not only his program: nothing is acknowledged, and nobody says goodbye.
fn vanishes(away: impl Fn(&Network), back: impl Fn(&Network)) {
    let Some(network) = Network::new() else { return };
    let simulator = Simulator::under(&network.wrapper(), &format!("{}:0", network.theirs()), &["--receipts"]);
    let gateway = Gateway::start(&Settings { link: QUICK.into(), ..Settings::towards(simulator.address()) });
    let mut attempts = send(&gateway, 0, 5);
    eventually("the first messages", || (simulator.submits() >= 5).then_some(()));
    away(&network);
    attempts.extend(send(&gateway, 5, 20));
    let down = || once(gateway.doors().http, &Request::get("/metrics")).expect("an answer").text();
    eventually("the link to be given up", || {
        down().lines().any(|line| line.starts_with("omnigate_link_up") && line.ends_with(" 0")).then_some(())
    });
    back(&network);
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn a_network_that_swallows_everything() {
    vanishes(Network::swallow, Network::let_through);
}

#[test]
fn a_cable_that_is_pulled_out() {
    vanishes(|network| network.cable(false), |network| network.cable(true));
}
