//! E8: stops within its time on SIGTERM with nothing in doubt, stops at once on the second, starts soon with a long queue.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{PATIENCE, start};
use blackbox::gateway::Gateway;
use blackbox::process::Signal;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::time::Duration;

/// Promised for the drain.
const STOP: Duration = Duration::from_secs(30);

#[test]
fn drains_and_leaves_nothing_in_doubt() {
    let simulator = Simulator::start(&["--receipts", "--delay", "20ms"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = send(&gateway, 0, 60);
    let status = gateway.stop(STOP).expect("an end in time");
    assert!(status.success(), "{status}: {}", gateway.errors());
    gateway.restart();
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| !row.possible_duplicate), "nothing was left in doubt");
}

#[test]
fn with_nothing_under_way_it_stops_at_once() {
    let simulator = Simulator::start(&[]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    let status = gateway.stop(Duration::from_secs(4)).expect("an end within four seconds");
    assert!(status.success(), "{status}: {}", gateway.errors());
}

#[test]
fn a_second_signal_stops_at_once() {
    let simulator = Simulator::start(&["--delay", "60s"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    send(&gateway, 0, 5);
    blackbox::clock::eventually("a submit", || (simulator.submits() > 0).then_some(()));
    gateway.process().signal(Signal::Term);
    let began = start();
    // The first one closes the doors; only then is the second one a second one.
    blackbox::clock::eventually("closed doors", || {
        std::net::TcpStream::connect(gateway.doors().telnet).is_err().then_some(())
    });
    gateway.process().signal(Signal::Term);
    gateway.stop(PATIENCE).expect("an end");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

/// What systemd hears: ready, alive again and again, reloading and ready again, stopping.
#[test]
fn systemd_hears_how_it_is() {
    use std::os::unix::net::UnixDatagram;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let mut gateway = Gateway::prepare(&Settings::default());
    gateway.set("NOTIFY_SOCKET", path.to_str().expect("a path"));
    gateway.set("WATCHDOG_USEC", "600000");
    gateway.restart();
    let hear = |wanted: &str| {
        let mut heard = [0; 200];
        for _ in 0..100 {
            let length = socket.recv(&mut heard).unwrap_or_else(|error| panic!("{wanted}: {error}"));
            if String::from_utf8_lossy(&heard[..length]).contains(wanted) {
                return;
            }
        }
        panic!("{wanted} is not heard");
    };
    hear("READY=1");
    (0..3).for_each(|_| hear("WATCHDOG=1"));
    gateway.process().signal(Signal::Hup);
    hear("RELOADING=1");
    hear("READY=1");
    assert!(gateway.stop(STOP).is_some_and(|status| status.success()));
    hear("STOPPING=1");
}

#[test]
fn two_gateways_never_share_one_sqlite() {
    let first = Gateway::start(&Settings::default());
    let began = start();
    let output = first.command(&["serve"]);
    assert!(!output.status.success(), "the second one must refuse");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let who = format!("is in use by process {} (", first.process().innermost());
    assert_eq!(said.matches(&who).count(), 2, "who has it, at once and at the end: {said}");
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
}
