//! The client.

use super::{Door, open};
use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::time::Duration;
use web_kit::{Call, CallError, ClientOptions, HttpClient, Limits};

async fn door() -> Door {
    let app = Router::new()
        .route(
            "/echo",
            post(|headers: HeaderMap, body: Bytes| async move {
                let sent =
                    headers.get("x-event").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
                format!("{sent} {}", String::from_utf8_lossy(&body))
            }),
        )
        .route("/away", get(|| async { Redirect::temporary("/echo") }))
        .route("/long", get(|| async { "x".repeat(100_000) }))
        .route("/never", get(std::future::pending::<()>));
    open(app, Limits::default()).await
}

fn client(options: ClientOptions) -> HttpClient {
    net::tls::install_provider();
    HttpClient::new(options).expect("client")
}

fn get_of(url: String) -> Call {
    Call { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
}

#[tokio::test]
async fn what_comes_back() {
    let door = door().await;
    let client = client(ClientOptions::default());
    let url = |path: &str| format!("http://{}{path}", door.address);
    let headers =
        HeaderMap::from_iter([(http::HeaderName::from_static("x-event"), "e1".parse().expect("value"))]);
    let call = Call { method: Method::POST, url: url("/echo"), headers, body: Bytes::from("hej") };
    let reply = client.call(call).await.expect("reply");
    assert_eq!((reply.status.as_u16(), reply.body.as_ref()), (200, b"e1 hej".as_slice()));
    assert!(reply.content_type.starts_with("text/plain"));
    assert_eq!(
        client.call(get_of(url("/away"))).await.expect("reply").status.as_u16(),
        307,
        "redirects are not followed"
    );
    assert_eq!(client.call(get_of(url("/long"))).await.expect("reply").body.len(), 64 * 1024);
    assert_eq!(client.call(get_of(url("/none"))).await.expect("reply").status.as_u16(), 404);
}

#[tokio::test]
async fn what_does_not() {
    let door = door().await;
    let client = client(ClientOptions {
        timeout: Duration::from_millis(200),
        deny: vec!["127.0.0.2".parse().expect("range")],
        ..ClientOptions::default()
    });
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let cases = [
        (format!("http://{}/never", door.address), CallError::Unreachable("no answer in time".into())),
        ("ftp://x/".into(), CallError::Refused("ftp://x/: neither http nor https".into())),
        (
            "http://169.254.169.254/latest".into(),
            CallError::Refused("169.254.169.254 leads to an address that may not be called".into()),
        ),
        (
            "http://127.0.0.2/".into(),
            CallError::Refused("127.0.0.2 leads to an address that may not be called".into()),
        ),
    ];
    for (url, expected) in cases {
        assert_eq!(client.call(get_of(url)).await.map(|r| r.status), Err(expected));
    }
    let refused = client.call(get_of(format!("http://{closed}/"))).await.map(|r| r.status);
    assert!(
        matches!(&refused, Err(CallError::NotConnected(text)) if text.contains("refused")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_name_that_leads_to_a_closed_place_is_refused_when_connecting() {
    let client = client(ClientOptions {
        deny: vec!["127.0.0.0/8".parse().expect("range"), "::1".parse().expect("range")],
        ..ClientOptions::default()
    });
    let refused = client.call(get_of("http://localhost:9/".into())).await.map(|r| r.status);
    assert_eq!(
        refused,
        Err(CallError::Refused("localhost leads to an address that may not be called".into()))
    );
}
