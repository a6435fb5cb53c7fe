//! A3: a sync that fails is never answered yes and never tried again as if nothing had happened: the door says so, the
//! process ends with an error, and the next one recovers.

use crate::story::{attempt, body, judge, long, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, wall_ms, within};
use blackbox::disk::Disk;
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::history::Attempt;
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::process::ExitStatus;
use std::time::Duration;

/// The last sync that fails.
const LAST: u32 = 50;
/// In every run each of so many, in the long form all of them.
const STEP: usize = 7;
/// More messages than this make more syncs than [`LAST`].
const MESSAGES: u64 = 60;
/// How long the end may take.
const PATIENCE: Duration = Duration::from_secs(3);

#[test]
fn says_no_ends_and_recovers() {
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
    let Some(disk) = Disk::before(&mut gateway) else { return };
    gateway.restart();
    let mut attempts = send(&gateway, 0, 10);
    disk.fail();
    let doors = gateway.doors();
    for number in 10..15 {
        let request = Request::json("/api/v1/messages", &body(number)).basic(USER, PASSWORD);
        let began_at = wall_ms();
        let answer = match once(doors.http, &request) {
            Ok(response) => {
                assert_eq!(response.status, 503, "{}", response.text());
                Answer::Refused(response.text())
            }
            Err(_) => Answer::Unknown,
        };
        // Its row may have reached the disk all the same; nobody was promised anything.
        let answer = if matches!(answer, Answer::Refused(_)) { Answer::Unknown } else { answer };
        attempts.push(attempt(number, began_at, answer));
    }
    let status = eventually("the end of the process", || gateway.ended());
    assert!(!status.success(), "{status}");
    disk.heal();
    gateway.restart();
    attempts.extend(send(&gateway, 20, 10));
    judge(&gateway, &simulator, attempts, &Terms::default());
}

/// SQLite goes on after a sync that failed as if the next one could make up for it; the gateway must not.
#[test]
fn whichever_sync_fails_it_ends_and_recovers() {
    for nth in (1..=LAST).step_by(if long() { 1 } else { STEP }) {
        let simulator = Simulator::start(&["--receipts"]);
        let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
        let Some(disk) = Disk::before(&mut gateway) else { return };
        Disk::fail_at(&mut gateway, nth);
        gateway.spawn();
        let (status, mut attempts) = send_until_it_ends(&mut gateway, &disk);
        // Before its doors are open nobody has been promised anything: it may open its database again, or do without a tidying.
        let early = status.is_none() && attempts.is_empty();
        assert!(early || status.is_some_and(|status| !status.success()), "sync {nth}: {status:?}");
        let accepted = attempts.iter().filter(|attempt| attempt.accepted()).count();
        println!("sync {nth}: {accepted} accepted, ended: {}", !early);
        Disk::fail_at(&mut gateway, 0);
        gateway.restart();
        attempts.extend(send(&gateway, MESSAGES, 3));
        judge(&gateway, &simulator, attempts, &Terms::default());
    }
}

/// Sends one message after another; how the process ended, and what was answered.
fn send_until_it_ends(gateway: &mut Gateway, disk: &Disk) -> (Option<ExitStatus>, Vec<Attempt>) {
    let mut attempts = Vec::new();
    let doors = eventually("the doors or the end", || match gateway.ended() {
        Some(status) => Some(Err(status)),
        None => gateway.opened().map(Ok),
    });
    let http = match doors {
        Ok(_) if disk.has_failed() && within(PATIENCE / 10, || gateway.ended()).is_none() => {
            return (None, attempts);
        }
        Ok(doors) => doors.http,
        Err(status) => return (Some(status), attempts),
    };
    for number in 0..MESSAGES {
        if let Some(status) = gateway.ended() {
            return (Some(status), attempts);
        }
        let request = Request::json("/api/v1/messages", &body(number)).basic(USER, PASSWORD);
        let began_at = wall_ms();
        let answer = match once(http, &request) {
            Ok(response) if response.status == 202 => {
                Answer::Accepted(response.json()["messages"][0]["id"].as_str().map(str::to_owned))
            }
            Ok(response) => {
                assert_eq!(response.status, 503, "{}", response.text());
                Answer::Unknown
            }
            Err(_) => Answer::Unknown,
        };
        attempts.push(attempt(number, began_at, answer));
    }
    (within(PATIENCE, || gateway.ended()), attempts)
}
