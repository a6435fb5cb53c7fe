//! The operations by which a simulated centre delivers: 52 for messages from phones, 53 for receipts.

use crate::codec::{Extra, Packet, five, op, pack_sender, push_service, seconds};
use bytes::Bytes;
use domain::Timestamp;
use domain::text::{SegmentBody, gsm7, ucs2};
use jiff::tz::TimeZone;
use pdu::hex;
use rehearsal::{Delivery, Report};

/// OTOA of a name.
const NAME: &str = "5039";
/// Data coding UCS-2.
const UCS2: u8 = 0x08;

/// The operation that carries a delivery.
pub(super) fn deliver(trn: u8, now: Timestamp, delivery: &Delivery) -> Packet {
    let mut fields = vec![Bytes::new(); five::COUNT];
    let mut put = |place: usize, value: String| {
        if let Some(field) = fields.get_mut(place) {
            *field = value.into();
        }
    };
    match delivery {
        Delivery::Receipt(report) => receipt(report, time(now), &mut put),
        Delivery::Mo { from, to, text, at } => {
            let body = match gsm7::encode(text) {
                Ok(septets) => SegmentBody::Gsm7(septets),
                Err(_) => SegmentBody::Ucs2(ucs2::encode(text)),
            };
            message(from, to, time(*at), &[], &body, &mut put);
        }
        Delivery::Part { from, to, segment, at } => {
            message(from, to, time(*at), &segment.header(), &segment.body, &mut put);
        }
    }
    let operation = if matches!(delivery, Delivery::Receipt(_)) { op::NOTIFY } else { op::DELIVER };
    Packet { trn, result: false, operation, fields }
}

fn message(
    from: &str,
    to: &str,
    scts: String,
    header: &[u8],
    body: &SegmentBody,
    put: &mut impl FnMut(usize, String),
) {
    let mut services = String::new();
    if !header.is_empty() {
        push_service(&mut services, Extra::Header, header);
    }
    match body {
        SegmentBody::Gsm7(_) => put(five::MT, "3".to_owned()),
        SegmentBody::Ucs2(octets) | SegmentBody::Binary(octets) => {
            put(five::MT, "4".to_owned());
            put(five::NB, (octets.len() * 8).to_string());
            if matches!(body, SegmentBody::Ucs2(_)) {
                push_service(&mut services, Extra::Coding, &[UCS2]);
            }
        }
    }
    put(five::ADC, digits(to));
    if from.bytes().all(|b| b.is_ascii_digit()) {
        put(five::OADC, from.to_owned());
    } else {
        let name: String = from.chars().take(8).collect();
        put(five::OADC, pack_sender(&name).unwrap_or_default());
        put(five::OTOA, NAME.to_owned());
    }
    put(five::SCTS, scts);
    put(five::MSG, hex::encode(body.octets()));
    put(five::XSER, services);
}

fn receipt(report: &Report, now: String, put: &mut impl FnMut(usize, String)) {
    let scts = report.message_id.rsplit(':').next().unwrap_or_default();
    let (outcome, reason, word) = if report.failed {
        ("2", "107", "could not be delivered")
    } else {
        ("0", "000", "has been delivered")
    };
    let text = format!("Message for {}, with identification {scts} {word}", report.phone);
    put(five::ADC, digits(&report.sender));
    put(five::OADC, digits(&report.phone));
    put(five::SCTS, scts.to_owned());
    put(five::DST, outcome.to_owned());
    put(five::RSN, reason.to_owned());
    put(five::DSCTS, now);
    put(five::MT, "3".to_owned());
    put(five::MSG, hex::encode(&gsm7::encode_lossy(&text)));
}

/// What an address field can carry of this.
fn digits(address: &str) -> String {
    address.chars().filter(char::is_ascii_digit).take(16).collect()
}

fn time(at: Timestamp) -> String {
    seconds(at.to_zoned(TimeZone::UTC).datetime())
}
