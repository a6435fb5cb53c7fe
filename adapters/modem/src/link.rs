//! A GSM link: the settings of [`GsmConfig`] as an operator link of the session crate, with somebody who watches it.
//!
//! One terminal is one link; several share the load as a balanced group of a route.

use crate::config::GsmConfig;
use crate::notes::Notes;
use crate::port::{Flow, Ports, Pulse, SerialOptions};
use crate::state::{Rung, State};
use crate::supervise;
use crate::terminal::Terminal;
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::routing::Health;
use ports::driven::{Clock, Ids, Link, LinkReport, Notices, Shipment};
use ports::driving::ReceiveMessages;
use session::{LinkOptions, OperatorLink, Role, SessionLimits, Surroundings};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// What a GSM link needs of the world.
#[derive(Clone)]
pub struct GsmSurroundings {
    /// Who hears of replies, receipts and messages.
    pub receiver: Arc<dyn ReceiveMessages>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for pauses.
    pub ids: Arc<dyn Ids>,
    /// Who tells people of troubles.
    pub notices: Arc<dyn Notices>,
}

/// A GSM terminal as a link.
pub struct GsmLink {
    link: Arc<OperatorLink>,
    watch: JoinHandle<()>,
}

impl GsmLink {
    /// Starts a link; it opens its port at once and for ever, until it is stopped. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When its notes cannot be read: without them a PIN might be tried once too often.
    pub fn start(config: GsmConfig, id: LinkId, around: GsmSurroundings) -> io::Result<Arc<dyn Link>> {
        let state = Arc::new(State::new(id.as_str(), Notes::open(&config.notes)?));
        let config = Arc::new(config);
        let asked = Arc::clone(&state);
        let dial = Ports {
            serial: SerialOptions {
                baud: config.baud,
                flow: if config.handshake { Flow::Hardware } else { Flow::None },
                seven_even: false,
            },
            drop_dtr: Box::new(move || (asked.rung() == Rung::DropDtr).then_some(Pulse::POWER)),
        };
        let GsmSurroundings { receiver, clock, ids, notices } = around;
        let (name, settings, shared) = (id.clone(), Arc::clone(&config), Arc::clone(&state));
        let make =
            move |_: Role, now| Terminal::new(name.clone(), Arc::clone(&settings), Arc::clone(&shared), now);
        let world = Surroundings { receiver, clock: Arc::clone(&clock), ids, dial: Arc::new(dial) };
        let link = OperatorLink::converse(id, options(&config), world, make);
        let watch = tokio::spawn(supervise::watch(Arc::downgrade(&link), config, state, clock, notices));
        Ok(Arc::new(Self { link, watch }))
    }
}

impl Drop for GsmLink {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

fn options(config: &GsmConfig) -> LinkOptions {
    LinkOptions {
        sessions: vec![(Role::Both, vec![config.port.clone()])],
        limits: SessionLimits { window: 1, ..SessionLimits::default() },
        rate: config.rate,
        give_back_after: config.give_back_after,
        first_pause: config.first_pause,
        longest_pause: config.longest_pause,
        // A modem takes about ten messages a minute: what stands in its queue could go by another.
        most_waiting: Some(20),
        ..LinkOptions::default()
    }
}

#[async_trait]
impl Link for GsmLink {
    fn id(&self) -> &LinkId {
        self.link.id()
    }

    fn health(&self) -> Health {
        self.link.health()
    }

    fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment> {
        self.link.offer(shipments)
    }

    fn recall(&self) {
        self.link.recall();
    }

    fn hold(&self, held: bool) {
        self.link.hold(held);
    }

    fn report(&self) -> LinkReport {
        self.link.report()
    }

    async fn stop(&self, limit: Duration) {
        self.watch.abort();
        self.link.stop(limit).await;
    }
}
