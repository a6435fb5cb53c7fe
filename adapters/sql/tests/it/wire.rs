//! A wire to a server that can be cut and mended.

use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The wire: connections through it break at each cut, and cannot be made while it is cut.
pub struct Wire {
    whole: Arc<watch::Sender<bool>>,
    /// Where to connect to instead of the server.
    pub address: String,
}

impl Wire {
    /// A whole wire to `host:port`.
    pub async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let whole = Arc::new(watch::Sender::new(true));
        let watched = Arc::clone(&whole);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut state = watched.subscribe();
                if *state.borrow_and_update() {
                    tokio::spawn(carry(near, server.clone(), state));
                }
            }
        });
        Self { whole, address }
    }

    /// Cuts (`false`) or mends (`true`) it.
    pub fn set(&self, whole: bool) {
        self.whole.send_replace(whole);
    }
}

async fn carry(mut near: TcpStream, server: String, mut state: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = state.changed() => {}
    }
}
