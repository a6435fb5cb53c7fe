//! B7: reconnecting never hammers, and an operator that comes back is found without a restart.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::pause;
use blackbox::gateway::Gateway;
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

#[test]
fn a_refusing_operator_is_not_hammered() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let gateway = Gateway::start(&Settings::towards(proxy.address()));
    let attempts = send(&gateway, 0, 5);
    // This is the measurement itself and not a wait: how many connects in this time.
    pause(Duration::from_secs(6));
    let tried = proxy.connections();
    assert!((1..=10).contains(&tried), "{tried} connects in 6 s");
    proxy.set(Weather::default());
    judge(&gateway, &simulator, attempts, &Terms::default());
}
