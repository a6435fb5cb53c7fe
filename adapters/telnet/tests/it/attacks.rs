//! What an attacker or a broken client sends.

use crate::peer::{Desk, config, say, texts};
use proptest::prelude::*;
use std::sync::Arc;
use telnet::Config;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime").block_on(future)
}

fn codes(heard: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(heard).lines().map(|l| l.get(..3).unwrap_or("?").to_owned()).collect()
}

#[tokio::test]
async fn octets_that_are_not_text() {
    let desk = Arc::new(Desk::default());
    let cases: &[(&[u8], &str)] = &[
        (b"SMS 0701 p\xE5 \xE5\r\n", "220 250"),
        (b"PAGE 0701\r\nMESS \xC4r \xC3\xA4\r\nSEND\r\n", "220 250 250 250"),
        (b"SITE CHARSET utf-8\r\nSMS 0701 \xE5\r\n", "220 250 550"),
        (b"SITE CHARSET latin1\r\nSMS 0701 \xE5\r\n", "220 250 250"),
        (b"SITE CHARSET klingon\r\n", "220 550"),
        (b"SMS 0701 a\x1b[2J\x00b\x07\r\n", "220 250"),
        (b"SITE CHARSET UTF8\r\nDATA\r\n\xff\xff\r\n.\r\n", "220 250 354 550"),
        (b"\xff\xf4\xff\xfd\x06HELP SMS\r\n", "220 218"),
        (b"\r\n\r\n", "220 500 500"),
        (b"SMS 0701 x\rSEND\r\n", "220 250"),
        (b"DATA\r\n.\r\n", "220 354 550"),
        (b"PAGE 0701\r\nDATA\r\n..\r\n.\r\nSEND\r\n", "220 250 354 250 250"),
    ];
    for (octets, expected) in cases {
        let heard = say(config(), &desk, "10.0.0.1", octets, 7).await;
        let refusal: &[u8] = &[255, 252, 6];
        let at = heard.windows(3).position(|w| w == refusal).unwrap_or(heard.len());
        let heard = [heard.get(..at).unwrap_or_default(), heard.get(at + 3..).unwrap_or_default()].concat();
        assert_eq!(codes(&heard).join(" "), *expected, "{:?}", String::from_utf8_lossy(octets));
    }
    assert_eq!(texts(&desk), ["0701 på å", "0701 Är Ã¤", "0701 å", "0701 a[2Jb", "0701 x SEND", "0701 ."]);
}

#[tokio::test]
async fn what_is_cut_off_is_not_carried_out_and_that_is_said() {
    let desk = Arc::new(Desk::default());
    for (octets, expected, said) in [
        (&b"SMS 0701 whole\nSMS 0702 hal"[..], "220 250 421", "line end"),
        (b"PAGE 0701\nDATA\nthe pump\n", "220 250 354 421", "alone on a line"),
        (b"PAGE 0701\n", "220 250", "accepted"),
    ] {
        let heard = say(config(), &desk, "10.0.0.1", octets, 7).await;
        let text = String::from_utf8_lossy(&heard).into_owned();
        assert_eq!(codes(&heard).join(" "), expected, "{text}");
        assert!(text.trim_end().lines().next_back().is_some_and(|last| last.contains(said)), "{text}");
    }
    assert_eq!(texts(&desk), ["0701 whole"]);
}

#[tokio::test]
async fn a_text_that_erases_does_not_become_a_command() {
    let desk = Arc::new(Desk::default());
    let back = "\u{8}".repeat(40);
    for line in [
        format!("MESS x{back}SMS 0900 x"),
        format!("SMS 0701234567 x{back}0900 x"),
        "MESS x\u{15}QUIT".to_owned(),
    ] {
        let lines = format!("{line}\r\nHELP SMS\r\n");
        let heard = say(config(), &desk, "10.0.0.1", lines.as_bytes(), 4096).await;
        assert_eq!(codes(&heard).join(" "), "220 250 218", "{line:?}");
    }
    assert_eq!(texts(&desk), ["0701234567 0900 x"]);
}

#[tokio::test]
async fn limits_one_below_and_one_above() {
    let desk = Arc::new(Desk::default());
    let small = || Config { max_text: 100, max_recipients: 2, ..config() };
    let text = |n: usize| format!("DATA\r\n{}\r\n.\r\n", "x".repeat(n));
    let line = |n: usize| format!("{}\r\nQUIT\r\n", "x".repeat(n));
    let cases = [
        (line(1024), "220 500 221"),
        (line(1025), "220 421"),
        (text(99), "220 354 250"),
        (text(100), "220 354 552"),
        ("PAGE 0701\r\nPAGE 0702\r\nPAGE 0703\r\n".to_owned(), "220 250 250 552"),
        ("SMS 0701,0702 Hej\r\nSMS 0701,0702,0703 Hej\r\n".to_owned(), "220 250 552"),
    ];
    for (octets, expected) in cases {
        let heard = say(small(), &desk, "10.0.0.1", octets.as_bytes(), 4096).await;
        assert_eq!(codes(&heard).join(" "), expected, "{}", octets.len());
    }
    let flood = say(small(), &desk, "10.0.0.1", &b"x\r\n".repeat(1000), 4096).await;
    assert_eq!(codes(&flood).len(), 1 + 25, "a banner, 24 errors and goodbye");
    assert_eq!(codes(&flood).last().map(String::as_str), Some("421"));
}

#[tokio::test]
async fn a_stale_list_ends_no_session_and_trying_numbers_does() {
    let desk = Arc::new(Desk::default());
    let stale: String = (0..60).map(|n| format!("PAGE {}{n}\r\n", if n < 50 { 9 } else { 7 })).collect();
    let heard = say(config(), &desk, "10.0.0.1", format!("{stale}MESS x\r\nSEND\r\n").as_bytes(), 4096).await;
    let heard = codes(&heard);
    assert_eq!(heard.iter().filter(|code| *code == "550").count(), 50, "{heard:?}");
    assert_eq!(heard.last().map(String::as_str), Some("250"));
    assert_eq!(texts(&desk).len(), 1);
    let small = Config { max_recipients: 30, ..config() };
    let heard = codes(&say(small, &desk, "10.0.0.1", b"PAGE 9\r\n".repeat(100).as_slice(), 4096).await);
    assert_eq!((heard.len(), heard.last().map(String::as_str)), (1 + 30 + 25, Some("421")));
}

#[tokio::test(start_paused = true)]
async fn the_silent_and_the_slow_are_closed() {
    let desk = Arc::new(Desk::default());
    for drip in [&b""[..], b"H", b"DATA\r\nx\r\n"] {
        let (mut mine, theirs) = tokio::io::duplex(4096);
        let door = telnet::Door::new(config(), crate::peer::ports(&desk));
        let talk = tokio::spawn(async move {
            door.talk(theirs, "10.0.0.1".parse().expect("ip"), &Default::default()).await
        });
        tokio::io::AsyncWriteExt::write_all(&mut mine, drip).await.expect("write");
        let mut heard = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut mine, &mut heard).await.expect("closed by the door");
        assert_eq!(codes(&heard).last().map(String::as_str), Some("421"));
        talk.await.expect("no panic").expect("ended in order");
    }
}

/// Lines that are commands more often than chance would have it.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let verb = prop::sample::select(vec![
        "PAGE 0701",
        "MESS x",
        "SEND",
        "RESE",
        "2WAY",
        "MSTA 1 2",
        "KTAG 1 2",
        "HOLD 260101010101",
        "LEVE 3",
        "SUBJ s",
        "SITE CHARSET latin1",
        "SITE X",
        "INBOX",
        "STATUS 4711",
        "HELP",
        "HELP SEND",
        "SMS 0701 hi",
        "LOGI crm secret",
        "LOGI a b",
        "",
        "PING 1",
        "CALL a@b",
        "EXPT 4",
    ]);
    let line = prop_oneof![
        4 => verb.prop_map(|v| v.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>().prop_filter("no line end, no telnet", |o| !matches!(o, b'\r' | b'\n' | 0 | 255)), 0..40),
    ];
    prop::collection::vec(line, 0..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_line_gets_one_reply(lines in lines(), piece in 1usize..9) {
        let desk = Arc::new(Desk::default());
        let octets: Vec<u8> = lines.iter().flat_map(|l| [l.as_slice(), b"\r\n"].concat()).collect();
        let heard = run(say(Config { max_errors: 1000, max_logins: 1000, ..config() }, &desk, "10.0.0.1", &octets, piece));
        let text = String::from_utf8_lossy(&heard).into_owned();
        let replies = text.lines().filter(|l| l.as_bytes().get(3) == Some(&b' ') && !l.starts_with("214")).count();
        prop_assert_eq!(replies, lines.len() + 1, "{}", text);
        prop_assert!(text.chars().all(|c| c == '\r' || c == '\n' || !c.is_control()));
    }

    #[test]
    fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..600), piece in 1usize..40) {
        let desk = Arc::new(Desk::default());
        let heard = run(say(config(), &desk, "10.0.0.1", &octets, piece));
        prop_assert!(heard.starts_with(b"220 "));
    }
}

#[tokio::test]
async fn a_web_page_gives_no_orders() {
    // What a page of anybody's makes a browser send to any port, from an address that may need no password.
    for (request, expected) in [
        ("POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\nSMS 0701234567 x\r\n", "220 421"),
        ("GET / HTTP/1.0\r\n\r\nSMS 0701234567 x\r\n", "220 421"),
        ("GET HTTP/1.1\r\nHELP SMS\r\n", "220 500 218"),
    ] {
        let desk = Arc::new(Desk::default());
        let heard = say(config(), &desk, "10.0.0.2", request.as_bytes(), 4096).await;
        assert_eq!(codes(&heard).join(" "), expected, "{request:?}");
        assert!(texts(&desk).is_empty(), "{request:?}");
    }
}
