//! A deliver (operation 20) as a part of a received message, a status report (23) as a receipt.
//!
//! Tolerant: unknown codings become binary, hexadecimal that is none is kept as it stands, an address keeps the characters it
//! came with. Nothing that was decoded is refused here.

use super::outcome::identity;
use crate::codec::parameter as is;
use crate::codec::{Packet, stamp, text};
use crate::config::Cimd2Config;
use crate::status;
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::mo::{MoBody, MoPart};
use domain::receipt::{Receipt, Verdict};
use domain::text::gsm7::{self, Shift};
use domain::text::{Alphabet, Udh};
use pdu::{Dcs, hex};

/// A status report. Without an identity it is about nothing.
pub(super) fn receipt(config: &Cimd2Config, link: &LinkId, packet: &Packet) -> Receipt {
    Receipt {
        link: link.clone(),
        operator_id: identity(packet),
        recipient: Recipient::parse(&address(packet, is::DESTINATION)).ok(),
        verdict: status::verdict(packet.integer(is::STATUS)),
        error: reason(packet),
        done_at: time(config, packet, is::DISCHARGED),
    }
}

/// Why a message did not arrive, `29 absent subscriber`. What the status says where no error is named: cancelled and deleted have none.
fn reason(packet: &Packet) -> String {
    let named = packet.text(is::STATUS_ERROR);
    let named = named.trim().trim_start_matches('0');
    if !named.is_empty() {
        let words = named.parse().ok().and_then(status::reason_text).unwrap_or_default();
        return format!("{named} {words}").trim_end().to_owned();
    }
    let status = packet.integer(is::STATUS);
    match status::verdict(status) {
        Verdict::Failed | Verdict::Expired | Verdict::Deleted => {
            status.and_then(status::status_text).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// A message from a phone, or a part of one.
pub(super) fn part(config: &Cimd2Config, link: &LinkId, now: Timestamp, packet: &Packet) -> MoPart {
    let header = packet.get(is::HEADER).and_then(|digits| octets(digits)).unwrap_or_default();
    let (udh, _) = Udh::split(&header);
    let source = match packet.get(is::NAME) {
        Some(name) => text::decode(name),
        None => address(packet, is::ORIGINATOR),
    };
    MoPart {
        link: link.clone(),
        source,
        destination: address(packet, is::DESTINATION),
        concat: udh.concat(),
        body: body(packet, &header, udh.shifts()),
        received_at: now,
        operator_at: time(config, packet, is::STAMP),
        operator_id: String::new(),
        said_before: 0,
    }
}

/// The address without what marks it as international.
fn address(packet: &Packet, code: u16) -> String {
    let text = packet.text(code);
    let text = text.trim();
    text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text).to_owned()
}

fn time(config: &Cimd2Config, packet: &Packet, code: u16) -> Option<Timestamp> {
    config.zone.to_timestamp(stamp::parse(packet.get(code)?)?).ok()
}

fn octets(digits: &[u8]) -> Option<Vec<u8>> {
    hex::decode(std::str::from_utf8(digits).ok()?.trim())
}

/// The user data in either of its forms.
fn body(packet: &Packet, header: &[u8], shifts: Shift) -> MoBody {
    let coding = packet.integer(is::CODING).and_then(|coding| u8::try_from(coding).ok()).unwrap_or(0);
    let alphabet = Dcs(coding).alphabet();
    let gsm = |septets: Vec<u8>| match shifts == Shift::default() {
        true => MoBody::Gsm7(septets),
        false => MoBody::Text(gsm7::decode_with(&septets, shifts)),
    };
    match (packet.get(is::TEXT), packet.get(is::BINARY)) {
        (Some(written), _) => match text::septets(written) {
            Some(septets) => gsm(septets),
            None => MoBody::Text(text::decode(written)),
        },
        (None, Some(digits)) => match (octets(digits), alphabet) {
            (None, _) => MoBody::Binary(digits.to_vec()),
            (Some(octets), Alphabet::Ucs2) => MoBody::Ucs2(octets),
            (Some(octets), Alphabet::Binary) => MoBody::Binary(octets),
            (Some(octets), Alphabet::Gsm7) => gsm(unpacked(&octets, header.len())),
        },
        (None, None) => MoBody::Gsm7(Vec::new()),
    }
}

/// Packed septets behind a header; how many there are is not said, so a last zero that only fills an octet is left out.
fn unpacked(octets: &[u8], header: usize) -> Vec<u8> {
    let fill = gsm7::fill_bits(header);
    let bits = (octets.len() * 8).saturating_sub(usize::from(fill));
    let mut septets = gsm7::unpack(octets, bits / 7, fill);
    if bits % 7 == 0 && septets.last() == Some(&0) {
        septets.pop();
    }
    septets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Operation;
    use domain::text::Concat;

    fn link() -> LinkId {
        LinkId::parse("TS0").expect("name")
    }

    fn packet(operation: Operation, parameters: &[(u16, &'static str)]) -> Packet {
        parameters.iter().fold(Packet::new(operation, 2), |packet, (code, value)| packet.with(*code, *value))
    }

    fn mo(parameters: &[(u16, &'static str)]) -> MoPart {
        part(&Cimd2Config::default(), &link(), Timestamp::UNIX_EPOCH, &packet(Operation::DELIVER, parameters))
    }

    #[test]
    fn messages() {
        let part = mo(&[(21, "71234"), (23, "+46701234567"), (33, "Hej _a*"), (60, "261123045959")]);
        assert_eq!((part.source.as_str(), part.destination.as_str()), ("46701234567", "71234"));
        assert_eq!(part.body, MoBody::Gsm7(b"Hej \x0F".to_vec()));
        assert_eq!(part.operator_at.map(|at| at.to_string()).as_deref(), Some("2026-11-23T04:59:59Z"));
        let part = mo(&[(30, "8"), (32, "0500032A0302"), (34, "044f0041")]);
        assert_eq!(part.body, MoBody::Ucs2(vec![0x04, 0x4F, 0, 0x41]));
        assert_eq!(part.concat, Some(Concat { reference: 0x2A, wide: false, total: 3, seq: 2 }));
    }

    #[test]
    fn odd_bodies() {
        let body = |parameters: &[(u16, &'static str)]| mo(parameters).body;
        assert_eq!(body(&[]), MoBody::Gsm7(vec![]));
        assert_eq!(body(&[(30, "4"), (34, "00FF")]), MoBody::Binary(vec![0, 0xFF]));
        assert_eq!(body(&[(30, "4"), (34, "00F")]), MoBody::Binary(b"00F".to_vec()), "no hexadecimal");
        assert_eq!(body(&[(30, "x"), (33, "a")]), MoBody::Gsm7(b"a".to_vec()));
        assert_eq!(body(&[(34, "E8329BFD06")]), MoBody::Gsm7(b"hello".to_vec()));
        assert_eq!(body(&[(34, "61F1985C369F01")]), MoBody::Gsm7(b"abcdefg".to_vec()));
        let value = bytes::Bytes::from_static(b"\xC1");
        let unknown = Packet::new(Operation::DELIVER, 0).with(33, value);
        assert_eq!(super::body(&unknown, &[], Shift::default()), MoBody::Text("Á".into()));
    }

    #[test]
    fn reports() {
        let read = |parameters: &[(u16, &'static str)]| {
            receipt(&Cimd2Config::default(), &link(), &packet(Operation::STATUS_REPORT, parameters))
        };
        let report = read(&[(21, "+46701234567"), (60, "971107131212"), (61, "4"), (63, "971107131230")]);
        assert_eq!(
            (report.operator_id.as_str(), report.verdict),
            ("701234567:971107131212", Verdict::Delivered)
        );
        assert_eq!(report.recipient.map(|r| r.to_string()).as_deref(), Some("46701234567"));
        assert_eq!(report.done_at.map(|at| at.to_string()).as_deref(), Some("1997-11-07T13:12:30Z"));
        let report = read(&[(21, "0701234567"), (60, "971107131212"), (61, "3"), (62, "022")]);
        assert_eq!(
            (report.verdict, report.error.as_str(), report.recipient),
            (Verdict::Failed, "22 memory capacity exceeded", None)
        );
        assert_eq!(read(&[(21, "1"), (61, "4")]).operator_id, "", "about nothing");
        let said = |status, error| read(&[(60, "971107131212"), (61, status), (62, error)]).error;
        assert_eq!((said("5", "0").as_str(), said("4", "000").as_str()), ("", ""));
        assert_eq!((said("3", "77").as_str(), said("9", "0").as_str()), ("77", "message deleted by cancel"));
    }
}
