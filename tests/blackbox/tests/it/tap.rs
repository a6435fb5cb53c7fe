//! TAP and calls: pages leave through a simulated modem; nothing is lost by kill -9 in the middle of a call, by a busy or a broken line;
//! a peer written from the specification alone, in Python, stands on either side; UCP goes over a call as well; and Minicall recipients get
//! their pages.

use crate::story::{judge, post, preview, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::process::Process;
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Kills of the gateway.
const KILLS: u64 = 6;
/// Times that suit a test: a call ends soon, and the next try comes soon.
const QUICK: &str =
    "idle = \"200ms\"\nredial = \"300ms\"\nanswer_timeout = \"2s\"\nnumbers = \"international\"";
/// There are no receipts, and one page at a time.
const TERMS: Terms = Terms { window: 1, receipts: false, ordered: false, own_numbers: true };

fn called(central: &Simulator, more: &str) -> Settings {
    let port = central.device().display().to_string();
    let link = format!(
        "port = \"{port}\"\ndial = [\"08-123 45 67\", \"08-765 43 21\"]\n{QUICK}\n{more}\n[link.line]\ninit = [\"ATZ\", \"ATE0V1Q0\"]"
    );
    Settings { protocol: "tap".into(), bare: true, link, ..Settings::default() }
}

fn pages(central: &Simulator) -> Vec<(String, String)> {
    let pages = central.journal().into_iter().filter_map(|entry| match entry {
        Entry::Submit { to, text, .. } => Some((to, text)),
        _ => None,
    });
    pages.collect()
}

#[test]
fn pages_leave_through_a_call_and_the_modem_hangs_up() {
    let central = Simulator::called("tap", &[]);
    let gateway = Gateway::start(&called(&central, "pages_per_call = 4"));
    let attempts = send(&gateway, 0, 10);
    judge(&gateway, &central, attempts, &TERMS);
    let calls = central.calls();
    assert!((3..=10).contains(&calls.len()), "four pages a call: {calls:?}");
    assert!(calls.iter().all(|(_, result)| result.starts_with("CONNECT")), "{calls:?}");
}

#[test]
fn killed_in_the_middle_of_calls() {
    let mut random = Random::of_story("tap");
    let central = Simulator::called("tap", &["--delay", "30ms"]);
    let mut gateway = Gateway::start(&called(&central, ""));
    let mut attempts = Vec::new();
    for kill in 0..KILLS {
        let before = pages(&central).len();
        attempts.extend(send(&gateway, kill * 10, 10));
        eventually("a page at the central", || (pages(&central).len() > before).then_some(()));
        pause(Duration::from_millis(random.between(1..200)));
        gateway.kill();
        gateway.restart();
    }
    judge(&gateway, &central, attempts, &TERMS);
}

#[test]
fn a_busy_number_and_another_one() {
    let central = Simulator::called("tap", &["--line-fault", "busy_number=81234567"]);
    let gateway = Gateway::start(&called(&central, ""));
    let attempts = send(&gateway, 0, 3);
    eventually("the other number", || {
        let connected = |(n, r): &(String, String)| n.contains("7654321") && r.starts_with("CONNECT");
        central.calls().iter().any(connected).then_some(())
    });
    judge(&gateway, &central, attempts, &TERMS);
    assert!(
        central.calls().iter().any(|(n, r)| n.contains("1234567") && r == "BUSY"),
        "{:?}",
        central.calls()
    );
}

#[test]
fn a_line_that_breaks_and_is_noisy() {
    // The carrier is lost in every second call, after most of a dialogue.
    let mut central =
        Simulator::called("tap", &["--line-fault", "drop_after=60", "--line-fault", "drop_every=2"]);
    let gateway = Gateway::start(&called(&central, "pages_per_call = 2"));
    let mut attempts = send(&gateway, 0, 6);
    eventually("calls that broke off and others", || (central.calls().len() >= 4).then_some(()));
    // Every third octet of the central comes damaged: nothing can be understood, so nothing can be settled.
    // One call is enough: an entry device asks a central that makes no sense for most of a minute before it gives up.
    let noise = central.calls().len();
    central.tell(&json!({ "do": "line", "faults": { "noise": true } }));
    attempts.extend(send(&gateway, 6, 4));
    eventually("a call in the noise", || (central.calls().len() > noise).then_some(()));
    pause(Duration::from_secs(3));
    central.tell(&json!({ "do": "line", "faults": {} }));
    let rows = blackbox::readback::settle(&gateway, false);
    assert!(attempts.iter().all(|attempt| attempt.accepted()) && rows.len() == attempts.len());
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    let texts: std::collections::HashSet<_> = pages(&central).into_iter().collect();
    assert_eq!(texts.len(), attempts.len(), "every page came, some twice");
}

#[test]
fn a_central_that_refuses_disconnects_and_is_silent() {
    let mut central = Simulator::called("tap", &[]);
    let gateway = Gateway::start(&called(&central, ""));
    let mut attempts = Vec::new();
    for (round, faults) in [
        json!({ "nack_every": 3, "garbage_every": 2 }),
        json!({ "status": 113, "status_every": 3 }),
        json!({ "status": 516, "status_every": 2 }),
        json!({ "drop_every": 3 }),
        json!({ "no_answer_every": 4 }),
    ]
    .into_iter()
    .enumerate()
    {
        let before = central.submits();
        central.behave(&faults);
        attempts.extend(send(&gateway, 10 * round as u64, 5));
        eventually("pages at the central", || (central.submits() >= before + 3).then_some(()));
        central.behave(&json!({}));
    }
    // A block that was refused for its checksum is sent again, so the central's journal has pages twice that it took once.
    let rows = blackbox::readback::settle(&gateway, false);
    assert!(attempts.iter().all(|attempt| attempt.accepted()) && rows.len() == attempts.len());
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
}

#[test]
fn minicall_recipients_get_numbered_pages_and_clear_refusals() {
    let central = Simulator::called("tap", &["--charset", "646-se"]);
    let more = "charset = \"646-se\"\nnumbers = \"national\"";
    let settings = called(&central, "").link.replace("numbers = \"international\"", more);
    let minicall = "[[route]]\nto = \"minicall\"\nlinks = [\"TS0\"]\n[minicall]\nlength = 40\npages = 3\nnumeric = [\"467400\"]\n";
    let settings = Settings {
        protocol: "tap".into(),
        bare: true,
        link: settings,
        more: minicall.into(),
        ..Settings::default()
    };
    let gateway = Gateway::start(&settings);
    let text = "Brandlarm på pumpstationen vid ån: ring driften genast.";
    let answer = post(&gateway, &json!({ "to": ["074-123 45 67"], "text": text }), None);
    assert_eq!(answer.status, 202, "{}", answer.text());
    eventually("both pages", || (pages(&central).len() == 2).then_some(()));
    assert_eq!(
        pages(&central),
        [
            ("0741234567".to_owned(), "(1/2) Brandlarm på pumpstationen vid ån:".to_owned()),
            ("0741234567".to_owned(), "(2/2) ring driften genast.".to_owned()),
        ]
    );
    for (to, text, status, word) in [
        ("minicall:12345", "hej", 202, "minicall:12345"),
        ("0740012345", "0701-234567 U[1]", 202, "46740012345"),
        ("0740012345", "ring 08", 422, "pager_digits_only"),
        ("0741234567", "Пожар", 422, "text_not_encodable"),
        ("0701234567", "Пожар", 422, "vägen TS0 bär inte"),
        ("0741234567", "Larm 🔥 [1]", 202, "46741234567"),
        ("0741234567", &"x".repeat(200), 422, "text_too_long"),
    ] {
        let answer = post(&gateway, &json!({ "to": [to], "text": text }), None);
        assert!(answer.text().contains(word), "{to} {text}: {}", answer.text());
        assert_eq!(answer.status / 100, status / 100, "{to} {text}: {}", answer.text());
    }
    eventually("the pager that only its central knows", || {
        pages(&central).contains(&("12345".to_owned(), "hej".to_owned())).then_some(())
    });
    let preview = preview(&gateway, &json!({ "to": ["0701234567"], "text": "Larm 🔥 é på [1]" }));
    for change in
        [r#"{"at":5,"from":"🔥","to":"?"}"#, r#"{"at":7,"from":"é","to":"e"}"#, r#""from":"[","to":"(""#]
    {
        assert!(preview.contains(change), "{change}: {preview}");
    }
    let rows = blackbox::readback::settle(&gateway, false);
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    assert!(pages(&central).iter().any(|(_, text)| text == "Larm ? (1)"), "{:?}", pages(&central));
}

#[test]
fn ucp_over_a_call() {
    let centre = Simulator::called("ucp", &["--receipts", "--receipt-delay", "50ms"]);
    let port = centre.device().display().to_string();
    let link = format!(
        "port = \"{port}\"\ndial = [\"08-123 45 67\"]\nsystem_id = \"12345\"\npassword = \"secret\"\nidle = \"1s\"\nredial = \"300ms\"\n\
         [link.line]\ninit = [\"ATZ\", \"ATE0V1Q0\"]"
    );
    let settings = Settings { protocol: "ucp".into(), bare: true, link, ..Settings::default() };
    let mut gateway = Gateway::start(&settings);
    let mut attempts = send(&gateway, 0, 8);
    eventually("a message at the centre", || (centre.submits() > 0).then_some(()));
    gateway.kill();
    gateway.restart();
    attempts.extend(send(&gateway, 8, 8));
    eventually("all at the centre", || (centre.submits() >= 16).then_some(()));
    // A receipt for what was sent just before the kill comes in the next call.
    judge(&gateway, &centre, attempts, &Terms::default());
    assert!(centre.calls().len() >= 2, "{:?}", centre.calls());
}

/// The Python peer: see its own text.
fn peer(arguments: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/tap_peer.py");
    let mut command = Command::new("python3");
    command.arg(script).args(arguments);
    command
}

#[test]
fn a_foreign_entry_device_pages_through_our_central() {
    let central = Simulator::speaking("tap", &["--password", "000000"]);
    let address = central.address().to_string();
    let long = "A long page.".repeat(30);
    let output =
        peer(&["page", &address, "000000", "0740123456=Hello from Python", &format!("12345={long}")])
            .output()
            .expect("python3");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("accepted")).count(), 2, "{said}");
    assert_eq!(
        pages(&central),
        [("0740123456".to_owned(), "Hello from Python".to_owned()), ("12345".to_owned(), long)]
    );
    let refused = peer(&["page", &address, "wrong", "1234=x"]).output().expect("python3");
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stdout));
}

#[test]
fn our_link_pages_through_a_foreign_central() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("central.txt");
    let place = folder.path().join("address.txt");
    let mut command = peer(&["central"]);
    command.args([&place, &journal]);
    let _central = Process::start(command, folder.path(), "central");
    let address = eventually("the central's address", || {
        let text = std::fs::read_to_string(&place).ok()?;
        text.ends_with('\n').then(|| text.trim().to_owned())
    });
    let link = format!("hosts = [\"{address}\"]\nblock = 80\n{QUICK}");
    let settings = Settings { protocol: "tap".into(), bare: true, link, ..Settings::default() };
    let gateway = Gateway::start(&settings);
    let text = "Ett larm om någonting långt. ".repeat(5);
    let answer = post(&gateway, &json!({ "to": ["0701234567"], "text": text }), None);
    assert_eq!(answer.status, 202, "{}", answer.text());
    let wanted = format!("46701234567={}", text.replace('å', "a"));
    eventually("the page at the foreign central", || {
        let text = std::fs::read_to_string(&journal).ok()?;
        text.lines().any(|line| line == wanted.trim_end() || line == wanted).then_some(())
    });
    let rows = blackbox::readback::settle(&gateway, false);
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
}
