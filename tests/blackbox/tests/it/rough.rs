//! Faults of an operator's line that every windowed protocol must bear alike: kill -9, a line that is lost with a full window, a half-open
//! one, throttling, refusals, nonsense. Nothing is lost, and nothing doubled beyond what the checker allows.

use crate::story::{Drivers, judge, send};
use blackbox::checker::Terms;
use blackbox::clock::{eventually, pause};
use blackbox::doors::ALL;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::peers::{kannel, program};
use blackbox::proxy::{Proxy, Weather};
use blackbox::random::Random;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::{http, wiretap::Framing, wiretap::Wiretap};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// Messages under each fault.
const MESSAGES: u64 = 30;
/// Kills of the gateway.
const KILLS: u64 = 10;

/// What differs between protocols.
pub struct Line {
    /// What is spoken.
    pub protocol: &'static str,
    /// Lines of the link, so that it notices soon.
    pub quick: &'static str,
    /// Who logs in.
    pub system_id: &'static str,
}

impl Line {
    /// A simulated centre.
    pub fn centre(&self, arguments: &[&str]) -> Simulator {
        Simulator::speaking(self.protocol, arguments)
    }

    /// A gateway's settings towards it.
    pub fn towards(&self, operator: SocketAddr) -> Settings {
        Settings {
            protocol: self.protocol.into(),
            link: self.quick.into(),
            system_id: self.system_id.into(),
            ..Settings::towards(operator)
        }
    }

    /// Messages through faults, and after them: all arrive.
    pub fn under(&self, faults: &Value) {
        println!("{faults}");
        let mut simulator = self.centre(&["--receipts"]);
        let gateway = Gateway::start(&self.towards(simulator.address()));
        simulator.behave(faults);
        let mut attempts = send(&gateway, 0, MESSAGES);
        let reached = || (simulator.submits() as u64 >= MESSAGES / 2).then_some(());
        eventually("half of them at the operator", reached);
        simulator.behave(&json!({}));
        attempts.extend(send(&gateway, MESSAGES, 5));
        let history = judge(&gateway, &simulator, attempts, &Terms::default());
        assert!(history.rows.iter().all(|row| row.state == "delivered"), "{faults}: {:?}", history.rows);
    }

    /// Kill -9, again and again, under load at every door and with messages from phones.
    pub fn killed(&self) {
        let mut random = Random::of_story(self.protocol);
        let mut simulator = self.centre(&["--receipts", "--delay", "5ms"]);
        let mut gateway = Gateway::start(&self.towards(simulator.address()));
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

    /// The line is reset with a full window, and again; then it swallows everything without a word.
    pub fn lost(&self) {
        let simulator = self.centre(&["--receipts", "--delay", "3ms"]);
        let proxy = Proxy::to(simulator.address());
        proxy.set(Weather { split: 7, ..Weather::default() });
        let gateway = Gateway::start(&self.towards(proxy.address()));
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

    /// The operator takes no more of a window than it can answer, and throttles everything for a while.
    pub fn throttled(&self) {
        let mut simulator = self.centre(&["--receipts"]);
        let gateway = Gateway::start(&self.towards(simulator.address()));
        simulator.behave(&json!({ "throttle": true }));
        let attempts = send(&gateway, 0, MESSAGES);
        eventually("some refused", || (simulator.submits() >= 5).then_some(()));
        simulator.behave(&json!({}));
        let history = judge(&gateway, &simulator, attempts, &Terms::default());
        assert!(history.rows.iter().all(|row| row.state == "delivered"), "{:?}", history.rows);
    }

    /// Kannel's driver, unchanged, logs in to our simulator, submits, gets a receipt and a message, and answers it. `to` and `mo` are the
    /// numbers as the driver writes them.
    pub fn kannel(&self, smsc: &str, ours: &str) {
        let (Some(bearerbox), Some(_)) = (program("bearerbox"), program("smsbox")) else { return };
        let mut simulator = self.centre(&["--receipts"]);
        let kannel = kannel::speaking(&bearerbox, simulator.address(), smsc);
        let target = format!(
            "/cgi-bin/sendsms?username=t&password=t&to=%2B46701234567&from={ours}&charset=UTF-8\
             &text=hej+%C3%A5%C3%A4%C3%B6+%5B%E2%82%AC%5D&dlr-mask=3&dlr-url=http%3A%2F%2F127.0.0.1%3A9%2F"
        );
        let answer = http::once(kannel.door, &http::Request::get(target)).expect("an answer");
        assert_eq!(answer.status, 202, "{}", answer.text());
        let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
        let submitted = |words: &'static str| move |entry: &Entry| matches!(entry, Entry::Submit { text, to, .. } if text == words && to.ends_with("46701234567"));
        eventually("Kannel's submit", || seen(&submitted("hej åäö [€]")));
        eventually("the receipt, taken", || {
            seen(&|entry| matches!(entry, Entry::Receipt { answer: Some(0), .. }))
        });
        simulator.mo("46701234567", ours, "fråga");
        let seen = |what: &dyn Fn(&Entry) -> bool| simulator.journal().iter().any(what).then_some(());
        eventually("the message, taken", || {
            seen(&|entry| matches!(entry, Entry::Mo { answer: Some(0), .. }))
        });
        // Its service answers each text, so the phone's number and ours came through.
        eventually("Kannel's answer", || seen(&submitted("svar")));
    }

    /// Every frame of both sides as tshark reads it: messages of all kinds, receipts and a message from a phone.
    pub fn dissected(
        &self,
        arguments: &[&str],
        dissector: &str,
        port: u16,
        framing: Framing,
    ) -> Option<String> {
        let mut simulator = self.centre(&[&["--receipts"], arguments].concat());
        let wire = Wiretap::to(simulator.address());
        let gateway = Gateway::start(&self.towards(wire.address()));
        let _ = send(&gateway, 0, 3);
        for text in [format!("{} åäö [€] @_", "lång ".repeat(40)), "привет".to_owned()] {
            let body = json!({ "to": ["46701234567"], "text": text, "from": "Företag" });
            let answer = crate::story::post(&gateway, &body, None);
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
        simulator.mo("46701234567", "72456", "från en mobil åäö");
        let answered = |entry: &Entry| matches!(entry, Entry::Mo { answer: Some(0), .. });
        eventually("the message, taken", || simulator.journal().iter().any(answered).then_some(()));
        let receipts = || simulator.journal().iter().filter(|e| matches!(e, Entry::Receipt { .. })).count();
        eventually("all receipts", || (receipts() >= 6).then_some(()));
        let seen = wire.dissected(dissector, port, framing)?;
        assert!(!seen.contains("Malformed") && !seen.contains("[Expert Info"), "{seen}");
        Some(seen)
    }
}
