//! A UCP link: the settings of [`UcpConfig`] as an operator link of the session crate.

use crate::config::{ConfigError, UcpConfig};
use crate::dialect::UcpDialect;
use async_trait::async_trait;
use domain::directory::LinkId;
use net::ConnectOptions;
use ports::driven::{Clock, Ids, Link};
use ports::driving::ReceiveMessages;
use session::{Connection, Dial, LinkOptions, OperatorLink, Role, SessionLimits, Surroundings, rotated};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long written octets may stay unacknowledged by the peer's machine.
const USER_TIMEOUT: Duration = Duration::from_secs(20);
/// When a result will not come any more, in response time-outs.
const LATE: u32 = 3;

/// Starts UCP links.
#[derive(Debug, Clone, Copy)]
pub struct UcpLink;

impl UcpLink {
    /// Starts a link over TCP; it connects at once and for ever, until it is stopped. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot be.
    pub fn start(
        config: UcpConfig,
        id: LinkId,
        receiver: Arc<dyn ReceiveMessages>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Arc<dyn Link>, ConfigError> {
        let dial = Tcp(ConnectOptions {
            timeout: config.connect_timeout,
            tls: config.tls.clone(),
            user_timeout: Some(USER_TIMEOUT),
        });
        Self::over(config, id, Surroundings { receiver, clock, ids, dial: Arc::new(dial) })
    }

    /// Starts a link whose connections somebody else makes: by a modem, for instance.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot be.
    pub fn over(config: UcpConfig, id: LinkId, around: Surroundings) -> Result<Arc<dyn Link>, ConfigError> {
        config.check()?;
        let options = options(&config);
        let (config, link) = (Arc::new(config), id.clone());
        Ok(OperatorLink::start(id, options, around, move |_| UcpDialect::new(config.clone(), link.clone())))
    }
}

struct Tcp(ConnectOptions);

#[async_trait]
impl Dial for Tcp {
    async fn dial(&self, host: &str) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(net::connect(host, &self.0).await?))
    }
}

fn options(config: &UcpConfig) -> LinkOptions {
    let turn = |n: usize| if config.spread { n } else { 0 };
    LinkOptions {
        sessions: (0..config.sessions)
            .map(|n| (Role::Both, rotated(config.hosts.clone(), turn(n))))
            .collect(),
        limits: SessionLimits {
            window: config.window,
            replies_ahead: config.replies_ahead,
            bind_timeout: config.login_timeout,
            response_timeout: config.response_timeout,
            late_timeout: config.response_timeout * LATE,
            keep_alive: if config.keep_alive.is_zero() {
                SessionLimits::NO_KEEP_ALIVE
            } else {
                config.keep_alive
            },
            keep_alive_timeout: config.keep_alive_timeout,
            ..SessionLimits::default()
        },
        rate: config.rate,
        give_back_after: config.give_back_after,
        give_back_alarms_after: config.give_back_alarms_after,
        first_pause: config.first_pause,
        longest_pause: config.longest_pause,
        stable_after: if config.on_demand.is_some() {
            Duration::ZERO
        } else {
            LinkOptions::default().stable_after
        },
        on_demand: config.on_demand,
        ..LinkOptions::default()
    }
}
