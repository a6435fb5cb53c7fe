//! B9: messages of one sender to one recipient leave in the order in which they were accepted; parts of one message go in
//! order.

use crate::story::{judge, post};
use blackbox::checker::Terms;
use blackbox::clock::eventually;
use blackbox::doors::{Answer, Door, soap};
use blackbox::gateway::Gateway;
use blackbox::history::{Attempt, marked_text};
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use blackbox::simulator::Simulator;
use serde_json::json;

#[test]
fn one_recipient_gets_them_in_order() {
    const TO: &str = "46701234567";
    let simulator = Simulator::start(&["--receipts", "--delay", "2ms"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let mut attempts = Vec::new();
    for message in 0..120 {
        let length = if message % 7 == 0 { 400 } else { 10 };
        let response = post(&gateway, &json!({ "to": [TO], "text": marked_text(message, length) }), None);
        let id = response.json()["messages"][0]["id"].as_str().map(str::to_owned);
        assert!(id.is_some(), "{}", response.text());
        attempts.push(Attempt {
            message,
            door: Door::Json,
            sender: USER.into(),
            to: TO.into(),
            // Asked one after the other; a millisecond is too coarse to tell them apart.
            began_at: 2 * message,
            ended_at: 2 * message + 1,
            answer: Answer::Accepted(id),
        });
    }
    let terms = Terms { ordered: true, own_numbers: false, ..Terms::default() };
    judge(&gateway, &simulator, attempts, &terms);
}

#[test]
fn a_batch_to_one_recipient_leaves_in_its_order() {
    const MESSAGES: usize = 150;
    let simulator = Simulator::start(&["--delay", "2ms"]);
    let gateway = Gateway::start(&Settings::towards(simulator.address()));
    let one = |n: usize| format!("<sms><to>46701234567</to><text>nr {n:03}</text></sms>");
    let items: String = (0..MESSAGES).map(one).collect();
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><SendSmsBatch xmlns=\"{}\">{items}</SendSmsBatch>\
         </s:Body></s:Envelope>",
        soap::NAMESPACE
    );
    let request = Request::post("/soap/gateway", "text/xml; charset=utf-8", envelope).basic(USER, PASSWORD);
    let answer = once(gateway.doors().http, &request).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    eventually("all of them at the operator", || (simulator.submits() >= MESSAGES).then_some(()));
    assert_eq!(simulator.texts(), (0..MESSAGES).map(|n| format!("nr {n:03}")).collect::<Vec<_>>());
}
