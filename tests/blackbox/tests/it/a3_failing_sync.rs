//! A3: a sync that fails is never answered yes and never tried again as if nothing had happened: the door says so, the
//! process ends with an error, and the next one recovers.

use crate::story::{attempt, body, judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, wall_ms};
use blackbox::disk::Disk;
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;

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
