//! The deliver_sm of a simulated operator, and the text of a submit_sm.

use super::options::{ReceiptForm, ReceiptIdForm, SimulatorOptions};
use crate::codec::{Address, ShortMessage, tag};
use crate::receipt::{as_decimal, as_hex};
use bytes::Bytes;
use domain::Timestamp;
use domain::text::{Alphabet, Udh, gsm7, latin1, ucs2};
use jiff::tz::TimeZone;
use rehearsal::{Delivery, Report};

/// A user data header stands before the text.
const UDHI: u8 = 0x40;
/// It is a receipt.
const RECEIPT: u8 = 0x04;

/// The deliver_sm that carries a delivery.
pub(super) fn deliver_sm(options: &SimulatorOptions, now: Timestamp, delivery: &Delivery) -> ShortMessage {
    match delivery {
        Delivery::Receipt(report) => receipt(options, now, report),
        Delivery::Mo { from, to, text, .. } => {
            let (data_coding, octets) = match gsm7::encode(text) {
                Ok(septets) => (0, septets),
                Err(_) => (8, ucs2::encode(text)),
            };
            part(from, to, 0, data_coding, octets.into())
        }
        Delivery::Part { from, to, segment, .. } => {
            let data_coding = if segment.body.alphabet() == Alphabet::Ucs2 { 8 } else { 0 };
            let octets = Bytes::from([segment.header().as_slice(), segment.body.octets()].concat());
            part(from, to, UDHI, data_coding, octets)
        }
    }
}

fn address(text: &str) -> Address {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (digits, text.len()) {
        (_, 0) => Address::default(),
        (true, ..=6) => Address::new(3, 0, text),
        (true, _) => Address::new(1, 1, text),
        (false, _) => Address::new(5, 0, text),
    }
}

fn part(from: &str, to: &str, esm_class: u8, data_coding: u8, octets: Bytes) -> ShortMessage {
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

fn receipt(options: &SimulatorOptions, now: Timestamp, report: &Report) -> ShortMessage {
    let receipts = options.receipts.unwrap_or_default();
    let id = spelled(receipts.id_form, &report.message_id);
    let mut message = ShortMessage {
        source: address(&report.phone),
        destination: address(&report.sender),
        esm_class: RECEIPT,
        ..ShortMessage::default()
    };
    if receipts.form != ReceiptForm::Parameters {
        let (done, error, word) = match (report.deleted, report.failed) {
            (true, _) => ("000", "000", "DELETED"),
            (_, true) => ("000", "011", "UNDELIV"),
            _ => ("001", "000", "DELIVRD"),
        };
        let submitted = Timestamp::from_millisecond(report.submitted_ms).unwrap_or_default();
        let text = format!(
            "id:{id} sub:001 dlvrd:{done} submit date:{} done date:{} stat:{word} err:{error} text:",
            date(submitted),
            date(now),
        );
        message.short_message = Bytes::from(text);
    }
    if receipts.form != ReceiptForm::Text {
        message.tlvs.push_string(tag::RECEIPTED_MESSAGE_ID, &id);
        message.tlvs.push_u8(
            tag::MESSAGE_STATE,
            match (report.deleted, report.failed) {
                (true, _) => 4,
                (_, true) => 5,
                _ => 2,
            },
        );
    }
    message
}

/// The id as a receipt spells it.
fn spelled(form: ReceiptIdForm, id: &str) -> String {
    let spelled = match form {
        ReceiptIdForm::Same => None,
        ReceiptIdForm::Hex => as_decimal(id).map(|n| format!("{n:x}")),
        ReceiptIdForm::Decimal => as_hex(id).map(|n| format!("{n:010}")),
        ReceiptIdForm::Padded => Some(format!("000{id}")),
        ReceiptIdForm::Capitals => Some(id.to_uppercase()),
    };
    spelled.unwrap_or_else(|| id.to_owned())
}

fn date(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
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
