//! E6: the clock jumps by days and back while messages wait: none expires, ids stay unique, everything is sent.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::false_clock::FalseClock;
use blackbox::gateway::Gateway;
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

#[test]
fn three_days_forward_and_back() {
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let mut gateway = Gateway::prepare(&Settings::towards(proxy.address()));
    let Some(clock) = FalseClock::of(&mut gateway) else { return };
    gateway.restart();
    let mut attempts = send(&gateway, 0, 20);
    for jump in ["+3d", "-1d", "+0"] {
        clock.show(jump);
        // The jump itself must last a while to be seen by every timer.
        pause(Duration::from_secs(2));
        attempts.extend(send(&gateway, attempts.len() as u64, 5));
    }
    proxy.set(Weather::default());
    eventually("the operator", || (simulator.submits() > 0).then_some(()));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{:?}", history.rows);
}
