//! The JSON API's looking side.

use crate::{Answer, Ask, doors, now};
use axum::Router;
use domain::message::{MessageId, MoId, PartState};
use domain::mo::Mo;
use domain::refusal::{Code, Refusal};
use domain::state::State;
use fakes::samples;
use mockall::predicate::{always, eq};
use ports::driven::{Filter, MessageRecord, MoRecord, Page};
use ports::driving::{Balance, MockQueryMessages, MockSubmitMessages, Recalled};
use std::sync::Arc;

pub(crate) fn record(id: i64) -> MessageRecord {
    let mut parts = samples::sent_parts(&["38601fa"]);
    parts.set(1, PartState::Delivered, "38601fa", "");
    let mut message = samples::message(id, now());
    message.reference = Some("order 7".into());
    MessageRecord {
        message: Arc::new(message),
        state: State::Delivered,
        link: samples::link("TS0"),
        parts,
        sent_at: Some(now()),
        final_at: Some(now()),
        error: String::new(),
        tries: Default::default(),
        possible_duplicate: false,
    }
}

pub(crate) fn mo(id: i64) -> Mo {
    Mo {
        id: MoId(id),
        link: samples::link("TS0"),
        source: "46701234567".into(),
        destination: "71234".into(),
        text: "Hej å \u{1F600}".into(),
        binary: Vec::new(),
        segments: 1,
        complete: true,
        received_at: now(),
    }
}

fn app(query: MockQueryMessages) -> Router {
    doors(MockSubmitMessages::new(), query)
}

async fn get(uri: &str, query: MockQueryMessages) -> Answer {
    Ask::get(uri).crm().of(&app(query)).await
}

#[tokio::test]
async fn one_message() {
    let mut query = MockQueryMessages::new();
    query.expect_status().with(always(), eq(MessageId(5))).returning(|_, id| Ok(record(id.0)));
    insta::assert_snapshot!(get("/api/v1/messages/5", query).await.show());
}

#[tokio::test]
async fn what_is_not_there() {
    let mut query = MockQueryMessages::new();
    query.expect_status().returning(|_, _| Err(Refusal::new(Code::NotFound)));
    let app = app(query);
    for id in ["5", "0", "-1", "x", "99999999999999999999", "5%2F6", "%00"] {
        let answer = Ask::get(&format!("/api/v1/messages/{id}")).crm().of(&app).await;
        assert_eq!(answer.status, 404, "{id}");
        assert!(answer.body.contains("\"not_found\""), "{id}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_page_of_messages() {
    let mut query = MockQueryMessages::new();
    let expected = Filter {
        user: None,
        reference: Some("order 7".into()),
        state: Some(State::Delivered),
        to: Some(samples::recipient("46701234567")),
        after: Some(MessageId(9)),
        limit: 2,
    };
    query
        .expect_list()
        .with(always(), eq(expected))
        .returning(|_, _| Ok(Page { items: vec![record(8), record(7)], next: Some(7) }));
    let answer =
        get("/api/v1/messages?reference=order+7&state=delivered&to=070-1234567&after=9&limit=2", query).await;
    let page: serde_json::Value = serde_json::from_str(&answer.body).expect("page");
    assert_eq!((page["next"].as_str(), page["messages"].as_array().map(Vec::len)), (Some("7"), Some(2)));

    let mut query = MockQueryMessages::new();
    query
        .expect_list()
        .with(always(), eq(Filter { limit: 100, ..Filter::default() }))
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    assert_eq!(get("/api/v1/messages?after=&state=", query).await.body, r#"{"messages":[],"next":null}"#);
}

#[tokio::test]
async fn bad_filters_are_named() {
    let app = app(MockQueryMessages::new());
    for (query, word) in [
        ("status=sent", "status"),
        ("state=gone", "\"state\""),
        ("limit=0", "\"limit\""),
        ("limit=1001", "\"limit\""),
        ("after=x", "\"after\""),
        ("to=anna", "\"to\""),
        ("limit=1&limit=2", "limit"),
    ] {
        let answer = Ask::get(&format!("/api/v1/messages?{query}")).crm().of(&app).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(word), "{query}: {}", answer.body);
    }
}

#[tokio::test]
async fn taking_back() {
    let mut query = MockQueryMessages::new();
    query.expect_cancel().with(always(), eq(MessageId(5))).returning(|_, _| Ok(State::Cancelled));
    query
        .expect_cancel()
        .with(always(), eq(MessageId(6)))
        .returning(|_, _| Err(Refusal { detail: "sent".into(), ..Refusal::new(Code::NotCancellable) }));
    let app = app(query);
    let done = Ask::new("DELETE", "/api/v1/messages/5").crm().of(&app).await;
    assert_eq!((done.status, done.body.as_str()), (200, r#"{"id":"5","state":"cancelled"}"#));
    let late = Ask::new("DELETE", "/api/v1/messages/6").crm().of(&app).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains(r#""state":"sent""#), "{}", late.body);
}

/// From operators too, when that is asked for; a wrong name or value is not overlooked, or a message would stay that somebody believes taken back.
#[tokio::test]
async fn taking_back_from_operators() {
    let mut query = MockQueryMessages::new();
    query.expect_recall().with(always(), eq(MessageId(5))).returning(|_, _| Ok(Recalled::Back));
    query.expect_recall().with(always(), eq(MessageId(6))).returning(|_, _| Ok(Recalled::Asked));
    query.expect_recall().with(always(), eq(MessageId(7))).returning(|_, _| {
        Err(Refusal { detail: "sent: link TS0 cannot".into(), ..Refusal::new(Code::NotCancellable) })
    });
    query.expect_cancel().with(always(), eq(MessageId(8))).returning(|_, _| Ok(State::Cancelled));
    let app = app(query);
    for (target, status, body) in [
        ("5?recall=true", 200, r#"{"id":"5","state":"cancelled"}"#),
        ("6?recall=1", 202, r#"{"id":"6","state":"sent"}"#),
        ("7?recall=true", 409, r#""state":"sent""#),
        ("7?recall=true", 409, "link TS0 cannot"),
        ("8?recall=false", 200, r#"{"id":"8","state":"cancelled"}"#),
        ("8?recall=ja", 400, "recall"),
        ("8?recal=true", 400, "recal"),
    ] {
        let answer = Ask::new("DELETE", &format!("/api/v1/messages/{target}")).crm().of(&app).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.body);
        assert!(answer.body.contains(body), "{target}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_inbox() {
    let mut query = MockQueryMessages::new();
    query.expect_inbox().with(always(), eq(Some(MoId(3))), eq(10)).returning(|_, _, _| {
        let binary = Mo { text: String::new(), binary: vec![0, 255], ..mo(5) };
        let items = [mo(4), binary].map(|mo| MoRecord { mo, user: None, acknowledged_at: None });
        Ok(Page { items: items.into(), next: Some(5) })
    });
    insta::assert_snapshot!(get("/api/v1/inbox?after=3&limit=10", query).await.show());
    let mut query = MockQueryMessages::new();
    query.expect_acknowledge().with(always(), eq(MoId(4))).returning(|_, _| Ok(()));
    query
        .expect_acknowledge()
        .with(always(), eq(MoId(9)))
        .returning(|_, _| Err(Refusal::new(Code::NotFound)));
    let app = app(query);
    assert_eq!(Ask::new("POST", "/api/v1/inbox/4/ack").crm().of(&app).await.status, 204);
    assert_eq!(Ask::new("POST", "/api/v1/inbox/9/ack").crm().of(&app).await.status, 404);
}

#[tokio::test]
async fn the_balance_and_a_store_that_is_away() {
    let mut query = MockQueryMessages::new();
    query.expect_balance().returning(|_| Ok(Balance::Unlimited));
    assert_eq!(get("/api/v1/balance", query).await.body, r#"{"balance":"unlimited"}"#);
    let mut query = MockQueryMessages::new();
    query.expect_list().returning(|_, _| Err(Refusal::new(Code::StoreUnavailable)));
    let answer = get("/api/v1/messages", query).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
}
