//! The settings of a session and of a link, and how a link gets its connections.

use crate::dialect::Role;
use async_trait::async_trait;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// The time limits and the window of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// How many segments may wait for their reply.
    pub window: usize,
    /// How many replies may be on their way to the disk beyond that before nothing new is written. 0: what waits for its reply and what
    /// waits for the disk are together at most the window, and no more than that can be sent twice after a crash.
    pub replies_ahead: usize,
    /// How long a bind may take.
    pub bind_timeout: Duration,
    /// When a reply is late. After twice this, if later ones came, its place in the window is given to the next.
    pub response_timeout: Duration,
    /// When a reply will not come any more, from the time of writing: the segment is in doubt.
    pub late_timeout: Duration,
    /// How long silence is borne before a keep-alive is sent.
    pub keep_alive: Duration,
    /// How long its answer may take before the session counts as dead.
    pub keep_alive_timeout: Duration,
    /// How long the answer to our goodbye is waited for.
    pub unbind_timeout: Duration,
}

impl SessionLimits {
    /// As [`SessionLimits::keep_alive`]: the peer knows no keep-alives.
    pub const NO_KEEP_ALIVE: Duration = Duration::from_secs(365 * 86_400);
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            window: 10,
            replies_ahead: 0,
            bind_timeout: Duration::from_secs(30),
            response_timeout: Duration::from_secs(60),
            late_timeout: Duration::from_secs(180),
            keep_alive: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(10),
            unbind_timeout: Duration::from_secs(5),
        }
    }
}

/// The settings of a link.
#[derive(Debug, Clone)]
pub struct LinkOptions {
    /// What each session is for and which hosts it tries, in order (failover). One entry, one session.
    pub sessions: Vec<(Role, Vec<String>)>,
    /// Of each session.
    pub limits: SessionLimits,
    /// Segments a second of all sessions together; 0 = no limit.
    pub rate: u32,
    /// Messages taken beyond what is written, at most; `None` = by window and rate.
    pub most_waiting: Option<usize>,
    /// How long unsent messages stay with a link that is not bound before they are given back.
    pub give_back_after: Duration,
    /// The same for alarms.
    pub give_back_alarms_after: Duration,
    /// How long octets may wait to be written before the connection counts as dead.
    pub write_timeout: Duration,
    /// The first pause before connecting again; it doubles up to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause before connecting again.
    pub longest_pause: Duration,
    /// The pause after three refused logins.
    pub login_pause: Duration,
    /// After being bound so long, the pauses begin again from the first.
    pub stable_after: Duration,
    /// A connection costs something (a call): it is made when there is something to send and ended afterwards. `None` = always connected.
    pub on_demand: Option<OnDemand>,
}

/// When a connection that costs something is made and ended. Meanwhile the link counts as up; after a try that failed it is down, and
/// is tried again by its pauses until one succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDemand {
    /// How long a connection with nothing to do is kept.
    pub idle: Duration,
    /// How often one is made although nothing waits, so that the operator can deliver; `None` = never.
    pub every: Option<Duration>,
}

impl Default for LinkOptions {
    fn default() -> Self {
        Self {
            sessions: Vec::new(),
            limits: SessionLimits::default(),
            rate: 0,
            most_waiting: None,
            give_back_after: Duration::from_secs(10),
            give_back_alarms_after: Duration::from_secs(3),
            write_timeout: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            login_pause: Duration::from_secs(300),
            stable_after: Duration::from_secs(60),
            on_demand: None,
        }
    }
}

impl LinkOptions {
    /// How many messages the link takes beyond what it has written: twenty times the windows and at least 200, so that what bursts in
    /// need not be read back from the store; but no more than two seconds of its rate.
    #[must_use]
    pub fn capacity(&self) -> usize {
        let senders = self.sessions.iter().filter(|(role, _)| role.sends()).count().max(1);
        let most = (20 * self.limits.window * senders).clamp(200, 10_000);
        let most = self.most_waiting.map_or(most, |limit| most.min(limit.max(1)));
        match usize::try_from(self.rate) {
            Ok(rate) if rate > 0 => most.min((2 * rate).max(2)),
            _ => most,
        }
    }
}

/// The hosts of the n-th of several sessions that share the load: each begins with another, and falls over to the next.
#[must_use]
pub fn rotated(mut hosts: Vec<String>, n: usize) -> Vec<String> {
    let by = n.checked_rem(hosts.len()).unwrap_or(0);
    hosts.rotate_left(by);
    hosts
}

/// Something to read from and write to.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Makes connections; TCP, TLS or, in tests, pipes.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Connects within the dialler's own time limit.
    ///
    /// # Errors
    /// Why not, with the host in the text.
    async fn dial(&self, host: &str) -> io::Result<Box<dyn Connection>>;
}
