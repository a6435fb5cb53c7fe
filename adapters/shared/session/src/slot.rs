//! The life of one session of a link: connect, bind, serve, and again, until the link is stopped.
//!
//! Each connection is a task of its own. When it panics, the panic is counted and the next connection is made after a
//! pause like after any other failure: nothing waits for a restart.

use crate::backoff::{Backoff, jittered};
use crate::conversation::Conversation;
use crate::dialect::{Now, Role};
use crate::driver::{Driver, Ended};
use crate::event::Closed;
use crate::logins::{Later, Login, Logins, TRIES};
use crate::options::{Dial, OnDemand};
use crate::shared::Shared;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Between two hosts of one link.
const NEXT_HOST: Duration = Duration::from_millis(200);
/// A wait without an end.
const NEVER: Duration = Duration::from_secs(365 * 86_400);
/// How long an operator that answered nothing has to show first that he hears us. After that he is believed again, should he never answer keep-alives.
const SUSPICION: Duration = Duration::from_secs(300);
/// After the operator said goodbye.
const AFTER_GOODBYE: Duration = Duration::from_secs(5);

/// Makes the machine of a fresh connection.
pub(crate) type Make<C> = dyn Fn(Role, Now) -> C + Send + Sync;

/// One session of a link.
pub(crate) struct Slot<C: Conversation> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) place: usize,
    pub(crate) role: Role,
    pub(crate) hosts: Vec<String>,
    pub(crate) dial: Arc<dyn Dial>,
    pub(crate) make: Arc<Make<C>>,
    pub(crate) logins: Arc<Logins>,
}

/// How a try ended.
enum Try {
    Ended(Ended),
    NoConnection(String),
    Panicked,
}

impl<C: Conversation> Slot<C> {
    /// Runs until the link is stopped.
    pub(crate) async fn run(self) {
        let options = &self.shared.options;
        let mut backoff = Backoff::new(options.first_pause, options.longest_pause);
        let mut turn = 0_usize;
        let mut rested = true;
        let (mut suspect_until, mut doubted) = (None, false);
        while !self.shared.is_stopping() {
            if let Some(demand) = options.on_demand.filter(|_| rested) {
                self.until_wanted(demand).await;
                if self.shared.is_stopping() {
                    break;
                }
            }
            let Some(host) = self.hosts.get(turn % self.hosts.len().max(1)) else { return };
            let Some(login) = self.until_it_may_log_in().await else { break };
            self.shared.set_detail(self.place, format!("connecting to {host}"));
            let is_suspect = suspect_until.is_some_and(|until| self.shared.clock.monotonic() < until);
            let ended = self.attempt(host.clone(), login, (is_suspect, doubted)).await;
            if matches!(&ended, Try::Ended(Ended { why: Closed::Deaf(_), .. })) && !is_suspect {
                suspect_until = Some(self.shared.clock.monotonic() + SUSPICION);
            }
            if let Try::Ended(Ended { why, worked, .. }) = &ended {
                doubted = matches!(why, Closed::Mute(_)) || doubted && !worked;
            }
            // Others may wait for what became of it.
            self.shared.wake_all();
            if self.shared.is_stopping() {
                break;
            }
            rested = options.on_demand.is_some() && self.is_done(&ended);
            if rested {
                turn = 0;
                backoff.reset();
                continue;
            }
            if options.on_demand.is_some() {
                self.shared.ready(false);
            }
            // A connection that is made for work and did none was of no use, however long it was.
            let useful = |worked| worked || options.on_demand.is_none();
            let stable = matches!(&ended, Try::Ended(Ended { bound_for: Some(d), worked, why, .. })
                if *d >= options.stable_after && useful(*worked) && !matches!(why, Closed::Deaf(_) | Closed::Mute(_)));
            if stable {
                backoff.reset();
                turn = 0;
            }
            turn += 1;
            let why = reason(&ended);
            let chance = self.shared.chance();
            let pause = match &ended {
                Try::Ended(Ended { why: Closed::Refused(refusal), .. }) if refusal.login => {
                    let parked = self.logins.refused() >= TRIES;
                    if parked && self.shared.bar(true) {
                        let (link, why) = (&self.shared.id, &refusal.detail);
                        tracing::error!(%link, why, "the link is parked: its operator refuses the login");
                    }
                    if parked { options.login_pause } else { backoff.next_pause(chance) }
                }
                Try::Ended(Ended { why: Closed::Unbound, .. }) => {
                    backoff.next_pause(chance).max(AFTER_GOODBYE.min(options.longest_pause))
                }
                _ if !turn.is_multiple_of(self.hosts.len().max(1)) => jittered(NEXT_HOST, chance),
                // Let in again it would take the next window and answer none of that either: what waits has time to go by another link.
                Try::Ended(Ended { why: Closed::Mute(_), .. }) => {
                    let rest = options.limits.response_timeout.min(options.longest_pause);
                    backoff.next_pause(chance).max(jittered(rest, chance))
                }
                _ => backoff.next_pause(chance),
            };
            self.wait(host, &why, pause).await;
        }
        self.shared.set_detail(self.place, "stopped".to_owned());
    }

    /// Waits until its try cannot be one refused login too many. `None` when the link is stopped.
    async fn until_it_may_log_in(&self) -> Option<Login> {
        let place = self.shared.places.get(self.place)?;
        loop {
            if self.shared.is_stopping() {
                return None;
            }
            let (known, now) = (self.shared.bound_sessions() > 0, self.shared.clock.monotonic());
            let Later(until) = match self.logins.begin(known, now, self.shared.options.login_pause) {
                Ok(login) => return Some(login),
                Err(later) => later,
            };
            self.shared.set_detail(self.place, "waits for another session to be let in".to_owned());
            let pause = until.map_or(NEVER, |until| until.saturating_sub(now));
            tokio::select! {
                () = place.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Waits until there is something to send, or it is time to let the operator deliver.
    async fn until_wanted(&self, demand: OnDemand) {
        let Some(place) = self.shared.places.get(self.place) else { return };
        let detail = "ready: connects when there is something to send";
        self.shared.set_detail(self.place, detail.to_owned());
        let time = tokio::time::sleep(demand.every.unwrap_or(NEVER));
        tokio::pin!(time);
        let wanted = || self.shared.waiting() > 0 && !self.shared.is_held();
        while !self.shared.is_stopping() && !wanted() {
            tokio::select! {
                () = place.wake.notified() => {}
                () = &mut time => return,
            }
        }
    }

    /// Whether a connection on demand has done what it was made for.
    fn is_done(&self, ended: &Try) -> bool {
        let Try::Ended(Ended { why, bound_for, worked, in_vain }) = ended else { return false };
        let orderly = matches!(why, Closed::Finished | Closed::Unbound) && bound_for.is_some();
        // One that ends with everything still to be done is a failure, or it would be made again and again. What it gave back does not
        // wait here any more, and would be offered again at once.
        orderly && (*worked || !in_vain && (self.shared.waiting() == 0 || self.shared.is_held()))
    }

    /// One connection, in its own task, which ends when this future is dropped.
    async fn attempt(&self, host: String, login: Login, (is_suspect, doubted): (bool, bool)) -> Try {
        let (shared, dial, make) = (self.shared.clone(), self.dial.clone(), self.make.clone());
        let (place, role) = (self.place, self.role);
        shared.meters.connects.increment(1);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let connection = tokio::select! {
                connection = dial.dial(&host) => connection,
                () = stopped(&shared, place) => return Try::NoConnection("stopped".to_owned()),
            };
            match connection {
                Ok(connection) => {
                    shared.set_detail(place, format!("binding to {host}"));
                    let mut session = make(role, shared.now());
                    if is_suspect {
                        session.suspect(shared.now());
                    }
                    if doubted {
                        session.doubt();
                    }
                    let driver = Driver::new(shared, (place, role), host, session, login);
                    Try::Ended(driver.run(connection).await)
                }
                Err(error) => Try::NoConnection(error.to_string()),
            }
        });
        match task.join_next().await {
            Some(Ok(ended)) => ended,
            _ => {
                self.shared.meters.panics.increment(1);
                Try::Panicked
            }
        }
    }

    async fn wait(&self, host: &str, why: &str, pause: Duration) {
        let next = if pause.as_secs() >= 120 {
            format!("{} min", pause.as_secs() / 60)
        } else {
            format!("{:.1} s", pause.as_secs_f64())
        };
        tracing::warn!(link = %self.shared.id, session = self.place, host, why, next, "not bound");
        // A connection that was refused names the host itself.
        let why = why.strip_prefix(host).map_or(why, |why| why.trim_start_matches([':', ' ']));
        self.shared.set_pause(self.place, format!("{host}: {why}"), pause);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopped(&self.shared, self.place) => {}
        }
    }
}

/// Waits until the link is being stopped.
async fn stopped(shared: &Shared, place: usize) {
    let Some(place) = shared.places.get(place) else { return };
    while !shared.is_stopping() {
        place.wake.notified().await;
    }
}

fn reason(ended: &Try) -> String {
    match ended {
        Try::NoConnection(why) => why.clone(),
        Try::Panicked => "an error in the gateway itself".to_owned(),
        Try::Ended(Ended { why, .. }) => match why {
            Closed::Refused(refusal) => format!("bind refused: {}", refusal.detail),
            Closed::Unbound => "the operator said goodbye".to_owned(),
            Closed::Finished => "closed".to_owned(),
            Closed::Broken(why) | Closed::Deaf(why) | Closed::Mute(why) => why.clone(),
        },
    }
}
