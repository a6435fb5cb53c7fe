//! Mail to the people who run the gateway: a link is down, a link is up again.
//!
//! One task sends in order; while the relay does not take mail it tries again, and what nobody could be told for a day is dropped.

use super::again::{What, until_taken};
use super::clean;
use super::received::{built, envelope, header, own, plain, recipient};
use super::{MailRelay, RelayConfig};
use domain::Timestamp;
use domain::language::Language;
use jiff::tz::TimeZone;
use lettre::message::Message;
use ports::driven::{HandoffError, Notice, Notices, Trouble};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Notices that may wait for one mailbox.
const MOST: usize = 100;

/// Tells one mailbox.
pub struct MailNotices {
    waiting: Arc<Waiting>,
    task: JoinHandle<()>,
}

/// What is to be told, in order.
#[derive(Default)]
struct Waiting {
    notices: Mutex<VecDeque<Notice>>,
    rung: Notify,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one, as soon as there is one.
    async fn next(&self) -> Notice {
        loop {
            if let Some(notice) = self.lock().pop_front() {
                return notice;
            }
            self.rung.notified().await;
        }
    }
}

impl MailNotices {
    /// Begins. Must be called inside a tokio runtime; what waits is dropped with it.
    ///
    /// # Errors
    /// [`HandoffError::Permanent`] for an address that is none.
    pub fn start(relay: Arc<MailRelay>, to: &str) -> Result<Self, HandoffError> {
        recipient(to)?;
        let waiting = Arc::<Waiting>::default();
        let task = tokio::spawn(send_all(relay, to.to_owned(), Arc::clone(&waiting)));
        Ok(Self { waiting, task })
    }
}

impl Notices for MailNotices {
    fn give(&self, notice: Notice) {
        if let Some(dropped) = put(&mut self.waiting.lock(), notice) {
            tracing::error!(about = %dropped.about, "too many notices wait for the mail relay; one is dropped");
        }
        self.waiting.rung.notify_one();
    }
}

impl Drop for MailNotices {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Adds one. When too many wait, the first that a later one about the same trouble of the same link has overtaken is dropped, or else the oldest:
/// how things are now is never what is forgotten.
fn put(waiting: &mut VecDeque<Notice>, notice: Notice) -> Option<Notice> {
    waiting.push_back(notice);
    if waiting.len() <= MOST {
        return None;
    }
    let same = |a: &Notice, b: &Notice| a.about == b.about && a.trouble == b.trouble;
    let overtaken = |(n, old): (usize, &Notice)| waiting.iter().skip(n + 1).any(|later| same(old, later));
    let place = (0..).zip(waiting.iter()).position(overtaken).unwrap_or(0);
    waiting.remove(place)
}

async fn send_all(relay: Arc<MailRelay>, to: String, waiting: Arc<Waiting>) {
    // This task is ended as a whole.
    let never = CancellationToken::new();
    loop {
        let notice = waiting.next().await;
        let not_yet = |error: &HandoffError| tracing::warn!(about = %notice.about, %error, "a notice is not mailed yet");
        let sent = match mail(&relay.config, &to, &notice) {
            Ok(mail) => until_taken(&relay, &mail, What::Alarm, &never, not_yet).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::error!(about = %notice.about, %error, "a notice cannot be mailed");
        }
    }
}

/// What a notice says, in a line.
fn subject(notice: &Notice, language: Language) -> String {
    match (notice.trouble, notice.cleared) {
        (Trouble::LinkDown, false) => {
            language.pick("LARM: förbindelsen {l} är nere", "ALARM: link {l} is down")
        }
        (Trouble::LinkDown, true) => {
            language.pick("ÅTER: förbindelsen {l} är uppe igen", "CLEAR: link {l} is up again")
        }
        (Trouble::Deaf, false) => language.pick(
            "LARM: förbindelsen {l} sänder men tar inte emot: inga kvittenser, inga svar",
            "ALARM: link {l} sends but receives nothing: no receipts, no replies",
        ),
        (Trouble::Deaf, true) => {
            language.pick("ÅTER: förbindelsen {l} tar emot igen", "CLEAR: link {l} receives again")
        }
        (Trouble::Parked, false) => language.pick(
            "LARM: operatören tar inte emot på {l}, förbindelsen är parkerad",
            "ALARM: the operator takes nothing on {l}, the link is parked",
        ),
        (Trouble::Parked, true) => language
            .pick("ÅTER: operatören tar emot på {l} igen", "CLEAR: the operator takes messages on {l} again"),
        (Trouble::Heartbeat, false) => language.pick(
            "LARM: hjärtslaget på {l} kom inte tillbaka",
            "ALARM: the heartbeat of {l} did not come back",
        ),
        (Trouble::Heartbeat, true) => {
            language.pick("ÅTER: hjärtslaget på {l} är tillbaka", "CLEAR: the heartbeat of {l} is back")
        }
        (Trouble::WeakSignal, false) => {
            language.pick("LARM: svag signal på {l}", "ALARM: weak signal on {l}")
        }
        (Trouble::WeakSignal, true) => {
            language.pick("ÅTER: signalen på {l} är bra igen", "CLEAR: the signal on {l} is good again")
        }
        (Trouble::MemoryFull, false) => language.pick(
            "LARM: meddelandeminnet i {l} är nästan fullt",
            "ALARM: the message memory of {l} is nearly full",
        ),
        (Trouble::MemoryFull, true) => language.pick(
            "ÅTER: meddelandeminnet i {l} har plats igen",
            "CLEAR: the message memory of {l} has room again",
        ),
        (Trouble::GivenUp, _) => language.pick(
            "LARM: {l} tog inte emot, och något gavs upp; se `omnigate message dead`",
            "ALARM: {l} did not take what it was sent, and some was given up; see `omnigate message dead`",
        ),
        (Trouble::Quarantine, _) => language.pick(
            "LARM: något från {l} kunde inte tas emot och ligger i karantän; se `omnigate quarantine`",
            "ALARM: something from {l} could not be taken and is in quarantine; see `omnigate quarantine`",
        ),
        (Trouble::Store, false) => language.pick(
            "LARM: nod {l} kan inte spara något, allt nytt avvisas",
            "ALARM: node {l} can store nothing, all that is new is refused",
        ),
        (Trouble::Store, true) => {
            language.pick("ÅTER: nod {l} kan spara igen", "CLEAR: node {l} can store again")
        }
    }
    .replace("{l}", &notice.about.to_string())
}

/// A time for people: by the machine's clock, with how far it is from UTC.
fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S (UTC%:z)").to_string()
}

fn mail(config: &RelayConfig, to: &str, notice: &Notice) -> Result<Message, HandoffError> {
    let language = config.language;
    let to = recipient(to)?;
    let subject = subject(notice, language);
    let body = format!(
        "{subject}\n\n{}: {}\n{}: {}\n{}: {}\n",
        language.pick("Läge", "State"),
        notice.detail,
        language.pick("Sedan", "Since"),
        clock(notice.since),
        language.pick("Nu", "Now"),
        clock(notice.at)
    );
    let id = format!("notice.{}.{}.{}", notice.about, notice.at.as_millisecond(), u8::from(notice.cleared));
    let millis = u64::try_from(notice.at.as_millisecond()).unwrap_or(0);
    let from = own(config, "omnigate")?;
    Message::builder()
        .message_id(Some(format!("<{}@{}>", clean::message_id(&id), clean::message_id(&config.domain))))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header(crate::letter::OWN_HEADER, &id))
        .from(clean::mailbox(language.pick("SMS-systemet", "The SMS gateway"), from))
        .to(clean::mailbox("", to.clone()))
        .subject(clean::one_line(&subject))
        .envelope(envelope(None, to)?)
        .singlepart(plain(&body))
        .map_err(built)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::LinkId;
    use ports::driven::About;

    fn down(link: &str) -> Notice {
        Notice {
            about: About::Link(LinkId::parse(link).expect("name")),
            trouble: Trouble::LinkDown,
            cleared: false,
            detail: String::new(),
            since: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_is_overtaken_makes_room_for_how_things_are_now() {
        let mut waiting = VecDeque::new();
        assert_eq!(put(&mut waiting, down("OLD")), None);
        for _ in 1..MOST {
            assert_eq!(put(&mut waiting, down("TS0")), None);
        }
        let cleared = Notice { cleared: true, ..down("TS0") };
        assert_eq!(put(&mut waiting, cleared.clone()), Some(down("TS0")));
        assert_eq!(
            (waiting.len(), waiting.front(), waiting.back()),
            (MOST, Some(&down("OLD")), Some(&cleared))
        );
        let mut all: VecDeque<_> = (0..MOST).map(|n| down(&format!("TS{n}"))).collect();
        assert_eq!(put(&mut all, down("NEW")), Some(down("TS0")));
    }

    #[test]
    fn both_languages_say_which_link_and_why() {
        let notice = |cleared| Notice {
            about: About::Link(LinkId::parse("GSM0").expect("name")),
            trouble: Trouble::LinkDown,
            cleared,
            detail: "/dev/ttyUSB0: no network\r\nBcc: x".into(),
            since: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(subject(&notice(true), Language::Swedish), "ÅTER: förbindelsen GSM0 är uppe igen");
        let config =
            RelayConfig { language: Language::English, ..RelayConfig::to("localhost", 25, "sms.example.se") };
        let mail = mail(&config, "drift@example.se", &notice(false)).expect("a mail");
        let text = String::from_utf8(mail.formatted()).expect("text");
        assert!(text.contains("Subject: ALARM: link GSM0 is down") && text.contains("no network"), "{text}");
        let since = format!("Since: {}", clock(Timestamp::UNIX_EPOCH));
        assert!(text.contains(&since) && !since.contains('.'), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated") && mail.envelope().from().is_none());
        assert!(super::mail(&config, "nowhere", &notice(false)).is_err());
    }
}
