//! Each operation: what it asks of the ports, and what its answer looks like.

use crate::stage::{NOW, Stage, V12, accepted, envelope};
use domain::address::{Originator, Recipient};
use domain::directory::{LinkId, UserName};
use domain::message::{
    Body, Callback, Dimensions, Door, Message, MessageId, MoId, PartState, Parts, Priority, SubmissionId,
};
use domain::mo::Mo;
use domain::refusal::{Code, Refusal};
use domain::routing::Tries;
use domain::state::State;
use domain::submission::{Choice, Content, Decided, Plan, Planned, RefusedRecipient, Request};
use domain::text::{Alphabet, Change, Policy};
use domain::trace::Trace;
use insta::assert_snapshot;
use ports::driven::{MessageRecord, MoRecord, Page};
use ports::driving::{Balance, Preview, Recalled};
use std::sync::Arc;
use std::time::Duration;

fn link() -> LinkId {
    LinkId::parse("TS0").expect("link")
}

#[tokio::test]
async fn a_plain_text() {
    let expected = Request::text(["070-123 45 67"], "Hej <världen> & åäö");
    let got = Stage::new()
        .expecting(expected)
        .call("<g:SendSms><g:to>070-123 45 67</g:to><g:text>Hej &lt;världen> &amp; åäö</g:text></g:SendSms>")
        .await;
    assert_snapshot!(got.lines());
}

#[tokio::test]
async fn every_option() {
    let expected = Request {
        to: vec!["0701234567".into(), "0707654321".into(), "x".into()],
        content: Content::Text("Hej".into()),
        from: Some("Example".into()),
        flash: true,
        priority: Some(Priority::High),
        reference: Some("order 7".into()),
        dimensions: Dimensions {
            company: "A".into(),
            department: "B".into(),
            cost_centre: "C".into(),
            project: "D".into(),
        },
        send_at: Some("2026-12-24T14:00:00Z".parse().expect("time")),
        valid_for: Some(Duration::from_secs(600)),
        valid_until: Some("2026-12-24T20:00:00Z".parse().expect("time")),
        callback: Some(
            Callback::json("https://crm.example.se/x?a=1&b=2", domain::message::Told::End).expect("callback"),
        ),
        dialog: true,
        policy: Some(Policy::Keep),
        link: Some("TS1".into()),
        asked_by: Some("eva@example.se".into()),
        idempotency_key: Some("k-1".into()),
    };
    // The order of the schema is not insisted on, nor the namespace of the children.
    let document = envelope(
        V12,
        "",
        "<g:SendSms><dimensions><company>A</company><g:department>B</g:department><costCentre>C</costCentre><project>D</project></dimensions>\
         <g:clientReference>k-1</g:clientReference><g:askedBy>eva@example.se</g:askedBy><g:link>TS1</g:link><g:textPolicy> keep </g:textPolicy>\
         <g:dialog>1</g:dialog><g:callbackUrl>https://crm.example.se/x?a=1&amp;b=2</g:callbackUrl><g:callbackOn>end</g:callbackOn><g:validForSeconds>600</g:validForSeconds>\
         <g:validUntil>2026-12-24T21:00:00+01:00</g:validUntil>\
         <g:sendAt>2026-12-24T15:00:00+01:00</g:sendAt><g:reference>order 7</g:reference><g:priority>high</g:priority><g:flash>true</g:flash>\
         <g:from>Example</g:from><g:text>Hej</g:text><g:to>0701234567</g:to><g:to>0707654321</g:to><g:to>x</g:to></g:SendSms>",
    );
    let got = Stage::new().expecting(expected).post(document).await;
    assert_snapshot!(got.lines());
}

#[tokio::test]
async fn empty_and_nil_are_not_given() {
    let content = "<SendSms xmlns='urn:omnigate:gateway:1' xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><to>0701234567</to><text>Hej</text>\
                   <to/><from/><flash i:nil='true'/><priority></priority><sendAt i:nil='true'/><validForSeconds i:nil='1'/><to> </to><dimensions/></SendSms>";
    let got = Stage::new().expecting(Request::text(["0701234567"], "Hej")).call(content).await;
    assert_eq!(got.status, 200, "{}", got.body);
}

#[tokio::test]
async fn octets() {
    let expected = Request {
        content: Content::Binary { data: vec![1, 2], udh: vec![5, 4] },
        ..Request::text(["1"], "")
    };
    let got = Stage::new()
        .expecting(expected)
        .call("<g:SendSms><g:to>1</g:to><g:data>AQI=</g:data><g:udh>BQQ=</g:udh></g:SendSms>")
        .await;
    assert_eq!(got.status, 200, "{}", got.body);
}

#[tokio::test]
async fn wrong_values_name_their_field() {
    for (values, code, field) in [
        ("<g:flash>yes</g:flash>", "invalid_parameter", "flash"),
        ("<g:priority>urgent</g:priority>", "invalid_parameter", "priority"),
        ("<g:textPolicy>x</g:textPolicy>", "invalid_parameter", "textPolicy"),
        ("<g:sendAt>2026-12-24T15:00:00</g:sendAt>", "invalid_time", "sendAt"),
        // What node and PHP write for their own kinds of time: nobody may lose the hour in silence.
        ("<g:sendAt/>", "invalid_time", "sendAt"),
        ("<g:validUntil></g:validUntil>", "invalid_time", "validUntil"),
        ("<g:validForSeconds/>", "invalid_time", "validForSeconds"),
        ("<g:validForSeconds>0</g:validForSeconds>", "invalid_time", "validForSeconds"),
        ("<g:validForSeconds>PT10M</g:validForSeconds>", "invalid_time", "validForSeconds"),
        ("<g:validUntil>2026-12-24T15:00:00</g:validUntil>", "invalid_time", "validUntil"),
        ("<g:validUntil>PT10M</g:validUntil>", "invalid_time", "validUntil"),
        ("<g:callbackUrl>ftp://x.se/</g:callbackUrl>", "invalid_callback", "callbackUrl"),
        ("<g:data>AQI=</g:data>", "invalid_parameter", "data"),
        ("<g:text>twice</g:text>", "invalid_parameter", "text"),
        ("<g:dimensions/><g:dimensions/>", "invalid_parameter", "dimensions"),
        (
            "<g:dimensions><g:project>a</g:project><g:project>b</g:project></g:dimensions>",
            "invalid_parameter",
            "project",
        ),
    ] {
        let got = Stage::new()
            .call(&format!("<g:SendSms><g:to>1</g:to><g:text>Hej</g:text>{values}</g:SendSms>"))
            .await;
        assert_eq!(
            (got.status, got.value("code"), got.value("field")),
            (500, Some(code), Some(field)),
            "{values} {}",
            got.body
        );
    }
}

#[tokio::test]
async fn a_batch_answers_for_each_message() {
    let mut stage = Stage::new();
    stage.submit.expect_submit().times(3).returning(|_, request| match request.content {
        Content::Text(ref text) if text == "full" => Err(Refusal::new(Code::Busy)),
        _ => {
            let key = request.idempotency_key.as_deref();
            assert_eq!(key, Some(if request.to == ["1"] { "night/1" } else { "own" }));
            Ok(accepted(&request))
        }
    });
    let got = stage
        .call(
            "<g:SendSmsBatch><g:clientReference>night</g:clientReference><g:sms><g:to>1</g:to><g:text>a</g:text></g:sms>\
             <g:sms><g:to>2</g:to><g:text>full</g:text></g:sms><g:sms><g:to>3</g:to><g:flash>maybe</g:flash></g:sms>\
             <g:sms><g:to>4</g:to><g:to>x</g:to><g:text>d</g:text><g:clientReference>own</g:clientReference></g:sms></g:SendSmsBatch>",
        )
        .await;
    assert_snapshot!(got.lines());
}

/// What would become of a text, with one recipient refused.
pub fn preview() -> Preview {
    let changes = vec![Change { at: 4, from: "–".into(), to: "-".into() }];
    let body = Body::Text { text: "Hej - du".into(), alphabet: Alphabet::Gsm7, udh: Vec::new() };
    let Choice { body, changes, segments } = Choice { body, changes, segments: 1 };
    let now = NOW.parse().expect("now");
    let expires_at = "2026-11-25T08:00:00Z".parse().expect("time");
    let decided = Decided {
        body,
        changes,
        segments,
        originator: Some(Originator::parse("Example").expect("originator")),
        priority: Priority::Normal,
        state: State::Queued,
        due_at: now,
        expires_at,
        dimensions: Dimensions::default(),
        callback: None,
    };
    let planned = Planned {
        recipient: Recipient::parse("46701234567").expect("recipient"),
        link: link(),
        deadlines: Vec::new(),
        pages: None,
    };
    let refused =
        RefusedRecipient { input: "x".into(), refusal: Refusal::field(Code::InvalidNumber, "to", "") };
    let mut trace = Trace::new();
    trace.note("route", || "TS0");
    Preview { plan: Plan { decided, recipients: vec![planned], refused: vec![refused] }, trace }
}

#[tokio::test]
async fn a_preview_sends_nothing() {
    let mut stage = Stage::new();
    stage.submit.expect_preview().times(1).returning(|_, _| Ok(preview()));
    let got = stage
        .call("<g:PreviewSms><g:to>0701234567</g:to><g:to>x</g:to><g:text>Hej – du</g:text></g:PreviewSms>")
        .await;
    assert_snapshot!(got.lines());
}

fn record(id: i64) -> MessageRecord {
    let at = NOW.parse().expect("now");
    let mut parts = Parts::default();
    parts.set(1, PartState::Delivered, "a<1>", "000");
    parts.set(2, PartState::Waiting, "", "");
    let message = Message {
        id: MessageId(id),
        submission: SubmissionId(7),
        user: UserName::parse("crm").expect("name"),
        asked_by: None,
        door: Door::Soap,
        recipient: Recipient::parse("46701234567").expect("recipient"),
        originator: Some(Originator::parse("Example").expect("originator")),
        body: Body::Text { text: "Hej".into(), alphabet: Alphabet::Ucs2, udh: Vec::new() },
        flash: false,
        segments: 2,
        priority: Priority::Normal,
        accepted_at: at,
        due_at: at,
        expires_at: at,
        reference: Some("order 7".into()),
        callback: None,
        dimensions: Dimensions::default(),
    };
    MessageRecord {
        message: Arc::new(message),
        state: State::Sending,
        link: link(),
        parts,
        sent_at: Some(at),
        final_at: None,
        error: "ESME_RTHROTTLED".into(),
        tries: Tries::default(),
        possible_duplicate: true,
    }
}

#[tokio::test]
async fn status_by_id_and_reference() {
    let mut stage = Stage::new();
    stage
        .query
        .expect_status()
        .times(2)
        .returning(|_, id| if id.0 == 101 { Ok(record(101)) } else { Err(Refusal::new(Code::NotFound)) });
    stage.query.expect_list().times(2).returning(|_, filter| {
        assert_eq!(filter.reference.as_deref(), Some("order 7"));
        let next = filter.after.is_none().then_some(55);
        Ok(Page { items: next.is_none().then(|| record(102)).into_iter().collect(), next })
    });
    let got =
        stage.call("<g:GetStatus><g:id>101</g:id><g:id>9</g:id><g:id>x</g:id><g:reference>order 7</g:reference></g:GetStatus>").await;
    assert_snapshot!(got.lines());
}

#[tokio::test]
async fn cancel() {
    let mut stage = Stage::new();
    stage.query.expect_cancel().times(1).returning(|_, id| {
        assert_eq!(id, MessageId(101));
        Ok(State::Cancelled)
    });
    assert_snapshot!(stage.call("<g:CancelSms><g:id>101</g:id></g:CancelSms>").await.lines());
    for (id, code) in [("x", "not_found"), ("", "invalid_parameter")] {
        let got = Stage::new().call(&format!("<g:CancelSms><g:id>{id}</g:id></g:CancelSms>")).await;
        assert_eq!((got.status, got.value("code")), (500, Some(code)), "{id}");
    }
}

/// With `recall` from operators too: `sent` says that none has answered yet.
#[tokio::test]
async fn cancel_at_the_operator() {
    for (recalled, state) in [(Recalled::Back, "cancelled"), (Recalled::Asked, "sent")] {
        let mut stage = Stage::new();
        stage.query.expect_recall().times(1).returning(move |_, _| Ok(recalled));
        let got = stage.call("<g:CancelSms><g:id>101</g:id><g:recall> true</g:recall></g:CancelSms>").await;
        assert_eq!((got.status, got.value("state")), (200, Some(state)));
    }
    for unasked in ["<g:recall>0</g:recall>", "<g:recall/>"] {
        let mut stage = Stage::new();
        stage.query.expect_cancel().times(1).returning(|_, _| Ok(State::Cancelled));
        let got = stage.call(&format!("<g:CancelSms><g:id>101</g:id>{unasked}</g:CancelSms>")).await;
        assert_eq!((got.status, got.value("state")), (200, Some("cancelled")));
    }
    let wrong = "<g:CancelSms><g:id>101</g:id><g:recall>ja</g:recall></g:CancelSms>";
    assert_eq!(Stage::new().call(wrong).await.value("code"), Some("invalid_parameter"));
}

#[tokio::test]
async fn received_messages() {
    let mut stage = Stage::new();
    stage.query.expect_inbox().times(1).returning(|_, after, limit| {
        assert_eq!((after, limit), (Some(MoId(4)), 2));
        let mo = |id, text: &str, binary: &[u8]| MoRecord {
            mo: Mo {
                id: MoId(id),
                link: link(),
                source: "46701234567".into(),
                destination: "71234".into(),
                text: text.into(),
                binary: binary.to_vec(),
                segments: 1,
                complete: binary.is_empty(),
                received_at: NOW.parse().expect("now"),
            },
            user: None,
            acknowledged_at: None,
        };
        Ok(Page { items: vec![mo(5, "Ja & <tack>\u{c}\r\n", &[]), mo(6, "", &[0, 255])], next: Some(6) })
    });
    let got = stage.call("<g:GetReceived><g:max>2</g:max><g:after>4</g:after></g:GetReceived>").await;
    assert_snapshot!(got.lines());
    let got = Stage::new().call("<g:GetReceived><g:max>1001</g:max></g:GetReceived>").await;
    assert_eq!((got.value("code"), got.value("field")), (Some("invalid_parameter"), Some("max")));
}

#[tokio::test]
async fn acknowledging() {
    let mut stage = Stage::new();
    stage
        .query
        .expect_acknowledge()
        .times(2)
        .returning(|_, id| if id.0 == 5 { Ok(()) } else { Err(Refusal::new(Code::NotFound)) });
    assert_snapshot!(
        stage.call("<g:AckReceived><g:id>5</g:id><g:id>6</g:id><g:id>y</g:id></g:AckReceived>").await.lines()
    );
    assert_eq!(Stage::new().call("<g:AckReceived/>").await.value("field"), Some("id"));
}

#[tokio::test]
async fn balance_and_ping() {
    let mut stage = Stage::new();
    stage.query.expect_balance().times(1).returning(|_| Ok(Balance::Unlimited));
    assert_snapshot!(stage.call("<g:GetBalance/>").await.lines());
    assert_snapshot!(Stage::new().call("<g:Ping/>").await.lines());
}

#[tokio::test]
async fn limits_of_counts() {
    let many = |n: usize, one: &str| one.repeat(n);
    for (n, fits) in [(1000, true), (1001, false)] {
        let mut stage = Stage::new();
        stage.query.expect_acknowledge().returning(|_, _| Ok(()));
        let got = stage
            .call(&format!("<g:AckReceived>{}</g:AckReceived>", many(n, "<g:id>123456789</g:id>")))
            .await;
        assert_eq!(got.status == 200, fits, "{n} {}", got.body);
        let mut stage = Stage::new();
        stage.submit.expect_submit().returning(|_, request| Ok(accepted(&request)));
        let sms = "<g:sms><g:to>0701234567</g:to><g:text>Hej</g:text></g:sms>";
        let got = stage.call(&format!("<g:SendSmsBatch>{}</g:SendSmsBatch>", many(n, sms))).await;
        assert_eq!(got.status == 200, fits, "{n}");
        assert!(fits || got.value("code") == Some("too_large"));
    }
    let mut stage = Stage::new();
    stage.submit.expect_submit().times(1000).returning(|_, request| Ok(accepted(&request)));
    let shortest = "<sms><to>71234</to><text>1</text></sms>";
    let got = stage.call(&format!("<SendSmsBatch>{}</SendSmsBatch>", many(1000, shortest))).await;
    assert_eq!(got.value("accepted"), Some("1000"), "{}", got.body.get(..400).unwrap_or_default());
    // Ten thousand recipients, the most a request may have, pass the reader's limits.
    let expected = Request::text(vec!["46701234567"; 10_000], "Hej");
    let to = many(10_000, "<to>46701234567</to>");
    let got =
        Stage::new().expecting(expected).call(&format!("<g:SendSms>{to}<text>Hej</text></g:SendSms>")).await;
    assert_eq!(got.status, 200, "{}", got.lines());
}
