//! Section 5, guessing passwords: wrong tries at any door count together, and then the right one has to wait as well.

use blackbox::clock::eventually;
use blackbox::doors::lines::Lines;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, Response, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use serde_json::json;

const WRONG: &str = "fel";

fn json_with(gateway: &Gateway, password: &str) -> Response {
    let body = json!({ "to": ["46701234567"], "text": "hej" });
    let request = Request::json("/api/v1/messages", &body).basic(USER, password);
    once(gateway.doors().http, &request).expect("an answer")
}

#[test]
fn all_doors_share_one_count() {
    let gateway = Gateway::start(&Settings::default());
    let http = gateway.doors().http;
    // Five are free; each of these is at another place.
    assert_eq!(json_with(&gateway, WRONG).status, 401);
    let form = Request::get(format!("/send?numbers=0701234567&text=hej&user={USER}&password={WRONG}"));
    assert_ne!(once(http, &form).expect("an answer").status, 202);
    let kannel = format!("/cgi-bin/sendsms?username={USER}&password={WRONG}&to=0701234567&text=hej");
    assert_eq!(once(http, &Request::get(kannel)).expect("an answer").status, 403);
    let envelope = blackbox::doors::soap::envelope("46701234567", "hej");
    let soap = Request::post("/soap/gateway", "text/xml; charset=utf-8", envelope).basic(USER, WRONG);
    assert!(once(http, &soap).expect("an answer").text().contains("Fault"));
    let (mut lines, _) = Lines::connect(gateway.doors().telnet).expect("a text door");
    assert!(lines.ask(&format!("LOGI {USER} {WRONG}")).expect("an answer").code >= 400);

    let braked = json_with(&gateway, PASSWORD);
    assert_eq!(braked.status, 429, "{}", braked.text());
    assert!(braked.header("retry-after").is_some(), "{:?}", braked.headers);
    eventually("the brake to let go", || (json_with(&gateway, PASSWORD).status == 202).then_some(()));
    // A right one wipes the count.
    assert_eq!(json_with(&gateway, WRONG).status, 401);
    assert_eq!(json_with(&gateway, PASSWORD).status, 202);
}
