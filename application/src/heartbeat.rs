//! Heartbeats: a message by a link to a number of our own and back measures the whole way, and alarms by another link when it does not come.
//!
//! What it knows it keeps in memory: after a restart the next beat begins anew. It never stops a link.

use crate::directory::CurrentDirectory;
use crate::lanes::Lanes;
use crate::submit::Submit;
use domain::access::Sender;
use domain::directory::{Directory, Heartbeat, LinkId, User, UserName};
use domain::message::{Door, Priority};
use domain::submission::Request;
use ports::driven::{Clock, Ids};
use ports::driving::SubmitMessages;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// What every beat begins with.
const WORDS: &str = "omnigate heartbeat";

/// Beats that are on their way, and when they came back.
#[derive(Default)]
pub(crate) struct Beats(Mutex<HashMap<String, Option<Duration>>>);

impl Beats {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Duration>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message came in; it may be one of them.
    pub(crate) fn came(&self, text: &str, now: Duration) {
        if !text.contains(WORDS) {
            return;
        }
        for (mark, back) in self.lock().iter_mut().filter(|(mark, _)| text.contains(mark.as_str())) {
            tracing::debug!(mark, "a heartbeat came back");
            back.get_or_insert(now);
        }
    }
}

/// How a link's beats go.
#[derive(Default)]
struct Pulse {
    next_at: Option<Duration>,
    on_its_way: Option<(String, Duration)>,
    failing: bool,
}

/// The use case.
#[derive(Clone)]
pub(crate) struct Heartbeats {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub submit: Submit,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub beats: Arc<Beats>,
}

impl Heartbeats {
    /// Beats until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut pulses: HashMap<LinkId, Pulse> = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let directory = self.directory.current();
            let beating = directory.links.iter().filter_map(|l| l.heartbeat.as_ref().map(|h| (&l.id, h)));
            for (link, heartbeat) in beating {
                let pulse = pulses.entry(link.clone()).or_default();
                self.look(&directory, link, heartbeat, pulse).await;
            }
        }
    }

    async fn look(&self, directory: &Directory, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Pulse) {
        let now = self.clock.monotonic();
        if let Some((mark, sent_at)) = pulse.on_its_way.clone() {
            let back = self.beats.lock().get(&mark).copied().flatten();
            match back {
                Some(at) => self.well(directory, link, heartbeat, pulse, at.saturating_sub(sent_at)).await,
                None if now.saturating_sub(sent_at) < heartbeat.within => return,
                None => self.ill(directory, link, heartbeat, pulse).await,
            }
            self.beats.lock().remove(&mark);
            pulse.on_its_way = None;
        }
        if pulse.next_at.is_none_or(|at| at <= now) {
            pulse.next_at = Some(now.saturating_add(heartbeat.every));
            let mark = format!("{:x}", self.ids.next());
            self.beats.lock().insert(mark.clone(), None);
            let text = format!("{WORDS} {link} {mark}");
            self.send(link, &heartbeat.to, text, heartbeat.within, Priority::High).await;
            pulse.on_its_way = Some((mark, now));
        }
    }

    async fn well(
        &self,
        directory: &Directory,
        link: &LinkId,
        heartbeat: &Heartbeat,
        pulse: &mut Pulse,
        took: Duration,
    ) {
        metrics::histogram!("omnigate_heartbeat_seconds", "link" => link.to_string())
            .record(took.as_secs_f64());
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(1.0);
        if std::mem::take(&mut pulse.failing) {
            tracing::info!(%link, seconds = took.as_secs_f64(), "the heartbeat is back");
            self.tell(directory, link, heartbeat, format!("Omnigate: {link} heartbeat OK")).await;
        }
    }

    async fn ill(&self, directory: &Directory, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Pulse) {
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(0.0);
        metrics::counter!("omnigate_heartbeat_lost_total", "link" => link.to_string()).increment(1);
        tracing::error!(%link, within = heartbeat.within.as_secs(), "the heartbeat did not come back in time");
        if !std::mem::replace(&mut pulse.failing, true) {
            let seconds = heartbeat.within.as_secs();
            let text = format!("Omnigate: {link} heartbeat not back within {seconds} s");
            self.tell(directory, link, heartbeat, text).await;
        }
    }

    /// Tells people, by another link if one is up.
    async fn tell(&self, directory: &Directory, link: &LinkId, heartbeat: &Heartbeat, text: String) {
        let healths = self.lanes.healths();
        let up = |l: &LinkId| healths.get(l).is_some_and(domain::routing::Health::is_up);
        let other = directory.links.iter().map(|l| &l.id).find(|l| *l != link && up(l));
        let by = other.unwrap_or(link);
        for to in &heartbeat.alarm_to {
            self.send(by, to, text.clone(), Duration::from_hours(4), Priority::Alarm).await;
        }
    }

    async fn send(&self, link: &LinkId, to: &str, text: String, valid_for: Duration, priority: Priority) {
        let Ok(name) = UserName::parse("heartbeat") else { return };
        let sender = Sender::internal(Arc::new(User::named(name)), Door::Reply);
        let mut request = Request::text(vec![to.to_owned()], text);
        request.link = Some(link.to_string());
        request.valid_for = Some(valid_for);
        request.priority = Some(priority);
        if let Err(refusal) = self.submit.submit(&sender, request).await {
            tracing::warn!(%link, %refusal, "a heartbeat was not taken");
        }
    }
}
