//! Watches the links and tells people: by mail, and by a message of another link.
//!
//! What it knows it keeps in memory: after a restart a link that is still ill is told of again. It never stops a link.

use crate::directory::CurrentDirectory;
use crate::lanes::Lanes;
use crate::submit::Submit;
use domain::Language;
use domain::access::Sender;
use domain::directory::{LinkId, User, UserName};
use domain::message::{Door, Priority};
use domain::routing::{Ailment, Turning, Vigil};
use domain::submission::Request;
use ports::driven::{Clock, Notice, Notices, Trouble};
use ports::driving::SubmitMessages;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How long an alarm by a message is worth sending.
const WORTH: Duration = Duration::from_hours(4);

/// Something to tell people.
pub(crate) struct Alarm {
    /// The link it is about.
    pub link: LinkId,
    /// What is, or was, wrong.
    pub trouble: Trouble,
    /// It is over.
    pub cleared: bool,
    /// More, in English.
    pub detail: String,
    /// For how long it has been so.
    pub lasted: Duration,
}

/// Who tells people.
#[derive(Clone)]
pub(crate) struct Alarms {
    pub directory: Arc<CurrentDirectory>,
    pub lanes: Arc<Lanes>,
    pub submit: Submit,
    pub clock: Arc<dyn Clock>,
    pub notices: Arc<dyn Notices>,
}

impl Alarms {
    /// Tells those of `[alarm]` and these numbers as well.
    pub(crate) async fn raise(&self, alarm: Alarm, also: &[String]) {
        let at = self.clock.now();
        let since = at.checked_sub(alarm.lasted).unwrap_or(at);
        let directory = self.directory.current();
        let text = text(&alarm, directory.defaults.language);
        let Alarm { link, trouble, cleared, detail, .. } = alarm;
        let word = if cleared { "clear" } else { "alarm" };
        metrics::counter!("omnigate_alarms_total", "link" => link.to_string(), "kind" => word).increment(1);
        self.notices.give(Notice { link: link.clone(), trouble, cleared, detail, since, at });
        let mut numbers: Vec<&String> = directory.alarm.sms.iter().chain(also).collect();
        numbers.sort();
        numbers.dedup();
        let healths = self.lanes.healths();
        let up = |l: &LinkId| healths.get(l).is_some_and(domain::routing::Health::is_up);
        let other = directory.links.iter().map(|l| &l.id).find(|l| **l != link && up(l));
        let by = other.unwrap_or(&link);
        for to in numbers {
            send(&self.submit, by, to, text.clone(), WORTH, Priority::Alarm).await;
        }
    }
}

/// What a message says; short enough for one segment, where the reason is.
fn text(alarm: &Alarm, language: Language) -> String {
    let (swedish, english) = match (alarm.trouble, alarm.cleared) {
        (Trouble::LinkDown, false) => ("nere", "down"),
        (Trouble::LinkDown, true) => ("uppe igen", "up again"),
        (Trouble::Parked, false) => {
            ("parkerad: operatören tar inget från oss", "parked: its operator takes nothing from us")
        }
        (Trouble::Parked, true) => ("inte längre parkerad", "no longer parked"),
        (Trouble::Heartbeat, false) => ("hjärtslaget kom inte fram", "heartbeat lost"),
        (Trouble::Heartbeat, true) => ("hjärtslaget är tillbaka", "heartbeat OK"),
        (Trouble::WeakSignal, false) => ("svag signal", "weak signal"),
        (Trouble::WeakSignal, true) => ("signalen bra igen", "signal OK"),
        (Trouble::MemoryFull, false) => ("minnet nästan fullt", "memory nearly full"),
        (Trouble::MemoryFull, true) => ("plats i minnet igen", "memory OK"),
    };
    let detail: String = alarm.detail.chars().take(80).collect();
    let reason = if alarm.cleared || detail.is_empty() { String::new() } else { format!(" ({detail})") };
    format!("Omnigate: {} {}{reason}", alarm.link, language.pick(swedish, english))
}

/// Sends a message of the gateway's own by a link.
pub(crate) async fn send(
    submit: &Submit,
    link: &LinkId,
    to: &str,
    text: String,
    valid_for: Duration,
    priority: Priority,
) {
    let Ok(name) = UserName::parse("heartbeat") else { return };
    let sender = Sender::internal(Arc::new(User::named(name)), Door::Reply);
    let mut request = Request::text(vec![to.to_owned()], text);
    request.link = Some(link.to_string());
    request.valid_for = Some(valid_for);
    request.priority = Some(priority);
    if let Err(refusal) = submit.submit(&sender, request).await {
        tracing::warn!(%link, %refusal, "a message of the gateway's own was not taken");
    }
}

/// The use case.
#[derive(Clone)]
pub(crate) struct Watchman {
    pub alarms: Alarms,
}

impl Watchman {
    /// Watches until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut vigils: HashMap<LinkId, Vigil> = HashMap::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            self.round(&mut vigils).await;
        }
    }

    async fn round(&self, vigils: &mut HashMap<LinkId, Vigil>) {
        let now = self.alarms.clock.monotonic();
        let after = self.alarms.directory.current().alarm.after;
        let lanes = self.alarms.lanes.all();
        vigils.retain(|link, _| lanes.iter().any(|lane| lane.link.id() == link));
        for lane in lanes {
            let link = lane.link.id();
            let condition = lane.health().condition;
            let turning = vigils.entry(link.clone()).or_default().look(condition, after, now);
            let Some(Turning { ailment, cleared, lasted }) = turning else { continue };
            let detail = lane.report().detail;
            if cleared {
                tracing::info!(%link, seconds = lasted.as_secs(), "the link is well again");
            } else {
                tracing::error!(%link, detail, condition = condition.as_str(), "people are told of the link");
            }
            let trouble = match ailment {
                Ailment::Down => Trouble::LinkDown,
                Ailment::Parked => Trouble::Parked,
            };
            self.alarms.raise(Alarm { link: link.clone(), trouble, cleared, detail, lasted }, &[]).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fit_one_segment() {
        let link = LinkId::parse("TS0").expect("name");
        let mut alarm = Alarm {
            link,
            trouble: Trouble::Parked,
            cleared: false,
            detail: "bind refused: ESME_RINVPASWD ".repeat(9),
            lasted: Duration::ZERO,
        };
        for language in [Language::Swedish, Language::English] {
            let text = text(&alarm, language);
            assert!(text.chars().count() <= 160, "{text}");
        }
        alarm.cleared = true;
        assert_eq!(text(&alarm, Language::English), "Omnigate: TS0 no longer parked");
        assert_eq!(text(&alarm, Language::Swedish), "Omnigate: TS0 inte längre parkerad");
    }
}
