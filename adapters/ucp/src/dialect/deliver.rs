//! What the operator delivers: 52 and 01 as parts of received messages, 53 as receipts.
//!
//! Tolerant: an address keeps the characters it came with, an unknown outcome is told as such. Nothing that was decoded is
//! refused here.

use super::plain_number;
use crate::codec::{Packet, five, op, read_time, seconds};
use crate::config::UcpConfig;
use crate::{content, receipt as keys, status};
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::mo::MoPart;
use domain::receipt::{Receipt, Verdict};

/// A received message or a part of one.
pub(super) fn part(config: &UcpConfig, link: &LinkId, now: Timestamp, packet: &Packet) -> MoPart {
    let (udh, body) = content::read(config.alphabet, packet);
    let scts = if packet.operation == op::DELIVER { packet.field(five::SCTS) } else { &[] };
    MoPart {
        link: link.clone(),
        source: plain_number(&content::sender(packet)).to_owned(),
        destination: plain_number(&packet.text(five::ADC)).to_owned(),
        concat: udh.concat(),
        body,
        received_at: now,
        operator_at: time(config, scts),
        operator_id: String::new(),
        said_before: 0,
    }
}

/// A receipt; without a time its id is empty.
pub(super) fn receipt(config: &UcpConfig, link: &LinkId, packet: &Packet) -> Receipt {
    let phone = packet.field(five::OADC);
    let reason = packet.text(five::RSN);
    let failed = packet.field(five::DST) == b"2";
    let named = reason.parse().map_or("", status::reason);
    Receipt {
        link: link.clone(),
        operator_id: keys::key(phone, packet.field(five::SCTS)),
        recipient: international(&packet.text(five::OADC)),
        verdict: match packet.field(five::DST) {
            b"0" => Verdict::Delivered,
            b"1" => Verdict::Pending,
            b"2" => Verdict::Failed,
            _ => Verdict::Unknown,
        },
        error: if failed { format!("{reason} {named}").trim().to_owned() } else { String::new() },
        done_at: time(config, packet.field(five::DSCTS)),
    }
}

/// The recipient, when the number is surely an international one or a short one.
fn international(number: &str) -> Option<Recipient> {
    let plain = plain_number(number);
    (!plain.starts_with('0')).then(|| Recipient::parse(plain).ok()).flatten()
}

/// SCTS as it came.
pub(super) fn scts(packet: &Packet) -> String {
    packet.text(five::SCTS).into_owned()
}

/// What the positive result of a message says: whose it was and when. A message without a time gets ours.
pub(super) fn system_message(config: &UcpConfig, now: Timestamp, packet: &Packet) -> String {
    let scts = match packet.field(five::SCTS) {
        given if packet.operation == op::DELIVER && !given.is_empty() => scts(packet),
        _ => seconds(now.to_zoned(config.zone()).datetime()),
    };
    format!("{}:{scts}", packet.text(five::ADC))
}

fn time(config: &UcpConfig, digits: &[u8]) -> Option<Timestamp> {
    config.zone().to_timestamp(read_time(digits)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use jiff::tz::TimeZone;

    fn packet(operation: u8, fields: &[(usize, &str)]) -> Packet {
        let mut all = vec![Bytes::new(); five::COUNT];
        for (place, value) in fields {
            all[*place] = Bytes::copy_from_slice(value.as_bytes());
        }
        Packet { trn: 0, result: false, operation, fields: all }
    }

    fn link() -> LinkId {
        LinkId::parse("TS0").expect("name")
    }

    #[test]
    fn receipts() {
        let read = |dst, zone| {
            let fields = [
                (five::ADC, "71234"),
                (five::OADC, "0046701234567"),
                (five::SCTS, "231126050709"),
                (five::DST, dst),
                (five::RSN, "107"),
                (five::DSCTS, "231126060000"),
            ];
            let config = UcpConfig { time_zone: zone, ..UcpConfig::default() };
            receipt(&config, &link(), &packet(op::NOTIFY, &fields))
        };
        for (dst, verdict) in [
            ("0", Verdict::Delivered),
            ("1", Verdict::Pending),
            ("2", Verdict::Failed),
            ("", Verdict::Unknown),
        ] {
            assert_eq!(read(dst, None).verdict, verdict, "{dst}");
        }
        let failed = read("2", TimeZone::get("Europe/Stockholm").ok());
        assert_eq!(
            (failed.operator_id.as_str(), failed.error.as_str()),
            ("01234567:231126050709", "107 absent subscriber")
        );
        assert_eq!(failed.recipient.map(|r| r.to_string()).as_deref(), Some("46701234567"));
        assert_eq!(failed.done_at.map(|at| at.to_string()).as_deref(), Some("2026-11-23T05:00:00Z"));
    }

    #[test]
    fn messages_by_52_and_by_01() {
        let fields = [
            (five::ADC, "0071234567"),
            (five::OADC, "0046701234567"),
            (five::SCTS, "231126050709"),
            (five::MT, "3"),
            (five::MSG, "68656A"),
        ];
        let config = UcpConfig::default();
        let long = packet(op::DELIVER, &fields);
        let mo = part(&config, &link(), Timestamp::UNIX_EPOCH, &long);
        assert_eq!((mo.source.as_str(), mo.destination.as_str()), ("46701234567", "71234567"));
        assert_eq!(mo.operator_at.map(|at| at.to_string()).as_deref(), Some("2026-11-23T05:07:09Z"));
        assert_eq!(system_message(&config, Timestamp::UNIX_EPOCH, &long), "0071234567:231126050709");
        let fields =
            ["71234", "+46701234567", "", "3", "68656A"].map(|text| Bytes::copy_from_slice(text.as_bytes()));
        let short = Packet { trn: 0, result: false, operation: op::CALL, fields: fields.to_vec() };
        let mo = part(&config, &link(), Timestamp::UNIX_EPOCH, &short);
        assert_eq!(
            (mo.source.as_str(), mo.body, mo.operator_at),
            ("46701234567", domain::mo::MoBody::Gsm7(b"hej".to_vec()), None)
        );
        assert_eq!(system_message(&config, Timestamp::UNIX_EPOCH, &short), "71234:010170000000");
    }
}
