//! A5: trying again is safe. The same idempotency key gives the first id and creates nothing; another body under the same
//! key is refused.

use crate::story::{attempt, body, judge, long, post};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause, wall_ms};
use blackbox::doors::{Answer, soap};
use blackbox::gateway::{Doors, Gateway};
use blackbox::history::{Attempt, marked_text, number_of};
use blackbox::http::{Client, Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use std::collections::BTreeSet;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Keys, each tried by everyone.
const KEYS: u64 = 100;
/// Who tries each key at the same time as all others.
const RETRIES: usize = 100;
/// Kills between, in every run.
const KILLS: usize = 5;
/// Kills between, in the long form.
const KILLS_LONG: usize = 60;
/// Each of so many keys is a `clientReference` of the web service.
const SOAP_EVERY: u64 = 4;

#[test]
fn a_key_makes_one_message_through_crashes() {
    let simulator = Simulator::start(&["--receipts"]);
    let mut gateway = Gateway::prepare(&Settings::towards(simulator.address()));
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    let places = format!("[http]\nmax_per_address = {}\n", 2 * RETRIES);
    std::fs::write(gateway.config(), text.replace("[http]\n", &places)).expect("written");
    gateway.restart();
    let (attempts, done) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let doors = Mutex::new(Some(gateway.doors()));
    let kills = if long() { KILLS_LONG } else { KILLS };
    std::thread::scope(|scope| {
        for _ in 0..RETRIES {
            scope.spawn(|| try_all(&doors, &attempts, &done));
        }
        for kill in 1..=kills {
            let share = kill * RETRIES * KEYS as usize / (kills + 1);
            eventually("more answers", || (done.load(Ordering::SeqCst) >= share).then_some(()));
            *doors.lock().expect("no panic") = None;
            gateway.kill();
            gateway.restart();
            *doors.lock().expect("no panic") = Some(gateway.doors());
        }
    });
    let attempts = attempts.into_inner().expect("no panic");
    let unknown = attempts.iter().filter(|attempt| attempt.answer == Answer::Unknown).count();
    println!("{} answers, {unknown} attempts that a crash left without one", attempts.len() - unknown);
    let ids: BTreeSet<&str> = attempts.iter().filter_map(Attempt::id).collect();
    assert_eq!(ids.len() as u64, KEYS, "each key has one id");
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert_eq!(history.rows.len() as u64, KEYS);
}

/// One of those who try: every key, each until there is an answer.
fn try_all(doors: &Mutex<Option<Doors>>, attempts: &Mutex<Vec<Attempt>>, done: &AtomicUsize) {
    let mut kept: Option<(Doors, Client)> = None;
    let mut number = 0;
    while number < KEYS {
        let now = *doors.lock().expect("no panic");
        let Some(now) = now else {
            kept = None;
            pause(Duration::from_millis(2));
            continue;
        };
        let (doors, mut client) = kept.take().unwrap_or_else(|| (now, Client::new(now.http)));
        let began_at = wall_ms();
        let answer = match ask(&mut client, number) {
            Ok(id) => Answer::Accepted(Some(id)),
            Err(_) => Answer::Unknown,
        };
        let known = answer != Answer::Unknown;
        attempts.lock().expect("no panic").push(attempt(number, began_at, answer));
        if known {
            kept = Some((doors, client));
            done.fetch_add(1, Ordering::SeqCst);
            number += 1;
        } else {
            pause(Duration::from_millis(2));
        }
    }
}

/// One try under a key: the id it was given.
fn ask(client: &mut Client, number: u64) -> io::Result<String> {
    let key = format!("key-{number}");
    let (request, soap) =
        if number % SOAP_EVERY == 1 { (by_soap(number, &key), true) } else { (by_json(number, &key), false) };
    let response = client.send(&request)?;
    assert!(matches!(response.status, 200 | 202), "{}: {}", response.status, response.text());
    let id = if soap {
        response.text().split_once("<id>").and_then(|(_, rest)| rest.split('<').next().map(str::to_owned))
    } else {
        response.json()["messages"][0]["id"].as_str().map(str::to_owned)
    };
    Ok(id.unwrap_or_else(|| panic!("no id in {}", response.text())))
}

fn by_json(number: u64, key: &str) -> Request {
    let request = Request::json("/api/v1/messages", &body(number)).basic(USER, PASSWORD);
    request.header("Idempotency-Key", key)
}

fn by_soap(number: u64, key: &str) -> Request {
    let end = "</text></SendSms>";
    let envelope = soap::envelope(&number_of(number), &marked_text(number, 10));
    let envelope =
        envelope.replace(end, &format!("</text><clientReference>{key}</clientReference></SendSms>"));
    let request = Request::post("/soap/gateway", "text/xml; charset=utf-8", envelope);
    request.header("SOAPAction", &format!("\"{}/SendSms\"", soap::NAMESPACE)).basic(USER, PASSWORD)
}

#[test]
fn another_body_under_the_same_key_is_refused() {
    let gateway = Gateway::start(&Settings::default());
    assert_eq!(post(&gateway, &body(1), Some("k")).status, 202);
    let other = post(&gateway, &body(2), Some("k"));
    assert_eq!(other.status, 409, "{}", other.text());
    let soap = |number| once(gateway.doors().http, &by_soap(number, "by-soap")).expect("an answer");
    assert_eq!(soap(3).status, 200);
    let other = soap(4);
    assert!(other.status == 500 && other.text().contains("Fault>"), "{} {}", other.status, other.text());
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
