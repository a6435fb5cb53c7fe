//! CIMD2 from the centre's side: logins, submits and deliveries as packets (section 4).

use super::options::SimulatorOptions;
use crate::codec::parameter as is;
use crate::codec::{self, DecodeError, Frames, Malformed, Operation, Packet, stamp, text};
use bytes::{Bytes, BytesMut};
use domain::Timestamp;
use domain::text::{Alphabet, Policy, Segment, SegmentBody, Udh, choose, gsm7, split, ucs2};
use pdu::{Dcs, hex};
use rehearsal::{Codes, Delivery, Heard, Kind, Login, Lost, Operator, Reply, Report, Speech, Submitted};
use secrecy::SecretString;
use std::borrow::Cow;

/// A window that was refused.
const INVALID_WINDOW: u32 = 104;
/// Windows are off.
const NO_WINDOWS: u32 = 105;
/// Status reports are not granted.
const NO_REPORTS: u32 = 310;
/// A destination that is none.
const BAD_DESTINATION: u32 = 300;
/// User data that cannot be read.
const BAD_DATA: u32 = 302;
/// Text and octets in one message.
const BAD_COMBINATION: u32 = 303;
/// The cancel mode that names one message; the centre knows no other.
const THIS_ONE: u32 = 2;
/// A cancel that cannot be read.
const BAD_CANCEL: u32 = 311;
/// A message that is not there.
const NOT_FOUND: u32 = 7;
/// Distance to a number that nothing waits for.
const FAR: u8 = 128;

/// The error of a message that no centre would take, so that a program under test hears of it here first.
fn wrong(packet: &Packet) -> Option<u32> {
    let destination = packet.text(is::DESTINATION);
    let digits = destination.strip_prefix('+').unwrap_or(&destination);
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Some(BAD_DESTINATION);
    }
    match (packet.get(is::TEXT), packet.get(is::BINARY)) {
        (Some(_), Some(_)) => Some(BAD_COMBINATION),
        (None, Some(octets)) if hex::decode_octets(octets).is_none() => Some(BAD_DATA),
        _ => None,
    }
}

impl Operator for SimulatorOptions {
    type Speech = CentreSpeech;

    fn options(&self) -> rehearsal::SimulatorOptions {
        self.common.clone()
    }

    fn speech(&self) -> CentreSpeech {
        CentreSpeech { options: self.clone(), frames: Frames::default(), next: 0, expected: 1, submits: 0 }
    }

    fn id(&self, _: u64, submit: &Packet, now: Timestamp) -> String {
        let destination = submit.text(is::DESTINATION);
        let at = self.stamps.next(&destination, now);
        stamp::identity(&destination, &stamp::format(at, &self.zone))
    }
}

impl Submitted for Packet {
    fn from(&self) -> Cow<'_, str> {
        match self.get(is::NAME) {
            Some(name) => text::decode(name).into(),
            None => self.text(is::ORIGINATOR).into(),
        }
    }

    fn to(&self) -> Cow<'_, str> {
        // Reports will spell it without the plus sign that came: real centres do so too.
        self.text(is::DESTINATION).trim_start_matches('+').to_owned().into()
    }

    fn text(&self) -> String {
        let octets = |code| self.get(code).and_then(|digits| hex::decode(std::str::from_utf8(digits).ok()?));
        let coding = self.integer(is::CODING).and_then(|coding| u8::try_from(coding).ok()).unwrap_or(0);
        let written = self.get(is::TEXT).map(|written| text::decode(written));
        written.unwrap_or_else(|| match (octets(is::BINARY), Dcs(coding).alphabet()) {
            (Some(octets), Alphabet::Ucs2) => ucs2::decode(&octets),
            (Some(octets), _) => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
            (None, _) => String::new(),
        })
    }

    fn place(&self) -> (u8, u8) {
        let header = self.get(is::HEADER).and_then(|digits| hex::decode(std::str::from_utf8(digits).ok()?));
        let concat = header.and_then(|header| Udh::split(&header).0.concat());
        concat.map_or((1, 1), |concat| (concat.seq, concat.total))
    }

    fn wants_receipt(&self) -> bool {
        // Delivered or a failure of any kind; without the parameter, the account decides: not.
        self.integer(is::REPORTS).unwrap_or(0) & !1 != 0
    }
}

/// What an answer needs of the request.
#[derive(Debug, Clone)]
pub struct To {
    operation: Operation,
    number: u8,
    destination: Bytes,
}

/// CIMD2 on one connection, from the centre's side.
#[derive(Debug)]
pub struct CentreSpeech {
    options: SimulatorOptions,
    frames: Frames,
    /// The number of our next request, even.
    next: u8,
    /// The number that the application's next request has, odd.
    expected: u8,
    submits: u64,
}

impl CentreSpeech {
    fn write(&self, packet: &Packet, out: &mut BytesMut) {
        if let Err(error) = codec::encode(packet, self.options.checksum, out) {
            tracing::warn!(%error, "the simulated operator could not write a packet");
        }
    }

    fn refuse(&self, operation: Operation, number: u8, error: u32, out: &mut BytesMut) {
        self.write(&Packet::new(operation.response(), number).with(is::ERROR, error.to_string()), out);
    }

    fn packet(&mut self, packet: Packet, out: &mut BytesMut) -> Heard<Self> {
        let (operation, number) = (packet.operation, packet.number);
        let to =
            To { operation, number, destination: packet.get(is::DESTINATION).cloned().unwrap_or_default() };
        if !operation.is_response() {
            if operation == Operation::LOGIN {
                self.expected = number;
            }
            if self.options.strict_numbers && number != self.expected {
                self.write(&Packet::new(Operation::NACK, self.expected), out);
                return Heard::Other;
            }
            self.expected = number.wrapping_add(2);
        }
        match operation {
            Operation::LOGIN => self.login(to, &packet, out),
            Operation::SUBMIT if self.options.no_reports && packet.wants_receipt() => {
                self.refuse(operation, number, NO_REPORTS, out);
                Heard::Other
            }
            Operation::SUBMIT if let Some(error) = wrong(&packet) => {
                self.refuse(operation, number, error, out);
                Heard::Other
            }
            Operation::SUBMIT => {
                // Packet numbers come around; what the journal names does not.
                self.submits += 1;
                Heard::Submit { to, number: self.submits, submit: packet }
            }
            Operation::DELIVER_RESPONSE | Operation::STATUS_REPORT_RESPONSE => {
                let status =
                    if packet.get(is::ERROR).is_some() { packet.integer(is::ERROR).unwrap_or(1) } else { 0 };
                // 710 is "not now" as well as "never": a centre keeps the message.
                Heard::Answer { key: u32::from(number), status, again: status != 0 }
            }
            Operation::ALIVE => Heard::Alive { to },
            Operation::LOGOUT => {
                self.write(&Packet::new(operation.response(), number), out);
                Heard::Goodbye
            }
            _ if operation.is_response() => Heard::Other,
            Operation::CANCEL if packet.integer(is::CANCEL_MODE) == Some(THIS_ONE) => {
                let id = stamp::identity(&packet.text(is::DESTINATION), &packet.text(is::STAMP));
                Heard::Cancel { to, number: u64::from(number), id }
            }
            Operation::CANCEL => {
                self.refuse(operation, number, BAD_CANCEL, out);
                Heard::Other
            }
            Operation::ENQUIRE | Operation::DELIVERY_REQUEST | Operation::SET | Operation::GET => {
                self.refuse(operation, number, 7, out);
                Heard::Other
            }
            _ => {
                self.write(&Packet::new(Operation::GENERAL_ERROR, number), out);
                Heard::Other
            }
        }
    }

    fn login(&self, to: To, packet: &Packet, out: &mut BytesMut) -> Heard<Self> {
        if let Some(window) = packet.integer(is::WINDOW).filter(|window| *window > self.options.max_window) {
            tracing::debug!(window, "a window too wide");
            let error = if self.options.max_window == 0 { NO_WINDOWS } else { INVALID_WINDOW };
            self.refuse(to.operation, to.number, error, out);
            return Heard::Other;
        }
        let login = Login {
            name: packet.text(is::USER),
            password: SecretString::from(packet.text(is::PASSWORD)),
            sends: true,
            receives: true,
        };
        Heard::Login { to, login }
    }

    fn unreadable(&self, error: &DecodeError, out: &mut BytesMut) -> Heard<Self> {
        match (error.malformed, error.header) {
            (Malformed::Unended, _) | (_, None) => {}
            (Malformed::Checksum { .. }, Some(_)) => {
                self.write(&Packet::new(Operation::NACK, self.expected), out)
            }
            (_, Some((_, number))) => self.write(&Packet::new(Operation::GENERAL_ERROR, number), out),
        }
        Heard::Bad
    }

    /// A message from a phone; long texts come in parts, so what is left over is cut.
    fn message(&self, from: &str, to: &str, segment: &Segment, at: Timestamp) -> Packet {
        let mut packet = Packet::new(Operation::DELIVER, self.next).with(is::DESTINATION, to.to_owned());
        let number = from.strip_prefix('+').unwrap_or(from).bytes().all(|octet| octet.is_ascii_digit());
        match number {
            true => packet.push(is::ORIGINATOR, from.to_owned()),
            false => packet.push(is::NAME, text::encode(&gsm7::encode_lossy(from), self.options.eight_bit)),
        }
        let Dcs(coding) = Dcs::new(segment.body.alphabet(), false);
        packet.push(is::CODING, coding.to_string());
        let header = segment.header();
        if !header.is_empty() {
            packet.push(is::HEADER, hex::encode(&header));
        }
        match &segment.body {
            SegmentBody::Gsm7(septets) => {
                packet.push(is::TEXT, text::encode(septets, self.options.eight_bit))
            }
            SegmentBody::Ucs2(octets) | SegmentBody::Binary(octets) => {
                packet.push(is::BINARY, hex::encode(octets))
            }
        }
        packet.with(is::STAMP, Bytes::from(stamp::format(at, &self.options.zone)))
    }

    fn report(&self, report: &Report, now: Timestamp) -> Packet {
        let stamp = stamp_of(&report.message_id);
        let (status, error) = match (report.deleted, report.failed) {
            (true, _) => ("9", "0"),
            (_, true) => ("3", "29"),
            _ => ("4", "0"),
        };
        Packet::new(Operation::STATUS_REPORT, self.next)
            .with(is::DESTINATION, report.phone.clone())
            .with(is::STAMP, stamp.to_owned())
            .with(is::STATUS, status)
            .with(is::STATUS_ERROR, error)
            .with(is::DISCHARGED, stamp::format(now, &self.options.zone))
    }
}

/// The stamp in an id.
fn stamp_of(id: &str) -> &str {
    id.rsplit_once(':').map_or("", |(_, stamp)| stamp)
}

/// The first part of a text; there is only one, since longer ones come in parts.
fn whole(text: &str) -> Segment {
    let first = choose(text, Policy::Keep)
        .ok()
        .and_then(|chosen| split(&chosen.text, chosen.alphabet, 0, false).ok())
        .and_then(|segments| segments.into_iter().next());
    first.unwrap_or_else(|| Segment {
        own_header: Vec::new(),
        concat: None,
        body: SegmentBody::Gsm7(gsm7::encode_lossy(text)),
    })
}

impl Speech for CentreSpeech {
    type To = To;
    type Submit = Packet;

    const CODES: Codes =
        Codes { throttled: 10, not_bound: 1, already_bound: 102, bad_login: 100, not_understood: 2 };
    const GARBAGE: &'static [u8] = b"\r\n* noise *\x0253:0";
    const MOST_DELIVERIES: usize = 100;

    fn greet(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(self.options.greeting.as_bytes());
    }

    fn hear(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Heard<Self>>, Lost> {
        let Some(frame) = self.frames.cut(input).map_err(|_| Lost)? else { return Ok(None) };
        Ok(Some(match codec::decode(&frame) {
            Ok(decoded) => self.packet(decoded.packet, out),
            Err(error) => self.unreadable(&error, out),
        }))
    }

    fn answer_login(&mut self, To { operation, number, .. }: &To, status: u32, out: &mut BytesMut) {
        match status {
            0 => self.write(&Packet::new(operation.response(), *number), out),
            _ => self.refuse(*operation, *number, status, out),
        }
    }

    fn reply(&mut self, To { operation, number, destination }: &To, reply: &Reply, out: &mut BytesMut) {
        let right = |number: u8| {
            let packet = Packet::new(operation.response(), number);
            match reply.status {
                0 => packet
                    .with(is::DESTINATION, destination.clone())
                    .with(is::STAMP, stamp_of(&reply.id).to_owned()),
                error => packet.with(is::ERROR, error.to_string()),
            }
        };
        let packet = match reply.kind {
            Kind::Right | Kind::Damaged => right(*number),
            Kind::Unknown => right(number.wrapping_add(FAR)),
            Kind::Nack => Packet::new(Operation::GENERAL_ERROR, *number),
            Kind::WrongCommand => Packet::new(Operation::ENQUIRE_RESPONSE, *number),
            Kind::Empty => Packet::new(operation.response(), *number),
        };
        let start = out.len();
        self.write(&packet, out);
        if reply.kind == Kind::Damaged
            && let Some(octet) = out.get_mut(start + 4)
        {
            *octet = if *octet == b'9' { b'8' } else { b'9' };
        }
    }

    fn answer_cancel(&mut self, To { operation, number, .. }: &To, done: bool, out: &mut BytesMut) {
        match done {
            true => self.write(&Packet::new(operation.response(), *number), out),
            false => self.refuse(*operation, *number, NOT_FOUND, out),
        }
    }

    fn answer_alive(&mut self, To { operation, number, .. }: &To, out: &mut BytesMut) {
        self.write(&Packet::new(operation.response(), *number), out);
    }

    fn deliver(&mut self, delivery: &Delivery, now: Timestamp, out: &mut BytesMut) -> u32 {
        let packet = match delivery {
            Delivery::Receipt(report) => self.report(report, now),
            Delivery::Mo { from, to, text, at } => self.message(from, to, &whole(text), *at),
            Delivery::Part { from, to, segment, at } => self.message(from, to, segment, *at),
        };
        self.write(&packet, out);
        let key = u32::from(self.next);
        self.next = self.next.wrapping_add(2);
        key
    }

    fn goodbye(&mut self, _: &mut BytesMut) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_centre_takes() {
        let of = |parameters: &[(u16, &'static str)]| {
            let packet = Packet::new(Operation::SUBMIT, 1);
            wrong(&parameters.iter().fold(packet, |packet, (code, value)| packet.with(*code, *value)))
        };
        assert_eq!(of(&[(21, "+46701234567"), (33, "Hej")]), None);
        assert_eq!(of(&[(21, "71234"), (30, "4"), (34, "00ff")]), None);
        assert_eq!(of(&[(33, "Hej")]), Some(BAD_DESTINATION));
        assert_eq!(of(&[(21, "Anna"), (33, "Hej")]), Some(BAD_DESTINATION));
        assert_eq!(of(&[(21, "71234"), (33, "Hej"), (34, "00")]), Some(BAD_COMBINATION));
        assert_eq!(of(&[(21, "71234"), (34, "0")]), Some(BAD_DATA));
    }
}
