//! The door on a real socket: it opens, counts its callers and closes in good order.

use crate::peer::{Desk, config, ports};
use net::{ListenOptions, Listener};
use std::sync::Arc;
use telnet::Door;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn idle_callers_hear_that_it_closes() {
    let desk = Arc::new(Desk::default());
    let listener =
        Listener::bind("127.0.0.1:0", ListenOptions { name: "telnet", ..ListenOptions::default() })
            .await
            .expect("listener");
    let handle = Door::new(config(), ports(&desk)).start(listener).expect("open");
    let mut caller = BufReader::new(TcpStream::connect(handle.address()).await.expect("connected"));
    let mut line = String::new();
    caller.read_line(&mut line).await.expect("banner");
    assert!(line.starts_with("220 "), "{line}");
    caller.get_mut().write_all(b"LOGI crm secret\r\n").await.expect("write");
    line.clear();
    caller.read_line(&mut line).await.expect("reply");
    assert_eq!(line, "250 Logged in\r\n");
    let address = handle.address();
    assert!(!handle.is_closed());
    handle.stop().await;
    line.clear();
    caller.read_line(&mut line).await.expect("goodbye");
    assert!(line.starts_with("421 "), "{line}");
    line.clear();
    assert_eq!(caller.read_line(&mut line).await.expect("end"), 0);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test(start_paused = true)]
async fn fast_callers_wait_for_their_turn() {
    let desk = Arc::new(Desk::default());
    let paced = telnet::Config { commands_per_second: 10, max_errors: 1000, ..config() };
    let before = tokio::time::sleep(std::time::Duration::from_secs(3600)).deadline();
    let heard = crate::peer::say(paced, &desk, "10.0.0.1", &b"x\r\n".repeat(20), 4096).await;
    let after = tokio::time::sleep(std::time::Duration::from_secs(3600)).deadline();
    assert_eq!(heard.iter().filter(|o| **o == b'\n').count(), 21);
    // The door's clock stands still in this test: the tenth waits 0.1 s more than the ninth, and so on.
    assert!(after - before >= std::time::Duration::from_secs(1), "{:?}", after - before);
}
