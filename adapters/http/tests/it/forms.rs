//! The plain form.

use crate::{Ask, accepted, doors, now, sending};
use domain::message::{Dimensions, Door, Priority, SubmissionId};
use domain::refusal::{Code, Refusal};
use domain::submission::{Accepted, Content, Request};
use domain::text::Policy;
use ports::driving::{MockQueryMessages, MockSubmitMessages};
use std::time::Duration;

#[tokio::test]
async fn a_line_for_each_number() {
    let (app, asked) =
        sending(Ok(accepted(&["46705123456", "46708321321"], &[("anna", Code::InvalidNumber)])));
    let answer = Ask::get("/?numbers=0705123456,0708321321;anna&text=My.sms.message").crm().of(&app).await;
    insta::assert_snapshot!(answer.show());
    let expected = Request::text(["0705123456", "0708321321", "anna"], "My.sms.message");
    assert_eq!(*asked.lock().expect("lock"), [(Door::Form, expected)]);
}

#[tokio::test]
async fn a_space_separates_numbers_and_stands_within_them() {
    for (numbers, expected) in [
        ("71234%2072345", vec!["71234", "72345"]),
        ("71234+0705123456", vec!["71234", "0705123456"]),
        ("0705123456+070-123+45+67", vec!["0705123456", "070-123 45 67"]),
        ("%2B46+(0)70-123+45+67", vec!["+46 (0)70-123 45 67"]),
        ("08+12345678", vec!["08 12345678"]),
    ] {
        let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
        let answer = Ask::get(&format!("/send?numbers={numbers}&text=x")).crm().of(&app).await;
        assert_eq!(answer.status, 202, "{numbers}: {}", answer.body);
        assert_eq!(asked.lock().expect("lock").pop().expect("asked").1.to, expected, "{numbers}");
    }
}

#[tokio::test]
async fn numbers_may_come_one_by_one() {
    for query in [
        "numbers=0705123456&numbers=0708321321&numbers=",
        "to=0705123456&number=0708321321",
        "numbers=0705123456&text=x&numbers=%2B46708321321",
    ] {
        let (app, asked) = sending(Ok(accepted(&["46705123456", "46708321321"], &[])));
        let answer = Ask::get(&format!("/send?{query}&text=x")).crm().of(&app).await;
        assert_eq!(answer.status, 202, "{query}: {}", answer.body);
        assert_eq!(asked.lock().expect("lock").pop().expect("asked").1.to.len(), 2, "{query}");
    }
}

#[tokio::test]
async fn what_comes_again_says_so_in_every_form() {
    let first = accepted(&["46705123456"], &[]);
    let again = Accepted::after_commit(SubmissionId(1), first.messages().to_vec(), Vec::new(), true);
    for (answer, said) in [(first, ""), (again, "true")] {
        let (app, asked) = sending(Ok(answer));
        for (place, accept) in [
            ("/send?numbers=0705123456", "text/plain"),
            ("/send?numbers=0705123456", "application/json"),
            ("/send?numbers=0705123456", "application/xml"),
            ("/cgi-bin/sendsms?username=crm&password=hemligt&to=0705123456", "*/*"),
        ] {
            let ask = Ask::get(&format!("{place}&text=x")).crm().header("accept", accept);
            let answer = ask.header("idempotency-key", "k").of(&app).await;
            assert_eq!(answer.status, 202, "{place} {accept}");
            assert_eq!(answer.header("idempotent-replayed"), said, "{place} {accept}");
            let key = asked.lock().expect("lock").pop().expect("asked").1.idempotency_key;
            assert_eq!(key.as_deref(), Some("k"), "{place} {accept}");
        }
    }
}

#[tokio::test]
async fn a_line_for_each_number_when_all_are_refused() {
    let mut submit = MockSubmitMessages::new();
    submit.expect_submit().returning(|_, request| match request.content {
        Content::Text(ref text) if text.is_empty() => Err(Refusal::new(Code::NoText)),
        _ => Err(Refusal::field(Code::InvalidNumber, "to", "anna")),
    });
    submit.expect_preview().returning(|_, request| match request.to.as_slice() {
        [only] if only == "anna" => Err(Refusal::field(Code::InvalidNumber, "to", "anna")),
        [only] => Err(Refusal::field(Code::NumberNotAllowed, "to", only.clone())),
        _ => Err(Refusal::new(Code::Busy)),
    });
    let app = doors(submit, MockQueryMessages::new());
    let ask = |numbers: &str, text: &str| Ask::get(&format!("/send?numbers={numbers}&text={text}")).crm();
    let answer = ask("anna,%2B15551234567", "x").of(&app).await;
    assert_eq!(answer.status, 422, "the first one's, as everywhere");
    assert_eq!(
        answer.body,
        "ERR anna invalid_number The number cannot be read. (anna)\n\
         ERR +15551234567 number_not_allowed Sending to that number is not allowed. (+15551234567)\n"
    );
    let common = ask("0705123456,0708321321", "").of(&app).await;
    assert_eq!(
        common.body,
        "ERR 0705123456 no_text There is no text.\nERR 0708321321 no_text There is no text.\n"
    );
    let nobody =
        ask("0705123456,0708321321", "x").header("authorization", "Basic Y3JtOmZlbA==").of(&app).await;
    assert!(nobody.body.starts_with("ERR * not_authenticated "), "{}", nobody.body);
    assert_eq!(nobody.body.lines().count(), 1);
    // A look at each costs: beyond some, all have the first one's.
    let many = vec!["anna"; 201].join(",");
    let answer = ask(&many, "x").of(&app).await;
    assert_eq!(answer.body.lines().filter(|l| l.starts_with("ERR anna invalid_number ")).count(), 201);
    let too_many =
        Ask::new("POST", "/send").crm().body(format!("text=x&numbers={}", "1,".repeat(10_001)).as_bytes());
    assert!(too_many.of(&app).await.body.starts_with("ERR * invalid_number "));
}

#[tokio::test]
async fn a_head_sends_nothing() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let query = "username=crm&password=hemligt&numbers=0705123456&to=0705123456&text=x";
    for method in ["HEAD", "DELETE", "PUT"] {
        for place in ["/send", "/cgi-bin/sendsms"] {
            let answer = Ask::new(method, &format!("{place}?{query}")).of(&app).await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"), "{method} {place}");
        }
    }
    let root = Ask::new("HEAD", &format!("/?{query}")).of(&app).await;
    assert_eq!((root.status, root.header("allow")), (405, "GET, POST"));
    assert!(asked.lock().expect("lock").is_empty());
    assert_eq!(Ask::new("HEAD", "/").of(&app).await.status, 200, "the page for people may be asked about");
}

#[tokio::test]
async fn every_option_by_get_and_by_post() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let options = "numbers=%2B46705123456+0708&text=p%E5&from=Vi&flash=1&priority=high&reference=r&company=c&department=d\
                   &cost_centre=k&project=p&send_at=2026-11-24T10:00:00%2B01:00&valid_for=10m&valid_until=2026-11-24T12:00:00%2B01:00&text_policy=keep&link=TS0\
                   &callback_url=http%3A%2F%2Fx.example%2Fcb&dialog=yes";
    let login = "username=crm&password=hemligt";
    let got = Ask::get(&format!("/send?{options}&{login}")).header("idempotency-key", "k").of(&app).await;
    let form = format!("{options}&{login}");
    let posted = Ask::new("POST", "/send")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("idempotency-key", "k");
    let posted = posted.body(form.as_bytes()).of(&app).await;
    let mixed = Ask::new("POST", &format!("/?{login}"))
        .header("idempotency-key", "k")
        .body(options.as_bytes())
        .of(&app)
        .await;
    assert_eq!((got.status, posted.status, mixed.status), (202, 202, 202), "{}", got.body);
    let day = now() + Duration::from_secs(24 * 3600);
    let expected = Request {
        from: Some("Vi".into()),
        flash: true,
        priority: Some(Priority::High),
        reference: Some("r".into()),
        dimensions: Dimensions {
            company: "c".into(),
            department: "d".into(),
            cost_centre: "k".into(),
            project: "p".into(),
        },
        send_at: Some(day),
        valid_for: Some(Duration::from_secs(600)),
        valid_until: Some(day + Duration::from_secs(2 * 3600)),
        callback: domain::message::Callback::json("http://x.example/cb", domain::message::Told::Every).ok(),
        dialog: true,
        policy: Some(Policy::Keep),
        link: Some("TS0".into()),
        idempotency_key: Some("k".into()),
        content: Content::Text("på".into()),
        ..Request::text(["+46705123456", "0708"], "")
    };
    for (door, request) in asked.lock().expect("lock").iter() {
        assert_eq!((*door, request), (Door::Form, &expected));
    }
}

#[tokio::test]
async fn a_charset_that_is_not_written_in_ascii_is_the_messages_alone() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    for charset in ["UCS-2", "UTF-16BE", "UTF-16", "utf16"] {
        let query =
            format!("charset={charset}&username=crm&password=hemligt&numbers=0705123456&from=V%C3%A5r");
        let answer = Ask::get(&format!("/send?{query}&text=%00H%00%E5%20%AC")).of(&app).await;
        assert_eq!(answer.status, 202, "{charset}: {}", answer.body);
        let (_, request) = asked.lock().expect("lock").pop().expect("asked");
        let expected = Request { from: Some("Vår".into()), ..Request::text(["0705123456"], "Hå€") };
        assert_eq!(request, expected, "{charset}");
    }
}

#[tokio::test]
async fn who_may_come_in() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    let send = "/send?numbers=0705123456&text=x";
    let cases = [
        ("nobody", Ask::get(send).of(&app).await.status, 401),
        ("parameters", Ask::get(&format!("{send}&user=crm&pass=hemligt")).of(&app).await.status, 202),
        ("wrong", Ask::get(&format!("{send}&user=crm&pass=fel")).of(&app).await.status, 401),
        ("no password", Ask::get(&format!("{send}&user=crm")).of(&app).await.status, 401),
        ("key", Ask::get(&format!("{send}&key=nyckel")).of(&app).await.status, 202),
        ("header", Ask::get(send).crm().of(&app).await.status, 202),
        ("address", Ask::get(send).from("10.0.0.1", &app).await.status, 202),
        (
            "a picture on another site",
            Ask::get(send).header("sec-fetch-site", "cross-site").from("10.0.0.1", &app).await.status,
            403,
        ),
    ];
    for (case, status, expected) in cases {
        assert_eq!(status, expected, "{case}");
    }
    assert_eq!(asked.lock().expect("lock").len(), 4);
}

#[tokio::test]
async fn json_for_those_who_accept_it() {
    let (app, _) = sending(Ok(accepted(&["46705123456"], &[])));
    let answer =
        Ask::get("/send?numbers=0705123456&text=x").crm().header("accept", "application/json").of(&app).await;
    assert_eq!((answer.status, answer.header("content-type")), (202, "application/json"));
    let refused =
        Ask::get("/send?numbers=0705123456&text=x").header("accept", "application/json").of(&app).await;
    assert_eq!((refused.status, refused.header("content-type")), (401, "application/problem+json"));
}

#[tokio::test]
async fn bad_parameters_are_answered_in_a_line() {
    let (app, asked) = sending(Ok(accepted(&["46705123456"], &[])));
    for (query, expected) in [
        ("valid_for=soon", "ERR 0705 invalid_time "),
        ("valid_until=soon", "ERR 0705 invalid_time "),
        ("send_at=soon", "ERR 0705 invalid_time "),
        ("priority=5", "ERR 0705 invalid_parameter "),
        ("callback_url=ftp://x", "ERR 0705 invalid_callback "),
        ("charset=klingon", "ERR * invalid_parameter "),
        ("charset=utf-8&reference=%E5", "ERR 0705 malformed "),
    ] {
        let answer = Ask::get(&format!("/send?numbers=0705&text=x&{query}")).crm().of(&app).await;
        assert!(answer.body.starts_with(expected), "{query}: {}", answer.body);
        assert!((400..500).contains(&answer.status), "{query}");
    }
    assert!(asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_name() {
    for (query, said) in [
        (
            "text=x&text=y",
            "ERR 0701 invalid_parameter A parameter has an invalid value. (text: given more than once)",
        ),
        ("text=x&message=y", "message: given more than once"),
        ("text=x&from=A&sender=B", "sender: given more than once"),
        ("text=x&flash=maybe", "(flash: yes or no"),
        ("text=x&dialog=2", "(dialog: yes or no"),
        ("text=x&callback_on=end", "invalid_callback"),
    ] {
        let (app, asked) = sending(Ok(accepted(&["46701"], &[])));
        let answer = Ask::get(&format!("/send?numbers=0701&{query}")).crm().of(&app).await;
        assert!(answer.body.contains(said), "{query}: {} {}", answer.status, answer.body);
        assert!(asked.lock().expect("lock").is_empty(), "{query}");
    }
    for (query, flash) in [
        ("flash=JA", true),
        ("flash=on&flash=on&flash=", true),
        ("flash=nej", false),
        ("flash=Off", false),
        ("flash=", false),
        ("from=&sender=Vi", false),
        ("text=&message=x", false),
    ] {
        let (app, asked) = sending(Ok(accepted(&["46701"], &[])));
        let answer = Ask::get(&format!("/send?numbers=0701&text=x&{query}")).crm().of(&app).await;
        assert_eq!(answer.status, 202, "{query}: {}", answer.body);
        let request = asked.lock().expect("lock").pop().expect("asked").1;
        assert_eq!((request.flash, &request.content), (flash, &Content::Text("x".into())), "{query}");
        assert_eq!(request.from.is_some(), query.contains("Vi"), "{query}");
    }
}
