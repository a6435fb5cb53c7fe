//! A server and the signals it obeys.

use crate::run::{Place, Server};
use rustix::process::Signal;

const CONFIGURATION: &str = "[node]\ndata_dir = \"data\"\n[http]\nlisten = \"127.0.0.1:0\"\n";

#[test]
fn a_reload_asked_for_during_the_start_is_done_after_it() {
    // Passwords are hashed one after another, so the start takes a while.
    let users: String =
        (0..60).map(|n| format!("[[user]]\nname = \"u{n}\"\npassword = \"hemligt ord\"\n")).collect();
    let place = Place::with(&format!("{CONFIGURATION}{users}"));
    let mut server = Server::start(&place);
    // It listens for signals before it makes the directory.
    server.wait_until("the start", |_| place.path().join("data").exists());
    server.signal(Signal::HUP);
    assert!(!place.path().join("data/listening.json").exists(), "too late to test anything");
    let log = server.wait_until("the reload", |log| log.contains("reloaded: "));
    assert!(log.find("ready").is_some_and(|ready| Some(ready) < log.find("reloaded: ")), "{log}");
    assert_eq!(server.stop(), Some(0));
}
