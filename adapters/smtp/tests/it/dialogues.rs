//! Whole dialogues, as mail servers and programs have them.

use crate::peer::{Desk, config, converse, hear, open, texts, transcript};
use domain::message::Callback;
use domain::refusal::Code;
use net::tls::{TlsClient, TlsServer};
use smtp::Config;
use std::sync::Arc;
use tokio::io::BufReader;
use tokio::net::TcpStream;

const MAIL: &str = "From: Larm <larm@example.se>\r\nTo: 0701234567@sms.example.se\r\nSubject: =?utf-8?q?Pump_3_h=C3=B6g?=\r\nMessage-ID: <1@example.se>\r\n\r\nNivå 4,2 m\r\n..\r\n.\r\n";

#[tokio::test]
async fn a_mail_becomes_a_text() {
    let desk = Arc::new(Desk::default());
    let pieces = [
        "EHLO larm.example.se\r\n",
        "MAIL FROM:<larm@example.se> SIZE=200 BODY=8BITMIME\r\n",
        "RCPT TO:<0701234567@sms.example.se>\r\n",
        "RCPT TO:<9@sms.example.se>\r\n",
        "RCPT TO:<\"070-123 45 68\"@SMS.example.se>\r\n",
        "DATA\r\n",
        MAIL,
        "NOOP\r\n",
        "VRFY anna\r\n",
        "QUIT\r\n",
    ];
    let text = transcript(config(), &desk, &pieces).await;
    insta::assert_snapshot!("a_mail_becomes_a_text", text);
    assert_eq!(texts(&desk), ["070-123 45 68,0701234567 Pump 3 hög Nivå 4,2 m\n."]);
    let got = desk.got.lock().expect("lock");
    let request = got.first().expect("request");
    assert_eq!(request.callback, Some(Callback::Mail { address: "larm@example.se".into() }));
    assert_eq!(request.reference.as_deref(), Some("1@example.se"));
    assert!(request.idempotency_key.as_deref().is_some_and(|k| k.starts_with("mail:")));
}

#[tokio::test]
async fn all_at_once_where_it_is_allowed() {
    let desk = Arc::new(Desk::default());
    let handle = open(config(), &desk, None).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    let mut heard = hear(&mut stream).await;
    let group = "MAIL FROM:<larm@example.se>\r\nRCPT TO:<0701@sms.example.se>\r\nDATA\r\n";
    heard.push_str(&converse(&mut stream, &["EHLO x\r\n", group]).await);
    for _ in 0..2 {
        heard.push_str(&hear(&mut stream).await);
    }
    heard.push_str(&converse(&mut stream, &[MAIL]).await);
    assert!(heard.contains("354 ") && heard.contains("250 2.0.0 accepted 4711"), "{heard}");
    drop(stream);
    handle.stop().await;
}

#[tokio::test]
async fn who_is_refused() {
    let desk = Arc::new(Desk::default());
    let pieces = [
        "MAIL FROM:<larm@example.se>\r\n",
        "HELO x\r\n",
        "RCPT TO:<0701@sms.example.se>\r\n",
        "MAIL FROM:<>\r\n",
        "MAIL FROM:<spam@elsewhere.test>\r\n",
        "MAIL FROM:<larm@example.se> SIZE=99999999\r\n",
        "MAIL FROM:<larm@example.se>\r\n",
        "RCPT TO:<someone@elsewhere.test>\r\n",
        "DATA\r\n",
        "RSET\r\n",
        "QUIT\r\n",
    ];
    insta::assert_snapshot!(
        "who_is_refused",
        transcript(Config { max_errors: 20, ..config() }, &desk, &pieces).await
    );
    assert!(texts(&desk).is_empty());
}

#[tokio::test]
async fn logging_in() {
    let desk = Arc::new(Desk::default());
    let right = "AUTH PLAIN AGNybQBzZWNyZXQ=\r\n";
    let pieces = [
        "EHLO x\r\n",
        "AUTH PLAIN\r\n",
        "AGNybQB3cm9uZw==\r\n",
        "AUTH LOGIN\r\n",
        "Y3Jt\r\n",
        "*\r\n",
        "AUTH CRAM-MD5\r\n",
        "AUTH PLAIN !\r\n",
        right,
        right,
        "MAIL FROM:<boss@elsewhere.test>\r\n",
        "MAIL FROM:<x@example.se>\r\n",
        "RCPT TO:<0701@sms.example.se>\r\n",
        "QUIT\r\n",
    ];
    insta::assert_snapshot!(
        "logging_in",
        transcript(Config { max_errors: 20, ..config() }, &desk, &pieces).await
    );
    let login = ["EHLO x\r\n", "AUTH LOGIN Y3Jt\r\n", "c2VjcmV0\r\n"];
    assert!(transcript(config(), &desk, &login).await.ends_with("< 235 2.7.0 logged in\n"));
    let outside = Config { plain_login: Vec::new(), ..config() };
    let told = transcript(outside, &desk, &["EHLO x\r\n", right]).await;
    assert!(!told.contains("AUTH PLAIN LOGIN") && told.contains("538 5.7.11"), "{told}");
    let wrong = "AUTH PLAIN AGNybQB3cm9uZw==\r\n";
    assert!(transcript(config(), &desk, &["EHLO x\r\n", wrong, wrong, wrong]).await.contains("421 4.7.0"));
}

#[tokio::test]
async fn starttls_forgets_what_came_before() {
    net::tls::install_provider();
    let desk = Arc::new(Desk::default());
    let tls = TlsServer::self_signed(&["localhost"], &[]).expect("certificate");
    let handle = open(Config { tls: Some(tls), plain_login: Vec::new(), ..config() }, &desk, None).await;
    let mut plain = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    hear(&mut plain).await;
    let told = converse(&mut plain, &["EHLO x\r\n", "STARTTLS\r\nMAIL FROM:<injected@example.se>\r\n"]).await;
    assert!(told.contains("STARTTLS") && told.contains("220 2.0.0"), "{told}");
    let client = TlsClient::insecure().expect("client");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client.config().clone()));
    let name = rustls::pki_types::ServerName::try_from("localhost").expect("name");
    let mut protected = BufReader::new(connector.connect(name, plain.into_inner()).await.expect("handshake"));
    let pieces =
        ["MAIL FROM:<a@example.se>\r\n", "EHLO x\r\n", "STARTTLS\r\n", "AUTH PLAIN AGNybQBzZWNyZXQ=\r\n"];
    insta::assert_snapshot!("starttls_forgets_what_came_before", converse(&mut protected, &pieces).await);
    drop(protected);
    handle.stop().await;
}

#[tokio::test]
async fn every_refusal_after_the_mail() {
    let cases = [
        (Code::Busy, "452 4.3.1"),
        (Code::StoreUnavailable, "451 4.3.0"),
        (Code::RateLimited, "450 4.7.0"),
        (Code::TextTooLong, "552 5.3.4"),
        (Code::OriginatorNotAllowed, "550 5.7.1"),
        (Code::NoRoute, "550 5.1.2"),
    ];
    for (code, expected) in cases {
        let desk = Arc::new(Desk { refuse: Some(code), ..Desk::default() });
        let pieces = [
            "EHLO x\r\n",
            "MAIL FROM:<larm@example.se>\r\n",
            "RCPT TO:<0701@sms.example.se>\r\n",
            "DATA\r\n",
            MAIL,
        ];
        let told = transcript(config(), &desk, &pieces).await;
        assert!(told.lines().last().is_some_and(|l| l.starts_with(&format!("< {expected}"))), "{told}");
    }
}

#[tokio::test]
async fn the_good_recipients_of_a_stale_list_get_the_mail() {
    let desk = Arc::new(Desk::default());
    let list: Vec<String> = (0..24)
        .map(|n| format!("RCPT TO:<{}0{n}@sms.example.se>\r\n", if n % 12 < 10 { 9 } else { 7 }))
        .collect();
    let mut pieces = vec!["EHLO x\r\n"];
    // Two such mails over one connection.
    for half in list.chunks(12) {
        pieces.push("MAIL FROM:<larm@example.se>\r\n");
        pieces.extend(half.iter().map(String::as_str));
        pieces.extend(["DATA\r\n", MAIL]);
    }
    let told = transcript(config(), &desk, &pieces).await;
    assert_eq!(told.matches("< 550 5.1.1").count(), 20, "{told}");
    assert_eq!(told.matches("< 250 2.0.0 accepted").count(), 2, "{told}");
    assert_eq!(texts(&desk).len(), 2);
}

#[tokio::test]
async fn trying_numbers_has_an_end() {
    let desk = Arc::new(Desk::default());
    let small = Config { max_recipients: 12, max_errors: 3, ..config() };
    let bad: Vec<String> = (0..13).map(|n| format!("RCPT TO:<9{n}@sms.example.se>\r\n")).collect();
    let mail = || ["MAIL FROM:<larm@example.se>\r\n"].into_iter().chain(bad.iter().map(String::as_str));
    let pieces: Vec<&str> =
        ["EHLO x\r\n"].into_iter().chain(mail()).chain(["RSET\r\n"]).chain(mail()).collect();
    let told = transcript(small, &desk, &pieces).await;
    assert_eq!(
        told.matches("< 452 4.5.3").count(),
        1,
        "one mail has no more of them than of good ones: {told}"
    );
    assert!(told.contains("< 421 4.7.0 too many errors, goodbye\n"), "{told}");
    assert_eq!(told.matches("< 550 5.1.1").count(), 12 + 2, "{told}");
}

#[tokio::test]
async fn a_mail_is_the_same_in_any_order_of_its_recipients() {
    let desk = Arc::new(Desk::default());
    let (a, b) = ("RCPT TO:<0701@sms.example.se>\r\n", "RCPT TO:<0702@sms.example.se>\r\n");
    let from = "MAIL FROM:<larm@example.se>\r\n";
    let pieces = ["EHLO x\r\n", from, a, b, "DATA\r\n", MAIL, from, b, a, "DATA\r\n", MAIL];
    transcript(config(), &desk, &pieces).await;
    let got = desk.got.lock().expect("lock");
    let same = |request: &domain::submission::Request| (request.idempotency_key.clone(), request.to.clone());
    let mails: Vec<_> = got.iter().map(same).collect();
    assert!(matches!(mails.as_slice(), [first, again] if first == again), "{mails:?}");
}

#[tokio::test]
async fn closing_is_said() {
    let desk = Arc::new(Desk::default());
    let handle = open(config(), &desk, None).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    hear(&mut stream).await;
    handle.stop().await;
    assert!(hear(&mut stream).await.starts_with("421 4.3.2"));
    assert_eq!(hear(&mut stream).await, "");
}

#[tokio::test]
async fn a_numeric_pager_gets_its_mail() {
    for (text, expected) in [("112", "250 2.0.0 accepted"), ("ring", "554 5.6.0 pager_digits_only")] {
        let desk = Arc::new(Desk::default());
        let mail = format!("Subject: {text}\r\n\r\n.\r\n");
        let pieces = [
            "EHLO x\r\n",
            "MAIL FROM:<larm@example.se>\r\n",
            "RCPT TO:<0740012345@sms.example.se>\r\n",
            "DATA\r\n",
            &mail,
        ];
        let told = transcript(config(), &desk, &pieces).await;
        assert!(told.contains("< 250 2.1.5 recipient ok\n") && told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn who_is_not_known_any_more_hangs_up_and_may_come_again() {
    let login = "AUTH PLAIN AGNybQBzZWNyZXQ=\r\n";
    // Who logged in is looked at again at MAIL too; who did not is looked for there.
    for (first, known_for, taken) in
        [(login, 0, 0), (login, 1, 0), (login, 2, 0), (login, 3, 1), ("NOOP\r\n", 1, 0)]
    {
        let desk = Arc::new(Desk { known_for: Some(known_for), ..Desk::default() });
        let mail = ["MAIL FROM:<larm@example.se>\r\n", "RCPT TO:<0701@sms.example.se>\r\n", "DATA\r\n", MAIL];
        let pieces: Vec<&str> = ["EHLO x\r\n", first].into_iter().chain(mail).chain(mail).collect();
        let told = transcript(config(), &desk, &pieces).await;
        assert!(told.contains("< 421 4.7.0 who you are was changed, log in again\n"), "{known_for}: {told}");
        assert!(told.ends_with("< (closed)\n"), "{known_for}: {told}");
        assert_eq!(texts(&desk).len(), taken, "{known_for}: {told}");
    }
}

#[tokio::test]
async fn a_users_rate_holds_for_each_mail() {
    let login = "AUTH PLAIN AGNybQBzZWNyZXQ=\r\n";
    for first in [login, "NOOP\r\n"] {
        let desk = Arc::new(Desk { submissions: Some(1), ..Desk::default() });
        let mail = ["MAIL FROM:<larm@example.se>\r\n", "RCPT TO:<0701@sms.example.se>\r\n", "DATA\r\n", MAIL];
        let pieces: Vec<&str> = ["EHLO x\r\n", first].into_iter().chain(mail).chain(mail).collect();
        let told = transcript(config(), &desk, &pieces).await;
        assert!(told.contains("< 250 2.0.0 accepted 4711\n"), "{told}");
        assert!(told.lines().last().is_some_and(|l| l.starts_with("< 450 4.7.0 rate_limited")), "{told}");
        assert_eq!(texts(&desk).len(), 1);
    }
}
