//! Heartbeats: a message by a link to a number of our own and back measures the whole way, and alarms by another way when it does not come.
//!
//! What it knows it keeps in memory: after a restart the next beat begins anew. It never stops a link. A beat may come in at another node: when
//! its time is up, the inbox that all nodes share tells.

use crate::alarms::{Alarm, Alarms, send};
use crate::directory::CurrentDirectory;
use crate::submit::Submit;
use domain::Timestamp;
use domain::directory::{Heartbeat, LinkId};
use domain::message::{MessageId, MoId, Priority};
use domain::refusal::Refusal;
use domain::routing::Condition;
use domain::submission::Request;
use ports::driven::{About, Clock, Ids, Inbox, MessageRecord, Reports, StoreError, Trouble};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How soon a beat that could not be taken is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// What every beat begins with.
const WORDS: &str = "omnigate heartbeat";
/// Received messages that are looked through at a time for a beat that came in at another node …
const PAGE: usize = 1_000;
/// … and how many times: a busy inbox must not be read for ever.
const PAGES: usize = 500;

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
struct Beating {
    next_at: Option<Duration>,
    on_its_way: Option<Beat>,
    failing_since: Option<Duration>,
    last: Option<MoId>,
}

/// A beat that is on its way.
#[derive(Clone)]
struct Beat {
    mark: String,
    message: MessageId,
    /// Every message that came in since has a larger name: that of the beat before this one, because the clocks of nodes differ a little.
    since: MoId,
    sent_at: Duration,
    sent: Timestamp,
}

/// What became of a beat.
enum Became {
    /// It came back, by its own link, after so long.
    Well(Duration),
    /// It did not, or it came by another. In English.
    Ill(String),
}

/// The use case.
#[derive(Clone)]
pub(crate) struct Heartbeats {
    pub directory: Arc<CurrentDirectory>,
    pub submit: Submit,
    pub reports: Arc<dyn Reports>,
    pub inbox: Arc<dyn Inbox>,
    pub alarms: Alarms,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub beats: Arc<Beats>,
}

impl Heartbeats {
    /// Beats until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut pulses: HashMap<LinkId, Beating> = HashMap::new();
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

    async fn look(&self, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Beating) {
        let now = self.clock.monotonic();
        // A link that people hold is their own affair: what is sent by it goes by others, and says nothing of it.
        let lane = self.alarms.lanes.get(link);
        let held = lane.is_some_and(|lane| lane.health().condition == Condition::Held);
        if let Some(beat) = pulse.on_its_way.clone() {
            match self.became(link, heartbeat, &beat, now).await {
                Ok(None) => return,
                Ok(Some(Became::Well(took))) => self.well(link, heartbeat, pulse, took),
                Ok(Some(Became::Ill(_))) if held => {}
                Ok(Some(Became::Ill(detail))) => self.ill(link, heartbeat, pulse, detail, beat.sent_at),
                Err(error) => {
                    tracing::debug!(%link, %error, "what became of a heartbeat cannot be looked up now");
                    return;
                }
            }
            self.beats.lock().remove(&beat.mark);
            pulse.on_its_way = None;
        }
        if !held && pulse.next_at.is_none_or(|at| at <= now) {
            pulse.next_at = Some(now.saturating_add(heartbeat.every));
            if let Err(refusal) = self.beat(link, heartbeat, pulse, now).await {
                tracing::warn!(%link, %refusal, "a heartbeat was not taken");
                if refusal.code.is_temporary() {
                    // It never left: that is not the link's fault.
                    pulse.next_at = Some(now.saturating_add(AGAIN.min(heartbeat.every)));
                } else {
                    self.ill(link, heartbeat, pulse, refusal.to_string(), now);
                }
            }
        }
    }

    /// Sends one.
    async fn beat(
        &self,
        link: &LinkId,
        heartbeat: &Heartbeat,
        pulse: &mut Beating,
        now: Duration,
    ) -> Result<(), Refusal> {
        let (name, sent) = (self.ids.next(), self.clock.now());
        let mark = format!("{name:x}");
        self.beats.lock().insert(mark.clone(), None);
        let request = Request {
            link: Some(link.to_string()),
            valid_for: Some(heartbeat.within),
            priority: Some(Priority::High),
            ..Request::text([heartbeat.to.as_str()], format!("{WORDS} {link} {mark}"))
        };
        match send(&self.submit, request).await {
            Ok(message) => {
                let since = pulse.last.replace(MoId(name)).unwrap_or(MoId(name));
                pulse.on_its_way = Some(Beat { mark, message, since, sent_at: now, sent });
                Ok(())
            }
            Err(refusal) => {
                self.beats.lock().remove(&mark);
                Err(refusal)
            }
        }
    }

    /// What became of it, once that is known.
    async fn became(
        &self,
        link: &LinkId,
        heartbeat: &Heartbeat,
        beat: &Beat,
        now: Duration,
    ) -> Result<Option<Became>, StoreError> {
        let back = self.beats.lock().get(&beat.mark).copied().flatten();
        let took = match back {
            Some(at) => at.saturating_sub(beat.sent_at),
            None if now.saturating_sub(beat.sent_at) < heartbeat.within => return Ok(None),
            None => match self.came_elsewhere(beat).await? {
                Some(at) => Duration::try_from(at.duration_since(beat.sent)).unwrap_or_default(),
                None => {
                    let seconds = heartbeat.within.as_secs();
                    return Ok(Some(Became::Ill(format!("not back within {seconds} s"))));
                }
            },
        };
        let record = self.submit.fatal.watch(self.reports.message(beat.message).await)?;
        Ok(Some(match record {
            // A link gets a message only once the store knows that it is on that link: what came in by another is known to be there.
            Some(record) if went_by(&record, link) => Became::Well(took),
            Some(record) => Became::Ill(format!("it came by {}", record.link)),
            None => Became::Ill("it came, and nobody knows by which link".to_owned()),
        }))
    }

    /// When it came in at another node: in the inbox, unless somebody has taken it from there already.
    async fn came_elsewhere(&self, beat: &Beat) -> Result<Option<Timestamp>, StoreError> {
        let mut after = beat.since;
        for _ in 0..PAGES {
            let page = self.submit.fatal.watch(self.inbox.waiting(None, Some(after), PAGE).await)?;
            let is_it = |text: &str| text.contains(WORDS) && text.contains(&beat.mark);
            if let Some(record) = page.items.iter().find(|r| is_it(&r.mo.text)) {
                return Ok(Some(record.mo.received_at));
            }
            let Some(next) = page.next else { break };
            after = MoId(next);
        }
        Ok(None)
    }

    fn well(&self, link: &LinkId, heartbeat: &Heartbeat, pulse: &mut Beating, took: Duration) {
        metrics::histogram!("omnigate_heartbeat_seconds", "link" => link.to_string())
            .record(took.as_secs_f64());
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(1.0);
        if let Some(since) = pulse.failing_since.take() {
            tracing::info!(%link, seconds = took.as_secs_f64(), "the heartbeat is back");
            let lasted = self.clock.monotonic().saturating_sub(since);
            self.tell(link, heartbeat, true, String::new(), lasted);
        }
    }

    fn ill(
        &self,
        link: &LinkId,
        heartbeat: &Heartbeat,
        pulse: &mut Beating,
        detail: String,
        since: Duration,
    ) {
        metrics::gauge!("omnigate_heartbeat_ok", "link" => link.to_string()).set(0.0);
        metrics::counter!("omnigate_heartbeat_lost_total", "link" => link.to_string()).increment(1);
        tracing::error!(%link, detail, "the heartbeat is lost");
        if pulse.failing_since.is_none() {
            pulse.failing_since = Some(since);
            let lasted = self.clock.monotonic().saturating_sub(since);
            self.tell(link, heartbeat, false, detail, lasted);
        }
    }

    fn tell(&self, link: &LinkId, heartbeat: &Heartbeat, cleared: bool, detail: String, lasted: Duration) {
        let alarm =
            Alarm { about: About::Link(link.clone()), trouble: Trouble::Heartbeat, cleared, detail, lasted };
        self.alarms.raise(alarm, &heartbeat.alarm_to);
    }
}

/// Whether a message was sent by this link and no other.
fn went_by(record: &MessageRecord, link: &LinkId) -> bool {
    record.link == *link && !record.parts.has_past()
}
