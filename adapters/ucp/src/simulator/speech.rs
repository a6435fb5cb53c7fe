//! UCP from the operator's side: logins, submits and deliveries as frames.

use super::compose;
use crate::alphabet::Alphabet;
use crate::codec::{self, Packet, five, op, thirty, zero_one};
use crate::{content, status};
use bytes::BytesMut;
use domain::Timestamp;
use domain::mo::MoBody;
use domain::text::{gsm7, latin1, ucs2};
use pdu::hex;
use rehearsal::{Codes, Delivery, Heard, Kind, Login, Lost, Reply, Speech, Submitted};
use secrecy::SecretString;
use std::borrow::Cow;

/// An operation that no gateway submits with.
const ANOTHER: u8 = 54;
/// Far from every transaction number that waits.
const FAR: u8 = 50;

/// A submitted message: 51, 30 or 01.
#[derive(Debug)]
pub struct Submit(Packet);

impl Submitted for Submit {
    fn from(&self) -> Cow<'_, str> {
        content::sender(&self.0)
    }

    fn to(&self) -> Cow<'_, str> {
        self.0.text(five::ADC)
    }

    fn text(&self) -> String {
        match content::read(Alphabet::Gsm, &self.0).1 {
            MoBody::Gsm7(septets) => gsm7::decode(&septets),
            MoBody::Ucs2(octets) => ucs2::decode(&octets),
            MoBody::Latin1(octets) => latin1::decode(&octets),
            MoBody::Text(text) => text,
            MoBody::Binary(octets) => hex::encode(&octets),
        }
    }

    fn place(&self) -> (u8, u8) {
        content::read(Alphabet::Gsm, &self.0).0.concat().map_or((1, 1), |concat| (concat.seq, concat.total))
    }

    fn wants_receipt(&self) -> bool {
        match self.0.operation {
            // Bit 3 is "buffered", which never happens here.
            op::SUBMIT => {
                self.0.field(five::NRQ) == b"1" && !matches!(self.0.field(five::NT), b"" | b"0" | b"4")
            }
            op::TRANSFER => self.0.field(thirty::NRQ) == b"1",
            _ => false,
        }
    }
}

/// UCP on one connection, from the operator's side.
#[derive(Debug)]
pub struct CentreSpeech {
    login: bool,
    trn: u8,
}

impl CentreSpeech {
    pub(super) fn new(login: bool) -> Self {
        Self { login, trn: 99 }
    }

    fn write(packet: &Packet, out: &mut BytesMut) {
        if let Err(error) = codec::encode(packet, out) {
            tracing::warn!(%error, "the simulated operator could not write a frame");
        }
    }

    fn operation(packet: Packet, out: &mut BytesMut) -> Heard<Self> {
        let to = (packet.operation, packet.trn);
        match packet.operation {
            op::SUBMIT | op::TRANSFER | op::CALL => {
                if let Some(code) = wrong(&packet) {
                    Self::write(&Packet::refusal(packet.operation, packet.trn, code, ""), out);
                    return Heard::Other;
                }
                Heard::Submit { to, number: u64::from(packet.trn), submit: Submit(packet) }
            }
            op::SESSION => Heard::Login { to, login: login(&packet) },
            op::ALERT => Heard::Alive { to },
            _ => {
                Self::write(&Packet::refusal(packet.operation, packet.trn, "03", ""), out);
                Heard::Other
            }
        }
    }

    fn result(packet: &Packet) -> Heard<Self> {
        if !matches!(packet.operation, op::DELIVER | op::NOTIFY) {
            return Heard::Other;
        }
        let positive = packet.is_positive();
        let code = packet.error_code();
        let again = matches!(status::class(code), status::Class::Throttle | status::Class::Temporary);
        Heard::Answer {
            key: u32::from(packet.trn),
            status: if positive { 0 } else { u32::from(code.max(1)) },
            again: !positive && again,
        }
    }
}

/// The error code of a message that no centre would take, so that a program under test hears of it here first.
fn wrong(packet: &Packet) -> Option<&'static str> {
    let number = packet.field(five::ADC);
    let number = number.strip_prefix(b"+").unwrap_or(number);
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return Some("06");
    }
    let (kind, text) = match packet.operation {
        op::CALL => (packet.field(zero_one::MT), packet.field(zero_one::MSG)),
        op::TRANSFER => (&b"3"[..], packet.field(thirty::MSG)),
        _ => (packet.field(five::MT), packet.field(five::MSG)),
    };
    match kind {
        b"2" => (!text.iter().all(u8::is_ascii_digit)).then_some("02"),
        b"3" | b"4" => hex::decode_octets(text).is_none().then_some("02"),
        _ => Some("23"),
    }
}

fn login(packet: &Packet) -> Login {
    let password = hex::decode_octets(packet.field(4)).unwrap_or_default();
    Login {
        name: packet.text(0).into_owned(),
        password: SecretString::from(gsm7::decode(&password)),
        sends: true,
        receives: true,
    }
}

fn refusal((operation, trn): (u8, u8), status: u32) -> Packet {
    Packet::refusal(operation, trn, &format!("{:02}", status.min(99)), "")
}

impl Speech for CentreSpeech {
    type To = (u8, u8);
    type Submit = Submit;

    const CODES: Codes =
        Codes { throttled: 4, not_bound: 7, already_bound: 4, bad_login: 7, not_understood: 1 };
    const GARBAGE: &'static [u8] = b"\r\nno frame\x02 cut off/ \x03\x02 and again";
    const MOST_DELIVERIES: usize = 50;

    fn needs_no_login(&self) -> bool {
        !self.login
    }

    fn hear(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Heard<Self>>, Lost> {
        let Some(frame) = codec::cut(input, &mut 0) else { return Ok(None) };
        Ok(Some(match codec::decode(&frame) {
            Ok(packet) if packet.result => Self::result(&packet),
            Ok(packet) => Self::operation(packet, out),
            Err(error) => {
                error.answer().iter().for_each(|packet| Self::write(packet, out));
                Heard::Bad
            }
        }))
    }

    fn answer_login(&mut self, to: &(u8, u8), status: u32, out: &mut BytesMut) {
        match status {
            0 => Self::write(&Packet::acknowledgement(to.0, to.1, ""), out),
            status => Self::write(&refusal(*to, status), out),
        }
    }

    fn reply(&mut self, to: &(u8, u8), reply: &Reply, out: &mut BytesMut) {
        let (operation, trn) = *to;
        let right = match reply.status {
            0 => Packet::acknowledgement(operation, trn, reply.id.clone()),
            status => refusal(*to, status),
        };
        let start = out.len();
        let packet = match reply.kind {
            Kind::Right | Kind::Damaged => right,
            Kind::Unknown => Packet { trn: (trn + FAR) % 100, ..right },
            Kind::Nack => refusal(*to, Self::CODES.not_understood),
            Kind::WrongCommand => Packet { operation: ANOTHER, ..right },
            Kind::Empty => Packet::acknowledgement(operation, trn, ""),
        };
        Self::write(&packet, out);
        if reply.kind == Kind::Damaged
            && let Some(octet) = out.get_mut(start + 15)
        {
            *octet = if *octet == b'A' { b'N' } else { b'A' };
        }
    }

    fn answer_alive(&mut self, to: &(u8, u8), out: &mut BytesMut) {
        Self::write(&Packet::acknowledgement(to.0, to.1, "0000"), out);
    }

    fn deliver(&mut self, delivery: &Delivery, now: Timestamp, out: &mut BytesMut) -> u32 {
        self.trn = (self.trn + 1) % 100;
        Self::write(&compose::deliver(self.trn, now, delivery), out);
        u32::from(self.trn)
    }

    fn goodbye(&mut self, _: &mut BytesMut) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn what_no_centre_takes() {
        let fields =
            |fields: &[&str]| fields.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
        let of = |number, kind, text| {
            let packet = |operation, fields| Packet { trn: 1, result: false, operation, fields };
            let mut all = [""; five::COUNT];
            (all[five::ADC], all[five::MT], all[five::MSG]) = (number, kind, text);
            let long = wrong(&packet(op::SUBMIT, fields(&all)));
            assert_eq!(long, wrong(&packet(op::CALL, fields(&[number, "", "", kind, text]))));
            long
        };
        for (kind, text) in [("2", "12345"), ("3", "48656a"), ("3", ""), ("4", "00FF")] {
            assert_eq!(of("0046701234567", kind, text), None, "{kind} {text}");
        }
        assert_eq!((of("", "3", "48"), of("Anna", "3", "48")), (Some("06"), Some("06")));
        assert_eq!((of("71234", "3", "4"), of("71234", "2", "4A")), (Some("02"), Some("02")));
        assert_eq!(of("71234", "", "48"), Some("23"));
    }
}
