//! Where modems are: serial and USB ports, pseudo-terminals, and terminal servers over TCP.
//!
//! Gives connections and nothing else; it never speaks to a modem. A port that is not there is an error like any other and is
//! tried again: names under `/dev/serial/by-id/` last while a modem is unplugged and plugged in.

mod serial;

use async_trait::async_trait;
use net::ConnectOptions;
use session::{Connection, Dial};
use std::io;
use std::time::Duration;

pub use serial::{Flow, SerialOptions};

/// What a terminal server's name begins with.
pub const TCP: &str = "tcp://";

/// How long a terminal server may take to answer.
const CONNECT: Duration = Duration::from_secs(10);

/// Whether DTR is to be dropped before a port is used.
pub type DropDtr = dyn Fn() -> bool + Send + Sync;

/// Opens ports.
pub struct Ports {
    /// How serial ports are set.
    pub serial: SerialOptions,
    /// Asked at each opening.
    pub drop_dtr: Box<DropDtr>,
}

#[async_trait]
impl Dial for Ports {
    async fn dial(&self, name: &str) -> io::Result<Box<dyn Connection>> {
        if let Some(host) = name.strip_prefix(TCP) {
            let options = ConnectOptions { timeout: CONNECT, tls: None, user_timeout: Some(CONNECT * 2) };
            return Ok(Box::new(net::connect(host, &options).await?));
        }
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
        let port = serial::open(name, self.serial, (self.drop_dtr)()).await.map_err(told)?;
        Ok(Box::new(port))
    }
}
