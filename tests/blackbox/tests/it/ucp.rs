//! EMI/UCP: Kannel's driver logs in to our simulator; our link keeps the promises towards our simulator through kill -9, resets, silence,
//! throttling, damage and noise; tshark reads every frame of both.

use crate::rough::Line;
use crate::story::{post, preview};
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use blackbox::wiretap::Framing;
use serde_json::json;
use std::collections::HashSet;

const UCP: Line =
    Line { protocol: "ucp", quick: "keep_alive = \"1s\"\nresponse_timeout = \"2s\"", system_id: "71234" };

#[test]
fn throttles_and_refuses_for_a_while() {
    UCP.under(&json!({ "throttle_every": 3, "status": 55, "status_every": 5 }));
    UCP.throttled();
}

#[test]
fn speaks_nonsense_twice_late_damaged_or_not_at_all() {
    UCP.under(&json!({ "garbage_every": 3, "duplicate_every": 4, "unknown_every": 5, "out_of_order": true }));
    UCP.under(&json!({ "damage_every": 9, "no_answer_every": 11 }));
}

#[test]
fn drops_in_the_middle_of_a_frame() {
    UCP.under(&json!({ "drop_every": 8 }));
}

#[test]
fn killed_again_and_again() {
    UCP.killed();
}

#[test]
fn lost_with_a_full_window_and_half_open() {
    UCP.lost();
}

#[test]
fn kannel_logs_in_submits_and_gets_receipts_and_messages() {
    UCP.kannel("smsc = emi\nkeepalive = 5\nmy-number = 12345\n", "12345");
}

#[test]
fn tshark_reads_every_frame() {
    let Some(seen) = UCP.dissected(&[], "ucp", 5000, Framing::End(3)) else { return };
    for operation in
        ["Session management", "Submit short message", "Deliver short message", "Deliver notification"]
    {
        assert!(seen.contains(operation), "no {operation}:\n{seen}");
    }
}

#[test]
fn a_national_alphabet_loses_nothing_untold() {
    let simulator = Simulator::speaking("ucp", &[]);
    let link = "alphabet = \"swedish\"".to_owned();
    let protocol = UCP.protocol.to_owned();
    let towards = Settings::towards(simulator.address());
    let gateway = Gateway::start(&Settings { protocol, system_id: UCP.system_id.into(), link, ..towards });
    let long = format!("5 € och {}", "x".repeat(200));
    for (text, policy, parts, changed) in [
        ("Idé: 5 kr", "auto", 1, "é"),
        ("5 € [1]", "auto", 1, ""),
        (&long, "auto", 4, ""),
        (&long, "fold", 2, "€"),
    ] {
        let body = json!({ "to": ["0701234567"], "text": text, "text_policy": policy });
        let preview = preview(&gateway, &body);
        assert!(preview.contains(&format!("\"segments\":{parts}")), "{text} {policy}: {preview}");
        let told =
            if changed.is_empty() { "\"changes\":[]".to_owned() } else { format!("\"from\":\"{changed}\"") };
        assert!(preview.contains(&told), "{text} {policy}: {preview}");
    }
}

#[test]
fn a_simple_centre_gets_its_own_letters_and_the_sender_is_told() {
    let simulator = Simulator::speaking("ucp", &[]);
    let link = "operation = \"01\"".to_owned();
    let protocol = UCP.protocol.to_owned();
    let towards = Settings::towards(simulator.address());
    let gateway = Gateway::start(&Settings { protocol, system_id: UCP.system_id.into(), link, ..towards });
    let long = format!("Å{}", "x".repeat(199));
    for text in ["Larm 😀 vid ån", &long] {
        let answer = post(&gateway, &json!({ "to": ["0701234567"], "text": text }), None);
        assert_eq!(answer.status, 202, "{}", answer.text());
        let told = r#""changes":[{"at":5,"from":"😀","to":"?"}]"#;
        assert_eq!(answer.text().contains(told), text.contains('😀'), "{}", answer.text());
    }
    let preview = preview(&gateway, &json!({ "to": ["0701234567"], "text": "Larm 😀" }));
    assert!(preview.contains(r#""changes":[{"at":5,"from":"😀","to":"?"}]"#), "{preview}");
    let refused = post(&gateway, &json!({ "to": ["0701234567"], "text": "Пожар" }), None);
    let said = refused.text();
    assert!(refused.status == 422 && said.contains("text_not_encodable") && said.contains("TS0"), "{said}");
    let texts = || {
        let texts = simulator.journal().into_iter().filter_map(|entry| match entry {
            Entry::Submit { text, .. } => Some(text),
            _ => None,
        });
        texts.collect::<HashSet<_>>()
    };
    let head: String = long.chars().take(153).collect();
    let wanted = ["Larm ? vid ån".to_owned(), format!("(1/2) {head}"), format!("(2/2) {}", "x".repeat(47))];
    eventually("both messages", || (texts() == wanted.clone().into()).then_some(()));
}
