//! B2: the window and the rate of the configuration are never exceeded, as the operator sees it.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

#[test]
fn the_window_holds() {
    for window in [1, 10, 100] {
        let simulator = Simulator::start(&["--receipts", "--delay", "10ms"]);
        let gateway = Gateway::start(&Settings { window, ..Settings::towards(simulator.address()) });
        let attempts = send(&gateway, 0, 100);
        judge(&gateway, &simulator, attempts, &Terms { window: window as usize, ..Terms::default() });
    }
}

#[test]
fn the_rate_holds_in_every_second() {
    const RATE: usize = 50;
    let simulator = Simulator::start(&["--receipts"]);
    let gateway = Gateway::start(&Settings { rate: 50, ..Settings::towards(simulator.address()) });
    let attempts = send(&gateway, 0, 200);
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    let times: Vec<u64> = history
        .operator
        .iter()
        .filter_map(|entry| if let Entry::Submit { at_ms, .. } = entry { Some(*at_ms) } else { None })
        .collect();
    for (place, began) in times.iter().enumerate() {
        // The simulator stamps after reading, so a second of its clock may gain what the network held back.
        let within = times[place..].iter().take_while(|at| **at < began + 950).count();
        assert!(within <= RATE + 1, "{within} submits in a second from {began}");
    }
}
