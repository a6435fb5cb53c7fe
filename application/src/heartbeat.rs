//! Heartbeats: a message by a link to a number of our own and back measures the whole way, and alarms by another way when it does not come.
//!
//! What it knows it keeps in memory: after a restart the next beat begins anew. It never stops a link.

use crate::alarms::{Alarm, Alarms, send};
use crate::directory::CurrentDirectory;
use crate::submit::Submit;
use domain::directory::{Heartbeat, LinkId};
use domain::message::Priority;
use domain::submission::Request;
use ports::driven::{Clock, Ids, Trouble};
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
    failing_since: Option<Duration>,
}

/// The use case.
#[derive(Clone)]
pub(crate) struct Heartbeats {
    pub directory: Arc<CurrentDirectory>,
    pub submit: Submit,
    pub alarms: Alarms,
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
                self.look(link, heartbeat, pulse).await;
            }
        }
    }

    async fn look(&self, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Pulse) {
        let now = self.clock.monotonic();
        if let Some((mark, sent_at)) = pulse.on_its_way.clone() {
            let back = self.beats.lock().get(&mark).copied().flatten();
            match back {
                Some(at) => self.well(link, heartbeat, pulse, at.saturating_sub(sent_at)).await,
                None if now.saturating_sub(sent_at) < heartbeat.within => return,
                None => self.ill(link, heartbeat, pulse).await,
            }
            self.beats.lock().remove(&mark);
            pulse.on_its_way = None;
        }
        if pulse.next_at.is_none_or(|at| at <= now) {
            pulse.next_at = Some(now.saturating_add(heartbeat.every));
            let mark = format!("{:x}", self.ids.next());
            self.beats.lock().insert(mark.clone(), None);
            let text = format!("{WORDS} {link} {mark}");
            let request = Request {
                link: Some(link.to_string()),
                valid_for: Some(heartbeat.within),
                priority: Some(Priority::High),
                ..Request::text([heartbeat.to.as_str()], text)
            };
            if let Err(refusal) = send(&self.submit, request).await {
                tracing::warn!(%link, %refusal, "a heartbeat was not taken");
            }
            pulse.on_its_way = Some((mark, now));
        }
    }

    async fn well(&self, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Pulse, took: Duration) {
        metrics::histogram!("omnigate_heartbeat_seconds", "link" => link.to_string())
            .record(took.as_secs_f64());
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(1.0);
        if let Some(since) = pulse.failing_since.take() {
            tracing::info!(%link, seconds = took.as_secs_f64(), "the heartbeat is back");
            let lasted = self.clock.monotonic().saturating_sub(since);
            self.tell(link, heartbeat, true, String::new(), lasted).await;
        }
    }

    async fn ill(&self, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Pulse) {
        let seconds = heartbeat.within.as_secs();
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(0.0);
        metrics::counter!("omnigate_heartbeat_lost_total", "link" => link.to_string()).increment(1);
        tracing::error!(%link, within = seconds, "the heartbeat did not come back in time");
        if pulse.failing_since.is_none() {
            let began = self.clock.monotonic().saturating_sub(heartbeat.within);
            pulse.failing_since = Some(began);
            self.tell(link, heartbeat, false, format!("not back within {seconds} s"), heartbeat.within).await;
        }
    }

    async fn tell(
        &self,
        link: &LinkId,
        heartbeat: &Heartbeat,
        cleared: bool,
        detail: String,
        lasted: Duration,
    ) {
        let alarm = Alarm { link: link.clone(), trouble: Trouble::Heartbeat, cleared, detail, lasted };
        self.alarms.raise(alarm, &heartbeat.alarm_to);
    }
}
