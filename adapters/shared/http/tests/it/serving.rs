//! The accept loop.

use super::{Door, LATE, open, say, some, to_end};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use domain::Language;
use domain::refusal::Refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use web_kit::{BodyLimits, Caller, Limits, problem, read_body};

fn quick() -> Limits {
    Limits {
        header_time: Duration::from_millis(200),
        idle_time: Duration::from_millis(300),
        write_time: Duration::from_millis(200),
        grace: Duration::from_millis(500),
        ..Limits::default()
    }
}

async fn swallow(request: Request) -> Response {
    let limits = BodyLimits { octets: 1000, time: Duration::from_millis(200) };
    match read_body(request.into_body(), limits).await {
        Ok(body) => format!("{} octets", body.len()).into_response(),
        Err(error) => problem(&Refusal::from(error), Language::English, None),
    }
}

fn app() -> Router {
    let endless = || async {
        let chunks =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 65536])));
        axum::body::Body::from_stream(chunks)
    };
    let pensive = || async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        "thought of"
    };
    Router::new()
        .route("/who", get(|caller: Caller| async move { format!("{} {}", caller.address, caller.https) }))
        .route("/swallow", post(swallow))
        .route("/panic", get(|| async { assert!(std::env::args().count() == 0, "as asked") }))
        .route("/endless", get(endless))
        .route("/pensive", get(pensive))
}

async fn door() -> Door {
    open(app(), quick()).await
}

#[tokio::test]
async fn answers_and_protects() {
    let door = door().await;
    let answer = say(
        &door.address,
        b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("127.0.0.1 false"), "{answer}");
    for header in [
        "x-content-type-options: nosniff",
        "content-security-policy: default-src 'none'",
        "cache-control: no-store",
    ] {
        assert!(answer.contains(header), "{answer}");
    }
    let missing = say(&door.address, b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(missing.contains("404") && missing.contains("application/problem+json"), "{missing}");
    let method = say(&door.address, b"DELETE /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(method.contains("405") && method.to_ascii_lowercase().contains("allow: get"), "{method}");
}

#[tokio::test]
async fn compressed_content_is_told_what_is_understood() {
    let door = door().await;
    let ask = |coding: &str, language: &str| {
        format!(
            "POST /swallow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Language: {language}\r\nContent-Encoding: {coding}\r\nContent-Length: 3\r\n\r\nabc"
        )
    };
    for (coding, language, said) in [
        ("GZIP", "en", "Compressed content is not taken: send it uncompressed"),
        ("identity, br", "sv", "Komprimerat innehåll tas inte emot: sänd det okomprimerat"),
    ] {
        let answer = say(&door.address, ask(coding, language).as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 415") && answer.contains("accept-encoding: identity"),
            "{answer}"
        );
        assert!(answer.contains(said) && answer.contains("\"code\":\"compressed_content\""), "{answer}");
    }
    for fine in ["identity", "utf-8"] {
        let answer = say(&door.address, ask(fine, "en").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("3 octets"), "{fine}: {answer}");
    }
}

#[tokio::test]
async fn the_host_that_a_proxy_was_asked_for_is_believed_from_proxies_only() {
    let said = |headers: http::HeaderMap| async move {
        headers.get(web_kit::FORWARDED_HOST).map_or("nobody", |_| "somebody").to_owned()
    };
    for (proxies, expect) in [(Vec::new(), "nobody"), (vec!["127.0.0.1".parse().expect("range")], "somebody")]
    {
        let door = open(Router::new().route("/said", get(said)), Limits { proxies, ..quick() }).await;
        let ask =
            b"GET /said HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-Host: sms.example.se\r\n\r\n";
        let answer = say(&door.address, ask).await;
        assert!(answer.ends_with(expect), "{answer}");
    }
}

#[tokio::test]
async fn who_closes_his_side_gets_his_answer() {
    let door = door().await;
    for version in ["1.0", "1.1"] {
        let mut stream = TcpStream::connect(&door.address).await.expect("connect");
        let request = format!("GET /pensive HTTP/{version}\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("write");
        stream.shutdown().await.expect("half closed");
        let answer = to_end(&mut stream).await;
        assert!(answer.ends_with("thought of"), "{version} {answer}");
    }
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let door = door().await;
    let answer = say(
        &door.address,
        b"GET /panic HTTP/1.1\r\nHost: x\r\n\r\nGET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.contains("500 Internal") && answer.contains("internal_error"), "{answer}");
    assert!(answer.contains("127.0.0.1 false"), "the connection goes on: {answer}");
}

#[tokio::test]
async fn dawdlers_are_closed_in_time() {
    let door = door().await;
    for said in [
        "",
        "G",
        "GET /who HTTP/1.1\r\nHost: x\r\nX-A: b",
        "POST /swallow HTTP/1.1\r\nHost: x\r\nContent-Length: 100",
    ] {
        assert_eq!(say(&door.address, said.as_bytes()).await, "", "{said}");
    }
    let slow_body =
        say(&door.address, b"POST /swallow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc").await;
    assert!(slow_body.contains("400") && slow_body.contains("too long"), "{slow_body}");
    // An octet now and then does not make the header's time longer.
    let mut drip = TcpStream::connect(&door.address).await.expect("connect");
    let dripping = async {
        for octet in
            b"GET /who HTTP/1.1\r\nHost: x\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".iter().cycle()
        {
            if drip.write_all(&[*octet]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LATE, dripping).await.expect("closed in time");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_used_one_is_not() {
    let door = door().await;
    let mut stream = TcpStream::connect(&door.address).await.expect("connect");
    for _ in 0..3 {
        stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("write");
        assert!(some(&mut stream).await.contains("200"));
    }
    assert_eq!(to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_connection_in_use_outlives_every_limit() {
    let door = door().await;
    let mut stream = TcpStream::connect(&door.address).await.expect("connect");
    // Five times the header's time, answered too fast for anybody to see a request being worked on.
    for _ in 0..40 {
        stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("write");
        assert!(some(&mut stream).await.contains("200"));
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // A header in two pieces has its whole time each time.
    for _ in 0..4 {
        stream.write_all(b"GET /who HTTP/1.1\r\nHost").await.expect("write");
        tokio::time::sleep(Duration::from_millis(75)).await;
        stream.write_all(b": x\r\n\r\n").await.expect("write");
        assert!(some(&mut stream).await.contains("200"));
    }
}

#[tokio::test]
async fn who_does_not_read_is_closed() {
    let door = door().await;
    let mut stream = TcpStream::connect(&door.address).await.expect("connect");
    stream.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("write");
    // Reading only after the write limit: what the kernel holds comes, then the end.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut total = 0_usize;
    let mut chunk = vec![0; 1 << 20];
    while let Ok(Ok(n @ 1..)) = tokio::time::timeout(LATE, stream.read(&mut chunk)).await {
        total += n;
        assert!(total < 1 << 30, "never cut off");
    }
    assert!(total > 0);
}

#[tokio::test]
async fn too_much_is_refused() {
    let door = door().await;
    let header = format!("GET /who HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "a".repeat(17 * 1024));
    assert!(say(&door.address, header.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let fields = format!("GET /who HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-A: b\r\n".repeat(101));
    assert!(say(&door.address, fields.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let fits = format!(
        "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: {}\r\n\r\n",
        "a".repeat(15 * 1024)
    );
    assert!(say(&door.address, fits.as_bytes()).await.starts_with("HTTP/1.1 200"));
    let announced =
        say(&door.address, b"POST /swallow HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n").await;
    assert!(announced.starts_with("HTTP/1.1 413") && announced.contains("too_large"), "{announced}");
    let chunked = format!(
        "POST /swallow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n",
        "a".repeat(1001)
    );
    assert!(say(&door.address, chunked.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let fits = format!(
        "POST /swallow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n{}",
        "a".repeat(1000)
    );
    assert!(say(&door.address, fits.as_bytes()).await.ends_with("1000 octets"));
}

#[tokio::test]
async fn what_two_servers_could_read_differently_is_refused() {
    let door = door().await;
    for request in [
        "POST /swallow HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        "GET /who\r\n\r\nHTTP/1.1\r\n",
        "GET /who HTTP/1.1\r\nHost: x\r\nX\0Y: z\r\n\r\n",
        "GET /who HTTP/1.1\r\nHost : x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = say(&door.address, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn over_its_limit_the_door_says_503() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, left) = (Arc::clone(&entered), Arc::clone(&leave));
    let waits = get(move || {
        let (seen, left) = (Arc::clone(&seen), Arc::clone(&left));
        async move {
            seen.notify_one();
            left.notified().await;
            "done"
        }
    });
    let door = open(Router::new().route("/", waits), Limits { requests: 1, ..quick() }).await;
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let address = door.address.clone();
    let first = tokio::spawn(async move { say(&address, request).await });
    entered.notified().await;
    let second = say(&door.address, request).await;
    assert!(second.starts_with("HTTP/1.1 503") && second.contains("retry-after: 1"), "{second}");
    leave.notify_one();
    assert!(first.await.expect("task").ends_with("done"));
}

#[tokio::test]
async fn closing_lets_requests_finish() {
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, left) = (Arc::clone(&entered), Arc::clone(&leave));
    let waits = get(move || {
        let (seen, left) = (Arc::clone(&seen), Arc::clone(&left));
        async move {
            seen.notify_one();
            left.notified().await;
            "done"
        }
    });
    let door = open(Router::new().route("/", waits), Limits { grace: LATE, ..quick() }).await;
    let mut idle = TcpStream::connect(&door.address).await.expect("connect");
    let address = door.address.clone();
    let working = tokio::spawn(async move { say(&address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await });
    entered.notified().await;
    door.stop.send(()).expect("still open");
    assert_eq!(to_end(&mut idle).await, "", "an idle connection is closed at once");
    leave.notify_one();
    assert!(working.await.expect("task").ends_with("done"));
    tokio::time::timeout(LATE, door.served).await.expect("ended").expect("task").expect("serve");
    assert!(TcpStream::connect(&door.address).await.is_err());
}

#[tokio::test]
async fn closing_does_not_wait_for_ever() {
    let door = open(Router::new().route("/", get(std::future::pending::<()>)), quick()).await;
    let mut stuck = TcpStream::connect(&door.address).await.expect("connect");
    stuck.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("write");
    door.stop.send(()).expect("still open");
    tokio::time::timeout(LATE, door.served).await.expect("ended").expect("task").expect("serve");
    assert_eq!(to_end(&mut stuck).await, "");
}
