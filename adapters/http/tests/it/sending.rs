//! The JSON API's sending side.

use crate::{Ask, accepted, doors, sending};
use domain::message::{Callback, Door};
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, Request};
use domain::trace::Trace;
use ports::driving::{MockQueryMessages, MockSubmitMessages, Preview};

const HEJ: &str = r#"{"to":["070-123 45 67"],"text":"Hej"}"#;

#[tokio::test]
async fn what_is_asked_and_what_is_answered() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[("anna", Code::InvalidNumber)])));
    let body = r#"{"to":["070-123 45 67","anna"],"text":"Hej","callback_url":"https://crm.example/cb"}"#;
    let answer = Ask::json("/api/v1/messages", body).header("idempotency-key", "\"k 1\"").of(&app).await;
    insta::assert_snapshot!(answer.show());
    let expected = Request {
        callback: Callback::json("https://crm.example/cb", domain::message::Told::Every).ok(),
        idempotency_key: Some("k 1".into()),
        ..Request::text(["070-123 45 67", "anna"], "Hej")
    };
    assert_eq!(*asked.lock().expect("lock"), [(Door::Http, expected)]);
}

#[tokio::test]
async fn a_callback_about_the_end_alone() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let body = |on: &str| {
        format!(
            r#"{{"to":["0701"],"text":"x","callback_url":"https://crm.example/cb","callback_on":"{on}"}}"#
        )
    };
    assert_eq!(Ask::json("/api/v1/messages", &body("end")).of(&app).await.status, 202);
    let form = "/send?numbers=0701&text=x&callback_url=https%3A%2F%2Fcrm.example%2Fcb&callback_on=end";
    assert_eq!(Ask::get(form).crm().of(&app).await.status, 202);
    for (_, request) in asked.lock().expect("lock").drain(..) {
        assert_eq!(
            request.callback,
            Callback::json("https://crm.example/cb", domain::message::Told::End).ok()
        );
    }
    let refused = Ask::json("/api/v1/messages", &body("never")).of(&app).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("callback_on") && refused.body.contains("invalid_parameter"));
}

#[tokio::test]
async fn a_repetition_says_so() {
    let first = accepted(&["46701234567"], &[]);
    let again = Accepted::after_commit(first.submission(), first.messages().to_vec(), Vec::new(), true);
    let (app, _) = sending(Ok(again));
    let answer = Ask::json("/api/v1/messages", HEJ).of(&app).await;
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (202, "true"));
}

#[tokio::test]
async fn every_refusal_at_every_door() {
    let mut lines = Vec::new();
    for code in Code::ALL {
        let (app, _) = sending(Err(Refusal::field(*code, "to", "detail")));
        let json = Ask::json("/api/v1/messages", HEJ).of(&app).await;
        let document: serde_json::Value = serde_json::from_str(&json.body).expect("problem");
        assert_eq!(json.header("content-type"), "application/problem+json");
        assert_eq!(
            (document["code"].as_str(), document["status"].as_u64()),
            (Some(code.as_str()), Some(u64::from(json.status)))
        );
        let form = Ask::get("/send?numbers=0701&text=x").crm().of(&app).await;
        let kannel = Ask::get("/cgi-bin/sendsms?username=crm&password=hemligt&to=0701&text=x").of(&app).await;
        lines.push(format!(
            "{code} {} [{}] {}\n  {} {}  {} {}",
            json.status,
            json.header("retry-after"),
            document["detail"].as_str().unwrap_or_default(),
            form.status,
            form.body,
            kannel.status,
            kannel.body
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_problem_in_full() {
    let (app, _) = sending(Err(Refusal::field(Code::InvalidNumber, "to", "anna")));
    let answer = Ask::json("/api/v1/messages", HEJ)
        .header("x-request-id", "r-1")
        .header("accept-language", "sv")
        .of(&app)
        .await;
    insta::assert_snapshot!(answer.show());
}

#[tokio::test]
async fn who_may_come_in() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let ask = || Ask::new("POST", "/api/v1/messages").body(HEJ.as_bytes());
    let cases = [
        ("nobody", ask().of(&app).await.status, 401),
        ("wrong password", ask().header("authorization", "Basic Y3JtOmZlbA==").of(&app).await.status, 401),
        ("rubbish", ask().header("authorization", "Basic ???").of(&app).await.status, 401),
        ("password", ask().crm().of(&app).await.status, 202),
        ("key", ask().header("authorization", "Bearer nyckel").of(&app).await.status, 202),
        ("address", ask().from("10.0.0.1", &app).await.status, 202),
        (
            "another site's page",
            ask().crm().header("sec-fetch-site", "cross-site").of(&app).await.status,
            403,
        ),
        ("own page", ask().crm().header("sec-fetch-site", "same-origin").of(&app).await.status, 202),
    ];
    for (case, status, expected) in cases {
        assert_eq!(status, expected, "{case}");
    }
    assert_eq!(asked.lock().expect("lock").len(), 4, "nobody else reached the inside");
    let refused = ask().of(&app).await;
    assert!(refused.header("www-authenticate").starts_with("Basic realm="));
}

#[tokio::test]
async fn a_byte_order_mark_and_null_say_nothing() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let null = r#"{"to":["070-123 45 67"],"text":"Hej","from":null,"flash":null,"dialog":null,"dimensions":{"project":null}}"#;
    for body in [null.to_owned(), format!("\u{feff}{HEJ}")] {
        let answer = Ask::json("/api/v1/messages", &body).of(&app).await;
        assert_eq!(answer.status, 202, "{body}: {}", answer.body);
        let (_, request) = asked.lock().expect("lock").pop().expect("asked");
        assert_eq!(request, Request::text(["070-123 45 67"], "Hej"));
    }
}

#[tokio::test]
async fn what_is_no_request() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let key = "k".repeat(256);
    for (case, answer) in [
        ("no JSON", Ask::json("/api/v1/messages", "{").of(&app).await),
        ("unknown member", Ask::json("/api/v1/messages", r#"{"to":["070"],"message":"x"}"#).of(&app).await),
        (
            "not JSON's type",
            Ask::new("POST", "/api/v1/messages")
                .crm()
                .header("content-type", "text/plain")
                .body(HEJ.as_bytes())
                .of(&app)
                .await,
        ),
        ("key too long", Ask::json("/api/v1/messages", HEJ).header("idempotency-key", &key).of(&app).await),
        ("empty key", Ask::json("/api/v1/messages", HEJ).header("idempotency-key", "").of(&app).await),
        (
            "not UTF-8",
            Ask::json("/api/v1/messages", "").body(b"{\"to\":[\"070\"],\"text\":\"\xe5\"}").of(&app).await,
        ),
    ] {
        assert_eq!(answer.status, 400, "{case}: {}", answer.body);
    }
    assert!(asked.lock().expect("lock").is_empty());
    let named = Ask::json("/api/v1/messages", r#"{"to":["070"],"message":"x"}"#).of(&app).await;
    assert!(named.body.contains("unknown field `message`"), "{}", named.body);
}

#[tokio::test]
async fn a_preview() {
    let mut submit = MockSubmitMessages::new();
    submit.expect_preview().returning(|_, request| {
        let mut trace = Trace::new();
        trace.note("numbering", || "070-123 45 67 is 46701234567".to_owned());
        let recipient = domain::submission::Planned {
            recipient: fakes::samples::recipient("46701234567"),
            link: fakes::samples::link("TS0"),
            deadlines: Vec::new(),
            pages: None,
        };
        let choice =
            domain::submission::decide_body(&request.content, domain::text::Policy::Auto, 10, &mut trace)?;
        let decided = domain::submission::Decided {
            body: choice.body,
            changes: choice.changes,
            segments: choice.segments,
            originator: None,
            priority: domain::message::Priority::Normal,
            state: domain::state::State::Queued,
            due_at: crate::now(),
            expires_at: crate::now(),
            dimensions: Default::default(),
            callback: None,
        };
        let refused = Vec::new();
        Ok(Preview {
            plan: domain::submission::Plan { decided, recipients: vec![recipient], refused },
            trace,
        })
    });
    let app = doors(submit, MockQueryMessages::new());
    let answer = Ask::json("/api/v1/messages/preview", r#"{"to":["070-123 45 67"],"text":"Hallå “Eva”"}"#)
        .of(&app)
        .await;
    insta::assert_snapshot!(answer.show());
}

#[tokio::test]
async fn a_compressed_body_is_named_as_what_is_wrong() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let form = || Ask::new("POST", "/send").crm().header("content-type", "application/x-www-form-urlencoded");
    for ask in [Ask::json("/api/v1/messages", HEJ), form().body(b"numbers=0701&text=x")] {
        let answer = ask.header("content-encoding", "gzip").of(&app).await;
        assert!(answer.status == 400 && answer.body.contains("uncompressed"), "{}", answer.show());
    }
    assert!(asked.lock().expect("lock").is_empty());
    let plain = Ask::json("/api/v1/messages", HEJ).header("content-encoding", "identity").of(&app).await;
    assert_eq!(plain.status, 202);
}
