//! A5: trying again is safe. The same idempotency key gives the first id and creates nothing; another body under the same
//! key is refused.

use crate::story::{attempt, body, judge, post};
use blackbox::checker::Terms;
use blackbox::clock::wall_ms;
use blackbox::doors::Answer;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::sync::Mutex;

const KEYS: u64 = 20;
const RETRIES: usize = 8;

#[test]
fn a_key_makes_one_message_through_a_crash() {
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::start(&Settings::towards(simulator.address()));
    let attempts = Mutex::new(Vec::new());
    for life in 0..2 {
        let doors = gateway.doors();
        std::thread::scope(|scope| {
            for _ in 0..RETRIES {
                scope.spawn(|| {
                    for number in 0..KEYS {
                        let request = Request::json("/api/v1/messages", &body(number)).basic(USER, PASSWORD);
                        let request = request.header("Idempotency-Key", &format!("key-{number}"));
                        let began_at = wall_ms();
                        let answer = match once(doors.http, &request) {
                            Ok(response) if response.status == 202 => Answer::Accepted(
                                response.json()["messages"][0]["id"].as_str().map(str::to_owned),
                            ),
                            Ok(response) => panic!("{}: {}", response.status, response.text()),
                            Err(_) => Answer::Unknown,
                        };
                        attempts.lock().expect("no panic").push(attempt(number, began_at, answer));
                    }
                });
            }
        });
        if life == 0 {
            gateway.kill();
            gateway.restart();
        }
    }
    let history = judge(&gateway, &simulator, attempts.into_inner().expect("no panic"), &Terms::default());
    assert_eq!(history.rows.len() as u64, KEYS);
}

#[test]
fn another_body_under_the_same_key_is_refused() {
    let gateway = Gateway::start(&Settings::default());
    assert_eq!(post(&gateway, &body(1), Some("k")).status, 202);
    let other = post(&gateway, &body(2), Some("k"));
    assert_eq!(other.status, 409, "{}", other.text());
}

/// What was accepted stays so when it could not be accepted any more: its time is over, say.
#[test]
fn the_first_answer_comes_again_when_the_request_is_out_of_date() {
    let gateway = Gateway::start(&Settings::default());
    let until = seconds_from_now(3);
    let request = serde_json::json!({ "to": ["0701234567"], "text": "once", "valid_until": until });
    let first = post(&gateway, &request, Some("dated"));
    assert_eq!(first.status, 202, "{}", first.text());
    blackbox::clock::pause(std::time::Duration::from_secs(4));
    assert_eq!(post(&gateway, &request, None).status, 422, "a new one is too late");
    let again = post(&gateway, &request, Some("dated"));
    assert_eq!((again.status, again.json()), (202, first.json()));
}

/// So many seconds from now, as the API takes it.
fn seconds_from_now(seconds: u64) -> String {
    let mut date = std::process::Command::new("date");
    let output = date.args(["-u", "-d", &format!("+{seconds} seconds"), "+%Y-%m-%dT%H:%M:%SZ"]).output();
    String::from_utf8_lossy(&output.expect("date").stdout).trim().to_owned()
}
