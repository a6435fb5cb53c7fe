//! A TAP link: the settings of [`TapConfig`] as an operator link of the session crate. It connects when there is something to send.

use super::config::{TapConfig, Way};
use super::session::TapSession;
use crate::call::{Dialler, Lines};
use crate::port::Ports;
use async_trait::async_trait;
use domain::directory::LinkId;
use net::ConnectOptions;
use ports::driven::{Clock, Ids, Link};
use ports::driving::ReceiveMessages;
use session::{Connection, Dial, LinkOptions, OnDemand, OperatorLink, Role, SessionLimits, Surroundings};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Connecting, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// Starts TAP links.
#[derive(Debug, Clone, Copy)]
pub struct TapLink;

impl TapLink {
    /// Starts a link. `lines` are the modems of this machine, which several links may share. Must be called inside a tokio runtime.
    pub fn start(
        config: TapConfig,
        id: LinkId,
        receiver: Arc<dyn ReceiveMessages>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        lines: &Arc<Lines>,
    ) -> Arc<dyn Link> {
        let dial: Arc<dyn Dial> = match &config.way {
            Way::Call(call) => {
                Arc::new(Dialler::new(&id, call.clone(), Arc::clone(&clock), Arc::clone(lines)))
            }
            Way::Port { serial, .. } => Arc::new(Ports { serial: *serial, drop_dtr: Box::new(|| None) }),
            Way::Hosts { tls, .. } => Arc::new(Tcp(ConnectOptions {
                timeout: CONNECT,
                tls: tls.clone(),
                user_timeout: Some(CONNECT * 2),
            })),
        };
        let options = options(&config);
        let around = Surroundings { receiver, clock, ids, dial };
        let (config, name) = (Arc::new(config), id.clone());
        OperatorLink::converse(id, options, around, move |_: Role, now| {
            TapSession::new(name.clone(), Arc::clone(&config), now)
        })
    }
}

struct Tcp(ConnectOptions);

#[async_trait]
impl Dial for Tcp {
    async fn dial(&self, host: &str) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(net::connect(host, &self.0).await?))
    }
}

fn options(config: &TapConfig) -> LinkOptions {
    let places = match &config.way {
        Way::Hosts { hosts, .. } => hosts.clone(),
        Way::Port { name, .. } => vec![name.clone()],
        Way::Call(call) => call.numbers.clone(),
    };
    LinkOptions {
        sessions: vec![(Role::Send, places)],
        limits: SessionLimits { window: 1, ..SessionLimits::default() },
        rate: config.rate,
        give_back_after: config.give_back_after,
        give_back_alarms_after: config.give_back_after / 3,
        first_pause: config.first_pause,
        longest_pause: config.longest_pause,
        stable_after: Duration::ZERO,
        on_demand: Some(OnDemand { idle: config.idle, every: None }),
        ..LinkOptions::default()
    }
}
