//! Telling people of a link, of the store, and of what was given up: by mail, and by a message of another link, which is tried until one has sent it or there is nothing more to tell.
//!
//! What it has to tell it keeps in memory: after a restart a link that is still ill is told of again, and that one is well of which people were told.

use crate::directory::CurrentDirectory;
use crate::lanes::Lanes;
use crate::submit::Submit;
use crate::untold::{Telling, Untold};
use domain::Language;
use domain::access::Sender;
use domain::directory::{User, UserName};
use domain::message::{Door, MessageId, Priority};
use domain::refusal::{Code, Refusal};
use domain::state::State;
use domain::submission::Request;
use domain::text::Policy;
use ports::driven::{About, Clock, Notice, Notices, Reports, Trouble};
use ports::driving::SubmitMessages;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what is untold is tried.
const EVERY: Duration = Duration::from_secs(1);
/// How long an alarm by a message is worth sending.
const WORTH: Duration = Duration::from_hours(4);

/// Something to tell people.
pub(crate) struct Alarm {
    /// What it is about.
    pub about: About,
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
    pub reports: Arc<dyn Reports>,
    pub clock: Arc<dyn Clock>,
    pub notices: Arc<dyn Notices>,
    pub untold: Arc<Untold>,
    pub of_link: fn(&str, Language) -> String,
}

impl Alarms {
    /// Tells those of `[alarm]` and these numbers as well. Never waits: a store that hangs must not keep anybody from looking at the links.
    pub(crate) fn raise(&self, mut alarm: Alarm, also: &[String]) {
        let at = self.clock.now();
        let since = at.checked_sub(alarm.lasted).unwrap_or(at);
        let directory = self.directory.current();
        alarm.detail = (self.of_link)(&alarm.detail, directory.defaults.language);
        let text = text(&alarm, directory.defaults.language);
        let Alarm { about, trouble, cleared, detail, .. } = alarm;
        let word = if cleared { "clear" } else { "alarm" };
        let link = about.link().map(ToString::to_string).unwrap_or_default();
        metrics::counter!("omnigate_alarms_total", "link" => link, "kind" => word).increment(1);
        self.notices.give(Notice { about: about.clone(), trouble, cleared, detail, since, at });
        let mut numbers: Vec<&String> = directory.alarm.sms.iter().chain(also).collect();
        numbers.sort();
        numbers.dedup();
        let now = self.clock.monotonic();
        let telling = |to: &String| {
            Telling::new(self.submit.ids.next(), (about.clone(), trouble, cleared), to, &text, now)
        };
        self.untold.put(&about, trouble, numbers.into_iter().map(telling).collect());
    }

    /// Tells what is untold until told to stop.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            for mut telling in self.untold.all() {
                let over = self.is_pointless(&telling) || self.tell(&mut telling).await;
                self.untold.keep(telling, over);
            }
        }
    }

    /// The link is gone from the configuration, or it has been well for long; or what was given up is old news.
    fn is_pointless(&self, telling: &Telling) -> bool {
        let age = self.clock.monotonic().saturating_sub(telling.raised_at);
        match telling.about.link() {
            Some(link) => (telling.cleared && age > WORTH) || self.directory.current().link(link).is_none(),
            None => age > WORTH && (telling.cleared || telling.trouble != Trouble::Store),
        }
    }

    /// Whether there is nothing more to do: it is sent, or never can be.
    async fn tell(&self, telling: &mut Telling) -> bool {
        if let Some((message, by)) = telling.given.clone() {
            let Ok(record) = self.submit.fatal.watch(self.reports.message(message).await) else {
                return false;
            };
            match record.as_ref().map(|r| r.state) {
                Some(State::Scheduled | State::Queued | State::Sending) => return false,
                Some(State::Failed) => {
                    tracing::warn!(about = %telling.about, %by, "an alarm was not sent; it goes by another link");
                    telling.refused_by.push(by);
                    telling.refused_by.extend(record.map(|r| r.link));
                }
                Some(State::Expired) => {}
                Some(State::Sent | State::Delivered | State::Cancelled | State::Unknown) | None => {
                    return true;
                }
            }
            telling.given = None;
            telling.tries += 1;
        }
        self.give(telling).await
    }

    async fn give(&self, telling: &mut Telling) -> bool {
        let (directory, healths) = (self.directory.current(), self.lanes.healths());
        let Some(by) = telling.way(&directory, &healths, &UserName::gateway()) else {
            telling.waits_for("no other link is up");
            return false;
        };
        let request = Request {
            link: Some(by.to_string()),
            valid_for: Some(WORTH),
            priority: Some(Priority::Alarm),
            // An operator's odd words must not cost the alarm.
            policy: Some(Policy::Fold),
            idempotency_key: Some(format!("alarm-{}-{}", telling.id, telling.tries)),
            ..Request::text([telling.to.as_str()], telling.text.as_str())
        };
        match send(&self.submit, request).await {
            Ok(message) => {
                telling.given = Some((message, by));
                false
            }
            // It was stored after all when nobody could say so, by another link than this.
            Err(refusal) if refusal.code == Code::IdempotencyConflict => true,
            Err(refusal) if refusal.code.is_temporary() || refusal.code == Code::UnknownLink => {
                telling.waits_for(refusal.code.as_str());
                false
            }
            Err(refusal) => {
                tracing::error!(about = %telling.about, %refusal, "an alarm cannot be told to a number");
                true
            }
        }
    }
}

/// What a message says; short enough for one segment, where the reason is.
fn text(alarm: &Alarm, language: Language) -> String {
    let (swedish, english) = match (alarm.trouble, alarm.cleared) {
        (Trouble::LinkDown, false) => ("nere", "down"),
        (Trouble::LinkDown, true) => ("uppe igen", "up again"),
        (Trouble::Deaf, false) => ("sänder men tar inte emot", "sends but receives nothing"),
        (Trouble::Deaf, true) => ("tar emot igen", "receives again"),
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
        (Trouble::GivenUp, _) => (
            "tog inte emot, något gavs upp: omnigate message dead",
            "took nothing, some was given up: omnigate message dead",
        ),
        (Trouble::Quarantine, _) => (
            "rapporterade något som inte kunde tas emot: omnigate quarantine",
            "reported what could not be taken: omnigate quarantine",
        ),
        (Trouble::Store, false) => {
            ("kan inte spara något, allt nytt avvisas", "can store nothing, all that is new is refused")
        }
        (Trouble::Store, true) => ("kan spara igen", "can store again"),
    };
    // An address may be long, and the reason of it is in the list.
    let most = match (&alarm.about, alarm.trouble) {
        (About::Receiver(_), _) | (_, Trouble::Quarantine) => 0,
        (About::Link(_) | About::Node(_), _) => 80,
    };
    let detail: String = alarm.detail.chars().take(most).collect();
    let most = if matches!(alarm.about, About::Node(_)) { 20 } else { 80 };
    let about: String = alarm.about.to_string().chars().take(most).collect();
    let reason = if alarm.cleared || detail.is_empty() { String::new() } else { format!(" ({detail})") };
    format!("Omnigate: {about} {}{reason}", language.pick(swedish, english))
}

/// Sends a message of the gateway's own to one number.
///
/// # Errors
/// Why it was not taken.
pub(crate) async fn send(submit: &Submit, request: Request) -> Result<MessageId, Refusal> {
    let sender = Sender::internal(Arc::new(User::named(UserName::gateway())), Door::Reply);
    let accepted = submit.submit(&sender, request).await?;
    accepted.messages().first().map(|m| m.id).ok_or_else(|| Refusal::new(Code::NoRecipient))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::LinkId;

    #[test]
    fn texts_fit_one_segment() {
        let link = LinkId::parse("TS0").expect("name");
        let mut alarm = Alarm {
            about: About::Link(link),
            trouble: Trouble::Parked,
            cleared: false,
            detail: "bind refused: ESME_RINVPASWD ".repeat(9),
            lasted: Duration::ZERO,
        };
        for language in [Language::Swedish, Language::English] {
            let text = text(&alarm, language);
            assert!(text.chars().count() <= 160, "{text}");
        }
        let far = format!("https://{}.example.se", "a".repeat(90));
        let given_up =
            Alarm { about: About::Receiver(far), trouble: Trouble::GivenUp, detail: String::new(), ..alarm };
        let told = text(&given_up, Language::Swedish);
        assert!(
            told.chars().count() <= 160 && told.ends_with("något gavs upp: omnigate message dead"),
            "{told}"
        );
        alarm = Alarm {
            about: About::Link(LinkId::parse("TS0").expect("name")),
            trouble: Trouble::Parked,
            ..given_up
        };
        alarm.detail = "10.0.0.1:2775: connection refused".into();
        assert!(text(&alarm, Language::English).ends_with(" (10.0.0.1:2775: connection refused)"));
        let (about, trouble) = (About::Node("n".repeat(60)), Trouble::Store);
        let store = Alarm { about, trouble, cleared: false, detail: "e".repeat(200), lasted: Duration::ZERO };
        for language in [Language::Swedish, Language::English] {
            assert!(text(&store, language).chars().count() <= 160, "{}", text(&store, language));
        }
        alarm.cleared = true;
        assert_eq!(text(&alarm, Language::English), "Omnigate: TS0 no longer parked");
        assert_eq!(text(&alarm, Language::Swedish), "Omnigate: TS0 inte längre parkerad");
    }
}
