//! What we call: callbacks, Kannel's reports, received messages.

use crate::looking::{mo, record};
use crate::{accepted, now, sending};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::directory::UserName;
use domain::message::{Callback, DlrMask};
use domain::mo::Destination;
use domain::state::State as MessageState;
use fakes::ManualClock;
use http::StatusCode;
use http_body_util::BodyExt;
use http_door::{DeliverOptions, HttpDeliver, MoForm};
use net::{ListenOptions, Listener};
use ports::driven::{Content, Deliver, Handoff, HandoffError, HandoffKey};
use secrecy::SecretString;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use web_kit::handing::Secrets;
use web_kit::{ClientOptions, HttpClient, Limits};

type Seen = Arc<Mutex<Vec<String>>>;

/// A receiver that writes down what it gets and answers with the status in its path: `/200`, `/never`, `/text`.
async fn receiver() -> (String, Seen) {
    async fn take(State(seen): State<Seen>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
        let header =
            |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("-").to_owned();
        let headers = ["content-type", "omnigate-event-id", "omnigate-attempt", "omnigate-signature"]
            .map(header)
            .join("\n");
        seen.lock().expect("lock").push(format!(
            "{} {}\n{headers}\n{}",
            parts.method,
            parts.uri,
            String::from_utf8_lossy(&body)
        ));
        match parts.uri.path().trim_start_matches('/').parse::<u16>() {
            Ok(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::OK).into_response(),
            Err(_) if parts.uri.path() == "/never" => Box::pin(std::future::pending()).await,
            Err(_) => "Tack för det!".into_response(),
        }
    }
    let seen: Seen = Arc::default();
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("bind");
    let address = listener.local_addr().expect("address");
    let app = Router::new().fallback(take).with_state(Arc::clone(&seen));
    tokio::spawn(web_kit::serve(listener, app, Limits::default(), Box::pin(std::future::pending())));
    (format!("http://{address}"), seen)
}

fn deliver(options: DeliverOptions) -> HttpDeliver {
    net::tls::install_provider();
    let client =
        HttpClient::new(ClientOptions { timeout: Duration::from_millis(500), ..ClientOptions::default() });
    HttpDeliver::new(client.expect("client"), Arc::new(ManualClock::new(now())), options)
}

fn with(secrets: Secrets) -> DeliverOptions {
    DeliverOptions { secrets, ..DeliverOptions::default() }
}

fn signed() -> DeliverOptions {
    with(Secrets { usual: Some(SecretString::from("hemlig")), ..Secrets::default() })
}

fn state(callback: Callback, state: MessageState) -> Handoff {
    let mut record = record(5);
    record.state = state;
    let key = HandoffKey { subject: 5, event: state.code() };
    Handoff {
        key,
        content: Content::State { callback, record: Box::new(record) },
        tries: 2,
        created_at: now(),
        resent_at: None,
    }
}

fn received(url: String) -> Handoff {
    let content = Content::Mo { destination: Destination::Url(url), mo: Box::new(mo(7)), user: None };
    Handoff {
        key: HandoffKey { subject: 7, event: HandoffKey::MO },
        content,
        tries: 0,
        created_at: now(),
        resent_at: None,
    }
}

fn json(url: String) -> Callback {
    Callback::json(&url, domain::message::Told::Every).expect("callback")
}

#[tokio::test]
async fn our_own_callback() {
    let (url, seen) = receiver().await;
    let answer = deliver(signed())
        .deliver(&state(json(format!("{url}/200?n=1")), MessageState::Delivered))
        .await
        .expect("delivered");
    assert_eq!(answer.text, None);
    insta::assert_snapshot!(seen.lock().expect("lock").join("\n---\n"));
}

#[tokio::test]
async fn a_user_has_a_secret_of_his_own_and_none_is_none() {
    let (url, seen) = receiver().await;
    let own = with(Secrets {
        by_user: [("crm".to_owned(), SecretString::from("egen"))].into(),
        ..signed().secrets
    });
    for options in [signed(), own, DeliverOptions::default()] {
        deliver(options)
            .deliver(&state(json(format!("{url}/200")), MessageState::Sent))
            .await
            .expect("delivered");
    }
    let signatures: Vec<String> =
        seen.lock().expect("lock").iter().filter_map(|s| s.lines().nth(4).map(str::to_owned)).collect();
    assert!(
        signatures[0].starts_with("t=") && signatures[1].starts_with("t=") && signatures[0] != signatures[1]
    );
    assert_eq!(signatures[2], "-");
}

#[tokio::test]
async fn what_came_in_for_a_user_is_signed_with_his_secret_as_well() {
    let (url, seen) = receiver().await;
    let own = with(Secrets {
        by_user: [("crm".to_owned(), SecretString::from("egen"))].into(),
        ..signed().secrets
    });
    let of = |whose: Option<&str>| {
        let mut handoff = received(format!("{url}/200"));
        if let Content::Mo { user, .. } = &mut handoff.content {
            *user = whose.map(|name| UserName::parse(name).expect("name"));
        }
        handoff
    };
    let his = with(Secrets { usual: Some(SecretString::from("egen")), ..Secrets::default() });
    for (options, whose) in
        [(his, None), (own.clone(), Some("crm")), (own.clone(), Some("other")), (own, None)]
    {
        deliver(options).deliver(&of(whose)).await.expect("delivered");
    }
    let signatures: Vec<String> =
        seen.lock().expect("lock").iter().filter_map(|s| s.lines().nth(4).map(str::to_owned)).collect();
    assert_eq!(signatures[0], signatures[1]);
    assert!(signatures[2] != signatures[1] && signatures[2] == signatures[3]);
}

#[tokio::test]
async fn how_it_may_end() {
    let (url, _) = receiver().await;
    let deliver = deliver(signed());
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let cases = [
        (format!("{url}/200"), "done"),
        (format!("{url}/204"), "done"),
        (format!("{url}/302"), "again"),
        (format!("{url}/304"), "again"),
        (format!("{url}/400"), "again"),
        (format!("{url}/401"), "again"),
        (format!("{url}/404"), "again"),
        (format!("{url}/408"), "again"),
        (format!("{url}/410"), "never"),
        (format!("{url}/429"), "again"),
        (format!("{url}/500"), "again"),
        (format!("{url}/503"), "again"),
        (format!("{url}/never"), "again"),
        (format!("http://{closed}/"), "again"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "never"),
    ];
    for (url, expected) in cases {
        let kannel = Callback::kannel(&url, DlrMask(31)).expect("callback");
        for (kind, handoff) in [
            ("json", state(json(url.clone()), MessageState::Sent)),
            ("kannel", state(kannel, MessageState::Sent)),
            ("received", received(url.clone())),
        ] {
            // What never answers is waited for once.
            if url.ends_with("/never") && kind != "json" {
                continue;
            }
            let end = match deliver.deliver(&handoff).await {
                Ok(_) => "done",
                Err(HandoffError::Temporary(_)) => "again",
                Err(HandoffError::Permanent(_)) => "never",
            };
            assert_eq!(end, expected, "{kind} {url}");
        }
    }
    let mail = state(Callback::Mail { address: "a@b.se".into() }, MessageState::Failed);
    assert!(matches!(deliver.deliver(&mail).await, Err(HandoffError::Permanent(_))));
}

/// A user may name a door of ours as the URL of his callback; what comes back to us from ourselves orders nothing.
#[tokio::test]
async fn a_callback_to_our_own_door_sends_nothing() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("bind");
    let address = listener.local_addr().expect("address");
    tokio::spawn(web_kit::serve(listener, app, Limits::default(), Box::pin(std::future::pending())));
    let login = "username=crm&password=hemligt";
    let form = format!("http://{address}/send?{login}&numbers=070&text=x");
    let kannel = |url: &str| Callback::kannel(url, DlrMask(31)).expect("callback");
    let as_form = DeliverOptions { mo_form: MoForm::Form, ..signed() };
    let sendsms = format!("http://{address}/cgi-bin/sendsms?{login}&to=070&text=x");
    for (options, handoff, status) in [
        (signed(), state(kannel(&form), MessageState::Sent), 403),
        (signed(), state(kannel(&sendsms), MessageState::Sent), 403),
        (signed(), state(json(format!("http://{address}/api/v1/messages")), MessageState::Sent), 403),
        (as_form, received(form.clone()), 403),
        // A document is no form, whoever sends it.
        (signed(), state(json(form.clone()), MessageState::Sent), 400),
    ] {
        let refused = deliver(options).deliver(&handoff).await.map(|_| ());
        assert_eq!(refused, Err(HandoffError::Temporary(format!("HTTP {status}"))));
    }
    assert!(asked.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn kannels_report() {
    let (url, seen) = receiver().await;
    let deliver = deliver(signed());
    let escapes = "/200?d=%d&p=%p&P=%P&q=%q&t=%t&T=%T&i=%i&I=%I&A=%A&F=%F&n=%n&o=%o&pc=%%&hex=%2B&x=%x&end=%";
    for (mask, at) in [
        (31, MessageState::Sent),
        (31, MessageState::Delivered),
        (31, MessageState::Failed),
        (3, MessageState::Sent),
    ] {
        let callback = Callback::kannel(&format!("{url}{escapes}"), DlrMask(mask)).expect("callback");
        deliver.deliver(&state(callback, at)).await.expect("delivered");
    }
    let never_sent = |mask| {
        let callback = Callback::kannel(&format!("{url}/200?d=%d&A=%A"), DlrMask(mask)).expect("callback");
        let mut handoff = state(callback, MessageState::Failed);
        if let Content::State { record, .. } = &mut handoff.content {
            record.sent_at = None;
            record.error = "rinvdstadr & more\r\n".into();
        }
        handoff
    };
    deliver.deliver(&never_sent(31)).await.expect("delivered");
    deliver.deliver(&never_sent(3)).await.expect("delivered");
    let lines: Vec<String> =
        seen.lock().expect("lock").iter().filter_map(|s| s.lines().next().map(str::to_owned)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_received_message_and_the_answer_to_it() {
    let (url, seen) = receiver().await;
    let answer = deliver(signed()).deliver(&received(format!("{url}/text"))).await.expect("delivered");
    assert_eq!(answer.text.as_deref(), Some("Tack för det!"));
    let form = DeliverOptions { mo_form: MoForm::Form, ..signed() };
    let answer = deliver(form).deliver(&received(format!("{url}/200"))).await.expect("delivered");
    assert_eq!(answer.text, None);
    insta::assert_snapshot!(seen.lock().expect("lock").join("\n---\n"));
}
