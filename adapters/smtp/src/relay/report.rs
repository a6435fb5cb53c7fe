//! Reports of failure to whoever sent by mail (RFC 3464, in multipart/report of RFC 6522), with the null sender.

use super::clean;
use super::config::RelayConfig;
use super::received::{built, envelope, header, own, plain, recipient, start};
use domain::Timestamp;
use domain::language::Language;
use domain::message::{Body, SubmissionId};
use domain::refusal::Code;
use domain::state::State;
use domain::submission::RefusedRecipient;
use lettre::message::header::ContentType;
use lettre::message::{Message, MultiPart, SinglePart};
use ports::driven::{Handoff, HandoffError, HandoffKey, MessageRecord};

/// Recipients refused after their mail was accepted for others.
#[derive(Debug, Clone)]
pub(crate) struct Refused<'a> {
    /// Who sent the mail.
    pub to: String,
    /// The request it became.
    pub submission: SubmissionId,
    /// The mail's Message-ID.
    pub reference: Option<String>,
    /// Who gets nothing.
    pub recipients: &'a [RefusedRecipient],
}

/// One recipient in a report.
struct Failure {
    recipient: String,
    status: &'static str,
    why: String,
    diagnostic: String,
    at: Option<Timestamp>,
}

struct Report<'a> {
    key: HandoffKey,
    to: &'a str,
    reference: Option<&'a str>,
    arrived_at: Option<Timestamp>,
    made_at: Timestamp,
    /// What was not delivered, where it is known.
    text: Option<&'a str>,
    failures: Vec<Failure>,
}

/// The report about a message that failed or expired.
pub(super) fn failed(
    config: &RelayConfig,
    handoff: &Handoff,
    to: &str,
    record: &MessageRecord,
    event: State,
) -> Result<Message, HandoffError> {
    let expired = event == State::Expired;
    let taken = record.parts.as_slice().iter().any(|part| !part.operator_id.is_empty());
    let why = why(&record.error, expired, taken, config.language);
    let diagnostic = if record.error.is_empty() { event.to_string() } else { record.error.clone() };
    let failure = Failure {
        diagnostic,
        recipient: record.message.recipient.to_string(),
        status: if expired { "4.4.7" } else { "5.0.0" },
        why,
        at: record.final_at,
    };
    let report = Report {
        key: handoff.key,
        to,
        reference: record.message.reference.as_deref(),
        arrived_at: Some(record.message.accepted_at),
        made_at: handoff.created_at,
        text: match &record.message.body {
            Body::Text { text, .. } => Some(text.as_str()),
            Body::Binary { .. } => None,
        },
        failures: vec![failure],
    };
    report.mail(config)
}

/// What a person understands, and what the operator's own people need. `taken`: the operator had taken it.
fn why(error: &str, expired: bool, taken: bool, language: Language) -> String {
    let first = error.split_whitespace().next().unwrap_or_default();
    let known = Code::ALL.iter().find(|code| code.as_str() == first);
    let plain = match (expired, known) {
        (true, _) => language.pick("giltighetstiden gick ut", "its validity ran out"),
        (false, Some(code)) => code.text(language),
        (false, None) if taken => {
            language.pick("operatören kunde inte leverera det", "the operator could not deliver it")
        }
        (false, None) => language.pick("operatören avvisade det", "the operator refused it"),
    };
    if error.is_empty() { plain.to_owned() } else { format!("{} ({error})", plain.trim_end_matches('.')) }
}

/// The report about recipients refused at once.
pub(super) fn refused(config: &RelayConfig, refused: &Refused<'_>) -> Result<Message, HandoffError> {
    let failures = refused.recipients.iter().map(|r| Failure {
        recipient: r.input.clone(),
        status: "5.1.1",
        why: r.refusal.text(config.language),
        diagnostic: r.refusal.to_string(),
        at: None,
    });
    let key = HandoffKey { subject: refused.submission.0, event: State::Failed.code() };
    let made_at = Timestamp::UNIX_EPOCH;
    let report = Report {
        key,
        to: &refused.to,
        reference: refused.reference.as_deref(),
        arrived_at: None,
        made_at,
        text: None,
        failures: failures.collect(),
    };
    report.mail(config)
}

impl Report<'_> {
    fn mail(&self, config: &RelayConfig) -> Result<Message, HandoffError> {
        let to = recipient(self.to)?;
        let language = config.language;
        let mut builder = start(config, self.key, self.made_at)?;
        if self.made_at == Timestamp::UNIX_EPOCH {
            builder = builder.date_now();
        }
        builder = builder
            .from(clean::mailbox(
                language.pick("SMS-systemet", "The SMS gateway"),
                own(config, "mailer-daemon")?,
            ))
            .to(clean::mailbox("", to.clone()))
            .subject(language.pick("SMS kunde inte levereras", "SMS could not be delivered"))
            .envelope(envelope(None, to)?);
        let id = self.reference.map(clean::message_id).filter(|id| !id.is_empty());
        if let Some(id) = &id {
            builder = builder
                .raw_header(header("In-Reply-To", &format!("<{id}>")))
                .raw_header(header("References", &format!("<{id}>")));
        }
        let boundary = format!("omnigate-{}-{}", self.key.subject, self.key.event);
        let kind =
            content_type(&format!("multipart/report; report-type=delivery-status; boundary=\"{boundary}\""))?;
        let mut parts =
            MultiPart::builder().header(kind).singlepart(plain(&self.for_people(language))).singlepart(
                SinglePart::builder()
                    .header(content_type("message/delivery-status")?)
                    .body(self.for_programs(config)),
            );
        if let Some(id) = &id {
            let head = format!("Message-ID: <{id}>\r\n");
            parts = parts
                .singlepart(SinglePart::builder().header(content_type("text/rfc822-headers")?).body(head));
        }
        builder.multipart(parts).map_err(built)
    }

    fn for_people(&self, language: Language) -> String {
        let mut text = language
            .pick("Ditt SMS kunde inte levereras till:\n\n", "Your SMS could not be delivered to:\n\n")
            .to_owned();
        for failure in &self.failures {
            text.push_str(&format!(
                "  {}: {}\n",
                clean::one_line(&failure.recipient),
                clean::one_line(&failure.why)
            ));
        }
        if let Some(message) = self.text {
            let heading = language.pick("Meddelandet", "The message");
            text.push_str(&format!("\n{heading}:\n\n  {}\n", clean::one_line(message)));
        }
        text.push_str(language.pick(
            "\nDetta är ett automatiskt meddelande från SMS-systemet och kan inte besvaras.\n",
            "\nThis is an automatic message of the SMS gateway and cannot be replied to.\n",
        ));
        text
    }

    /// RFC 3464, 2.2 and 2.3.
    fn for_programs(&self, config: &RelayConfig) -> String {
        let domain = clean::ascii(&config.domain);
        let mut fields = format!("Reporting-MTA: dns; {domain}\r\n");
        if let Some(at) = self.arrived_at {
            fields.push_str(&format!("Arrival-Date: {}\r\n", date(at)));
        }
        for failure in &self.failures {
            fields.push_str(&format!(
                "\r\nFinal-Recipient: rfc822; {}@{domain}\r\nAction: failed\r\nStatus: {}\r\nDiagnostic-Code: x-omnigate; {}\r\n",
                clean::message_id(&failure.recipient),
                failure.status,
                clean::ascii(&failure.diagnostic)
            ));
            if let Some(at) = failure.at {
                fields.push_str(&format!("Last-Attempt-Date: {}\r\n", date(at)));
            }
        }
        fields
    }
}

fn date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

fn content_type(text: &str) -> Result<ContentType, HandoffError> {
    ContentType::parse(text).map_err(|e| HandoffError::Permanent(e.to_string()))
}
