//! E9: a broken file is refused with its place, the running one keeps what it has, a good one changes only what changed.

use crate::story::{judge, send};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::doors::lines::Lines;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::process::Signal;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::fs;

#[test]
fn check_names_file_line_and_key() {
    let gateway =
        Gateway::prepare(&Settings { more: "[http2]\nlisten = \"x\"\n".into(), ..Settings::default() });
    let output = gateway.command(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    let text =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let line = fs::read_to_string(gateway.config()).expect("the file");
    let line = line.lines().position(|line| line == "[http2]").expect("the line") + 1;
    assert!(
        text.contains("omnigate.toml") && text.contains("http2") && text.contains(&line.to_string()),
        "{text}"
    );
    let good = Gateway::prepare(&Settings::default());
    assert_eq!(good.command(&["check"]).status.code(), Some(0));
}

#[test]
fn a_bad_reload_changes_nothing_and_a_good_one_keeps_the_link() {
    let simulator = Simulator::start(&["--receipts"]);
    let settings = Settings::towards(simulator.address());
    let gateway = Gateway::start(&settings);
    let mut attempts = send(&gateway, 0, 5);
    fs::write(gateway.config(), "[nonsense").expect("written");
    let before = gateway.errors().len();
    gateway.process().signal(Signal::Hup);
    eventually("a word about the bad file", || (gateway.errors().len() > before).then_some(()));
    attempts.extend(send(&gateway, 5, 5));

    let more = "[[user]]\nname = \"second\"\npassword = \"another-one\"\naddresses = [\"127.0.0.0/8\"]\n";
    gateway.configure(&Settings { more: more.into(), ..settings });
    gateway.process().signal(Signal::Hup);
    eventually("the new user", || {
        let request = blackbox::http::Request::get("/api/v1/balance").basic("second", "another-one");
        let response = blackbox::http::once(gateway.doors().http, &request).ok()?;
        (response.status == 200).then_some(())
    });
    attempts.extend(send(&gateway, 10, 5));
    // The door of programs is shut to everybody but a net that nobody here has, and then open again.
    let open = fs::read_to_string(gateway.config()).expect("the file");
    let shut = open.replace("[http]\n", "[http]\nallow = [\"192.0.2.0/24\"]\n");
    assert_ne!(shut, open);
    let ask = || blackbox::http::once(gateway.doors().http, &blackbox::http::Request::get("/api/v1/balance"));
    fs::write(gateway.config(), shut).expect("written");
    gateway.process().signal(Signal::Hup);
    eventually("the shut door", || ask().is_err().then_some(()));
    fs::write(gateway.config(), open).expect("written");
    gateway.process().signal(Signal::Hup);
    eventually("the open door", || ask().is_ok().then_some(()));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    let binds = history.operator.iter().filter(|entry| matches!(entry, Entry::Bound { .. })).count();
    assert_eq!(binds, 1, "the link was left alone");
}

#[test]
fn a_reload_reaches_who_is_logged_in() {
    let user = |name: &str, password: &str| {
        format!("[[user]]\nname = \"{name}\"\npassword = \"{password}\"\naddresses = [\"127.0.0.0/8\"]\n")
    };
    let settings = |more: String| Settings { more, ..Settings::default() };
    let gateway = Gateway::start(&settings(user("second", "the-old-one")));
    let (mut lines, _) = Lines::connect(gateway.doors().telnet).expect("a text door");
    let mut say = |line: &str| lines.ask(line).expect("an answer").code;
    let status = |name: &str, password: &str| {
        let request = blackbox::http::Request::get("/api/v1/balance").basic(name, password);
        blackbox::http::once(gateway.doors().http, &request).ok().map(|response| response.status)
    };
    let reload = |more: String, name: &str, password: &str, expected: u16| {
        gateway.configure(&settings(more));
        gateway.process().signal(Signal::Hup);
        eventually("the reload", || (status(name, password) == Some(expected)).then_some(()));
    };
    assert_eq!((say("LOGI second the-old-one"), say("SMS 0701234567 one")), (250, 250));
    reload(user("second", "the-old-one") + &user("third", "of-another"), "third", "of-another", 200);
    assert_eq!(say("SMS 0701234567 two"), 250, "nothing of him changed");
    reload(user("second", "the-new-one"), "second", "the-new-one", 200);
    assert_eq!((say("SMS 0701234567 three"), say("INBOX")), (550, 550));
    assert_eq!((say("LOGI second the-new-one"), say("SMS 0701234567 four")), (250, 250));
    reload(String::new(), "second", "the-new-one", 401);
    assert_eq!((say("SMS 0701234567 five"), say("INBOX")), (550, 550));
}
