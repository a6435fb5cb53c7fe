//! A deliver_sm or data_sm as what it is: a receipt, or a part of a received message (sections 4.6 and 5.2.12).
//!
//! Tolerant: unknown codings become binary, unknown header elements are left out, an address keeps the characters it came
//! with. Nothing that was decoded is refused here.

use super::AnswerTo;
use crate::codec::{DataSm, NetworkError, Octets, ShortMessage};
use crate::config::{DefaultAlphabet, SmppConfig};
use crate::dialect::SmppDialect;
use crate::receipt::{Detect, ParsedReceipt, ReceiptState, StateClass};
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::mo::{MoBody, MoPart};
use domain::receipt::{Receipt, Verdict};
use domain::text::gsm7::{self, Shift};
use domain::text::{Concat, Udh};
use session::{Now, Received};

/// Type of number of a name.
const ALPHANUMERIC: u8 = 5;

/// What came.
pub(super) fn received(
    config: &SmppConfig,
    link: &LinkId,
    now: Now,
    to: AnswerTo,
    message: &ShortMessage,
) -> Received<SmppDialect> {
    let detect = if config.receipts_by_text { Detect::ByText } else { Detect::ByClass };
    match ParsedReceipt::from_deliver(message, detect) {
        Some(parsed) => Received::Receipt { to, receipt: receipt(config, link, message, parsed) },
        None => Received::Mo { to, part: part(config, link, now.wall, message) },
    }
}

/// A data_sm with the fields it shares with a deliver_sm.
pub(super) fn as_short_message(data: DataSm) -> ShortMessage {
    ShortMessage {
        service_type: data.service_type,
        source: data.source,
        destination: data.destination,
        esm_class: data.esm_class,
        registered_delivery: data.registered_delivery,
        data_coding: data.data_coding,
        tlvs: data.tlvs,
        ..ShortMessage::default()
    }
}

fn receipt(config: &SmppConfig, link: &LinkId, message: &ShortMessage, parsed: ParsedReceipt) -> Receipt {
    let final_verdict = match parsed.state {
        ReceiptState::Expired => Verdict::Expired,
        ReceiptState::Unknown => Verdict::Unknown,
        ReceiptState::Deleted => Verdict::Deleted,
        state => match state.class() {
            StateClass::Pending => Verdict::Pending,
            StateClass::Delivered => Verdict::Delivered,
            StateClass::Failed => Verdict::Failed,
        },
    };
    let none = |error: &String| error.bytes().all(|b| b == b'0');
    let network = |error: NetworkError| match error {
        NetworkError::Code { code: 0, .. } => String::new(),
        NetworkError::Code { network, code } => format!("{network}/{code}"),
        NetworkError::Text(text) => text,
    };
    Receipt {
        link: link.clone(),
        operator_id: parsed.id.unwrap_or_default(),
        recipient: Recipient::parse(&digits(&message.source.addr)).ok(),
        verdict: if parsed.intermediate { Verdict::Pending } else { final_verdict },
        error: parsed
            .err
            .filter(|error| !none(error))
            .or_else(|| parsed.network_error.map(network))
            .filter(|e| !none(e))
            .unwrap_or_default(),
        done_at: parsed.done_at.and_then(|at| config.receipt_offset.to_timestamp(at).ok()),
    }
}

fn part(config: &SmppConfig, link: &LinkId, now: Timestamp, message: &ShortMessage) -> MoPart {
    let payload = message.payload();
    // A header that would be longer than all there is, is none: what came is the text.
    let fits = payload.first().is_some_and(|length| usize::from(*length) < payload.len());
    let with_header = message.has_udh() && fits;
    let (udh, octets) = if with_header { Udh::split(payload) } else { (Udh::default(), &payload[..]) };
    let sar =
        || message.tlvs.sar().map(|(reference, total, seq)| Concat { reference, wide: true, total, seq });
    MoPart {
        link: link.clone(),
        source: if message.source.ton == ALPHANUMERIC {
            message.source.addr.text().into_owned()
        } else {
            digits(&message.source.addr)
        },
        destination: digits(&message.destination.addr),
        concat: udh.concat().or_else(sar),
        body: body(config.default_alphabet, message.data_coding, udh.shifts(), octets),
        received_at: now,
        operator_at: None,
        operator_id: String::new(),
        said_before: 0,
    }
}

/// The address without the plus sign that some operators send.
fn digits(addr: &Octets) -> String {
    let text = addr.text();
    text.strip_prefix('+').unwrap_or(&text).to_owned()
}

/// The text by its data_coding (section 5.2.19 and the practice of 3GPP TS 23.038).
fn body(alphabet: DefaultAlphabet, coding: u8, shifts: Shift, octets: &[u8]) -> MoBody {
    let gsm = |octets: &[u8]| {
        if shifts == Shift::default() {
            MoBody::Gsm7(octets.to_vec())
        } else {
            MoBody::Text(gsm7::decode_with(octets, shifts))
        }
    };
    match coding {
        0x00 => match alphabet {
            DefaultAlphabet::Gsm => gsm(octets),
            DefaultAlphabet::Latin1 | DefaultAlphabet::Ascii => MoBody::Latin1(octets.to_vec()),
        },
        0x01 | 0x03 => MoBody::Latin1(octets.to_vec()),
        0x06 => MoBody::Text(octets.iter().map(|octet| cyrillic(*octet)).collect()),
        0x07 => MoBody::Text(octets.iter().map(|octet| hebrew(*octet)).collect()),
        0x08 | 0x18..=0x1B | 0xE0..=0xEF => MoBody::Ucs2(octets.to_vec()),
        0x10..=0x13 | 0xC0..=0xDF => gsm(octets),
        0xF0..=0xFF if coding & 0x04 == 0 => gsm(octets),
        _ => MoBody::Binary(octets.to_vec()),
    }
}

/// ISO-8859-5.
fn cyrillic(octet: u8) -> char {
    match octet {
        0..=0xA0 | 0xAD => char::from(octet),
        0xF0 => '№',
        0xFD => '§',
        _ => char::from_u32(0x0360 + u32::from(octet)).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// ISO-8859-8.
fn hebrew(octet: u8) -> char {
    match octet {
        0xAA => '×',
        0xBA => '÷',
        0xE0..=0xFA => char::from_u32(0x04F0 + u32::from(octet)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(octet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Address, Tlvs, tag};
    use bytes::Bytes;
    use std::time::Duration;

    fn now() -> Now {
        Now { monotonic: Duration::ZERO, wall: Timestamp::UNIX_EPOCH }
    }

    fn read(message: &ShortMessage) -> Received<SmppDialect> {
        let link = LinkId::parse("TS0").expect("name");
        let to = AnswerTo { command: crate::codec::CommandId::DELIVER_SM, sequence: 1 };
        received(&SmppConfig::default(), &link, now(), to, message)
    }

    fn mo(message: &ShortMessage) -> MoPart {
        match read(message) {
            Received::Mo { part, .. } => part,
            other => panic!("{other:?}"),
        }
    }

    fn deliver(coding: u8, text: &'static [u8]) -> ShortMessage {
        ShortMessage {
            data_coding: coding,
            short_message: Bytes::from_static(text),
            ..ShortMessage::default()
        }
    }

    #[test]
    fn a_header_that_is_longer_than_all_there_is_takes_nothing_away() {
        let with_header = |text| mo(&ShortMessage { esm_class: 0x40, ..deliver(0x00, text) });
        assert_eq!(with_header(b"Hej du").body, MoBody::Gsm7(b"Hej du".to_vec()));
        assert_eq!(with_header(b"").body, MoBody::Gsm7(Vec::new()));
        let whole = with_header(b"\x05\x00\x03\x07\x02\x01");
        assert_eq!((whole.body, whole.concat.map(|c| c.total)), (MoBody::Gsm7(Vec::new()), Some(2)));
    }

    #[test]
    fn codings() {
        let text = |coding, octets| match mo(&deliver(coding, octets)).body {
            MoBody::Text(text) => text,
            other => format!("{other:?}"),
        };
        for coding in [0x00, 0x10, 0x13, 0xC0, 0xD8, 0xF0, 0xF3] {
            assert_eq!(mo(&deliver(coding, b"\x00a")).body, MoBody::Gsm7(vec![0, b'a']), "{coding:02X}");
        }
        for coding in [0x08, 0x18, 0x1B, 0xE0] {
            assert_eq!(mo(&deliver(coding, b"\0a")).body, MoBody::Ucs2(vec![0, b'a']), "{coding:02X}");
        }
        for coding in [0x02, 0x04, 0x05, 0x0D, 0x14, 0x77, 0xF4, 0xF7] {
            assert_eq!(mo(&deliver(coding, b"\xffa")).body, MoBody::Binary(vec![0xFF, b'a']), "{coding:02X}");
        }
        assert_eq!(mo(&deliver(0x03, b"\xe5")).body, MoBody::Latin1(vec![0xE5]));
        assert_eq!(
            (text(0x06, b"\xbf\xd0!"), text(0x07, b"\xf9\xe5!")),
            ("Па!".to_owned(), "שו!".to_owned())
        );
    }

    #[test]
    fn parts_by_header_and_by_parameters() {
        let headed = ShortMessage { esm_class: 0x40, ..deliver(0, b"\x05\x00\x03\x2a\x03\x02hej") };
        let part = mo(&headed);
        assert_eq!(part.concat, Some(Concat { reference: 0x2A, wide: false, total: 3, seq: 2 }));
        assert_eq!(part.body, MoBody::Gsm7(b"hej".to_vec()));
        let mut sar = deliver(0, b"hej");
        sar.tlvs.push_u16(tag::SAR_MSG_REF_NUM, 300);
        sar.tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, 2);
        sar.tlvs.push_u8(tag::SAR_SEGMENT_SEQNUM, 1);
        assert_eq!(mo(&sar).concat, Some(Concat { reference: 300, wide: true, total: 2, seq: 1 }));
        let mut long = deliver(0, b"");
        long.tlvs.push(tag::MESSAGE_PAYLOAD, "payload");
        assert_eq!(mo(&long).body, MoBody::Gsm7(b"payload".to_vec()));
    }

    #[test]
    fn addresses_as_they_come() {
        let source = |ton, addr: &[u8]| {
            let source = Address::new(ton, 0, addr.to_vec());
            mo(&ShortMessage { source, ..deliver(0, b"x") }).source
        };
        assert_eq!(source(1, b"+46701234567"), "46701234567");
        assert_eq!(source(1, b"46701234567"), "46701234567");
        assert_eq!(source(5, b"F\xf6retag"), "Företag");
        assert_eq!(source(0, b"1234567890123456789012345"), "1234567890123456789012345");
        assert_eq!(source(0, b""), "");
    }

    #[test]
    fn receipts() {
        let text = b"id:0059113978 sub:001 dlvrd:001 submit date:1506201641 done date:1506201642 stat:UNDELIV err:21b text:x";
        let source = Address::new(1, 1, "46701234567");
        let message = ShortMessage { esm_class: 0x04, source, ..deliver(0, text) };
        let Received::Receipt { receipt, .. } = read(&message) else { panic!("a receipt") };
        assert_eq!(
            (receipt.operator_id.as_str(), receipt.verdict, receipt.error.as_str()),
            ("0059113978", Verdict::Failed, "21b")
        );
        assert_eq!(receipt.recipient.map(|r| r.to_string()).as_deref(), Some("46701234567"));
        assert_eq!(receipt.done_at.map(|at| at.to_string()).as_deref(), Some("2015-06-20T16:42:00Z"));
        let mut tlvs = Tlvs::default();
        tlvs.push_string(tag::RECEIPTED_MESSAGE_ID, "38601fa");
        tlvs.push_u8(tag::MESSAGE_STATE, 2);
        let Received::Receipt { receipt, .. } =
            read(&ShortMessage { esm_class: 0x20, tlvs, ..deliver(0, b"") })
        else {
            panic!("a receipt")
        };
        assert_eq!((receipt.operator_id.as_str(), receipt.verdict), ("38601fa", Verdict::Pending));
    }
}
