//! A10: a refusal is fast and definite at every door, and what was refused is not sent.

use blackbox::clock::start;
use blackbox::doors::lines::Lines;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::readback;
use blackbox::settings::{MAIL_FROM, PASSWORD, Settings, USER};
use serde_json::json;
use std::time::Duration;

/// Generous against the promised 100 ms, since the machine is shared and a wrong password costs a hash.
const FAST: Duration = Duration::from_secs(2);

#[test]
fn http_says_why() {
    let gateway = Gateway::start(&Settings::default());
    let good = json!({ "to": ["46701234567"], "text": "hej" });
    let messages = |body: &serde_json::Value| Request::json("/api/v1/messages", body);
    let cases = [
        ("wrong password", messages(&good).basic(USER, "wrong"), 401..402),
        ("no text", messages(&json!({ "to": ["46701234567"] })).basic(USER, PASSWORD), 400..423),
        (
            "unknown field",
            messages(&json!({ "to": ["46701234567"], "text": "x", "tezt": 1 })).basic(USER, PASSWORD),
            400..423,
        ),
        (
            "no JSON",
            Request::post("/api/v1/messages", "application/json", "{").basic(USER, PASSWORD),
            400..401,
        ),
        ("no recipient", messages(&json!({ "to": [], "text": "x" })).basic(USER, PASSWORD), 400..423),
        (
            "too large",
            Request::post("/api/v1/messages", "application/json", vec![b' '; 300_000]).basic(USER, PASSWORD),
            413..414,
        ),
    ];
    for (name, request, status) in cases {
        let began = start();
        let response = once(gateway.doors().http, &request).expect("an answer");
        assert!(began.elapsed() < FAST, "{name} took {:?}", began.elapsed());
        assert!(status.contains(&response.status), "{name}: {} {}", response.status, response.text());
        let code = response.json()["code"].as_str().map(str::to_owned);
        assert!(code.is_some_and(|code| !code.is_empty()), "{name}: no code in {}", response.text());
    }
    assert!(readback::messages(&gateway).is_empty());
}

#[test]
fn mail_says_why() {
    let gateway = Gateway::start(&Settings::default());
    for (from, to, step) in [
        (MAIL_FROM, "46701234567@elsewhere.test", "recipient"),
        (MAIL_FROM, "nobody@sms.test", "recipient"),
        ("stranger@example.test", "46701234567@sms.test", "sender"),
    ] {
        let (mut lines, banner) = Lines::connect(gateway.doors().smtp).expect("a banner");
        assert_eq!(banner.code, 220);
        assert_eq!(lines.ask("EHLO client.test").expect("a reply").code, 250);
        let sender = lines.ask(&format!("MAIL FROM:<{from}>")).expect("a reply");
        let recipient = lines.ask(&format!("RCPT TO:<{to}>")).expect("a reply");
        let refused = (500..600).contains(&sender.code) || (500..600).contains(&recipient.code);
        assert!(refused, "{step} {from} {to}: {sender:?} {recipient:?}");
    }
}

#[test]
fn bare_line_feeds_end_nothing() {
    let gateway = Gateway::start(&Settings::default());
    for end in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r"] {
        let (mut lines, _) = Lines::connect(gateway.doors().smtp).expect("a banner");
        for step in
            ["EHLO client.test", &format!("MAIL FROM:<{MAIL_FROM}>"), "RCPT TO:<46701234567@sms.test>"]
        {
            assert_eq!(lines.ask(step).expect("a reply").code, 250, "{step}");
        }
        assert_eq!(lines.ask("DATA").expect("a reply").code, 354);
        let smuggled =
            format!("Subject: a\r\n\r\nb{end}MAIL FROM:<{MAIL_FROM}>\r\nRCPT TO:<46701234568@sms.test>\r\n");
        lines.raw(smuggled.as_bytes()).expect("sent");
        lines.raw(b"\r\n.\r\n").expect("sent");
        let reply = lines.reply().expect("a reply");
        assert!(reply.code == 250 || (500..600).contains(&reply.code), "{end:?}: {reply:?}");
        assert!(
            readback::messages(&gateway).iter().all(|row| row.to != "46701234568"),
            "{end:?} smuggled a message"
        );
    }
}

#[test]
fn the_text_door_says_why() {
    let gateway = Gateway::start(&Settings::default());
    let (mut lines, banner) = Lines::connect(gateway.doors().telnet).expect("a banner");
    assert_eq!(banner.code, 220);
    assert!((400..600).contains(&lines.ask(&format!("LOGI {USER} wrong")).expect("a reply").code));
    assert_eq!(lines.ask(&format!("LOGI {USER} {PASSWORD}")).expect("a reply").code, 250);
    assert_eq!(lines.ask("PAGE nobody").expect("a reply").code, 550);
    assert_eq!(lines.ask("SEND").expect("a reply").code, 503);
    assert_eq!(lines.ask("NONSENSE").expect("a reply").code, 500);
    assert!(readback::messages(&gateway).is_empty());
}
