//! Mail that leaves, as a relay sees it.

use crate::peer::{config, open};
use crate::sink::{Mail, Sink};
use domain::Timestamp;
use domain::directory::{LinkId, UserName};
use domain::language::Language;
use domain::message::{
    Body, Callback, Dimensions, Door, Message, MessageId, MoId, PartState, Parts, Priority, SubmissionId,
};
use domain::mo::{Destination, Mo};
use domain::state::State;
use domain::text::Alphabet;
use ports::driven::{Content, Deliver as _, Handoff, HandoffError, HandoffKey, MessageRecord};
use smtp::relay::{MailRelay, RelayConfig, RelayError, Security};
use std::sync::Arc;
use std::time::Duration;

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

fn relay(port: u16, change: impl FnOnce(&mut RelayConfig)) -> MailRelay {
    let mut config = RelayConfig::to("127.0.0.1", port, "sms.example.se");
    config.security = Security::None;
    change(&mut config);
    MailRelay::new(config).expect("relay")
}

fn received(source: &str, text: &str) -> Handoff {
    let mo = Mo {
        id: MoId(81),
        link: LinkId::parse("TS0").expect("link"),
        source: source.to_owned(),
        destination: "71234".to_owned(),
        text: text.to_owned(),
        binary: Vec::new(),
        segments: 1,
        complete: true,
        received_at: time("2026-11-23T11:00:00Z"),
    };
    let content = Content::Mo {
        destination: Destination::Mail("kundtjanst@example.se".to_owned()),
        mo: Box::new(mo),
        user: None,
    };
    Handoff {
        key: HandoffKey { subject: 81, event: HandoffKey::MO },
        content,
        tries: 0,
        created_at: time("2026-11-23T11:00:01Z"),
        resent_at: None,
    }
}

fn ended(state: State, error: &str, reference: Option<&str>) -> Handoff {
    let at = time("2026-11-23T12:00:00Z");
    let message = Message {
        id: MessageId(4711),
        submission: SubmissionId(1),
        user: UserName::parse("crm").expect("name"),
        asked_by: None,
        door: Door::Smtp,
        recipient: "46701234567".parse().expect("number"),
        originator: None,
        body: Body::Text { text: "Hej".into(), alphabet: Alphabet::Gsm7, udh: Vec::new() },
        flash: false,
        segments: 1,
        priority: Priority::Normal,
        accepted_at: at,
        due_at: at,
        expires_at: at,
        reference: reference.map(str::to_owned),
        callback: None,
        dimensions: Dimensions::default(),
    };
    let record = MessageRecord {
        message: Arc::new(message),
        state,
        link: LinkId::parse("TS0").expect("link"),
        parts: Parts::default(),
        sent_at: None,
        final_at: Some(time("2026-11-23T12:05:00Z")),
        error: error.to_owned(),
        tries: Default::default(),
        possible_duplicate: false,
    };
    let callback = Callback::Mail { address: "larm@example.se".to_owned() };
    let content = Content::State { callback, record: Box::new(record) };
    Handoff {
        key: HandoffKey { subject: 4711, event: state.code() },
        content,
        tries: 0,
        created_at: time("2026-11-23T12:05:01Z"),
        resent_at: None,
    }
}

async fn one(handoff: Handoff, change: impl FnOnce(&mut RelayConfig)) -> Mail {
    let sink = Sink::open(&[]).await;
    relay(sink.port(), change).deliver(&handoff).await.expect("delivered");
    let mut mails = sink.mails();
    assert_eq!(mails.len(), 1);
    mails.remove(0)
}

fn show(mail: &Mail) -> String {
    format!("{}\n{}", mail.envelope, mail.text.replace('\r', ""))
}

#[tokio::test]
async fn a_received_message_becomes_a_mail() {
    let mail = one(received("46701234567", "Ja tack\nåäö"), |c| c.oms_headers = true).await;
    insta::assert_snapshot!("a_received_message_becomes_a_mail", show(&mail));
    let named = one(received("Telia", "x"), |c| {
        c.oms_headers = true;
        c.language = Language::English;
        c.envelope_from = Some("bounce@example.se".to_owned());
    });
    insta::assert_snapshot!("a_named_sender", show(&named.await));
}

/// A relay in the house has a certificate of its own making, in any name.
#[tokio::test]
async fn tls_that_is_offered_is_taken_with_any_certificate_and_tls_that_is_required_is_not() {
    net::tls::install_provider();
    let tls = net::tls::TlsServer::self_signed(&["other.example"], &[]).expect("certificate");
    let desk = Arc::default();
    let door = open(smtp::Config { tls: Some(tls), ..config() }, &desk, None).await;
    let port = door.address().port();
    for (security, expected) in
        [(Security::IfOffered, "not_authenticated"), (Security::StartTls, "certificate")]
    {
        let relay = relay(port, |c| c.security = security);
        let said = relay.deliver(&received("46701234567", "x")).await.expect_err("no relay").to_string();
        assert!(said.contains(expected), "{security:?}: {said}");
    }
    door.stop().await;
}

#[tokio::test]
async fn tls_that_is_offered_and_does_not_work_costs_no_mail_and_no_password() {
    let broken = [("EHLO", "250-sink\r\n250 STARTTLS"), ("STAR", "220 go")];
    let sink = Sink::open(&broken).await;
    let offered = relay(sink.port(), |c| c.security = Security::IfOffered);
    offered.deliver(&received("46701234567", "x")).await.expect("in the clear");
    assert_eq!((sink.mails().len(), sink.connections()), (1, 2));
    for change in [(|c| c.security = Security::StartTls) as fn(&mut RelayConfig), |c| {
        c.security = Security::IfOffered;
        c.login = Some(("crm".to_owned(), "secret".to_owned().into()));
    }] {
        let refused = relay(sink.port(), change).deliver(&received("46701234567", "x")).await;
        assert!(matches!(refused, Err(HandoffError::Temporary(_))), "{refused:?}");
    }
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn failures_are_reported() {
    let failed =
        one(ended(State::Failed, "no_route nothing leads to Åland", Some("1@example.se")), |_| {}).await;
    insta::assert_snapshot!("a_failure_is_reported", show(&failed));
    let refused = one(ended(State::Failed, "smpp-0x0000000b ESME_RINVDSTADR", None), |_| {}).await;
    let parsed = mail_parser::MessageParser::default().parse(refused.text.as_bytes()).expect("a mail");
    let said = parsed.body_text(0).expect("text").replace('\r', "");
    assert!(
        said.contains("46701234567: operatören avvisade det (smpp-0x0000000b ESME_RINVDSTADR)"),
        "{said}"
    );
    assert!(said.contains("Meddelandet:\n\n  Hej\n"), "{said}");
    let mut undelivered = ended(State::Failed, "011", None);
    if let Content::State { record, .. } = &mut undelivered.content {
        record.parts.set(1, PartState::Failed, "4711", "011");
    }
    let undelivered = one(undelivered, |_| {}).await;
    let parsed = mail_parser::MessageParser::default().parse(undelivered.text.as_bytes()).expect("a mail");
    let said = parsed.body_text(0).expect("text").replace('\r', "");
    assert!(said.contains("46701234567: operatören kunde inte leverera det (011)"), "{said}");
    let expired = one(ended(State::Expired, "", None), |c| c.language = Language::English).await;
    insta::assert_snapshot!("an_expiry_is_reported", show(&expired));
    let parsed = mail_parser::MessageParser::default().parse(failed.text.as_bytes()).expect("a mail");
    assert_eq!(parsed.parts.len(), 4, "report, text, status, head");
}

#[tokio::test]
async fn what_is_not_for_mail_is_not_sent() {
    let sink = Sink::open(&[]).await;
    let relay = relay(sink.port(), |_| {});
    relay.deliver(&ended(State::Delivered, "", None)).await.expect("nothing to tell");
    let mut url = received("1234567", "x");
    if let Content::Mo { destination, .. } = &mut url.content {
        *destination = Destination::Url("http://127.0.0.1/".to_owned());
    }
    assert!(matches!(relay.deliver(&url).await, Err(HandoffError::Permanent(_))));
    let mut nobody = received("1234567", "x");
    if let Content::Mo { destination, .. } = &mut nobody.content {
        *destination = Destination::Mail("a b\r\n@example.se".to_owned());
    }
    assert!(matches!(relay.deliver(&nobody).await, Err(HandoffError::Permanent(_))));
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn errors_have_their_class() {
    let cases: &[(&'static str, &'static str, bool)] = &[
        ("MAIL", "451 4.3.0 later", true),
        ("RCPT", "550 5.1.1 unknown", false),
        ("RCPT", "450 4.2.0 greylisted", true),
        ("DATA", "554 5.7.1 spam", false),
        (".", "452 4.3.1 full", true),
        (".", "552 5.3.4 large", false),
        ("MAIL", "530 5.7.0 log in", true),
    ];
    for (command, said, temporary) in cases {
        let sink = Sink::open(&[(*command, *said)]).await;
        let error =
            relay(sink.port(), |_| {}).deliver(&received("46701234567", "x")).await.expect_err("refused");
        assert_eq!(matches!(error, HandoffError::Temporary(_)), *temporary, "{command} {said}: {error:?}");
    }
    let closed = { Sink::open(&[]).await.port() };
    let error = relay(closed, |c| c.timeout = Duration::from_millis(300))
        .deliver(&received("46701234567", "x"))
        .await;
    assert!(matches!(error, Err(HandoffError::Temporary(_))), "{error:?}");
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
    let port = silent.local_addr().expect("address").port();
    let error =
        relay(port, |c| c.timeout = Duration::from_millis(100)).deliver(&received("46701234567", "x")).await;
    assert!(matches!(error, Err(HandoffError::Temporary(_))), "{error:?}");
}

#[tokio::test]
async fn a_relay_that_takes_its_time_gets_the_mail_once() {
    let sink = Sink::open(&[]).await;
    let relay = relay(sink.port(), |c| c.timeout = Duration::from_millis(100));
    let handoff = received("46701234567", "x");
    sink.hold(true);
    let mut delivery = relay.deliver(&handoff);
    let early = tokio::time::timeout(Duration::from_millis(400), &mut delivery).await;
    assert!(early.is_err(), "{early:?}");
    sink.hold(false);
    delivery.await.expect("delivered");
    assert_eq!(sink.mails().len(), 1);
}

/// The reply that came too late is not the next mail's.
#[tokio::test]
async fn a_mail_that_is_refused_after_one_that_was_given_up_was_not_sent() {
    for dropped in [false, true] {
        let sink = Sink::open(&[]).await;
        let limit = Duration::from_millis(if dropped { 60_000 } else { 200 });
        let relay = relay(sink.port(), |c| c.answer_timeout = limit);
        relay.deliver(&received("46701234567", "a")).await.expect("delivered");
        sink.hold(true);
        let second = received("46701234567", "b");
        let given_up = tokio::time::timeout(Duration::from_millis(600), relay.deliver(&second)).await;
        assert_eq!(given_up.is_err(), dropped);
        assert!(!matches!(given_up, Ok(Ok(_) | Err(HandoffError::Permanent(_)))), "{given_up:?}");
        sink.say("RCPT", "554 5.7.1 no");
        sink.hold(false);
        for _ in 0..2 {
            let refused = relay.deliver(&received("46701234567", "c")).await;
            assert!(matches!(refused, Err(HandoffError::Permanent(_))), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_serves_many_mails() {
    let sink = Sink::open(&[]).await;
    let relay = relay(sink.port(), |c| c.connections = 1);
    for _ in 0..3 {
        relay.deliver(&received("46701234567", "x")).await.expect("delivered");
    }
    assert_eq!(sink.connections(), 1);
    sink.hang_up();
    relay.deliver(&received("46701234567", "x")).await.expect("delivered over another");
    assert_eq!((sink.connections(), sink.mails().len()), (2, 4));
    sink.say("RCPT", "550 5.1.1 unknown");
    relay.deliver(&received("46701234567", "x")).await.expect_err("refused");
    sink.relent();
    relay.deliver(&received("46701234567", "x")).await.expect("delivered over a third");
    assert_eq!(sink.connections(), 3);
    let (one, two) = (received("46701234567", "x"), received("46701234567", "x"));
    let both = tokio::join!(relay.deliver(&one), relay.deliver(&two));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(sink.connections(), 4);
}

#[tokio::test]
async fn words_out_of_turn_are_no_yes() {
    for (command, said) in [("MAIL", "354 go"), ("RCPT", "354 go"), ("DATA", "250 ok"), (".", "354 go")] {
        let sink = Sink::open(&[(command, said)]).await;
        let error =
            relay(sink.port(), |_| {}).deliver(&received("46701234567", "x")).await.expect_err("not sent");
        assert!(matches!(error, HandoffError::Temporary(_)), "{command} {said}: {error:?}");
    }
}

#[tokio::test]
async fn a_thousand_payloads_one_mail_each() {
    const ENDS: [&str; 10] =
        ["\r\n", "\n", "\r", "\r\n\r\n", "\0", "\u{2028}", "\u{85}", "\u{b}", "\u{202e}", "\\\r\n"];
    const WISHES: [&str; 10] = [
        "Bcc: x@evil.test",
        "Subject: y",
        "Content-Type: text/html",
        "\r\n.\r\nMAIL FROM:<x>",
        "=?utf-8?q?=0D=0ABcc:_x?=",
        "<x@evil.test>",
        "\"",
        "To: x@evil.test",
        "X-Omnigate-Id: 0",
        "--omnigate-4711-5",
    ];
    const BEFORE: [&str; 10] = ["", "a", "46701234567", "\"a\"", "å", "(", "a,b", "@", ";", "a <b@c.se>"];
    const HEADERS: [&str; 13] = [
        "auto-submitted",
        "content-transfer-encoding",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
        "x-omnigate-id",
        "x-omnigate-link",
        "x-omnigate-number",
        "x-omnigate-received-at",
    ];
    let sink = Sink::open(&[]).await;
    let connections = 40;
    let relay = Arc::new(relay(sink.port(), |c| (c.oms_headers, c.connections) = (true, connections)));
    let payloads = BEFORE.iter().flat_map(|before| ENDS.iter().map(move |end| (before, end)));
    let payloads =
        payloads.flat_map(|(before, end)| WISHES.iter().map(move |wish| format!("{before}{end}{wish}")));
    let mut under_way = tokio::task::JoinSet::new();
    for payload in payloads {
        if under_way.len() >= connections as usize {
            under_way.join_next().await.expect("one").expect("no panic");
        }
        let relay = Arc::clone(&relay);
        under_way.spawn(async move {
            let mut handoff = received(&payload, &payload);
            if let Content::Mo { mo, .. } = &mut handoff.content {
                mo.destination = payload.clone();
            }
            relay.deliver(&handoff).await.expect("delivered");
            relay.deliver(&ended(State::Failed, &payload, Some(&payload))).await.expect("delivered");
        });
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("no panic");
    }
    let (reports, mails): (Vec<_>, Vec<_>) =
        sink.mails().into_iter().partition(|m| m.envelope == "<> -> <larm@example.se>");
    assert_eq!((reports.len(), mails.len()), (1000, 1000));
    for mail in mails {
        assert!(mail.envelope.ends_with("@sms.example.se> -> <kundtjanst@example.se>"), "{}", mail.envelope);
        let head = mail.text.split("\r\n\r\n").next().unwrap_or_default();
        let fields = head.lines().filter(|l| !l.starts_with([' ', '\t'])).filter_map(|l| l.split_once(':'));
        let mut names: Vec<_> = fields.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.sort();
        assert_eq!(names, HEADERS, "{head}");
    }
}

#[test]
fn settings_that_cannot_work() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let _guard = runtime.enter();
    assert!(matches!(
        MailRelay::new(RelayConfig::to("127.0.0.1", 25, "no domain")),
        Err(RelayError::Domain(_))
    ));
    let mut config = RelayConfig::to("127.0.0.1", 25, "sms.example.se");
    config.envelope_from = Some("nobody".to_owned());
    assert!(matches!(MailRelay::new(config.clone()), Err(RelayError::Address(_))));
    config.envelope_from = None;
    config.ca_file = Some("/nowhere/ca.pem".into());
    config.security = Security::StartTls;
    assert!(matches!(MailRelay::new(config), Err(RelayError::Authority { .. })));
}
