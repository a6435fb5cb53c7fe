//! Reports about recipients that were fine when they were named and are refused after the mail.

use crate::peer::{Desk, config, converse, hear, open};
use crate::sink::Sink;
use smtp::relay::{MailRelay, RelayConfig, Security};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};

fn relay(port: u16) -> Option<Arc<MailRelay>> {
    let mut relay = RelayConfig::to("127.0.0.1", port, "sms.example.se");
    relay.security = Security::None;
    Some(Arc::new(MailRelay::new(relay).expect("relay")))
}

async fn door(relay: Option<Arc<MailRelay>>) -> (BufReader<TcpStream>, smtp::OpenDoor) {
    let handle = open(config(), &Arc::new(Desk::default()), relay).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    hear(&mut stream).await;
    converse(&mut stream, &["EHLO x\r\n"]).await;
    (stream, handle)
}

/// A mail to one that is taken and one that is refused late.
async fn mail(stream: &mut BufReader<TcpStream>) -> String {
    let pieces = [
        "MAIL FROM:<larm@example.se>\r\n",
        "RCPT TO:<0701@sms.example.se>\r\n",
        "RCPT TO:<80701@sms.example.se>\r\n",
        "DATA\r\n",
        "From: larm@example.se\r\nMessage-ID: <1@example.se>\r\nSubject: Pump 3\r\n\r\n.\r\n",
    ];
    converse(stream, &pieces).await
}

#[tokio::test]
async fn who_is_refused_late_gets_a_report() {
    let sink = Sink::open(&[]).await;
    let (mut stream, handle) = door(relay(sink.port())).await;
    let told = mail(&mut stream).await;
    assert!(told.trim_end().ends_with("250 2.0.0 accepted 4711; refused 80701 invalid_number"), "{told}");
    let mails = sink.wait_for(1).await;
    let mail = mails.first().expect("a report");
    assert!(mail.envelope.starts_with("<> -> <larm@example.se>"), "{}", mail.envelope);
    assert!(
        mail.text.contains("Final-Recipient: rfc822; 80701@sms.example.se")
            && mail.text.contains("Status: 5.1.1")
            && mail.text.contains("In-Reply-To: <1@example.se>"),
        "{}",
        mail.text
    );
    handle.stop().await;
}

#[tokio::test]
async fn no_reply_waits_for_the_relay() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("listener");
    let (mut stream, handle) = door(relay(silent.local_addr().expect("address").port())).await;
    let told =
        tokio::time::timeout(Duration::from_secs(5), mail(&mut stream)).await.expect("a reply at once");
    assert!(told.contains("250 2.0.0 accepted"), "{told}");
    handle.stop().await;
}

#[tokio::test]
async fn a_report_is_tried_again_until_the_relay_takes_it() {
    let sink = Sink::open(&[("MAIL", "451 4.3.0 later")]).await;
    let (mut stream, handle) = door(relay(sink.port())).await;
    mail(&mut stream).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(sink.mails().is_empty());
    sink.relent();
    // The first pause is five seconds.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    assert_eq!(sink.wait_for(1).await.len(), 1);
    handle.stop().await;
}

#[tokio::test]
async fn a_mail_that_comes_again_is_reported_again() {
    let sink = Sink::open(&[]).await;
    let (mut stream, handle) = door(relay(sink.port())).await;
    for reports in 1..=2 {
        let told = mail(&mut stream).await;
        assert!(told.contains("refused 80701 invalid_number"), "{told}");
        sink.wait_for(reports).await;
        // The door must have heard that it was taken.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let ids: Vec<_> = sink
        .mails()
        .iter()
        .map(|mail| mail.text.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned))
        .collect();
    assert!(matches!(ids.as_slice(), [Some(first), Some(again)] if first == again), "{ids:?}");
    handle.stop().await;
}
