//! Section 5, SQL injection: a corpus at every parameter of every door. Nothing is an error of the server, nothing changes what it should not,
//! and a text comes back as it was sent.

use crate::story::post;
use blackbox::database::{Kind, fresh};
use blackbox::doors::Door;
use blackbox::doors::lines::Lines;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, Response, escape, once};
use blackbox::readback;
use blackbox::settings::{PASSWORD, Settings, USER};
use serde_json::{Value, json};

const CORPUS: [&str; 18] = [
    "'",
    "''",
    "\"",
    "`",
    "\\",
    "\\'; DROP TABLE message; --",
    "'; DROP TABLE message; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1; DELETE FROM user_account",
    "1 UNION SELECT password FROM user_account",
    "') OR 1=1 -- ",
    "'; SELECT pg_sleep(30); --",
    "' AND SLEEP(30) #",
    "?",
    "$1",
    ":a %s %27 {0}",
    "/* */ ; ATTACH DATABASE 'x' AS y",
];

/// Every field of a message that a caller fills in.
const FIELDS: [&str; 9] = [
    "from",
    "text",
    "reference",
    "priority",
    "valid_for",
    "send_at",
    "callback_url",
    "encoding",
    "dimensions",
];

/// Every parameter of a list.
const FILTERS: [&str; 6] = ["reference", "state", "to", "after", "limit", "from"];

fn ask(gateway: &Gateway, request: Request) -> Response {
    let response = once(gateway.doors().http, &request.basic(USER, PASSWORD)).expect("an answer");
    assert!(response.status < 500, "{}: {}", response.status, response.text());
    response
}

fn attack(gateway: &Gateway) {
    let plain = || json!({ "to": ["46701234567"], "text": "hej" });
    for evil in CORPUS {
        for field in FIELDS {
            let mut body = plain();
            body[field] = match field {
                "dimensions" => {
                    json!({ "company": evil, "department": evil, "cost_centre": evil, "project": evil })
                }
                _ => Value::from(evil),
            };
            let response = post(gateway, &body, None);
            assert!(response.status < 500, "{field} {evil}: {}", response.text());
        }
        let mut body = plain();
        body["to"] = json!([evil]);
        assert!((400..500).contains(&post(gateway, &body, None).status), "{evil}");
        // The same key twice is the same message, whatever is in it.
        if evil.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            let (first, second) = (post(gateway, &plain(), Some(evil)), post(gateway, &plain(), Some(evil)));
            assert_eq!(first.text(), second.text(), "{evil}");
        }
        for filter in FILTERS {
            let list = format!("/api/v1/messages?{filter}={}", escape(evil));
            let found = ask(gateway, Request::get(list));
            if filter == "reference" {
                let rows = found.json()["messages"].as_array().map_or(0, Vec::len);
                assert!(rows <= 1, "{evil} found {rows}");
            }
        }
        let one = format!("/api/v1/messages/{}", escape(evil));
        assert!(matches!(ask(gateway, Request::get(&one)).status, 400 | 404));
        assert!(matches!(ask(gateway, Request::delete(&one)).status, 400 | 404));
        let _ = ask(
            gateway,
            Request::get(format!("/api/v1/inbox?after={}&limit={}", escape(evil), escape(evil))),
        );
        for name in ["numbers", "text", "from", "user", "password", "key"] {
            let form = format!("/send?numbers=0701234567&text=hej&{name}={}", escape(evil));
            let _ = ask(gateway, Request::get(form));
        }
        for name in ["to", "from", "text", "smsc", "dlr-url", "account", "coding"] {
            let call = format!(
                "/cgi-bin/sendsms?username={USER}&password={PASSWORD}&to=0701234567&text=hej&{name}={}",
                escape(evil)
            );
            let _ = ask(gateway, Request::get(call));
        }
        if !evil.contains(['"', '`', '\\']) {
            let escaped = evil.replace('&', "&amp;").replace('<', "&lt;");
            let _ = Door::Soap.send(gateway.doors(), "46701234567", &escaped);
        }
        let _ = Door::Mail.send(gateway.doors(), "46701234567", evil);
    }
    let (mut lines, _) = Lines::connect(gateway.doors().telnet).expect("a text door");
    let _ = lines.ask(&format!("LOGI {USER} {PASSWORD}"));
    for evil in ["'; DROP TABLE message; --", "' OR '1'='1"] {
        for command in ["PAGE", "MESS", "MSTA", "SUBJ"] {
            if let Ok(answer) = lines.ask(&format!("{command} {evil}")) {
                assert!(answer.code != 0, "{command} {evil}");
            }
        }
    }
}

fn nothing_changed(gateway: &Gateway) {
    // What goes through as text comes back as it was.
    for evil in CORPUS {
        let body = json!({ "to": ["46701234567"], "text": evil, "reference": evil });
        let response = post(gateway, &body, None);
        assert_eq!(response.status, 202, "{evil}: {}", response.text());
        let id = response.json()["messages"][0]["id"].as_str().expect("an id").to_owned();
        let record = ask(gateway, Request::get(format!("/api/v1/messages/{id}"))).json();
        assert_eq!(record["reference"], json!(evil));
    }
    let (in_order, audit) = readback::audit(gateway);
    assert!(in_order, "{audit}");
}

fn story(kind: Kind) {
    let Some(database) = fresh(kind) else { return };
    let gateway = Gateway::start(&Settings { database, ..Settings::default() });
    attack(&gateway);
    nothing_changed(&gateway);
}

#[test]
fn sqlite() {
    story(Kind::Sqlite);
}

#[test]
fn postgres() {
    story(Kind::Postgres);
}

#[test]
fn mariadb() {
    story(Kind::Mysql);
}
