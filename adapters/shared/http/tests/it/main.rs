//! The accept loop against callers who dawdle, shout or vanish, and the client against servers that do.

mod calling;
mod places;
mod serving;

use axum::Router;
use net::{ListenOptions, Listener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web_kit::{Limits, serve};

/// Longer than any limit set in these tests: what has not happened by then never will.
const LATE: Duration = Duration::from_secs(10);

struct Door {
    address: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

async fn open(app: Router, limits: Limits) -> Door {
    open_with(app, limits, ListenOptions::default()).await
}

async fn open_with(app: Router, limits: Limits, options: ListenOptions) -> Door {
    let listener = Listener::bind("127.0.0.1:0", options).await.expect("bind");
    let address = listener.local_addr().expect("address").to_string();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(
        listener,
        app,
        limits,
        Box::pin(async {
            let _ = stopped.await;
        }),
    ));
    Door { address, stop, served }
}

/// Sends octets and reads until the other side closes.
async fn say(address: &str, octets: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connect");
    stream.write_all(octets).await.expect("write");
    to_end(&mut stream).await
}

async fn to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let end = tokio::time::timeout(LATE, stream.read_to_end(&mut answer)).await.expect("closed in time");
    // A reset is an end as well.
    let _ = end;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer's header and no more than has come with it.
async fn some(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let n = tokio::time::timeout(LATE, stream.read(&mut answer)).await.expect("in time").expect("read");
    String::from_utf8_lossy(answer.get(..n).unwrap_or_default()).into_owned()
}
