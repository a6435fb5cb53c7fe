//! The door: what it asks, and how it is opened.

use crate::config::Config;
use crate::relay::{LateReports, MailRelay};
use crate::talk::Talk;
use net::{Current, Listener, OpenDoor};
use ports::driving::{Authenticate, SubmitMessages};
use std::io;
use std::sync::Arc;

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
        let reports = self.ports.relay.clone().map(|relay| Arc::new(LateReports::new(relay)));
        OpenDoor::open("smtp", listener, patience, move |incoming, stop| {
            let (config, ports, reports) = (self.settings.get(), self.ports.clone(), reports.clone());
            async move { Talk::new(incoming.stream, incoming.peer.ip(), config, ports, reports).run(&stop).await }
        })
    }
}
