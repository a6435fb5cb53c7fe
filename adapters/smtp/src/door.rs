//! The door: what it asks, and how it is opened.

use crate::config::Config;
use crate::relay::{LateReports, MailRelay};
use crate::talk::Talk;
use net::{Listener, OpenDoor};
use ports::driving::{Authenticate, SubmitMessages};
use std::io;
use std::sync::Arc;
use tokio::sync::watch;

/// What the door asks.
#[derive(Clone)]
pub struct Ports {
    /// Who callers are.
    pub authenticate: Arc<dyn Authenticate>,
    /// Takes messages.
    pub submit: Arc<dyn SubmitMessages>,
    /// Sends reports about recipients that are refused late, and tries again while the door is open; without it they are named in the reply only.
    pub relay: Option<Arc<MailRelay>>,
}

/// The mail door.
#[derive(Clone)]
pub struct Door {
    settings: Settings,
    ports: Ports,
}

/// What callers are met with. They can be replaced while the door is open: who comes later meets the new ones, who is inside keeps his.
/// How it listens and how long a stop waits stay as they were when it was opened.
#[derive(Debug, Clone)]
pub struct Settings(watch::Sender<Arc<Config>>);

impl Settings {
    /// Those of now.
    #[must_use]
    pub fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.borrow())
    }

    /// Puts others in their place.
    pub fn replace(&self, config: Config) {
        self.0.send_replace(Arc::new(config));
    }
}

impl Door {
    /// A door that is not open yet.
    #[must_use]
    pub fn new(config: Config, ports: Ports) -> Self {
        Self { settings: Settings(watch::Sender::new(Arc::new(config))), ports }
    }

    /// Its settings, to be kept by who replaces them later.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// Opens the door. When it is stopped, commands under way finish and everybody is told 421.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(self, listener: Listener) -> io::Result<OpenDoor> {
        let patience = self.settings.current().patience;
        let reports = self.ports.relay.clone().map(|relay| Arc::new(LateReports::new(relay)));
        OpenDoor::open("smtp", listener, patience, move |incoming, stop| {
            let (config, ports, reports) = (self.settings.current(), self.ports.clone(), reports.clone());
            async move { Talk::new(incoming.stream, incoming.peer.ip(), config, ports, reports).run(&stop).await }
        })
    }
}
