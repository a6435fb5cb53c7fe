//! A2: true for power loss too. After a kill, everything that was never synced is taken away in random sectors; the store
//! opens, is sound, and has everything that was accepted.

use crate::story::{Drivers, judge, long};
use blackbox::checker::Terms;
use blackbox::clock::pause;
use blackbox::disk::Disk;
use blackbox::doors::ALL;
use blackbox::gateway::Gateway;
use blackbox::peers::{program, run};
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::process::Command;
use std::time::Duration;

/// Power cuts in every run.
const CUTS: u64 = 30;
/// Power cuts of the long form.
const CUTS_LONG: u64 = 1_000;
/// A life lasts this long, in ms.
const LIFE: std::ops::Range<u64> = 50..500;
const WINDOW: u32 = 10;

#[test]
fn accepted_survives_a_power_cut() {
    let Some(python) = program("python3") else { return };
    let mut random = Random::of_story("a2_power_cut");
    let mut simulator = Simulator::start(&["--receipts", "--delay", "5ms"]);
    let settings = Settings { window: WINDOW, ..Settings::towards(simulator.address()) };
    let mut gateway = Gateway::prepare(&settings);
    let Some(disk) = Disk::before(&mut gateway) else { return };
    gateway.restart();
    let drivers = Drivers::start(&ALL, 20, &mut random);
    let mut lost = 0;
    for cut in 0..if long() { CUTS_LONG } else { CUTS } {
        drivers.aim(Some(gateway.doors()));
        simulator.mo("46701234567", "72456", &format!("mo {cut}"));
        pause(Duration::from_millis(random.between(LIFE)));
        gateway.kill();
        drivers.aim(None);
        lost += disk.cut_power(&gateway, &mut random);
        sound(&python, &gateway);
        gateway.restart();
    }
    let attempts = drivers.finish();
    println!("{lost} sectors lost");
    judge(&gateway, &simulator, attempts, &Terms { window: WINDOW as usize, ..Terms::default() });
}

/// SQLite's own look at the image, on a copy, so that the gateway has to recover by itself.
fn sound(python: &std::path::Path, gateway: &Gateway) {
    let copy = tempfile::tempdir().expect("a directory");
    for name in ["omnigate.db", "omnigate.db-wal"] {
        let _ = std::fs::copy(gateway.data().join(name), copy.path().join(name));
    }
    let program = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])";
    let printed = run(Command::new(python).args(["-c", program]).arg(copy.path().join("omnigate.db")));
    assert_eq!(printed.trim(), "ok");
}
