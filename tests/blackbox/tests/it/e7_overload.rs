//! E7: more than the gateway can take is refused with the code of each door, memory stays bounded, one account does not keep the others out, and
//! afterwards everything works again.

use crate::story::{post, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, start};
use blackbox::database::{Kind, fresh};
use blackbox::doors::{ALL, Answer, Door};
use blackbox::gateway::Gateway;
use blackbox::history::number_of;
use blackbox::http::{Request, Response, once};
use blackbox::proxy::{Proxy, Weather};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Requests at once; together they have more rows than may wait for the disk.
const REQUESTS: u64 = 20;
/// How often each is repeated while others are looked after.
const ROUNDS: u64 = 4;
/// Recipients of each.
const RECIPIENTS: u64 = 5_000;
/// Promised of a million queued, and more than enough for this.
const MOST_MEMORY_KIB: u64 = 400 * 1024;
/// No answer may take longer, whatever waits.
const LONGEST: Duration = Duration::from_secs(25);

/// The answer; nothing when none came before this client's own patience was over, which a slow machine may bring about.
fn bulk(gateway: &Gateway, request: u64) -> Option<Response> {
    bulk_by(gateway, USER, request)
}

fn bulk_by(gateway: &Gateway, user: &str, request: u64) -> Option<Response> {
    let to: Vec<String> = (0..RECIPIENTS).map(|n| format!("4672{:07}", request * RECIPIENTS + n)).collect();
    let body = json!({ "to": to, "text": "mycket på en gång" });
    once(gateway.doors().http, &Request::json("/api/v1/messages", &body).basic(user, PASSWORD)).ok()
}

#[test]
fn one_account_does_not_keep_the_others_out() {
    let more = format!("[[user]]\nname = \"bulk\"\npassword = \"{PASSWORD}\"\n");
    let gateway = Gateway::start(&Settings { more, ..Settings::default() });
    let over = AtomicBool::new(false);
    let (refused, slowest, sent) = std::thread::scope(|scope| {
        let flood = |first: u64| {
            let (gateway, over) = (&gateway, &over);
            move || {
                let mut refused = 0;
                for round in 0..ROUNDS {
                    let answer = bulk_by(gateway, "bulk", first + round * REQUESTS);
                    refused += u64::from(answer.is_some_and(|answer| answer.status == 503));
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                }
                refused
            }
        };
        let floods: Vec<_> = (0..REQUESTS).map(|first| scope.spawn(flood(first))).collect();
        let (mut slowest, mut sent) = (Duration::ZERO, 0);
        while sent < 100 && floods.iter().any(|flood| !flood.is_finished()) {
            let began = start();
            let body = json!({ "to": [number_of(9_000_000 + sent)], "text": "en åt gången" });
            let answer = post(&gateway, &body, None);
            assert_eq!(answer.status, 202, "{}", answer.text());
            slowest = slowest.max(began.elapsed());
            sent += 1;
        }
        over.store(true, Ordering::Relaxed);
        (floods.into_iter().map(|flood| flood.join().expect("a client")).sum::<u64>(), slowest, sent)
    });
    println!("{refused} bulk requests refused, {sent} single ones accepted, the slowest in {slowest:?}");
    assert!(refused > 0, "there was no more than could be taken");
    assert!(sent > 0 && slowest < LONGEST, "{sent} in {slowest:?}");
}

#[test]
fn more_at_once_than_the_disk_can_take() {
    let gateway = Gateway::start(&Settings::default());
    let answers: Vec<Option<Response>> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..REQUESTS)
            .map(|request| {
                scope.spawn({
                    let g = &gateway;
                    move || bulk(g, request)
                })
            })
            .collect();
        asked.into_iter().map(|thread| thread.join().expect("a client")).collect()
    });
    let unanswered = answers.iter().filter(|answer| answer.is_none()).count() as u64;
    let answers: Vec<Response> = answers.into_iter().flatten().collect();
    let accepted = answers.iter().filter(|answer| answer.status == 202).count() as u64;
    for answer in answers.iter().filter(|answer| answer.status != 202) {
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
        assert!(!answer.json()["code"].as_str().unwrap_or_default().is_empty(), "{}", answer.text());
    }
    assert!(accepted > 0, "nothing got through");
    let refused = REQUESTS - accepted - unanswered;
    println!("{accepted} accepted, {refused} refused, peak {:?} KiB", gateway.process().peak_kib());
    let peak = gateway.process().peak_kib().expect("Linux says");
    assert!(peak < MOST_MEMORY_KIB, "{peak} KiB");
    let recovered =
        || matches!(Door::Json.send(gateway.doors(), &number_of(1), "efteråt"), Answer::Accepted(_));
    eventually("an accepted message", || recovered().then_some(()));
    let (in_order, audit) = readback::audit(&gateway);
    assert!(in_order, "{audit}");
    let stored = audit["accepted"].as_u64().expect("a number");
    let (least, most) = (accepted * RECIPIENTS + 1, (accepted + unanswered) * RECIPIENTS + 1);
    assert!(
        (least..=most).contains(&stored),
        "{stored} stored, {accepted} accepted, {unanswered} unanswered"
    );
}

#[test]
fn each_door_has_its_code_while_the_database_says_nothing() {
    let Some(Some(url)) = fresh(Kind::Postgres) else { return };
    let from = url.find('@').map_or(0, |at| at + 1);
    let end = from + url[from..].find('/').expect("a database name");
    let proxy = Proxy::to(url[from..end].parse().expect("an address with a port"));
    let database = format!("{}{}{}", &url[..from], proxy.address(), &url[end..]);
    let simulator = Simulator::start(&["--receipts"]);
    let settings = Settings { database: Some(database), ..Settings::towards(simulator.address()) };
    let gateway = Gateway::start(&settings);
    let mut attempts = send(&gateway, 0, 5);
    // Every door has let its caller in once, so that none has to ask who he is.
    for door in ALL {
        assert!(
            matches!(door.send(gateway.doors(), "46709999999", "innan"), Answer::Accepted(_)),
            "{door:?}"
        );
    }

    proxy.set(Weather { stall: true, ..Weather::default() });
    for door in ALL {
        let began = start();
        let answer = door.send(gateway.doors(), "46709999998", "under tiden");
        let Answer::Refused(said) = &answer else { panic!("{door:?}: {answer:?}") };
        let temporary = ["503", "451", "452", "421", "554", "Server"].iter().any(|code| said.contains(code));
        assert!(temporary, "{door:?}: {said}");
        assert!(began.elapsed() < LONGEST, "{door:?} answered after {:?}", began.elapsed());
    }
    let ready = || once(gateway.doors().http, &Request::get("/health/ready")).expect("an answer");
    eventually("not ready", || (ready().status == 503).then_some(()));
    assert_eq!(once(gateway.doors().http, &Request::get("/health/live")).expect("an answer").status, 200);

    proxy.set(Weather::default());
    eventually("an open door", || {
        let body = json!({ "to": ["46709999997"], "text": "sedan" });
        (post(&gateway, &body, None).status == 202).then_some(())
    });
    attempts.extend(send(&gateway, 5, 20));
    // The refused ones may have been stored all the same when the database came back: nobody knows, and nobody was promised anything.
    let mut history = crate::story::gather(&gateway, &simulator, attempts, &Terms::default());
    history.rows.retain(|row| !row.to.starts_with("4670999999"));
    history.operator.retain(
        |entry| !matches!(entry, blackbox::journal::Entry::Submit { to, .. } if to.starts_with("4670999999")),
    );
    let (in_order, audit) = readback::audit(&gateway);
    assert!(in_order, "{audit}");
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{:?}", history.rows);
    assert_eq!(history.rows.len(), 25);
}
