//! Section 5, slow clients: silent ones, one octet, half a header, a slow body, half a TLS hello. All are closed in time and
//! nobody else notices.

use crate::story::send;
use blackbox::clock::{PATIENCE, within};
use blackbox::gateway::Gateway;
use blackbox::settings::Settings;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Clients of each kind; five kinds stay under the door's limit for one address.
const EACH: usize = 9;
const KINDS: [&[u8]; 5] = [
    b"",
    b"P",
    b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\n",
    b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    b"\x16\x03\x01\x02\x00\x01",
];

fn open(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(bytes).expect("sent");
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out");
    stream
}

fn closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => {
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
        }
    }
}

#[test]
fn http_closes_them_and_serves_the_others() {
    let gateway = Gateway::start(&Settings::default());
    let mut clients: Vec<TcpStream> =
        KINDS.iter().flat_map(|bytes| (0..EACH).map(|_| open(gateway.doors().http, bytes))).collect();
    send(&gateway, 0, 5);
    let gone = within(PATIENCE, || {
        clients.retain_mut(|client| !closed(client));
        clients.is_empty().then_some(())
    });
    assert!(gone.is_some(), "{} clients are still there", clients.len());
}

#[test]
fn one_address_cannot_take_every_connection() {
    let gateway = Gateway::start(&Settings::default());
    let mut clients: Vec<TcpStream> = (0..80).map(|_| open(gateway.doors().telnet, b"")).collect();
    let refused = within(PATIENCE, || {
        let before = clients.len();
        clients.retain_mut(|client| !closed(client));
        (before > clients.len() || clients.len() < 80).then_some(())
    });
    assert!(refused.is_some(), "80 connections from one address, and none was refused");
}
