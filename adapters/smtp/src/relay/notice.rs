//! Mail to the people who run the gateway: a link is down, a link is up again.
//!
//! One task sends in order; while the relay does not take mail it tries again, and what nobody could be told for a day is dropped.

use super::clean;
use super::received::{built, envelope, header, own, plain, recipient};
use super::{MailRelay, RelayConfig};
use domain::language::Language;
use lettre::message::Message;
use ports::driven::{HandoffError, Notice, Notices, Trouble};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Notices that may wait; more are dropped and said in the log.
const MOST: usize = 100;
/// The first pause after a failure; it doubles to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Tries until about a day has passed.
const MOST_TRIES: u32 = 290;

/// Tells one mailbox.
pub struct MailNotices {
    queue: mpsc::Sender<Notice>,
    task: JoinHandle<()>,
}

impl MailNotices {
    /// Begins. Must be called inside a tokio runtime; what waits is dropped with it.
    ///
    /// # Errors
    /// [`HandoffError::Permanent`] for an address that is none.
    pub fn start(relay: Arc<MailRelay>, to: &str) -> Result<Self, HandoffError> {
        recipient(to)?;
        let (queue, waiting) = mpsc::channel(MOST);
        let task = tokio::spawn(send_all(relay, to.to_owned(), waiting));
        Ok(Self { queue, task })
    }
}

impl Notices for MailNotices {
    fn give(&self, notice: Notice) {
        if let Err(error) = self.queue.try_send(notice) {
            tracing::error!(%error, "too many notices wait for the mail relay; one is dropped");
        }
    }
}

impl Drop for MailNotices {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn send_all(relay: Arc<MailRelay>, to: String, mut waiting: mpsc::Receiver<Notice>) {
    while let Some(notice) = waiting.recv().await {
        let mut pause = FIRST_PAUSE;
        for _ in 0..MOST_TRIES {
            let sent = match mail(&relay.config, &to, &notice) {
                Ok(mail) => relay.send(mail).await,
                Err(error) => Err(error),
            };
            match sent {
                Ok(()) => break,
                Err(HandoffError::Permanent(error)) => {
                    tracing::error!(link = %notice.link, error, "a notice cannot be mailed");
                    break;
                }
                Err(HandoffError::Temporary(error)) => {
                    tracing::warn!(link = %notice.link, error, "a notice is not mailed yet");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What a notice says, in a line.
fn subject(notice: &Notice, language: Language) -> String {
    let link = &notice.link;
    match (notice.trouble, notice.cleared) {
        (Trouble::LinkDown, false) => {
            language.pick("LARM: förbindelsen {l} är nere", "ALARM: link {l} is down")
        }
        (Trouble::LinkDown, true) => {
            language.pick("ÅTER: förbindelsen {l} är uppe igen", "CLEAR: link {l} is up again")
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
    }
    .replace("{l}", link.as_str())
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
        notice.since,
        language.pick("Nu", "Now"),
        notice.at
    );
    let id = format!("notice.{}.{}.{}", notice.link, notice.at.as_millisecond(), u8::from(notice.cleared));
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
    use domain::Timestamp;
    use domain::directory::LinkId;

    #[test]
    fn both_languages_say_which_link_and_why() {
        let notice = |cleared| Notice {
            link: LinkId::parse("GSM0").expect("name"),
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
        assert!(text.contains("Auto-Submitted: auto-generated") && mail.envelope().from().is_none());
        assert!(super::mail(&config, "nowhere", &notice(false)).is_err());
    }
}
