//! One segment as a submit (operation 03): addresses, coding, header, user data, validity, by the link's settings.

use crate::codec::parameter as is;
use crate::codec::{Operation, Packet, stamp, text};
use crate::config::{Cimd2Config, ValidityForm};
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::message::Message;
use domain::routing::{Failure, FailureClass};
use domain::text::{Segment, SegmentBody, gsm7};
use pdu::{Dcs, hex};
use ports::driven::{Shipment, Withdrawal};

/// Cancel mode: the message that is named by recipient and stamp.
const THIS_ONE: &str = "2";

/// The packet that takes a message back.
///
/// # Errors
/// A permanent [`Failure`] when the id has no stamp.
pub(super) fn cancel(config: &Cimd2Config, number: u8, what: &Withdrawal) -> Result<Packet, Failure> {
    let Some((_, stamp)) = what.operator_id.rsplit_once(':').filter(|(_, stamp)| !stamp.is_empty()) else {
        let detail = "its id has no time stamp".to_owned();
        return Err(Failure { class: FailureClass::Permanent, code: "cimd2-unsayable".to_owned(), detail });
    };
    Ok(Packet::new(Operation::CANCEL, number)
        .with(is::CANCEL_MODE, THIS_ONE)
        .with(is::DESTINATION, destination(config, &what.message.recipient))
        .with(is::STAMP, stamp.to_owned()))
}

/// The packet of a segment. `reports`: whether status reports are wanted; `None` = do not even mention them.
///
/// # Errors
/// A permanent [`Failure`] when there is no such segment.
pub(super) fn packet(
    config: &Cimd2Config,
    reports: Option<bool>,
    now: Timestamp,
    number: u8,
    shipment: &Shipment,
    index: usize,
) -> Result<Packet, Failure> {
    let Some((_, segment)) = shipment.segments.get(index) else {
        let detail = "no such segment".to_owned();
        return Err(Failure { class: FailureClass::Permanent, code: "cimd2-unsayable".to_owned(), detail });
    };
    let message = &shipment.message;
    let mut packet = Packet::new(Operation::SUBMIT, number);
    packet.push(is::DESTINATION, destination(config, &message.recipient));
    if let Some((code, value)) = shipment.originator.as_ref().and_then(|o| originator(config, o)) {
        packet.push(code, value);
    }
    user_data(config, message, segment, &mut packet);
    if config.more_messages && segment.concat.is_some_and(|concat| concat.seq < concat.total) {
        packet.push(is::MORE, "1");
    }
    validity(config, now, message.expires_at, &mut packet);
    if config.protocol_id != 0 {
        packet.push(is::PROTOCOL, config.protocol_id.to_string());
    }
    packet.push(is::REPLY_PATH, "0");
    if let Some(wanted) = reports {
        packet.push(is::REPORTS, if wanted { config.reports } else { 0 }.to_string());
    }
    charging(config, message, &mut packet);
    Ok(packet)
}

/// The recipient.
pub(super) fn destination(config: &Cimd2Config, recipient: &Recipient) -> String {
    match recipient {
        Recipient::Number(number) => format!("{}{number}", config.international_prefix),
        Recipient::Short(code) => code.as_str().to_owned(),
        Recipient::Pager(pager) if pager.is_international() => {
            format!("{}{}", config.international_prefix, pager.as_str())
        }
        Recipient::Pager(pager) => pager.as_str().to_owned(),
    }
}

/// The sender; a number loses what the operator puts before it. `None` = the account's own number as it is.
fn originator(config: &Cimd2Config, originator: &Originator) -> Option<(u16, Vec<u8>)> {
    let number = |digits: &str, prefix: &str| {
        let own = config.own_number.trim_start_matches('+');
        match digits.strip_prefix(own).filter(|_| !own.is_empty()) {
            Some("") => None,
            Some(rest) => Some((is::ORIGINATOR, rest.as_bytes().to_vec())),
            None => Some((is::ORIGINATOR, format!("{prefix}{digits}").into_bytes())),
        }
    };
    match originator {
        Originator::Number(digits) => number(&digits.to_string(), &config.originator_prefix),
        Originator::Short(code) => number(code.as_str(), ""),
        Originator::Name(name) => {
            Some((is::NAME, text::encode(&gsm7::encode_lossy(name.as_str()), config.eight_bit)))
        }
    }
}

/// Coding, header and user data; text as text, all else as octets.
fn user_data(config: &Cimd2Config, message: &Message, segment: &Segment, packet: &mut Packet) {
    let Dcs(coding) = Dcs::new(segment.body.alphabet(), message.flash);
    if coding != 0 {
        packet.push(is::CODING, coding.to_string());
    }
    let octets = segment.body.octets();
    let own = match octets.first() {
        Some(length) if message.body.has_own_header() => (usize::from(*length) + 1).min(octets.len()),
        _ => 0,
    };
    let (own_header, octets) = octets.split_at(own);
    let header = if own_header.is_empty() { segment.header() } else { own_header.to_vec() };
    if !header.is_empty() {
        packet.push(is::HEADER, hex::encode(&header));
    }
    match &segment.body {
        SegmentBody::Gsm7(septets) => packet.push(is::TEXT, text::encode(septets, config.eight_bit)),
        SegmentBody::Ucs2(_) | SegmentBody::Binary(_) => packet.push(is::BINARY, hex::encode(octets)),
    }
}

fn validity(config: &Cimd2Config, now: Timestamp, expires_at: Timestamp, packet: &mut Packet) {
    match config.validity {
        ValidityForm::None => {}
        ValidityForm::Absolute => packet.push(is::VALID_UNTIL, stamp::format(expires_at, &config.zone)),
        ValidityForm::Relative => {
            let seconds = expires_at.duration_since(now).as_secs().max(0);
            let minutes = u32::try_from(seconds / 60).unwrap_or(u32::MAX);
            packet.push(is::VALID_FOR, pdu::relative_code(minutes).to_string());
        }
    }
}

fn charging(config: &Cimd2Config, message: &Message, packet: &mut Packet) {
    if let Some(tariff) = config.tariff {
        packet.push(is::TARIFF, tariff.to_string());
    }
    if let Some(service) = config.service {
        packet.push(is::SERVICE, service.to_string());
    }
    let class = usize::try_from(message.priority.code()).unwrap_or(0);
    match config.priorities.get(class) {
        None | Some(0) => {}
        Some(priority) => packet.push(is::PRIORITY, priority.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::message::Body;
    use domain::text::Alphabet;
    use fakes::samples;
    use jiff::ToSpan as _;
    use std::sync::Arc;

    fn shipment(text: &str) -> Shipment {
        let mut message = samples::message(1, Timestamp::UNIX_EPOCH);
        message.recipient = samples::recipient("46701234567");
        message.expires_at = Timestamp::UNIX_EPOCH + 24.hours();
        Shipment { originator: None, ..samples::shipment(message, text) }
    }

    fn said(config: &Cimd2Config, shipment: &Shipment, index: usize) -> String {
        let packet = packet(config, Some(shipment.receipt), Timestamp::UNIX_EPOCH, 3, shipment, index)
            .expect("a segment");
        let value = |v: &[u8]| domain::text::latin1::decode(v);
        let all = packet.parameters.iter().map(|p| format!("{:03}:{}", p.code, value(&p.value)));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn texts_and_codings() {
        let config = Cimd2Config::default();
        let hej = shipment("Hej på dig");
        assert_eq!(said(&config, &hej, 0), "021:+46701234567 033:Hej p_a* dig 050:167 055:0 056:62");
        let eight = Cimd2Config { eight_bit: true, ..config.clone() };
        assert_eq!(said(&eight, &hej, 0), "021:+46701234567 033:Hej på dig 050:167 055:0 056:62");
        let mut flash = shipment("я");
        Arc::make_mut(&mut flash.message).flash = true;
        flash.receipt = false;
        assert_eq!(said(&config, &flash, 0), "021:+46701234567 030:24 034:044F 050:167 055:0 056:0");
        let long = shipment(&"x".repeat(200));
        let first = said(&config, &long, 0);
        assert!(first.contains(" 032:0500032A0201 033:xxx") && first.contains(" 044:1 "), "{first}");
        let last = said(&config, &long, 1);
        assert!(last.contains(" 032:0500032A0202 ") && !last.contains(" 044:"), "{last}");
        assert!(packet(&config, None, Timestamp::UNIX_EPOCH, 3, &hej, 1).is_err());
    }

    #[test]
    fn what_takes_it_back() {
        let config = Cimd2Config::default();
        let what = |id: &str| {
            let message = shipment("x").message;
            cancel(&config, 7, &Withdrawal { message, originator: None, operator_id: id.to_owned() })
        };
        let packet = what("701234567:261123045959").expect("a packet");
        let all = packet
            .parameters
            .iter()
            .map(|p| format!("{:03}:{}", p.code, domain::text::latin1::decode(&p.value)));
        assert_eq!(
            (packet.operation, all.collect::<Vec<_>>().join(" ")),
            (Operation::CANCEL, "059:2 021:+46701234567 060:261123045959".to_owned())
        );
        assert!(what("701234567:").is_err() && what("x").is_err());
    }

    #[test]
    fn an_own_header_stands_apart() {
        let mut push = shipment("");
        let body = Body::Binary { udh: vec![6, 5, 4, 0x0B, 0x84, 0x23, 0xF0], data: vec![1, 2, 0xFF] };
        push.segments = (1..).zip(body.segments(0, false).expect("fits")).collect();
        Arc::make_mut(&mut push.message).body = body;
        let said = said(&Cimd2Config::default(), &push, 0);
        assert!(said.contains(" 030:4 032:0605040B8423F0 034:0102FF "), "{said}");
        let body = Body::Text { text: "Hej".into(), alphabet: Alphabet::Gsm7, udh: vec![5, 0, 3, 7, 2, 1] };
        push.segments = (1..).zip(body.segments(0, false).expect("fits")).collect();
        Arc::make_mut(&mut push.message).body = body;
        let said = self::said(&Cimd2Config::default(), &push, 0);
        assert!(said.contains(" 032:050003070201 033:Hej "), "{said}");
    }

    #[test]
    fn senders() {
        let config = Cimd2Config { own_number: "4670".into(), ..Cimd2Config::default() };
        for (sender, expected) in [
            ("46701234567", " 023:1234567 "),
            ("4570123456", " 023:4570123456 "),
            ("71234", " 023:71234 "),
            ("Företag", " 027:F_o\"retag "),
        ] {
            let mut shipment = shipment("x");
            shipment.originator = Originator::parse(sender).ok();
            let said = said(&config, &shipment, 0);
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn what_the_account_decides() {
        let config = Cimd2Config {
            international_prefix: String::new(),
            validity: ValidityForm::Absolute,
            zone: jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(1)),
            priorities: [9, 5, 3, 1],
            tariff: Some(12),
            service: Some(3),
            protocol_id: 64,
            ..Cimd2Config::default()
        };
        let said = said(&config, &shipment("x"), 0);
        assert_eq!(said, "021:46701234567 033:x 051:700102010000 052:64 055:0 056:62 064:12 065:3 067:5");
    }
}
