//! tshark reads every TPDU that our GSM link and our simulated modem exchange.

use crate::story::post;
use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::journal::Entry;
use blackbox::serial_tap::SerialTap;
use blackbox::settings::Settings;
use blackbox::simulator::Simulator;
use serde_json::json;

#[test]
fn tshark_reads_every_tpdu() {
    let mut modem = Simulator::modem(&["--receipts"]);
    let Some(tap) = SerialTap::before(&modem.device()) else { return };
    let settings = Settings {
        protocol: "modem".into(),
        bare: true,
        link: format!("port = \"{}\"\npoll = \"1s\"", tap.device().display()),
        ..Settings::default()
    };
    let gateway = Gateway::start(&settings);
    // One part of seven bits, two parts with a header, one of sixteen bits, one with a class, to a short number too.
    for (to, text, flash) in [
        ("46701234567", "hej åäö [€]".to_owned(), false),
        ("46701234567", "lång ".repeat(40), false),
        ("46701234567", "привет 🙂".to_owned(), false),
        ("72456", "genast".to_owned(), true),
    ] {
        let answer = post(&gateway, &json!({ "to": [to], "text": text, "flash": flash }), None);
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
    modem.text("46701234567", "från en mobil åäö");
    modem.text("46701234567", &"двадцать ".repeat(20));
    let count = |is: fn(&Entry) -> bool| modem.journal().iter().filter(|entry| is(entry)).count();
    eventually("all reports", || (count(|e| matches!(e, Entry::Receipt { .. })) >= 5).then_some(()));
    eventually("all messages", || (count(|e| matches!(e, Entry::Mo { .. })) >= 2).then_some(()));
    let Some(seen) = tap.dissected() else { return };
    assert!(!seen.contains("Malformed") && !seen.contains("[Expert Info"), "{seen}");
    for kind in ["SMS-SUBMIT (1)", "SMS-DELIVER (0)", "SMS-STATUS REPORT (2)"] {
        assert!(seen.contains(kind), "no {kind}:\n{seen}");
    }
    for text in
        ["SMS text: hej åäö [€]", "SMS text: genast", "SMS text: från en mobil åäö", "SMS text: привет"]
    {
        assert!(seen.contains(text), "no {text}:\n{seen}");
    }
    for field in ["Class 0", "TP-Destination-Address - (72456)", "Message part number: 2", "TP-Status"] {
        assert!(seen.contains(field), "no {field}:\n{seen}");
    }
}
