//! E6: the clock jumps by days and back while messages wait: none expires, ids stay unique, everything is sent.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::gateway::Gateway;
use blackbox::peers::program;
use blackbox::proxy::{Proxy, Weather};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Debian's library, for programs with threads.
fn library() -> Option<PathBuf> {
    program("faketime")?;
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let found = places.iter().map(|place| PathBuf::from(place).join("faketime/libfaketimeMT.so.1"));
    found.into_iter().find(|file| file.is_file())
}

#[test]
fn three_days_forward_and_back() {
    let Some(library) = library() else { return };
    let simulator = Simulator::start(&["--receipts"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { refuse: true, ..Weather::default() });
    let mut gateway = Gateway::prepare(&Settings::towards(proxy.address()));
    let clock = gateway.directory().join("clock");
    fs::write(&clock, "+0").expect("written");
    gateway.set("LD_PRELOAD", &library.display().to_string());
    gateway.set("FAKETIME_TIMESTAMP_FILE", &clock.display().to_string());
    gateway.set("FAKETIME_NO_CACHE", "1");
    gateway.set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    gateway.set("DONT_FAKE_MONOTONIC", "1");
    gateway.restart();
    let mut attempts = send(&gateway, 0, 20);
    for jump in ["+3d", "-1d", "+0"] {
        fs::write(&clock, jump).expect("written");
        // The jump itself must last a while to be seen by every timer.
        pause(Duration::from_secs(2));
        attempts.extend(send(&gateway, attempts.len() as u64, 5));
    }
    proxy.set(Weather::default());
    eventually("the operator", || (simulator.submits() > 0).then_some(()));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{:?}", history.rows);
}
