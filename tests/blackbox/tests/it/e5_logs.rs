//! E5: logs cannot hurt: nobody reads its output, and messages flow.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;

#[test]
fn a_blocked_output_stops_nothing() {
    let simulator = Simulator::start(&["--receipts"]);
    let settings =
        Settings { more: "[log]\nlevel = \"trace\"\n".into(), ..Settings::towards(simulator.address()) };
    let mut gateway = Gateway::prepare(&settings);
    // A pipe whose reader sleeps: 64 KiB and then every write to it would block for ever.
    gateway.wrap(&["bash", "-c", "exec \"$0\" \"$@\" > >(exec sleep 1000) 2>&1"]);
    gateway.restart();
    let attempts = send(&gateway, 0, 300);
    judge(&gateway, &simulator, attempts, &Terms::default());
}

/// The disk of all logs is full: of what it writes to standard error, and of the traffic log.
#[test]
fn a_full_log_disk_stops_nothing_and_is_counted() {
    let simulator = Simulator::start(&["--receipts"]);
    let disk = tempfile::tempdir().expect("a mount point");
    let place = disk.path().display().to_string();
    let more = format!("[log]\nlevel = \"trace\"\ntraffic_dir = \"{place}/traffic\"\n");
    let mut gateway = Gateway::prepare(&Settings { more, ..Settings::towards(simulator.address()) });
    // A small file system of its own, which its own log fills at once.
    let mount = format!("mount -t tmpfs -o size=64k tmpfs {place} && exec \"$0\" \"$@\" 2>>{place}/log");
    gateway.wrap(&["unshare", crate::story::unshare_mounts(), "sh", "-c", &mount]);
    gateway.restart();
    let attempts = send(&gateway, 0, 300);
    judge(&gateway, &simulator, attempts, &Terms::default());
    let written = format!("/proc/{}/root{place}/log", gateway.process().innermost());
    let size = std::fs::metadata(&written).expect("the log on the small disk").len();
    assert!(size > 0 && size <= 64 * 1024, "{size} octets");
    let lost = "omnigate_traffic_lines_lost_total";
    eventually("lost lines to be counted", || {
        let measures = once(gateway.doors().http, &Request::get("/metrics")).expect("an answer").text();
        let line = measures.lines().find(|line| line.starts_with(lost))?;
        line.rsplit(' ').next()?.parse::<f64>().ok().filter(|count| *count > 0.0)
    });
}
