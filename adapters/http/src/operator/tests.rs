//! The shipped profiles against the shapes that operators document, written down here by hand from those documents and not by a profile.

use super::{Account, Looked, Profile, encode, heard, shipped, verdicts};
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::message::Body;
use domain::text::Alphabet;
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;

fn account() -> Account {
    Account {
        url: "https://op.example/base".into(),
        user: "u ser".into(),
        password: SecretString::from("p&ss"),
        values: [
            ("customer_id", "4711"),
            ("account", "71700"),
            ("platformId", "COMMON_API"),
            ("platformPartnerId", "1"),
            ("plan", "p1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into(),
        secrets: [("xml_password".to_owned(), SecretString::from("<x>"))].into(),
        receipt_url: "https://gw.example/operator/a/receipt/s".into(),
        mo_url: String::new(),
    }
}

fn looked(to: &[&str], text: &str, from: Option<&str>) -> Looked {
    let alphabet = if domain::text::gsm7::char_len('ő').is_none() && text.contains('ő') {
        Alphabet::Ucs2
    } else {
        Alphabet::Gsm7
    };
    Looked {
        to: to.iter().map(|to| Recipient::parse(to).expect("a number")).collect(),
        body: Body::Text { text: text.to_owned(), alphabet, udh: Vec::new() },
        from: from.map(|from| Originator::parse(from).expect("a sender")),
        flash: false,
        receipt: true,
        valid_for: Duration::from_secs(600),
        now: Timestamp::from_second(1_700_000_000).expect("a time"),
    }
}

fn profile(name: &str) -> Profile {
    shipped(name).expect("a profile")
}

fn first(name: &str, looked: &Looked) -> (String, String, Value) {
    let request = encode(&profile(name), &account(), looked).expect("a request").remove(0);
    let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
    (format!("{} {}", text("method"), text("url")), text("body"), request["headers"].clone())
}

#[test]
fn elks() {
    let (line, body, headers) = first("46elks", &looked(&["46701234567"], "hej å & {to}", Some("Företag")));
    assert_eq!(line, "POST https://op.example/base/sms");
    assert_eq!(
        body,
        "from=F%C3%B6retag&to=%2B46701234567&message=hej%20%C3%A5%20%26%20%7Bto%7D\
         &whendelivered=https%3A%2F%2Fgw.example%2Foperator%2Fa%2Freceipt%2Fs"
    );
    assert_eq!(headers["authorization"], "Basic dSBzZXI6cCZzcw==");
    let flash = Looked { flash: true, receipt: false, ..looked(&["46701234567"], "x", None) };
    assert_eq!(first("46elks", &flash).1, "to=%2B46701234567&message=x&flashsms=yes");
    let id = r#"{"status":"created","direction":"outgoing-api","from":"x","to":"+46701234567","id":"s70df59406a1b4643b96f3f91e0bfb7b0","cost":3500}"#;
    let one = looked(&["46701234567"], "x", None);
    let read =
        |status, body| verdicts(&profile("46elks"), (status, "", body), &one).expect("verdicts").remove(0);
    assert_eq!(read(200, id), json!({"means":"ok","id":"s70df59406a1b4643b96f3f91e0bfb7b0"}));
    let failed = id.replace("created", "failed");
    let failed = read(200, &failed);
    assert_eq!((failed["means"].as_str(), failed["code"].as_str()), (Some("limited"), Some("http-failed")));
    assert_eq!(read(403, "Not enough credits")["means"], "barred");
    assert_eq!(read(400, "Invalid to number")["means"], "permanent");
    assert_eq!(read(401, "")["means"], "barred");
    assert_eq!(read(429, "slow")["means"], "throttled");
    assert_eq!(read(200, "<html>")["means"], "unanswered", "a yes that nobody understands");
}

/// Some taken and some not, in one list, by a profile of one's own.
#[test]
fn entries_of_a_list_by_their_values() {
    let text = r#"
        title = "One of one's own"
        about = "x"
        url = "https://op.example"
        answers = "json"
        [send]
        url = "{url}/sms"
        recipients = 10
        form = [{ name = "to", value = "{to}" }, { name = "text", value = "{text}" }]
        [[answer]]
        status = ["200"]
        each = "messages"
        entry = { "status.groupName" = ["PENDING", "DELIVERED"] }
        to = "to"
        means = "ok"
        id = "messageId"
        [[answer]]
        status = ["200"]
        each = "messages"
        to = "to"
        means = "permanent"
        code = "status.id"
        detail = "status.description"
    "#;
    let profile = Profile::read(text).expect("a profile");
    let body = r#"{"messages":[{"to":"46701234568","status":{"groupName":"REJECTED","id":51,"description":"no such"},"messageId":"x2"},
        {"to":"46701234567","status":{"groupName":"PENDING","id":26},"messageId":"x1"}]}"#;
    let two = looked(&["46701234567", "46701234568"], "x", None);
    let read = verdicts(&profile, (200, "", body), &two).expect("verdicts");
    assert_eq!(read[0], json!({"means":"ok","id":"x1"}));
    assert_eq!((&read[1]["means"], &read[1]["code"]), (&json!("permanent"), &json!("http-51")));
    assert!(Profile::read(&text.replacen("each = \"messages\"", "", 1)).is_err(), "entry without each");
}

#[test]
fn elks_calls() {
    let hear = |body: &str| {
        heard(&profile("46elks"), ("application/x-www-form-urlencoded", "", body), Timestamp::UNIX_EPOCH)
    };
    let receipt =
        hear("id=s70&status=delivered&delivered=2018-07-13T13%3A57%3A23.741000").expect("a receipt");
    assert_eq!(receipt["receipts"][0]["verdict"], "delivered");
    assert_eq!(receipt["receipts"][0]["at"], "2018-07-13T13:57:23.741Z");
    let mo = hear(
        "direction=incoming&id=sf8&from=%2B46706861004&to=%2B46706860000&created=2017-03-14T09%3A52%3A07.302540&message=Hej+%C3%A5",
    );
    let mo = mo.expect("a message");
    assert_eq!(mo["mo"]["text"], "Hej å");
    assert_eq!((mo["mo"]["from"].as_str(), mo["mo"]["id"].as_str()), (Some("46706861004"), Some("sf8")));
    assert!(hear("x=1").is_err());
}

#[test]
fn telenor() {
    let (line, body, headers) =
        first("telenor-sms-pro", &looked(&["46701234567"], "å ]]> <b>", Some("Företag")));
    assert_eq!(line, "POST https://op.example/base/services/4711/sendsms");
    assert_eq!(headers["content-type"], "text/xml; charset=ISO-8859-1");
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<mobilectrl_sms><header><customer_id>4711</customer_id>\
         <password>&lt;x&gt;</password><request_id>1000000001</request_id><valid_until>202311142323</valid_until>\
         <from_alphanumeric>Företag</from_alphanumeric></header><payload><sms account=\"71700\">\
         <message><![CDATA[å ]]]]><![CDATA[> <b>]]></message><to_msisdn>+46701234567</to_msisdn></sms></payload></mobilectrl_sms>"
    );
    assert!(
        first("telenor-sms-pro", &looked(&["46701234567"], "ő", Some("46709999999")))
            .1
            .contains("<message>&#337;</message>")
    );
    let answer = "<mobilectrl_response><customer_id>4711</customer_id><mobilectrl_id>5aa434:eac0a56a0b:-7ffe</mobilectrl_id><status>0</status><code></code><message/></mobilectrl_response>";
    let one = looked(&["46701234567"], "x", None);
    let read = verdicts(&profile("telenor-sms-pro"), (200, "text/xml", answer), &one).expect("verdicts");
    assert_eq!(read[0], json!({"means":"ok","id":"5aa434:eac0a56a0b:-7ffe"}));
    let no = answer.replace("<status>0<", "<errorcode>12</errorcode><status>1<");
    assert_eq!(
        verdicts(&profile("telenor-sms-pro"), (200, "", &no), &one).expect("verdicts")[0]["code"],
        "http-12"
    );
    let hear = |body: &str| {
        heard(&profile("telenor-sms-pro"), ("text/xml", "", body), Timestamp::UNIX_EPOCH).expect("heard")
    };
    let status = |n| {
        format!(
            "<mobilectrl_delivery_status><mobilectrl_id>a:b</mobilectrl_id><delivery_status>{n}</delivery_status><message>SMS SENT</message></mobilectrl_delivery_status>"
        )
    };
    for (n, verdict) in [("-2", "pending"), ("0", "delivered"), ("5", "failed")] {
        assert_eq!(hear(&status(n))["receipts"][0]["verdict"], verdict);
    }
    let mo = hear(
        "<mobilectrl_received_sms><header><customer_id>1</customer_id><mobilectrl_id>m1</mobilectrl_id><datetime>2013-05-02 10:11:12</datetime></header><payload><sms account=\"71700\" premiumrate=\"0\"><message>Hej</message><from_msisdn operator=\"x\">+46701234567</from_msisdn></sms></payload></mobilectrl_received_sms>",
    );
    assert_eq!(
        (mo["mo"]["to"].as_str(), mo["mo"]["at"].as_str()),
        (Some("71700"), Some("2013-05-02T08:11:12Z"))
    );
    assert!(mo["answer"]["body"].as_str().is_some_and(|b| b.contains("<status>0</status>")));
}

#[test]
fn link_mobility() {
    let (line, body, _) = first("link-mobility", &looked(&["46701234567"], "a\"b", Some("Company")));
    assert_eq!(line, "POST https://op.example/base/sms/send");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        body,
        json!({"source":"Company","sourceTON":"ALPHANUMERIC","destination":"+46701234567","userData":"a\"b","platformId":"COMMON_API",
               "platformPartnerId":"1","refId":"1000000001","useDeliveryReport":true})
    );
    let one = looked(&["46701234567"], "x", None);
    let read = |code| {
        let body =
            json!({"messageId":"Dcshuhod0PMAAAFQ+/PbnR3x","resultCode":code,"message":"m"}).to_string();
        verdicts(&profile("link-mobility"), (200, "", &body), &one).expect("verdicts").remove(0)
    };
    for (code, means) in [(1005, "ok"), (2104, "permanent"), (105, "temporary"), (9999, "limited")] {
        assert_eq!(read(code)["means"], means, "{code}");
    }
    let receipt = r#"{"refId":"1","id":"Dcs","operator":"no.telenor","sentTimestamp":"2015-10-28T09:13:37Z","timestamp":"2015-10-28T09:13:40Z","resultCode":1001,"segments":1}"#;
    let hear = heard(&profile("link-mobility"), ("application/json", "", receipt), Timestamp::UNIX_EPOCH)
        .expect("heard");
    assert_eq!(
        (&hear["receipts"][0]["id"], &hear["receipts"][0]["verdict"]),
        (&json!("Dcs"), &json!("delivered"))
    );
}

#[test]
fn cellsynt_pages_recipients() {
    let two = looked(&["46701234567", "46709876543"], "hej", Some("71234"));
    let (line, body, _) = first("cellsynt", &two);
    assert_eq!(line, "POST https://op.example/base/sms.php");
    assert_eq!(
        body,
        "username=u%20ser&password=p%26ss&destination=0046701234567%2C0046709876543&originatortype=shortcode&originator=71234\
         &type=text&charset=UTF-8&text=hej&allowconcat=6"
    );
    let read = |body| verdicts(&profile("cellsynt"), (200, "text/plain", body), &two).expect("verdicts");
    assert_eq!(read("OK: 1,2"), [json!({"means":"ok","id":"1"}), json!({"means":"ok","id":"2"})]);
    assert_eq!(read("OK: 7")[1]["id"], "7", "one id for all");
    assert_eq!(read("Error: Invalid destination")[0]["means"], "limited");
    let octets = Looked { body: Body::Binary { data: vec![1, 255], udh: vec![2, 0, 0] }, ..two };
    let body = first("cellsynt", &Looked { to: octets.to[..1].to_vec(), ..octets }).1;
    assert!(body.contains("type=binary&data=01ff&udh=020000"), "{body}");
}

/// Who cuts texts need not cut octets: each part is a request with its header, and for one recipient.
#[test]
fn long_octets_go_in_parts() {
    let octets = Looked {
        body: Body::Binary { data: vec![0xA5; 300], udh: Vec::new() },
        ..looked(&["46701234567", "46709876543"], "", None)
    };
    let requests = encode(&profile("cellsynt"), &account(), &octets).expect("requests");
    assert_eq!(requests.len(), 6);
    let bodies = requests.iter().map(|request| request["body"].as_str().expect("a body"));
    for (n, body) in bodies.enumerate() {
        let to = if n < 3 { "0046701234567" } else { "0046709876543" };
        assert!(body.contains(&format!("destination={to}&")), "{body}");
        assert!(body.contains(&format!("&udh=05000301030{}", n % 3 + 1)), "{body}");
    }
    let own = encode(&profile("omnigate"), &account(), &octets).expect("requests");
    assert_eq!(own.len(), 2, "a gateway of our kind cuts them itself");
    assert!(!own[0]["body"].as_str().expect("a body").contains("udh"), "{}", own[0]);
}

#[test]
fn kannel_gets_parts() {
    let long = looked(&["46701234567"], &"a".repeat(300), Some("12345"));
    let requests = encode(&profile("kannel"), &account(), &long).expect("requests");
    assert_eq!(requests.len(), 2);
    let url = requests[1]["url"].as_str().expect("a URL");
    assert!(url.starts_with("https://op.example/base/cgi-bin/sendsms?username=u%20ser&password=p%26ss&from=12345&to=%2B46701234567&charset=UTF-8&coding=0&text=aaa"), "{url}");
    assert!(url.contains("&udh=%05%00%03%01%02%02&validity=10&dlr-mask=19&dlr-url=https%3A%2F%2Fgw.example%2Foperator%2Fa%2Freceipt%2Fs%3Fid%3D1000000001-2%26state%3D%25d%26to%3D%25p%26error%3D%25A"), "{url}");
    let receipt = heard(
        &profile("kannel"),
        ("", "id=1000000001-2&state=1&to=%2B46701234567", ""),
        Timestamp::UNIX_EPOCH,
    );
    let receipt = receipt.expect("a receipt");
    assert_eq!(receipt["receipts"][0]["id"], "1000000001-2");
    assert_eq!(receipt["receipts"][0]["to"], "46701234567");
}

#[test]
fn sinch_and_our_own() {
    let two = looked(&["46701234567", "46709876543"], "hej", Some("12345"));
    let (line, body, headers) = first("sinch", &two);
    assert_eq!(line, "POST https://op.example/base/xms/v1/p1/batches");
    assert_eq!(headers["authorization"], "Bearer p&ss");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&body["to"], &body["expire_at"]),
        (&json!(["46701234567", "46709876543"]), &json!("2023-11-14T22:23:20Z"))
    );
    let read = verdicts(&profile("sinch"), (201, "", r#"{"id":"01FC66"}"#), &two).expect("verdicts");
    let ids: Vec<_> = read.iter().map(|verdict| verdict["id"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["01234567:01FC66", "09876543:01FC66"], "the operator's is of the batch");
    let receipt = json!({"type": "recipient_delivery_report_sms", "batch_id": "01FC66", "recipient": "46709876543", "status": "Delivered"});
    let heard =
        heard(&profile("sinch"), ("application/json", "", &receipt.to_string()), Timestamp::UNIX_EPOCH)
            .expect("heard");
    assert_eq!(
        (&heard["receipts"][0]["id"], &heard["receipts"][0]["to"]),
        (&json!(ids[1]), &json!("46709876543"))
    );
    let (_, body, headers) = first("omnigate", &looked(&["46701234567"], "hej", None));
    assert_eq!(headers["idempotency-key"], "1000000001");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["to"], json!(["+46701234567"]));
    let one = looked(&["46701234567"], "x", None);
    let read = |status, body: Value| {
        verdicts(&profile("omnigate"), (status, "", &body.to_string()), &one).expect("verdicts").remove(0)
    };
    assert_eq!(
        read(202, json!({"messages":[{"id":"9","to":"46701234567"}],"refused":[]})),
        json!({"means":"ok","id":"9"})
    );
    for (status, code, means) in [
        (401, "not_authenticated", "barred"),
        (402, "no_credit", "barred"),
        (422, "invalid_number", "permanent"),
        (503, "busy", "throttled"),
        (409, "idempotency_conflict", "limited"),
    ] {
        assert_eq!(read(status, json!({"code":code,"detail":"d"}))["means"], means, "{code}");
    }
}

#[test]
fn pixie() {
    let (line, body, _) = first("pixie", &looked(&["46701234567", "46709876543"], "hej", Some("Firma")));
    assert_eq!(line, "POST https://op.example/base/sendsms");
    assert_eq!(
        body,
        "account=u%20ser&pwd=p%26ss&receivers=46701234567%2C46709876543&sender=Firma&message=hej"
    );
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let good = "title = \"x\"\n[send]\nurl = \"{url}/s\"\nform = [{ name = \"t\", value = \"{text}\" }]\n[[answer]]\nmeans = \"ok\"\n";
    assert!(Profile::read(good).is_ok());
    let cases = [
        (good.replace("{text}", "{txet}"), 4, "there is no {txet}"),
        (good.replace("means = \"ok\"", "means = \"yes\""), 6, "\"yes\" is none of \"ok\""),
        (good.replace("{url}/s", "/s"), 3, "it begins with {url}"),
        (good.replace("[send]\n", "[send]\nmethod = \"GET\"\n"), 3, "a GET has no body"),
        (good.replace("[send]\n", "colour = 1\n[send]\n"), 2, "unknown field `colour`"),
        (
            good.replace("[send]\n", "[send]\nheaders = { X = \"{text}\" }\n"),
            3,
            "{text} cannot stand in a header",
        ),
        (good.replace("[send]\n", "[send]\nrecipients = 0\n"), 3, "between 1 and 1000"),
        (good.replace("[send]\n", "auth = \"digest\"\n[send]\n"), 2, "\"digest\" is none of"),
        (good.replace("means = \"ok\"", "means = \"ok\"\nstatus = [\"2xx\"]"), 7, "a status is"),
        (good.replace("means = \"ok\"", "means = \"ok\"\npattern = \"{x}\""), 7, "in a pattern"),
    ];
    for (text, line, words) in cases {
        let flaws = Profile::read(&text).expect_err("a flaw");
        assert!(
            flaws.iter().any(|f| f.line == Some(line) && f.what.contains(words)),
            "{line} {words}: {flaws:?}"
        );
    }
}

proptest! {
    /// Whatever a text holds, it stays one value in its place.
    #[test]
    fn a_text_never_breaks_out(text in "\\PC{0,40}|[&=%?#\"'<>{}\\]\\[\\\\\r\n|;]{0,40}") {
        let one = looked(&["46701234567"], &text, None);
        let elks = encode(&profile("46elks"), &account(), &one).expect("a request");
        let fields: Vec<_> = url::form_urlencoded::parse(elks[0]["body"].as_str().expect("a body").as_bytes()).into_owned().collect();
        prop_assert_eq!(fields.len(), 3);
        prop_assert_eq!(&fields[1].1, &text);
        let sinch = encode(&profile("sinch"), &account(), &one).expect("a request");
        let body: Value = serde_json::from_str(sinch[0]["body"].as_str().expect("a body")).expect("JSON");
        prop_assert_eq!(body["body"].as_str(), Some(text.as_str()));
        let kannel = encode(&profile("kannel"), &account(), &one).expect("a request");
        let url: url::Url = kannel[0]["url"].as_str().expect("a URL").parse().expect("a URL");
        prop_assert_eq!(url.query_pairs().count(), 9);
        prop_assert!(url.fragment().is_none());
        let telenor = encode(&profile("telenor-sms-pro"), &account(), &one).expect("a request");
        let root = super::xml::read(telenor[0]["body"].as_str().expect("a body")).expect("XML");
        prop_assert_eq!(root.children.len(), 2);
        prop_assert_eq!(root.children[1].children[0].children.len(), 2);
    }
}
