//! E2: connections that lie idle, as every client with a pool has them, take no place from who has something to ask; and a gateway without room
//! says so to each in his own language.

use blackbox::clock::eventually;
use blackbox::gateway::Gateway;
use blackbox::http::{Request, once};
use blackbox::settings::{PASSWORD, Settings, USER};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// More than one address may have.
const POOL: usize = 60;
const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
/// A request whose body never comes. It is told when the body is waited for.
const UNDER_WAY: &[u8] = b"POST /send HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
      Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\n";

fn open(address: SocketAddr, octets: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    stream.write_all(octets).expect("sent");
    stream
}

fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..length]).chars().skip("HTTP/1.1 ".len()).take(3).collect()
}

/// A request that is being worked on. What was asked before it may still have had the only place.
fn under_way(address: SocketAddr) -> TcpStream {
    eventually("a request under way", || {
        let mut one = open(address, UNDER_WAY);
        (status(&mut one) == "100").then_some(one)
    })
}

fn message(n: usize) -> Request {
    let text = serde_json::json!({ "to": ["0701234567"], "text": format!("program {n}") });
    Request::json("/api/v1/messages", &text).basic(USER, PASSWORD)
}

#[test]
fn a_pool_of_idle_connections_shuts_nobody_out() {
    let gateway = Gateway::start(&Settings::default());
    let http = gateway.doors().http;
    let mut pool: Vec<TcpStream> = Vec::new();
    for _ in 0..POOL {
        let mut one = open(http, LIVE);
        assert_eq!(status(&mut one), "200");
        pool.push(one);
    }
    for n in 0..20 {
        assert_eq!(once(http, &message(n)).expect("an answer").status, 202);
    }
    // With a request under way they count.
    let busy: Vec<TcpStream> = (0..POOL).map(|_| open(http, UNDER_WAY)).collect();
    eventually("a refusal", || {
        let mut answer = String::new();
        let _ = open(http, LIVE).read_to_string(&mut answer);
        answer.starts_with("HTTP/1.1 503").then_some(())
    });
    drop(busy);
    eventually("room", || once(http, &message(0)).is_ok_and(|answer| answer.status == 202).then_some(()));
}

#[test]
fn a_gateway_without_room_says_so_in_the_callers_language() {
    let mut gateway = Gateway::prepare(&Settings::default());
    let text = std::fs::read_to_string(gateway.config()).expect("a configuration");
    let section = "[http]\nlisten = \"127.0.0.1:0\"\n";
    let text = text.replace(section, &format!("{section}max_requests = 1\n"));
    std::fs::write(gateway.config(), text).expect("written");
    gateway.restart();
    let http = gateway.doors().http;
    let form = Request::get("/send?numbers=0701234567&text=Hej");
    let said = |request: &Request, words: &str| {
        // One for each: it is given up when its body does not come.
        let _under_way = under_way(http);
        eventually(words, || {
            let answer = once(http, request).ok()?;
            answer.text().contains(words).then_some(answer.status)
        })
    };
    assert_eq!(said(&form, "ERR * busy "), 503);
    assert_eq!(
        said(&Request::get("/cgi-bin/sendsms?to=0701234567"), "Temporal failure, try again later."),
        503
    );
    assert_eq!(said(&message(0), "\"code\":\"busy\""), 503);
    assert_eq!(said(&Request::post("/soap/gateway", "text/xml", "<x/>"), "<code>busy</code>"), 500);
}
