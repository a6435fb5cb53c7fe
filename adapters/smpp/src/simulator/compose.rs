//! The deliver_sm and the journal lines of a simulated operator.

use super::hub::{Delivery, Hub, Report};
use super::journal::Line;
use super::options::ReceiptForm;
use crate::codec::{Address, ShortMessage, tag};
use bytes::Bytes;
use domain::Timestamp;
use domain::text::{Udh, gsm7, latin1, ucs2};
use jiff::tz::TimeZone;

/// The deliver_sm that carries a delivery.
pub(super) fn deliver_sm(hub: &Hub, delivery: &Delivery) -> ShortMessage {
    match delivery {
        Delivery::Receipt(report) => receipt(hub, report),
        Delivery::Mo { from, to, text } => {
            let (data_coding, octets) = match gsm7::encode(text) {
                Ok(septets) => (0, septets),
                Err(_) => (8, ucs2::encode(text)),
            };
            part(from, to, 0, data_coding, octets.into())
        }
        Delivery::Part { from, to, esm_class, data_coding, octets } => {
            part(from, to, *esm_class, *data_coding, octets.clone())
        }
    }
}

fn part(from: &str, to: &str, esm_class: u8, data_coding: u8, octets: Bytes) -> ShortMessage {
    let numeric = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.len() > 6;
    let address = |text: &str| match numeric(text) {
        true => Address::new(1, 1, text),
        false if text.bytes().all(|b| b.is_ascii_digit()) => Address::new(3, 0, text),
        false => Address::new(5, 0, text),
    };
    let mut message = ShortMessage {
        source: address(from),
        destination: address(to),
        esm_class,
        data_coding,
        ..ShortMessage::default()
    };
    if octets.len() > 254 {
        message.tlvs.push(tag::MESSAGE_PAYLOAD, octets)
    } else {
        message.short_message = octets
    }
    message
}

fn receipt(hub: &Hub, report: &Report) -> ShortMessage {
    let form = hub.options.receipts.map(|receipts| receipts.form).unwrap_or_default();
    let id = hub.receipt_id(&report.message_id);
    let mut message = ShortMessage {
        source: report.from.clone(),
        destination: report.to.clone(),
        esm_class: 0x04,
        ..ShortMessage::default()
    };
    if form != ReceiptForm::Parameters {
        let (done, error) = if report.failed { ("000", "011") } else { ("001", "000") };
        let text = format!(
            "id:{id} sub:001 dlvrd:{done} submit date:{} done date:{} stat:{} err:{error} text:",
            date(report.submitted_ms),
            date(hub.clock.now().as_millisecond()),
            word(report),
        );
        message.short_message = Bytes::from(text);
    }
    if form != ReceiptForm::Text {
        message.tlvs.push_string(tag::RECEIPTED_MESSAGE_ID, &id);
        message.tlvs.push_u8(tag::MESSAGE_STATE, if report.failed { 5 } else { 2 });
    }
    message
}

fn word(report: &Report) -> &'static str {
    if report.failed { "UNDELIV" } else { "DELIVRD" }
}

fn date(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(TimeZone::UTC);
    format!("{:02}{:02}{:02}{:02}{:02}", at.year() % 100, at.month(), at.day(), at.hour(), at.minute())
}

/// The text of a submit, as a phone shows it.
pub(super) fn text(message: &ShortMessage) -> String {
    let payload = message.payload();
    let (udh, octets) = if message.has_udh() { Udh::split(payload) } else { (Udh::default(), &payload[..]) };
    match message.data_coding {
        0x08 | 0x18..=0x1B => ucs2::decode(octets),
        0x03 => latin1::decode(octets),
        0x02 | 0x04 | 0xF4..=0xF7 => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        _ => gsm7::decode_with(octets, udh.shifts()),
    }
}

/// The journal's line of a submit.
pub(super) fn submitted(hub: &Hub, session: u64, sequence: u32, message: &ShortMessage, id: &str) -> Line {
    let header = if message.has_udh() { Udh::split(message.payload()).0.concat() } else { None };
    let (part, parts) = header
        .map(|c| (c.seq, c.total))
        .or_else(|| message.tlvs.sar().map(|(_, total, seq)| (seq, total)))
        .unwrap_or((1, 1));
    hub.line("submit")
        .number("session", session)
        .number("seq", u64::from(sequence))
        .text("from", &message.source.addr.text())
        .text("to", &message.destination.addr.text())
        .text("text", &text(message))
        .number("part", u64::from(part))
        .number("parts", u64::from(parts))
        .text("message_id", id)
}

/// The journal's line of a delivery that was answered, or not.
pub(super) fn delivered(hub: &Hub, session: u64, delivery: &Delivery, answer: Option<u32>) -> Line {
    match delivery {
        Delivery::Receipt(report) => hub
            .line("receipt")
            .number("session", session)
            .text("message_id", &report.message_id)
            .text("to", &report.from.addr.text())
            .text("state", word(report))
            .maybe("answer", answer),
        Delivery::Mo { from, to, text } => hub
            .line("mo")
            .number("session", session)
            .text("from", from)
            .text("to", to)
            .text("text", text)
            .maybe("answer", answer),
        Delivery::Part { from, to, data_coding, octets, esm_class } => {
            let message = part(from, to, *esm_class, *data_coding, octets.clone());
            let line = hub.line("mo").number("session", session).text("from", from).text("to", to);
            line.text("text", &text(&message)).maybe("answer", answer)
        }
    }
}
