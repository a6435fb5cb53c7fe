//! A link to an operator by HTTP, as `ports::driven::Link`: requests in a window, at a rate, one reply a shipment always.
//!
//! A request that was written and never answered leaves its messages in doubt; one that was never written gives them back. Throttling (429, 503,
//! `Retry-After`) never counts as a failure. Receipts and received messages come in by the operators' door.

mod breaker;
mod line;
mod pump;
mod shared;

use super::door::{OperatorDoor, Post};
use super::message::Account;
use super::profile::Profile;
use async_trait::async_trait;
use domain::directory::{AddressRange, LinkId};
use domain::routing::Health;
use net::tls::TlsClient;
use ports::driven::{Clock, Ids, Link, LinkReport, Shipment};
use ports::driving::ReceiveMessages;
use secrecy::SecretString;
use shared::Shared;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use web_kit::{ClientOptions, HttpClient};

/// Left to store the last replies when the limit of a stop is used up.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// The settings of a link.
#[derive(Debug, Clone)]
pub struct HttpOperatorConfig {
    /// What the operator's interface is.
    pub profile: Arc<Profile>,
    /// What we are there.
    pub account: Account,
    /// What an operator's call must have in its path; `None` = he is known by his address.
    pub secret: Option<SecretString>,
    /// Where an operator's calls may come from; empty = from anywhere.
    pub addresses: Vec<AddressRange>,
    /// Requests at once.
    pub window: usize,
    /// Messages a second; 0 = no limit.
    pub rate: u32,
    /// For a whole request. 60 s.
    pub timeout: Duration,
    /// For a request that has an alarm in it, where that is shorter; twice what his slowest answers of late took is borne all the same. 15 s.
    pub alarm_timeout: Duration,
    /// How long he may have all that may be under way and answer none of it, before alarms had better go by another link; or twice what his slowest
    /// answers of late took. 10 s.
    pub mute_after: Duration,
    /// For a connection. 10 s.
    pub connect_timeout: Duration,
    /// Whose certificates are believed; `None` = the system's authorities.
    pub tls: Option<TlsClient>,
    /// How long the operator is left alone after he refused the login.
    pub park_for: Duration,
    /// The first pause after a failed connection; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long unsent messages stay while he is away.
    pub give_back_after: Duration,
    /// The same for alarms.
    pub give_back_alarms_after: Duration,
}

impl HttpOperatorConfig {
    /// The usual settings.
    #[must_use]
    pub fn new(profile: Arc<Profile>, account: Account) -> Self {
        Self {
            profile,
            account,
            secret: None,
            addresses: Vec::new(),
            window: 10,
            rate: 0,
            timeout: Duration::from_secs(60),
            alarm_timeout: Duration::from_secs(15),
            mute_after: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            tls: None,
            park_for: Duration::from_secs(300),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            give_back_after: Duration::from_secs(10),
            give_back_alarms_after: Duration::from_secs(3),
        }
    }
}

/// What a link needs of the world.
#[derive(Clone)]
pub struct HttpSurroundings {
    /// Who hears of replies, receipts and messages.
    pub receiver: Arc<dyn ReceiveMessages>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for pauses.
    pub ids: Arc<dyn Ids>,
    /// Where the operator calls us.
    pub door: OperatorDoor,
}

/// A link.
pub struct HttpOperator {
    shared: Arc<Shared>,
    tasks: Mutex<JoinSet<()>>,
    door: OperatorDoor,
    post: u64,
}

impl HttpOperator {
    /// Starts a link. Must be called inside a tokio runtime. Dropping it ends it at once; [`Link::stop`] in good order.
    ///
    /// # Errors
    /// TLS that cannot be set up, a URL that is none.
    pub fn start(
        id: LinkId,
        config: HttpOperatorConfig,
        around: HttpSurroundings,
    ) -> Result<Arc<Self>, String> {
        let options = ClientOptions {
            timeout: config.timeout,
            connect_timeout: config.connect_timeout,
            idle_per_host: config.window,
            tls: config.tls.clone(),
            ..ClientOptions::default()
        };
        let client = HttpClient::new(options).map_err(|e| e.to_string())?;
        let host = shared::host_of(&config.account.url)?;
        let signing = config.account.secrets.get("callback").cloned();
        let (profile, secret, addresses) =
            (Arc::clone(&config.profile), config.secret.clone(), config.addresses.clone());
        let shared = Arc::new(Shared::new(
            id.clone(),
            config,
            around.receiver.clone(),
            around.clock.clone(),
            around.ids,
        ));
        let post = around.door.put_up(Post {
            link: id,
            profile,
            secret,
            addresses,
            signing,
            receiver: around.receiver,
            clock: around.clock,
            meters: Arc::clone(&shared.meters),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(pump::run(Arc::clone(&shared), client, host));
        Ok(Arc::new(Self { shared, tasks: Mutex::new(tasks), door: around.door, post }))
    }
}

impl Drop for HttpOperator {
    fn drop(&mut self) {
        self.door.take_down(&self.shared.id, self.post);
    }
}

#[async_trait]
impl Link for HttpOperator {
    fn id(&self) -> &LinkId {
        &self.shared.id
    }

    fn health(&self) -> Health {
        self.shared.health()
    }

    fn offer(&self, shipments: Vec<Shipment>) -> Vec<Shipment> {
        self.shared.offer(shipments)
    }

    fn recall(&self) {
        self.shared.recall();
    }

    fn hold(&self, held: bool) {
        self.shared.hold(held);
    }

    fn report(&self) -> LinkReport {
        self.shared.report()
    }

    async fn stop(&self, limit: Duration) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.begin_stop();
        let _ = tokio::time::timeout(limit, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
        self.shared.report_returned();
        self.shared.calls.close();
        let _ = tokio::time::timeout(LAST_CALLS, self.shared.calls.wait()).await;
        self.door.take_down(&self.shared.id, self.post);
    }
}
