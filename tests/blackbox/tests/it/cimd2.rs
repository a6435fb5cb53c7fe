//! CIMD2: Kannel's driver logs in to our simulator; our link keeps the promises towards our simulator through kill -9, resets,
//! silence, throttling, damage and noise; tshark reads every packet of both.

use crate::story::{Drivers, judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::doors::ALL;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::journal::Entry;
use blackbox::peers::{kannel, program};
use blackbox::proxy::{Proxy, Weather};
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::wiretap::Wiretap;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// A link that notices soon.
const QUICK: &str = "alive = \"1s\"\nresponse_timeout = \"2s\"";
/// Messages under each fault.
const MESSAGES: u64 = 30;
/// Kills of the gateway.
const KILLS: u64 = 10;

fn centre(arguments: &[&str]) -> Simulator {
    Simulator::speaking("cimd2", arguments)
}

fn towards(operator: SocketAddr) -> Settings {
    Settings { protocol: "cimd2".into(), link: QUICK.into(), ..Settings::towards(operator) }
}

fn under(faults: &Value) {
    println!("{faults}");
    let mut simulator = centre(&["--receipts"]);
    let gateway = Gateway::start(&towards(simulator.address()));
    simulator.behave(faults);
    let mut attempts = send(&gateway, 0, MESSAGES);
    let reached = || (simulator.submits() as u64 >= MESSAGES / 2).then_some(());
    eventually("half of them at the operator", reached);
    simulator.behave(&json!({}));
    attempts.extend(send(&gateway, MESSAGES, 5));
    let history = judge(&gateway, &simulator, attempts, &Terms::default());
    assert!(history.rows.iter().all(|row| row.state == "delivered"), "{faults}: {:?}", history.rows);
}

#[test]
fn throttles_and_refuses_for_a_while() {
    under(&json!({ "throttle_every": 3, "status": 6, "status_every": 5 }));
}

#[test]
fn speaks_nonsense_twice_late_damaged_or_not_at_all() {
    under(&json!({ "garbage_every": 3, "duplicate_every": 4, "unknown_every": 5, "out_of_order": true }));
    under(&json!({ "damage_every": 9, "no_answer_every": 11 }));
}

#[test]
fn drops_in_the_middle_of_a_packet() {
    under(&json!({ "drop_every": 8 }));
}

#[test]
fn killed_again_and_again() {
    let mut random = Random::of_story("cimd2");
    let mut simulator = centre(&["--receipts", "--delay", "5ms"]);
    let mut gateway = Gateway::start(&towards(simulator.address()));
    let drivers = Drivers::start(&ALL, 20, &mut random);
    for kill in 0..KILLS {
        drivers.aim(Some(gateway.doors()));
        let before = drivers.accepted();
        eventually("an accepted message", || (drivers.accepted() > before).then_some(()));
        simulator.mo("46701234567", "72456", &format!("mo {kill}"));
        pause(Duration::from_millis(random.between(5..600)));
        gateway.kill();
        drivers.aim(None);
        gateway.restart();
    }
    let attempts = drivers.finish();
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn lost_with_a_full_window_and_half_open() {
    let simulator = centre(&["--receipts", "--delay", "3ms"]);
    let proxy = Proxy::to(simulator.address());
    proxy.set(Weather { split: 7, ..Weather::default() });
    let gateway = Gateway::start(&towards(proxy.address()));
    let mut attempts = Vec::new();
    for round in 0..4 {
        attempts.extend(send(&gateway, round * 20, 20));
        proxy.reset();
    }
    proxy.set(Weather { drop: true, ..Weather::default() });
    attempts.extend(send(&gateway, 80, 20));
    let before = proxy.connections();
    eventually("a new connection", || (proxy.connections() > before).then_some(()));
    proxy.set(Weather::default());
    proxy.reset();
    judge(&gateway, &simulator, attempts, &Terms::default());
}

#[test]
fn kannel_logs_in_submits_and_gets_receipts_and_messages() {
    let (Some(bearerbox), Some(_)) = (program("bearerbox"), program("smsbox")) else { return };
    let mut simulator = centre(&["--receipts"]);
    let smsc = "smsc = cimd2\nkeepalive = 5\n";
    let kannel = kannel::speaking(&bearerbox, simulator.address(), smsc);
    let target = "/cgi-bin/sendsms?username=t&password=t&to=%2B46701234567&from=12345&charset=UTF-8\
                  &text=hej+%C3%A5%C3%A4%C3%B6+%5B%E2%82%AC%5D&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F";
    eventually("Kannel's door", || {
        (once(kannel.door, &Request::get(target)).ok()?.status == 202).then_some(())
    });
    let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
    eventually("Kannel's submit", || {
        seen(
            &|entry| matches!(entry, Entry::Submit { text, to, .. } if text == "hej åäö [€]" && to == "46701234567"),
        )
    });
    eventually("the receipt, taken", || {
        seen(&|entry| matches!(entry, Entry::Receipt { answer: Some(0), .. }))
    });
    simulator.mo("46701234567", "12345", "fråga");
    let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
    eventually("the message, taken", || seen(&|entry| matches!(entry, Entry::Mo { answer: Some(0), .. })));
    // Its service answers each text, so the phone's number and ours came through.
    eventually("Kannel's answer", || {
        seen(
            &|entry| matches!(entry, Entry::Submit { text, to, .. } if text == "svar" && to == "46701234567"),
        )
    });
}

#[test]
fn tshark_reads_every_packet() {
    let mut simulator = centre(&["--receipts", "--no-greeting"]);
    let wire = Wiretap::to(simulator.address());
    let gateway = Gateway::start(&towards(wire.address()));
    let _ = send(&gateway, 0, 3);
    let answer = crate::story::post(
        &gateway,
        &json!({ "to": ["46701234567"], "text": format!("{} åäö [€] @_", "lång ".repeat(40)), "from": "Företag" }),
        None,
    );
    assert_eq!(answer.status, 202, "{}", answer.text());
    simulator.mo("46701234567", "72456", "från en mobil åäö");
    let answered = |entry: &Entry| matches!(entry, Entry::Mo { answer: Some(0), .. });
    eventually("the message, taken", || simulator.journal().iter().any(answered).then_some(()));
    let receipts = || simulator.journal().iter().filter(|e| matches!(e, Entry::Receipt { .. })).count();
    eventually("all receipts", || (receipts() >= 5).then_some(()));
    let Some(seen) = wire.dissected("cimd", 9971, 3) else { return };
    assert!(!seen.contains("Malformed") && !seen.contains("[Expert Info"), "{seen}");
    for operation in ["1", "3", "20", "23"] {
        assert!(seen.contains(&format!("Operation Code: {operation}\n")), "no {operation}:\n{seen}");
    }
}
