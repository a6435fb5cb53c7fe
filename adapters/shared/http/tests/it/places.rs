//! Who holds a place at the door, and who must make room.

use super::{Door, open_with, some, to_end};
use axum::Router;
use axum::routing::get;
use net::ListenOptions;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use web_kit::{FULL_NOTICE, Limits};

const LARGE: usize = 20_000_000;

/// A door with places for so many from one address, where nobody is thrown out for being idle.
async fn door(max_per_address: usize) -> Door {
    let app = Router::new()
        .route("/here", get(|| async { "here" }))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
        .route("/large", get(|| async { vec![b'x'; LARGE] }));
    let options = ListenOptions { max_per_address, full_notice: FULL_NOTICE, ..ListenOptions::default() };
    open_with(app, Limits { grace: Duration::ZERO, ..Limits::default() }, options).await
}

async fn begin(door: &Door, octets: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&door.address).await.expect("connect");
    stream.write_all(octets.as_bytes()).await.expect("write");
    stream
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("write");
    some(stream).await
}

#[tokio::test]
async fn who_is_idle_makes_room_and_who_was_idle_longest_goes() {
    let door = door(2).await;
    let (mut first, mut second) = (begin(&door, "").await, begin(&door, "").await);
    for _ in 0..2 {
        assert!(ask(&mut first, "/here").await.ends_with("here"));
        assert!(ask(&mut second, "/here").await.ends_with("here"));
    }
    for _ in 0..5 {
        let mut third = begin(&door, "").await;
        let answer = ask(&mut third, "/here").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(to_end(&mut first).await, "", "closed, in order");
        assert!(ask(&mut second, "/here").await.ends_with("here"), "it was not idle longest");
        first = third;
    }
}

#[tokio::test]
async fn who_has_a_request_under_way_stays_and_the_next_is_told() {
    for under_way in ["GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", "GET /he", ""] {
        let door = door(2).await;
        let mut idle = begin(&door, "").await;
        assert!(ask(&mut idle, "/here").await.ends_with("here"));
        let mut busy = begin(&door, under_way).await;
        let mut other = begin(&door, under_way).await;
        assert_eq!(to_end(&mut idle).await, "", "it was idle");
        let mut refused = begin(&door, "").await;
        assert!(some(&mut refused).await.starts_with("HTTP/1.1 503"), "{under_way:?}");
        for stream in [&mut busy, &mut other] {
            let mut octet = [0];
            let late = tokio::time::timeout(Duration::from_millis(50), stream.peek(&mut octet)).await;
            assert!(late.is_err(), "{under_way:?} was closed");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_still_being_read_is_not_cut_off() {
    let door = door(1).await;
    let mut reader = begin(&door, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let head = some(&mut reader).await;
    assert!(head.starts_with("HTTP/1.1 200"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut refused = begin(&door, "").await;
    assert!(some(&mut refused).await.starts_with("HTTP/1.1 503"));
    let rest = tokio::spawn(async move { to_end(&mut reader).await });
    // As soon as it is read the place is free.
    let mut answered = false;
    for _ in 0..100 {
        let mut next = TcpStream::connect(&door.address).await.expect("connect");
        answered = next.write_all(b"GET /here HTTP/1.1\r\nHost: x\r\n\r\n").await.is_ok()
            && some(&mut next).await.starts_with("HTTP/1.1 200");
        if answered {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(answered);
    let read = head.len() + rest.await.expect("read").len();
    assert!(read > LARGE, "{read}");
}
