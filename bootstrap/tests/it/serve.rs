//! A server and the signals it obeys.

use crate::run::{Place, Server};
use rustix::process::Signal;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

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

/// What the mail door answers to each of these lines.
fn mail(address: &str, lines: &[&str]) -> Vec<String> {
    let mut stream = TcpStream::connect(address).expect("a door");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    let mut replies = BufReader::new(stream.try_clone().expect("a socket"));
    let mut reply = || {
        let mut line = String::new();
        while !line.ends_with('\n') || line.get(3..4) == Some("-") {
            line.clear();
            replies.read_line(&mut line).expect("a reply");
        }
        line.trim_end().to_owned()
    };
    reply();
    let say = |line: &&str| {
        stream.write_all(format!("{line}\r\n").as_bytes()).expect("a door");
        reply()
    };
    lines.iter().map(say).collect()
}

#[test]
fn a_reload_says_what_waits_and_puts_the_rest_in_force() {
    let smtp = "[smtp]\nlisten = \"127.0.0.1:0\"\ndomains = [\"a.example\"]\n";
    let rest = "[[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"127.0.0.1:9\"]\n[[route]]\nto = \"*\"\nlinks = [\"TS0\"]\n\
                [[user]]\nname = \"crm\"\nmail_from = [\"@crm.example\"]\naddresses = [\"127.0.0.0/8\"]\n";
    let place = Place::with(&format!("{CONFIGURATION}{smtp}{rest}"));
    let mut server = Server::start(&place);
    server.wait_until("ready", |log| log.contains("ready"));
    let listening = std::fs::read_to_string(place.path().join("data/listening.json")).expect("addresses");
    let listening: Value = serde_json::from_str(&listening).expect("JSON");
    let door = listening["smtp"].as_str().expect("a door");
    let letter = [
        "EHLO crm.example",
        "MAIL FROM:<x@crm.example>",
        "RCPT TO:<0701234567@a.example>",
        "RCPT TO:<0701234568@b.example>",
        "RCPT TO:<0701234569@a.example>",
    ];
    let codes = |replies: Vec<String>| replies.iter().map(|r| r[..3].to_owned()).collect::<Vec<_>>();
    assert_eq!(codes(mail(door, &letter)), ["250", "250", "250", "550", "250"]);

    let wider = smtp.replace("\"a.example\"", "\"a.example\", \"b.example\"");
    let wider = format!("{wider}max_recipients = 2\nmax_connections = 50\n");
    let text = format!("{CONFIGURATION}max_body = 1000\n{wider}{rest}[callbacks]\ntimeout = \"3s\"\n");
    std::fs::write(place.path().join("omnigate.toml"), text).expect("a configuration");
    server.signal(Signal::HUP);
    let log = server.wait_until("the reload", |log| log.contains("reloaded: "));
    assert!(
        log.contains(
            "these take effect at the next start: callbacks.timeout, http.max_body, smtp.max_connections\n"
        ),
        "{log}"
    );
    let letter = letter.map(|line| line.replace("@a.example", "@b.example"));
    let letter = letter.each_ref().map(String::as_str);
    assert_eq!(codes(mail(door, &letter)), ["250", "250", "250", "250", "452"]);

    // Once more: what waits has not come into force by being read twice.
    server.signal(Signal::HUP);
    server.wait_until("the second reload", |log| log.matches("smtp.max_connections").count() == 2);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_link_that_cannot_start_holds_back_no_other() {
    let links = "[[link]]\nname = \"GSM0\"\nprotocol = \"modem\"\nport = \"tcp://127.0.0.1:9\"\n\
                 [[link]]\nname = \"TS0\"\nprotocol = \"smpp\"\nhosts = [\"127.0.0.1:9\"]\n\
                 [[route]]\nto = \"*\"\nlinks = [\"GSM0\", \"TS0\"]\n";
    let place = Place::with(&format!("{CONFIGURATION}{links}"));
    let notes = place.path().join("data/modem-GSM0.json");
    std::fs::create_dir(place.path().join("data")).expect("a directory");
    std::fs::write(&notes, "{\"refused").expect("notes");
    let mut server = Server::start(&place);
    let log = server.wait_until("ready", |log| log.contains("ready"));
    let named = |line: &str| line.contains("ERROR") && line.contains("GSM0") && line.contains("remove it");
    assert!(log.lines().any(named), "{log}");
    server.signal(Signal::HUP);
    let log = server.wait_until("a reload in vain", |log| log.contains("reloaded: "));
    assert!(log.contains("1 link(s) kept, 0 started, 0 stopped; 1 not started"), "{log}");
    assert_eq!(log.lines().filter(|line| named(line)).count(), 2, "it says why each time: {log}");
    std::fs::remove_file(&notes).expect("notes");
    server.signal(Signal::HUP);
    server.wait_until("the link", |log| log.contains("1 link(s) kept, 1 started, 0 stopped\n"));
    assert_eq!(server.stop(), Some(0));
}
