//! A6: a message with several recipients is accepted for exactly those that the answer names; the others are listed with
//! reasons.

use crate::story::post;
use blackbox::gateway::Gateway;
use blackbox::readback;
use blackbox::settings::Settings;
use serde_json::json;

#[test]
fn good_ones_are_accepted_and_bad_ones_named() {
    let gateway = Gateway::start(&Settings::default());
    let to =
        ["070-123 45 67", "not a number", "+46 (0)70 123 45 68", "0046701234569", "12345678901234567890123"];
    let response = post(&gateway, &json!({ "to": to, "text": "hej" }), None);
    assert_eq!(response.status, 202, "{}", response.text());
    let answer = response.json();
    let named = |list: &str| -> Vec<String> {
        let rows = answer[list].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["to"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(named("messages"), ["46701234567", "46701234568", "46701234569"]);
    assert_eq!(named("refused"), [to[1], to[4]]);
    let codes = answer["refused"].as_array().cloned().unwrap_or_default();
    assert!(codes.iter().all(|row| row["code"].as_str().is_some_and(|code| !code.is_empty())), "{answer}");
    let mut stored: Vec<String> = readback::messages(&gateway).into_iter().map(|row| row.to).collect();
    stored.sort();
    assert_eq!(stored, named("messages"));
}

#[test]
fn nothing_accepted_is_an_error() {
    let gateway = Gateway::start(&Settings::default());
    let response = post(&gateway, &json!({ "to": ["nobody"], "text": "hej" }), None);
    assert!((400..500).contains(&response.status), "{}", response.status);
    assert!(readback::messages(&gateway).is_empty());
}
