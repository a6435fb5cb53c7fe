//! Outlook Mobile Service: what becomes of messages, and what is told of each.

use crate::oms::{NS, USER, content, data, errors, operation, post, result, to};
use crate::stage::{NOW, Stage, V11, accepted, basic, envelope, sender};
use domain::message::Door;
use domain::refusal::{Code, Refusal};
use domain::submission::{Content, Request};
use ports::driving::{Credentials, MockAuthenticate};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex};

async fn deliver(stage: Stage, document: &str) -> Vec<String> {
    errors(&result(stage, "DeliverXms", "xmsData", document).await)
}

/// Takes what it is given and keeps it; `refuse` says what it does not take.
fn keeping(stage: &mut Stage, refuse: fn(&Request) -> Option<Refusal>) -> Arc<Mutex<Vec<Request>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let these = Arc::clone(&kept);
    stage.submit.expect_submit().returning(move |_, request| match refuse(&request) {
        Some(refusal) => Err(refusal),
        None => {
            these.lock().expect("the requests").push(request.clone());
            Ok(accepted(&request))
        }
    });
    kept
}

fn texts(kept: &Mutex<Vec<Request>>) -> Vec<String> {
    let kept = kept.lock().expect("the requests");
    let text = |request: &Request| match &request.content {
        Content::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    kept.iter().map(text).collect()
}

#[tokio::test]
async fn every_refusal_has_its_error() {
    let mut table = Vec::new();
    for code in Code::ALL {
        let mut stage = Stage::new();
        stage.submit.expect_submit().returning(|_, _| Err(Refusal::because(*code, "5 kr")));
        let document = data(&to(&["070-123 45 67", "anna"]), &content("Hej"));
        table.push(format!("{code}: {}", deliver(stage, &document).await.join(", ")));
    }
    insta::assert_snapshot!("every_refusal_has_its_error", table.join("\n"));
    let mut stage = Stage::new();
    stage.config.oms.other_code = "others".into();
    stage.submit.expect_submit().returning(|_, _| Err(Refusal::new(Code::NoText)));
    assert_eq!(deliver(stage, &data(&to(&["1"]), "")).await, ["others failure There is no text."]);
}

#[tokio::test]
async fn some_are_refused() {
    let expected = Request::text(["0701234567", "anna", "0707654321", "bo"], "Hej");
    let document = data(&to(&["0701234567", "anna", " ", "0707654321", "bo"]), &content("Hej"));
    assert_eq!(
        deliver(Stage::new().expecting(expected), &document).await,
        ["invalidRecipient failure  anna;bo", "ok neutral"]
    );
}

#[tokio::test]
async fn what_is_no_sms() {
    let good = data(&to(&["1"]), &content("Hej"));
    for (document, expected) in [
        (good.replace("SMS_SENDER", "MMS_SENDER"), "unregisteredService failure MMS"),
        (good.replace("format=\"SMS\"", "format=\"MMS\""), "unregisteredService failure MMS"),
        (good.replace("SMS_SENDER", "FAX"), "unregisteredService failure FAX"),
        (good.replace("text/plain", "image/gif"), "invalidMedia failure 1"),
    ] {
        assert_eq!(deliver(Stage::new(), &document).await, [expected], "{document}");
    }
}

#[tokio::test]
async fn how_many() {
    let numbers = |n: usize| vec!["0701234567"; n];
    for (recipients, contents, source, limits, fits) in [
        (50, 1, "", (50, 20), true),
        (51, 1, "", (50, 20), false),
        (3, 1, "", (2, 20), false),
        (1, 20, "", (50, 20), true),
        (1, 21, "", (50, 20), false),
        (1, 50, "<sourceType>calSummary</sourceType>", (50, 20), true),
        (1, 51, "<sourceType>calSummary</sourceType>", (50, 20), false),
        (1, 60, "<sourceType>calSummary</sourceType>", (50, 60), true),
    ] {
        let mut stage = Stage::new();
        (stage.config.oms.max_recipients, stage.config.oms.max_messages) = limits;
        let kept = keeping(&mut stage, |_| None);
        let document = data(&format!("{source}{}", to(&numbers(recipients))), &content("x").repeat(contents));
        let got = deliver(stage, &document).await;
        let expected = if fits { "ok neutral" } else { "other failure" };
        assert!(
            got.len() == 1 && got.iter().all(|e| e.starts_with(expected)),
            "{recipients} {contents} {got:?}"
        );
        assert_eq!(kept.lock().expect("the requests").len(), usize::from(fits));
    }
}

#[tokio::test]
async fn texts_of_one_message() {
    let three = [content("Ett. "), content("<!-- -->"), content("Två."), content(" Tre")].concat();
    let refuse_long = |request: &Request| match &request.content {
        Content::Text(text) if text.len() > 10 => Some(Refusal::new(Code::TextTooLong)),
        _ => None,
    };
    let none: fn(&Request) -> Option<Refusal> = |_| None;
    let subject = "<subject> Rubrik </subject>";
    for (join, head, body, refuse, expected) in [
        (true, subject, three.as_str(), none, &["Ett. Två. Tre"][..]),
        (false, subject, &three, none, &["Ett. ", "Två.", " Tre"]),
        // Too much for one message that holds all of them: each is its own.
        (true, "", &three, refuse_long, &["Ett. ", "Två.", " Tre"]),
        (true, subject, "", none, &["Rubrik"]),
        (false, subject, "<content> </content>", none, &["Rubrik"]),
    ] {
        let mut stage = Stage::new();
        stage.config.oms.join = join;
        let kept = keeping(&mut stage, refuse);
        stage.submit.expect_preview().returning(|_, _| Ok(preview()));
        let got = deliver(stage, &data(&format!("{head}{}", to(&["1"])), body)).await;
        assert_eq!(
            (got, texts(&kept)),
            (vec!["ok neutral".to_owned()], expected.iter().map(|t| (*t).to_owned()).collect())
        );
    }
    // A rule that is against one of them is against all: nothing has been sent when it is told.
    let mut stage = Stage::new();
    stage.config.oms.join = false;
    stage.submit.expect_preview().returning(|_, request| match &request.content {
        Content::Text(text) if text == "Två." => Err(Refusal::new(Code::TextTooLong)),
        _ => Ok(preview()),
    });
    assert_eq!(deliver(stage, &data(&to(&["1"]), &three)).await, ["lengthLimit failure 160;70"]);
    // A store that went away between them: nobody is told that all is well.
    let mut stage = Stage::new();
    stage.config.oms.join = false;
    stage.submit.expect_preview().returning(|_, _| Ok(preview()));
    let kept = keeping(&mut stage, |request| match &request.content {
        Content::Text(text) if text == "Två." => Some(Refusal::new(Code::StoreUnavailable)),
        _ => None,
    });
    assert_eq!(deliver(stage, &data(&to(&["1"]), &three)).await, ["serviceNetwork failure"]);
    assert_eq!(texts(&kept), ["Ett. "]);
}

/// Any plan: nobody looks at it.
fn preview() -> ports::driving::Preview {
    let now = NOW.parse().expect("now");
    let decided = domain::submission::Decided {
        body: domain::message::Body::Binary { data: Vec::new(), udh: Vec::new() },
        changes: Vec::new(),
        segments: 1,
        originator: None,
        priority: domain::message::Priority::Normal,
        state: domain::state::State::Queued,
        due_at: now,
        expires_at: now,
        dimensions: domain::message::Dimensions::default(),
        callback: None,
    };
    let plan = domain::submission::Plan { decided, recipients: Vec::new(), refused: Vec::new() };
    ports::driving::Preview { plan, trace: domain::trace::Trace::silent() }
}

#[tokio::test]
async fn the_telephone_of_who_sends() {
    for (phone, allowed, expected) in
        [("+46707654321", true, Some("+46707654321")), ("+46707654321", false, None), (" ", true, None)]
    {
        let mut stage = Stage::new();
        let refuse: fn(&Request) -> Option<Refusal> = match allowed {
            true => |_| None,
            false => |request| request.from.is_some().then(|| Refusal::new(Code::OriginatorNotAllowed)),
        };
        let kept = keeping(&mut stage, refuse);
        let document = data(&to(&["1"]), &content("Hej")).replace(
            "</password>",
            &format!("</password><replyPhone>{phone}</replyPhone><customData>x</customData>"),
        );
        assert_eq!(deliver(stage, &document).await, ["ok neutral"]);
        let from: Vec<Option<String>> =
            kept.lock().expect("the requests").iter().map(|request| request.from.clone()).collect();
        assert_eq!(from, [expected.map(str::to_owned)]);
    }
}

#[tokio::test]
async fn times() {
    // It is 08:00:00.
    for (scheduled, expected) in [
        ("", Ok(None)),
        ("2026-11-22T08:00:00Z", Ok(None)),
        ("2026-11-23T08:00:10Z", Ok(None)),
        ("2026-11-23T08:00:30Z", Ok(None)),
        ("2026-11-23T08:00:31Z", Ok(Some("2026-11-23T08:00:31Z"))),
        (" 2026-11-24T07:00:00 ", Ok(Some("2026-11-24T07:00:00Z"))),
        ("2026-11-24T07:00:00+01:00", Ok(Some("2026-11-24T06:00:00Z"))),
        ("tomorrow", Err("other failure The time is invalid.")),
        ("2026-11-24", Err("other failure The time is invalid.")),
    ] {
        let mut stage = Stage::new();
        let kept = keeping(&mut stage, |_| None);
        let head = format!("<scheduled>{scheduled}</scheduled>{}", to(&["1"]));
        let got = deliver(stage, &data(&head, &content("Hej"))).await;
        match expected {
            Ok(at) => {
                assert_eq!(got, ["ok neutral"], "{scheduled}");
                let kept = kept.lock().expect("the requests");
                let due: Vec<_> = kept.iter().map(|r| r.send_at.map(|at| at.to_string())).collect();
                assert_eq!(due, [at.map(str::to_owned)], "{scheduled}");
            }
            Err(error) => assert!(got.len() == 1 && got.iter().all(|e| e.starts_with(error)), "{got:?}"),
        }
    }
}

#[tokio::test]
async fn the_same_text_twice_is_two_messages() {
    let mut stage = Stage::new();
    let kept = keeping(&mut stage, |_| None);
    let document = data(&to(&["1"]), &content("Hej"));
    let element = document.split_once('\n').map_or("", |(_, element)| element);
    let one = element.replace("<xmsData ", "<xmsData id=\"7\" ");
    let batch = format!("<xmsBatch xmlns=\"{NS}\">{one}{one}</xmsBatch>");
    let got = result(stage, "DeliverXmsBatch", "packageXml", &batch).await;
    assert_eq!(got.matches("<xmsResponse id=\"7\"><error code=\"ok\"").count(), 2, "{got}");
    let kept = kept.lock().expect("the requests");
    assert!(kept.len() == 2 && kept.iter().all(|request| request.idempotency_key.is_none()));
}

#[tokio::test]
async fn a_batch_answers_for_each_message() {
    let message = |id: &str, user: &str, to: &str, text: &str| {
        format!(
            "<xmsData client=\"x\"{id}>{user}<xmsHead><to><recipient>{to}</recipient></to></xmsHead>\
             <xmsBody format=\"SMS\"><content>{text}</content></xmsBody></xmsData>"
        )
    };
    let wrong = "<user><userId>crm</userId><password>fel</password></user>";
    let items = [
        message(" id=\"1\"", "", "0701234567", "ett"),
        message(" id=\"2&amp;\"", "", "anna", "två"),
        message("", USER, "0701234567", "tre"),
        message(" id=\"4\"", wrong, "0701234567", "fyra"),
        message(" id=\"4\"", wrong, "0701234567", "fem"),
        message(" id=\"6\"", "", "0701234567", "sex").replace("<to>", "<scheduled>x</scheduled><to>"),
    ];
    let logins = Arc::new(Mutex::new(0));
    let mut stage = Stage { auth: MockAuthenticate::new(), ..Stage::new() };
    let count = Arc::clone(&logins);
    stage.auth.expect_authenticate().returning(move |credentials, _, door| {
        assert_eq!(door, Door::Soap);
        *count.lock().expect("a number") += 1;
        match credentials {
            Credentials::Password { password, .. } if password.expose_secret() == "hemligt" => Ok(sender()),
            _ => Err(Refusal::new(Code::NotAuthenticated)),
        }
    });
    let kept = keeping(&mut stage, |request| {
        let bad = request.to.iter().any(|to| to == "anna");
        bad.then(|| Refusal::field(Code::InvalidNumber, "to", ""))
    });
    let batch = format!("<xmsBatch xmlns=\"{NS}\">{}{USER}</xmsBatch>", items.concat());
    let got = result(stage, "DeliverXmsBatch", "packageXml", &batch).await;
    insta::assert_snapshot!("a_batch_answers_for_each_message", got.replace("><", ">\n<"));
    assert_eq!(texts(&kept), ["ett", "tre"], "in their order, as they have one number");
    assert_eq!(*logins.lock().expect("a number"), 2, "each login is looked at once");
    // Nobody is named: HTTP's means.
    let nobody = batch.replace(USER, "").replace(wrong, "");
    let document = envelope(V11, "", &operation("DeliverXmsBatch", "packageXml", &nobody));
    assert_eq!(post(Stage::new(), &[], document.clone()).await.status, 401);
    let mut stage = Stage::new();
    let kept = keeping(&mut stage, |_| None);
    assert_eq!(post(stage, &[("authorization", &basic("crm", "hemligt"))], document).await.status, 200);
    assert_eq!(kept.lock().expect("the requests").len(), 5);
}
