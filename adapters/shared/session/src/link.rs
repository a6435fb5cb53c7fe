//! A link: several sessions behind one queue, as `ports::driven::Link`.
//!
//! Its keeper reports what no session can (given back, left over from a session that died) and is the watchdog of messages
//! that wait for a link that does not come back.

use crate::conversation::Conversation;
use crate::dialect::{Dialect, Now, Role};
use crate::logins::Logins;
use crate::options::{Dial, LinkOptions};
use crate::session::Session;
use crate::shared::Shared;
use crate::slot::{Make, Slot};
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::routing::Health;
use ports::driven::{Clock, Ids, Link, LinkReport, Shipment, Withdrawal, Withdrawn};
use ports::driving::ReceiveMessages;
use std::sync::atomic::Ordering::Acquire;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// How often the keeper looks.
const ROUND: Duration = Duration::from_millis(250);
/// Left to store the last replies when the limit of a stop is used up.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// How often and how long to wait for aborted sessions to give back what they have.
const DROP_ROUNDS: usize = 100;
const DROP_ROUND: Duration = Duration::from_millis(10);

/// What a link needs of the world.
#[derive(Clone)]
pub struct Surroundings {
    /// Who hears of replies, receipts and messages.
    pub receiver: Arc<dyn ReceiveMessages>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for pauses.
    pub ids: Arc<dyn Ids>,
    /// Connections.
    pub dial: Arc<dyn Dial>,
}

/// A link whose sessions speak one dialect.
pub struct OperatorLink {
    shared: Arc<Shared>,
    protocol: &'static str,
    withdraws: bool,
    tasks: Mutex<JoinSet<()>>,
}

impl OperatorLink {
    /// Starts the sessions of a link, each with its own dialect. Must be called inside a tokio runtime. Dropping the link ends
    /// them at once; [`Link::stop`] in good order.
    pub fn start<D: Dialect>(
        id: LinkId,
        options: LinkOptions,
        around: Surroundings,
        dialect: impl Fn(Role) -> D + Send + Sync + 'static,
    ) -> Arc<Self> {
        let limits = options.limits;
        Self::converse(id, options, around, move |role, now| Session::new(dialect(role), limits, now))
    }

    /// The same with machines of another kind: one is made for each connection.
    pub fn converse<C: Conversation>(
        id: LinkId,
        options: LinkOptions,
        around: Surroundings,
        make: impl Fn(Role, Now) -> C + Send + Sync + 'static,
    ) -> Arc<Self> {
        let sessions = options.sessions.clone();
        let window: usize =
            sessions.iter().filter(|(role, _)| role.sends()).map(|_| options.limits.window).sum();
        let shared = Arc::new(Shared::new(id, options, around.receiver, around.clock, around.ids));
        shared.meters.window.set(window as f64);
        shared.meters.up.set(if shared.options.on_demand.is_some() { 1.0 } else { 0.0 });
        let make: Arc<Make<C>> = Arc::new(make);
        let mut tasks = JoinSet::new();
        let account = Arc::new(Logins::default());
        for (place, (role, hosts)) in sessions.into_iter().enumerate() {
            let (shared, dial, make) = (shared.clone(), around.dial.clone(), make.clone());
            let logins = if C::ONE_ACCOUNT { account.clone() } else { Arc::default() };
            tasks.spawn(Slot { shared, place, role, hosts, dial, make, logins }.run());
        }
        tasks.spawn(keep(shared.clone()));
        Arc::new(Self { shared, protocol: C::PROTOCOL, withdraws: C::WITHDRAWS, tasks: Mutex::new(tasks) })
    }

    /// Segments a second that the link allows itself at the moment; `None` = no limit.
    #[must_use]
    pub fn pace(&self) -> Option<f64> {
        self.shared.pace()
    }
}

#[async_trait]
impl Link for OperatorLink {
    fn id(&self) -> &LinkId {
        &self.shared.id
    }

    fn health(&self) -> Health {
        self.shared.health()
    }

    fn sends(&self) -> bool {
        self.shared.sends
    }

    fn is_deaf(&self) -> bool {
        self.shared.is_deaf()
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

    fn withdraws(&self) -> Option<bool> {
        self.withdraws.then(|| self.shared.may_withdraw())
    }

    async fn withdraw(&self, what: Withdrawal) -> Withdrawn {
        if self.withdraws { self.shared.withdraw(what).await } else { Withdrawn::NotOffered }
    }

    fn report(&self) -> LinkReport {
        let held = if self.shared.is_held() { "held; " } else { "" };
        LinkReport {
            id: self.shared.id.clone(),
            protocol: self.protocol,
            health: self.shared.health(),
            detail: format!("{held}{}", self.shared.details()),
            next_try: self.shared.next_try(),
            sessions: self.shared.bound_sessions(),
            in_flight: self.shared.all_in_flight(),
            waiting: self.shared.waiting(),
        }
    }

    async fn stop(&self, limit: Duration) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.begin_stop();
        // The keeper never ends by itself: it reports to the last.
        let sessions = async { while tasks.len() > 1 && tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(limit, sessions).await;
        tasks.shutdown().await;
        for _ in 0..DROP_ROUNDS {
            self.shared.report_returned();
            if self.shared.working.load(Acquire) == 0 {
                break;
            }
            // Aborted tasks are dropped by the runtime in its own time.
            tokio::time::sleep(DROP_ROUND).await;
        }
        self.shared.report_returned();
        self.shared.calls.close();
        let _ = tokio::time::timeout(LAST_CALLS, self.shared.calls.wait()).await;
    }
}

/// The keeper.
async fn keep(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.keeper.notified() => {}
            () = tokio::time::sleep(ROUND) => shared.give_back_overdue(shared.clock.monotonic()),
        }
        shared.report_returned();
    }
}
