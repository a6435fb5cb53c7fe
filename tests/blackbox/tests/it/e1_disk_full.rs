//! E1: a full disk: doors answer temporary errors, nothing accepted is lost, people are told, and it recovers by itself.

use crate::story::{attempt, body, gather, post, send, unshare_mounts};
use blackbox::checker::{Terms, demand};
use blackbox::clock::{eventually, wall_ms};
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::mail_sink::MailSink;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use std::fs::File;
use std::io::Write as _;

/// Enough for the database and its ballast, little enough to fill at once.
const SIZE: &str = "160m";
const PIECE: usize = 1024 * 1024;
/// Who is on duty.
const DUTY: &str = "46701119999";

#[test]
fn temporary_errors_and_recovery() {
    let simulator = Simulator::start(&["--receipts"]);
    let disk = tempfile::tempdir().expect("a mount point");
    let place = disk.path().display().to_string();
    let database = Some(format!("sqlite://{place}/omnigate.db"));
    let mails = MailSink::start();
    let more = format!("[alarm]\nmail = [\"drift@example.test\"]\nsms = [\"{DUTY}\"]\nafter = \"1s\"\n");
    let relay = Some(mails.address());
    let mut gateway =
        Gateway::prepare(&Settings { database, more, relay, ..Settings::towards(simulator.address()) });
    // A file system of its own in a mount name space of its own; root needs no user name space for that.
    let mount = format!("mount -t tmpfs -o size={SIZE} tmpfs {place} && exec \"$0\" \"$@\"");
    gateway.wrap(&["unshare", unshare_mounts(), "sh", "-c", &mount]);
    gateway.restart();
    let mut attempts = send(&gateway, 0, 20);

    let seen_from_here = format!("/proc/{}/root{place}/filler", gateway.process().innermost());
    let mut filler = File::create(&seen_from_here).expect("a file on the small disk");
    for _ in 0..1_000 {
        if filler.write_all(&vec![0; PIECE]).is_err() {
            break;
        }
    }
    drop(filler);
    let mut number = 1_000;
    eventually("a refusal", || {
        number += 1;
        let began_at = wall_ms();
        let response = post(&gateway, &body(number), None);
        let answer = match response.status {
            202 => Answer::Accepted(response.json()["messages"][0]["id"].as_str().map(str::to_owned)),
            503 => Answer::Refused(response.text()),
            status => panic!("{status}: {}", response.text()),
        };
        let refused = matches!(answer, Answer::Refused(_));
        attempts.push(attempt(number, began_at, answer));
        refused.then_some(())
    });
    let live = once(gateway.doors().http, &Request::get("/health/live")).expect("an answer");
    assert_eq!(live.status, 200);
    let ready = || once(gateway.doors().http, &Request::get("/health/ready")).expect("an answer");
    eventually("not ready while nothing is accepted", || (ready().status == 503).then_some(()));
    assert!(ready().text().contains("disken är full"), "{}", ready().text());

    let told = |words: &str, subject: &str| {
        let texted = |entry: &Entry| matches!(entry, Entry::Submit { to, text, .. } if to == DUTY && text.contains(words));
        eventually(words, || simulator.journal().iter().any(texted).then_some(()));
        let mailed = || mails.mails().iter().any(|mail| mail.data.contains(subject)).then_some(());
        eventually(subject, mailed);
    };
    told("a kan inte spara något, allt nytt avvisas (disken är full)", "Subject: LARM: nod a kan inte spara");
    std::fs::remove_file(&seen_from_here).expect("removed");
    eventually("an open door", || {
        number += 1;
        let began_at = wall_ms();
        let response = post(&gateway, &body(number), None);
        let id = response.json()["messages"][0]["id"].as_str().map(str::to_owned);
        let answer =
            if response.status == 202 { Answer::Accepted(id) } else { Answer::Refused(response.text()) };
        let fine = response.status == 202;
        attempts.push(attempt(number, began_at, answer));
        fine.then_some(())
    });
    eventually("ready again", || (ready().status == 200).then_some(()));
    told("a kan spara igen", "nod a kan spara igen");
    attempts.extend(send(&gateway, 5_000_000, 10));
    // The database lies in a name space of its own, so the audit command cannot be asked from here.
    let terms = Terms::default();
    let mut history = gather(&gateway, &simulator, attempts, &terms);
    // What people were told is no message that anybody asked for.
    history.operator.retain(|entry| !matches!(entry, Entry::Submit { to, .. } if to == DUTY));
    demand(&history, &terms);
}
