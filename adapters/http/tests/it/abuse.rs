//! Front-door abuse on real sockets: what is too large, what would become something else, what is not text.

use crate::{Ask, accepted, sending};
use domain::refusal::{Code, Refusal};
use domain::submission::Content;
use net::{ConnectOptions, ListenOptions, Listener, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use web_kit::Limits;

#[tokio::test]
async fn a_body_one_below_and_one_above_the_limit() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let body = |octets: usize| {
        let frame = r#"{"to":["070"],"text":""}"#;
        format!(r#"{{"to":["070"],"text":"{}"}}"#, "x".repeat(octets - frame.len()))
    };
    assert_eq!(Ask::json("/api/v1/messages", &body(256 * 1024)).of(&app).await.status, 202);
    let above = Ask::json("/api/v1/messages", &body(256 * 1024 + 1)).of(&app).await;
    assert_eq!((above.status, above.header("connection")), (413, "close"));
    assert!(above.body.contains("too_large"));
    assert_eq!(asked.lock().expect("lock").len(), 1);
    let form = Ask::new("POST", "/send").crm().body(&vec![b'x'; 256 * 1024 + 1]).of(&app).await;
    assert!(form.status == 413 && form.body.starts_with("ERR * too_large"), "{}", form.body);
}

#[tokio::test]
async fn over_a_socket() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let served =
        tokio::spawn(web_kit::serve(listener, app, Limits::default(), Box::pin(std::future::pending())));
    let login = "Authorization: Basic Y3JtOmhlbWxpZ3Q=\r\nConnection: close\r\nHost: x\r\n";
    let json = "{\"to\":[\"070\"],\"text\":\"Hej\"}";
    let cases = [
        (
            format!("POST /api/v1/messages HTTP/1.1\r\n{login}Content-Length: {}\r\n\r\n{json}", json.len()),
            "HTTP/1.1 202",
        ),
        (
            format!(
                "POST /api/v1/messages HTTP/1.1\r\n{login}Transfer-Encoding: chunked\r\n\r\n1b\r\n{json}\r\n0\r\n\r\n"
            ),
            "HTTP/1.1 202",
        ),
        (
            format!("POST /api/v1/messages HTTP/1.1\r\n{login}Content-Length: 262145\r\n\r\n{json}"),
            "HTTP/1.1 413",
        ),
        (format!("GET /send?numbers=070&text=a%0D%0AX-Evil:%201 HTTP/1.1\r\n{login}\r\n"), "HTTP/1.1 202"),
        (
            format!("GET /send?numbers=070%0D%0ASet-Cookie:%20a=b&text=x HTTP/1.1\r\n{login}\r\n"),
            "HTTP/1.1 202",
        ),
        (format!("GET /{} HTTP/1.1\r\n{login}\r\n", "a".repeat(20_000)), "HTTP/1.1 4"),
        (format!("GET /../../etc/passwd HTTP/1.1\r\n{login}\r\n"), "HTTP/1.1 404"),
        (format!("HEAD /send?numbers=070&text=x HTTP/1.1\r\n{login}\r\n"), "HTTP/1.1 405"),
        (format!("TRACE / HTTP/1.1\r\n{login}\r\n"), "HTTP/1.1 405"),
    ];
    for (request, expected) in cases {
        let mut stream = connect(&address, &ConnectOptions::default()).await.expect("connect");
        stream.write_all(request.as_bytes()).await.expect("write");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        let first = request.lines().next().unwrap_or_default();
        assert!(answer.starts_with(expected), "{first}: {answer}");
        assert!(
            !answer.to_ascii_lowercase().contains("\r\nset-cookie") && !answer.contains("\r\nX-Evil"),
            "{answer}"
        );
    }
    served.abort();
    assert_eq!(asked.lock().expect("lock").len(), 4);
}

#[tokio::test]
async fn a_refused_input_cannot_make_lines_or_headers() {
    let refusal = Refusal::field(Code::InvalidNumber, "to", "(x\r\nOK 46701234567 1)");
    let (app, _) = sending(Err(refusal));
    let answer = Ask::get("/send?numbers=x&text=y").crm().of(&app).await;
    assert_eq!(answer.body.lines().count(), 1, "{}", answer.body);
    let strange = Ask::json("/api/v1/messages", r#"{"to":["x"],"text":"y"}"#)
        .header("x-request-id", "<script>")
        .of(&app)
        .await;
    assert!(!strange.body.contains("script"), "an id that cannot stand in a log is not given back");
}

#[tokio::test]
async fn strange_texts_come_through_whole() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    for text in ["\u{202e}abc", "a\u{0}b", "\u{200b}", "e\u{301}\u{301}", "<script>alert(1)</script>", "😀"]
    {
        let body = serde_json::json!({ "to": ["070"], "text": text }).to_string();
        assert_eq!(Ask::json("/api/v1/messages", &body).of(&app).await.status, 202, "{text:?}");
        let (_, request) = asked.lock().expect("lock").pop().expect("asked");
        assert_eq!(request.content, Content::Text(text.to_owned()));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Ask::json("/api/v1/messages", &deep).of(&app).await.status, 400);
}

#[tokio::test]
async fn a_door_without_room_says_so_in_each_forms_language() {
    let (app, asked) = sending(Ok(accepted(&["46701234567"], &[])));
    let listener = Listener::bind("127.0.0.1:0", ListenOptions::default()).await.expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let limits = Limits { requests: 0, busy: http_door::busy, ..Limits::default() };
    let served = tokio::spawn(web_kit::serve(listener, app, limits, Box::pin(std::future::pending())));
    for (request, accept, expected) in [
        ("GET /send?numbers=070&text=x", "*/*", "\r\n\r\nERR * busy "),
        ("GET /?numbers=070&text=x", "*/*", "\r\n\r\nERR * busy "),
        ("POST /", "*/*", "\r\n\r\nERR * busy "),
        ("GET /send?numbers=070", "application/xml", "<code>busy</code>"),
        ("GET /send?numbers=070", "application/json", "\"code\":\"busy\""),
        ("GET /cgi-bin/sendsms?to=070", "*/*", "\r\n\r\nTemporal failure, try again later."),
        ("POST /api/v1/messages", "*/*", "\"code\":\"busy\""),
        ("GET /", "*/*", "\"code\":\"busy\""),
    ] {
        let mut stream = connect(&address, &ConnectOptions::default()).await.expect("connect");
        let request =
            format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: {accept}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("write");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(expected), "{request}{answer}");
        assert!(answer.contains("retry-after: 1\r\n"), "{request}{answer}");
    }
    assert!(asked.lock().expect("lock").is_empty());
    served.abort();
}
