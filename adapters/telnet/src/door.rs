//! The door: what it asks, and how it is opened.

use crate::config::Config;
use crate::talk::Talk;
use net::{Current, Listener, OpenDoor};
use ports::driven::Clock;
use ports::driving::{Authenticate, QueryMessages, SubmitMessages};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// What the door asks.
#[derive(Clone)]
pub struct Ports {
    /// Who callers are.
    pub authenticate: Arc<dyn Authenticate>,
    /// Takes messages.
    pub submit: Arc<dyn SubmitMessages>,
    /// Knows about messages.
    pub query: Arc<dyn QueryMessages>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The text door.
#[derive(Clone)]
pub struct Door {
    settings: Current<Config>,
    ports: Ports,
}

impl Door {
    /// A door that is not open yet.
    #[must_use]
    pub fn new(config: Config, ports: Ports) -> Self {
        Self { settings: Current::new(config), ports }
    }

    /// Its settings, to be kept by who replaces them later.
    #[must_use]
    pub fn settings(&self) -> Current<Config> {
        self.settings.clone()
    }

    /// Opens the door. When it is stopped, commands under way finish and everybody is told 421.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(self, listener: Listener) -> io::Result<OpenDoor> {
        let patience = self.settings.get().patience;
        OpenDoor::open("telnet", listener, patience, move |incoming, stop| {
            let door = self.clone();
            async move { door.talk(incoming.stream, incoming.peer.ip(), &stop).await }
        })
    }

    /// Talks with one peer on any stream, until either has enough or `stop` comes.
    ///
    /// # Errors
    /// When the stream fails or the peer does not read.
    pub async fn talk<S>(&self, stream: S, peer: IpAddr, stop: &CancellationToken) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        Talk::new(stream, peer, self.settings.get(), self.ports.clone()).run(stop).await
    }
}
