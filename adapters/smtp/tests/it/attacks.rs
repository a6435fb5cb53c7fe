//! SMTP smuggling, command injection, and everything over a limit.

use crate::peer::{Desk, codes, config, converse, hear, open, texts, transcript};
use proptest::prelude::*;
use smtp::Config;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const START: [&str; 4] =
    ["EHLO x\r\n", "MAIL FROM:<a@example.se>\r\n", "RCPT TO:<0701@sms.example.se>\r\n", "DATA\r\n"];

#[tokio::test]
async fn smuggling() {
    let inner =
        "MAIL FROM:<b@example.se>\r\nRCPT TO:<0702@sms.example.se>\r\nDATA\r\nSubject: smuggled\r\n\r\nx";
    for end in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n\0.\r\n",
        "\r\n.\0\r\n",
        "\0\n.\r\n",
        "\n.\r\r\n",
        "\r\n.\r\r\n",
    ] {
        let desk = Arc::new(Desk::default());
        let mail = format!("Subject: first\r\n\r\nx{end}{inner}\r\n.\r\n");
        let pieces: Vec<&str> = START.iter().copied().chain([mail.as_str(), "NOOP\r\n"]).collect();
        let told = transcript(config(), &desk, &pieces).await;
        let nul = end.contains('\0') && !end.contains("\n.\r\n") || end == "\r\n\0.\r\n";
        let expected = if nul { "250 2.0.0 accepted" } else { "554 5.6.0" };
        let replies: Vec<_> = told.lines().filter(|l| l.starts_with("< ")).collect();
        let after = replies.iter().rev().nth(1).copied().unwrap_or_default();
        assert!(after.contains(expected), "{end:?}: {after}");
        assert!(replies.last().is_some_and(|l| *l == "< 250 2.0.0 ok"), "{end:?}: one reply to all of it");
        assert!(texts(&desk).len() <= 1, "{end:?}");
    }
}

#[tokio::test]
async fn bare_ends_in_commands() {
    let desk = Arc::new(Desk::default());
    for (octets, expected) in [
        (&b"NOOP\nNOOP\r\n"[..], "220 554 250"),
        (b"NOOP\rNOOP\r\n", "220 554"),
        (b"NO\0OP\r\nNOOP\r\n", "220 554 250"),
        (b"NOOP\r\r\nQUIT\r\n", "220 554 221"),
        (b"\r\nXYZZY\r\n\xff\xfe\r\n", "220 500 500 500"),
        (b"EHLO x\r\nBDAT 10 LAST\r\n", "220 250 502"),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\nNOOP\r\n", "220 421"),
        (b"XYZZY HTTP/1.1 x\r\n", "220 500"),
        (b"EHLO x\r\nXCLIENT ADDR=10.0.0.1\r\n", "220 250 500"),
    ] {
        assert_eq!(codes(config(), &desk, octets).await, expected, "{:?}", String::from_utf8_lossy(octets));
    }
    let old = Config { lenient: vec!["127.0.0.0/8".parse().expect("range")], ..config() };
    let all =
        b"HELO x\nMAIL FROM:<a@example.se>\nRCPT TO:<0701@sms.example.se>\nDATA\nSubject: Old\n\n.\nQUIT\n";
    assert_eq!(codes(old, &desk, all).await, "220 250 250 250 354 250 221");
    assert_eq!(texts(&desk), ["0701 Old"]);
}

#[tokio::test]
async fn a_mail_sent_ahead_is_not_read_as_commands() {
    let desk = Arc::new(Desk::default());
    let ahead = b"EHLO x\r\nMAIL FROM:<a@example.se>\r\nRCPT TO:<9@sms.example.se>\r\nDATA\r\nRCPT TO:<0702@sms.example.se>\r\nDATA\r\n";
    let heard = codes(config(), &desk, ahead).await;
    assert!(heard.ends_with(" 503"), "{heard}");
    assert!(texts(&desk).is_empty());
}

#[tokio::test]
async fn limits_one_below_and_one_above() {
    let desk = Arc::new(Desk::default());
    let small = || Config { max_message: 2000, max_recipients: 2, ..config() };
    let mail = |n: usize| {
        format!(
            "Subject: s\r\n\r\n{}.\r\n",
            "x".repeat(98).as_str().to_owned().chars().cycle().take(n - 14).collect::<String>() + "\r\n"
        )
    };
    let line = |n: usize| format!("NOOP {}\r\n", "x".repeat(n - 7));
    let rcpt = "RCPT TO:<0701@sms.example.se>\r\n";
    let long = |n: usize| format!("Subject: s\r\n\r\n{}\r\n.\r\n", "x".repeat(n - 2));
    let with = |last: String| [START.join(""), String::new(), last];
    let cases = [
        (vec![line(1024)], "250"),
        (vec![line(1025)], "500"),
        (vec![START[..3].join(""), rcpt.to_owned()], "250"),
        (vec![START[..3].join(""), rcpt.repeat(2)], "452"),
        (with(long(1000)).to_vec(), "250"),
        (with(long(1001)).to_vec(), "554"),
        (with(mail(900)).to_vec(), "250"),
        (
            with(format!("{}.\r\n", "s: 0123456789012345678901234567890123456789012345\r\n".repeat(39)))
                .to_vec(),
            "554",
        ),
        (
            with(format!("{}.\r\n", "s: 0123456789012345678901234567890123456789012345\r\n".repeat(40)))
                .to_vec(),
            "552",
        ),
        (vec!["XYZZY\r\n".repeat(10)], "421"),
    ];
    for (pieces, expected) in cases {
        let handle = open(small(), &desk, None).await;
        let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
        let mut last = hear(&mut stream).await;
        for piece in &pieces {
            stream.get_mut().write_all(piece.as_bytes()).await.expect("write");
            let commands = piece.starts_with("EHLO")
                || piece.starts_with("XYZZY")
                || piece.starts_with("RCPT")
                || piece.starts_with("NOOP");
            let replies =
                if commands { piece.matches("\r\n").count() } else { usize::from(!piece.is_empty()) };
            for _ in 0..replies {
                last = hear(&mut stream).await;
            }
        }
        assert!(last.starts_with(expected), "{expected}: {last} {}", pieces.concat().len());
        drop(stream);
        handle.stop().await;
    }
}

#[tokio::test]
async fn an_endless_mail_is_cut_off() {
    let desk = Arc::new(Desk::default());
    let handle = open(Config { max_message: 1000, ..config() }, &desk, None).await;
    let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    hear(&mut stream).await;
    converse(&mut stream, &START).await;
    let _ = stream.get_mut().write_all(&b"x".repeat(9000)).await;
    assert!(hear(&mut stream).await.starts_with("552 5.3.4"));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    handle.stop().await;
}

#[tokio::test]
async fn the_silent_and_the_slow_are_closed() {
    let desk = Arc::new(Desk::default());
    let impatient = Config { idle: std::time::Duration::from_millis(50), ..config() };
    for drip in [&b""[..], b"EH", b"EHLO x\r\n"] {
        let heard = {
            let handle = open(impatient.clone(), &desk, None).await;
            let mut stream = TcpStream::connect(handle.address()).await.expect("connected");
            stream.write_all(drip).await.expect("write");
            let mut heard = String::new();
            stream.read_to_string(&mut heard).await.expect("closed by the door");
            handle.stop().await;
            heard
        };
        assert!(heard.lines().last().is_some_and(|l| l.starts_with("421 4.4.2")), "{heard}");
    }
}

#[test]
fn deep_and_wide_mail() {
    let deep = |n: usize| {
        let mut mail = "From: a@example.se\r\nSubject: s\r\nMIME-Version: 1.0\r\n".to_owned();
        for level in 0..n {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
        }
        mail.push_str("Content-Type: text/plain\r\n\r\ntext\r\n.\r\n");
        mail
    };
    let wide = |n: usize| {
        let parts = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(n);
        format!(
            "From: a@example.se\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n.\r\n"
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    for (mail, expected) in
        [(deep(9), "250"), (deep(12), "554"), (deep(2000), "554"), (wide(90), "250"), (wide(101), "554")]
    {
        let desk = Arc::new(Desk::default());
        let pieces: Vec<&str> = START.iter().copied().chain([mail.as_str()]).collect();
        let told = runtime.block_on(transcript(config(), &desk, &pieces));
        let last = told.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with(&format!("< {expected}")), "{last} {}", mail.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_line_gets_one_reply(picks in prop::collection::vec(0usize..14, 0..12)) {
        let lines = ["EHLO x", "HELO x", "MAIL FROM:<a@example.se>", "RCPT TO:<0701@sms.example.se>", "RCPT TO:<x@y>", "RSET", "NOOP", "VRFY x", "HELP",
            "AUTH CRAM-MD5", "MAIL FROM:<>", "", "STARTTLS", "\u{e5}"];
        let script: String = picks.iter().filter_map(|n| lines.get(*n)).map(|l| format!("{l}\r\n")).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let desk = Arc::new(Desk::default());
        let heard = runtime.block_on(codes(Config { max_errors: 1000, ..config() }, &desk, script.as_bytes()));
        prop_assert_eq!(heard.split(' ').count(), picks.len() + 1, "{}", heard);
    }

    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..400), mail in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        let desk = Arc::new(Desk::default());
        let heard = runtime.block_on(async {
            if !mail {
                return codes(config(), &desk, &octets).await;
            }
            let handle = open(config(), &desk, None).await;
            let mut stream = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
            hear(&mut stream).await;
            converse(&mut stream, &START).await;
            let _ = stream.get_mut().write_all(&octets).await;
            let _ = stream.get_mut().write_all(b"\r\n.\r\nNOOP\r\n").await;
            let heard = hear(&mut stream).await;
            handle.stop().await;
            heard
        });
        prop_assert!(heard.len() >= 3);
    }
}
