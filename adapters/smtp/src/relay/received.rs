//! A received message as mail: a reply to it goes back as SMS; Outlook shows it as a text message where that is asked for.

use super::clean;
use super::config::RelayConfig;
use crate::letter::OWN_SUBJECTS;
use domain::Timestamp;
use domain::mo::Mo;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Message, MessageBuilder, SinglePart};
use ports::driven::{Handoff, HandoffError, HandoffKey};
use std::time::{Duration, SystemTime};

/// The mail for a received message.
pub(super) fn mail(
    config: &RelayConfig,
    handoff: &Handoff,
    to: &str,
    mo: &Mo,
) -> Result<Message, HandoffError> {
    let to = recipient(to)?;
    let digits = mo.source.trim_start_matches('+');
    let is_number = !digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit());
    let local = if is_number { digits } else { "sms" };
    let from = own(config, local)?;
    let shown =
        if is_number && digits.len() > 6 { format!("+{digits}") } else { clean::one_line(&mo.source) };
    let [swedish, english] = OWN_SUBJECTS;
    let subject = format!("{} {shown}", config.language.pick(swedish, english));
    let envelope_from =
        config.envelope_from.as_deref().and_then(clean::address).unwrap_or_else(|| from.clone());
    let mut builder = start(config, handoff.key, handoff.created_at)?
        .from(clean::mailbox(if is_number { "" } else { &shown }, from))
        .to(clean::mailbox("", to.clone()))
        .subject(clean::one_line(&subject))
        .envelope(envelope(Some(envelope_from), to)?)
        .raw_header(header("X-Omnigate-Received-At", &mo.received_at.to_string()))
        .raw_header(header("X-Omnigate-Number", &mo.destination))
        .raw_header(header("X-Omnigate-Link", mo.link.as_str()));
    if config.oms_headers && is_number {
        builder = builder
            .raw_header(header("Content-class", "MS-OMS-SMS"))
            .raw_header(header("X-MS-Reply-To-Mobile", &format!("+{digits}")));
    }
    builder.singlepart(plain(&text(config, mo))).map_err(built)
}

fn text(config: &RelayConfig, mo: &Mo) -> String {
    let mut text = if mo.binary.is_empty() {
        mo.text.clone()
    } else {
        mo.binary.iter().map(|octet| format!("{octet:02X}")).collect()
    };
    if !mo.complete {
        text.push_str(config.language.pick(
            "\n\n[Meddelandet är ofullständigt: delar saknas.]",
            "\n\n[The message is incomplete: parts are missing.]",
        ));
    }
    text
}

/// What every mail of ours begins with.
pub(super) fn start(
    config: &RelayConfig,
    key: HandoffKey,
    at: Timestamp,
) -> Result<MessageBuilder, HandoffError> {
    let name = format!("{}.{}", key.subject, key.event);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    Ok(Message::builder()
        .message_id(Some(format!("<{name}@{}>", clean::message_id(&config.domain))))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header(crate::letter::OWN_HEADER, &name)))
}

/// A header that programs read.
pub(super) fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), clean::ascii(value))
}

pub(super) fn plain(text: &str) -> SinglePart {
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(clean::body(text))
}

pub(super) fn own(config: &RelayConfig, local: &str) -> Result<Address, HandoffError> {
    clean::address(&format!("{local}@{}", config.domain))
        .ok_or_else(|| HandoffError::Permanent("the mail domain makes no address".to_owned()))
}

pub(super) fn recipient(address: &str) -> Result<Address, HandoffError> {
    clean::address(address)
        .ok_or_else(|| HandoffError::Permanent(format!("{} is no mail address", clean::one_line(address))))
}

pub(super) fn envelope(from: Option<Address>, to: Address) -> Result<Envelope, HandoffError> {
    Envelope::new(from, vec![to]).map_err(|e| HandoffError::Permanent(e.to_string()))
}

pub(super) fn built(error: lettre::error::Error) -> HandoffError {
    HandoffError::Permanent(format!("the mail cannot be made: {error}"))
}
