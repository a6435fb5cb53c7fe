//! SMPP from the operator's side: binds, submits and deliveries as PDUs (sections 4.1 to 4.6).

use super::compose;
use super::options::{IdForm, SimulatorOptions};
use crate::codec::{self, Bind, BindResp, Body, CommandId, FrameCodec, MessageResp, Octets};
use crate::codec::{Pdu, ShortMessage, Tlvs, tag};
use crate::status::Status;
use bytes::{Bytes, BytesMut};
use domain::Timestamp;
use domain::text::Udh;
use rehearsal::{Codes, Delivery, Heard, Kind, Login, Lost, Operator, Reply, Speech, Submitted};
use secrecy::SecretString;
use std::borrow::Cow;
use tokio_util::codec::Decoder as _;

impl Operator for SimulatorOptions {
    type Speech = SmscSpeech;

    fn options(&self) -> rehearsal::SimulatorOptions {
        self.common()
    }

    fn speech(&self) -> SmscSpeech {
        SmscSpeech { options: self.clone(), sequence: 0 }
    }

    fn id(&self, number: u64, _: &ShortMessage, _: Timestamp) -> String {
        match self.id_form {
            IdForm::Decimal => number.to_string(),
            IdForm::Hex => format!("{number:x}"),
            IdForm::Uuid => {
                let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let low = number & 0xFFFF_FFFF_FFFF;
                format!(
                    "{:08x}-{:04x}-4{:03x}-8{:03x}-{low:012x}",
                    mixed >> 32,
                    mixed >> 16 & 0xFFFF,
                    mixed & 0xFFF,
                    mixed >> 4 & 0xFFF
                )
            }
        }
    }
}

impl Submitted for ShortMessage {
    fn from(&self) -> Cow<'_, str> {
        self.source.addr.text()
    }

    fn to(&self) -> Cow<'_, str> {
        self.destination.addr.text()
    }

    fn text(&self) -> String {
        compose::text(self)
    }

    fn place(&self) -> (u8, u8) {
        let header = if self.has_udh() { Udh::split(self.payload()).0.concat() } else { None };
        header
            .map(|c| (c.seq, c.total))
            .or_else(|| self.tlvs.sar().map(|(_, total, seq)| (seq, total)))
            .unwrap_or((1, 1))
    }

    fn wants_receipt(&self) -> bool {
        self.registered_delivery & 0x03 != 0
    }
}

/// SMPP on one connection, from the operator's side.
#[derive(Debug)]
pub struct SmscSpeech {
    options: SimulatorOptions,
    sequence: u32,
}

impl SmscSpeech {
    fn write(pdu: &Pdu, out: &mut BytesMut) {
        if let Err(error) = codec::encode(pdu, out) {
            tracing::warn!(%error, "the simulated operator could not write a PDU");
        }
    }

    fn read(frame: &Bytes, out: &mut BytesMut) -> Heard<Self> {
        let pdu = match codec::decode(frame) {
            Ok(decoded) => decoded.pdu,
            Err(error) => {
                error.answer().iter().for_each(|pdu| Self::write(pdu, out));
                return Heard::Bad;
            }
        };
        let (sequence, command) = (pdu.sequence, pdu.command_id());
        let to = (command, sequence);
        match pdu.body {
            Body::SubmitSm(submit) => Heard::Submit { to, number: u64::from(sequence), submit },
            Body::CancelSm(cancel) => {
                let id = cancel.message_id.text().into_owned();
                Heard::Cancel { to, number: u64::from(sequence), id }
            }
            Body::DeliverSmResp(_) => {
                Heard::Answer { key: sequence, status: pdu.status.0, again: is_for_later(pdu.status) }
            }
            Body::BindTransceiver(bind) => Heard::Login { to, login: login(&bind, true, true) },
            Body::BindTransmitter(bind) => Heard::Login { to, login: login(&bind, true, false) },
            Body::BindReceiver(bind) => Heard::Login { to, login: login(&bind, false, true) },
            Body::EnquireLink(_) => Heard::Alive { to },
            Body::Unbind(_) => {
                Self::write(&Pdu::new(sequence, Body::UnbindResp(Tlvs::default())), out);
                Heard::Goodbye
            }
            Body::UnbindResp(_) => Heard::Goodbye,
            _ => {
                let refusal = Pdu::refusal(command, sequence, Status::ESME_RINVCMDID);
                refusal.iter().for_each(|pdu| Self::write(pdu, out));
                Heard::Other
            }
        }
    }

    fn next(&mut self) -> u32 {
        self.sequence = self.sequence % 0x7FFF_FFFF + 1;
        self.sequence
    }
}

/// What the gateway wants to have delivered again.
fn is_for_later(status: Status) -> bool {
    matches!(
        status,
        Status::ESME_RX_T_APPN | Status::ESME_RMSGQFUL | Status::ESME_RTHROTTLED | Status::ESME_RSYSERR
    )
}

fn login(bind: &Bind, sends: bool, receives: bool) -> Login {
    Login {
        name: bind.system_id.text().into_owned(),
        password: SecretString::from(bind.password.text().into_owned()),
        sends,
        receives,
    }
}

impl Speech for SmscSpeech {
    type To = (CommandId, u32);
    type Submit = ShortMessage;

    const CODES: Codes = Codes {
        throttled: Status::ESME_RTHROTTLED.0,
        not_bound: Status::ESME_RINVBNDSTS.0,
        already_bound: Status::ESME_RALYBND.0,
        bad_login: Status::ESME_RINVPASWD.0,
        not_understood: Status::ESME_RSYSERR.0,
    };
    const GARBAGE: &'static [u8] = b"\x00\x00\x00\x05 this is no PDU";
    const MOST_DELIVERIES: usize = usize::MAX;

    fn hear(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Heard<Self>>, Lost> {
        match FrameCodec.decode(input) {
            Ok(frame) => Ok(frame.map(|frame| Self::read(&frame, out))),
            Err(_) => Err(Lost),
        }
    }

    fn answer_login(&mut self, (command, sequence): &Self::To, status: u32, out: &mut BytesMut) {
        if status != 0 {
            let refusal = Pdu::refusal(*command, *sequence, Status(status));
            return refusal.iter().for_each(|pdu| Self::write(pdu, out));
        }
        let mut resp =
            BindResp { system_id: Some(Octets::from_static("omnigate-sim")), tlvs: Tlvs::default() };
        resp.tlvs.push_u8(tag::SC_INTERFACE_VERSION, 0x34);
        let body = match *command {
            CommandId::BIND_RECEIVER => Body::BindReceiverResp(resp),
            CommandId::BIND_TRANSMITTER => Body::BindTransmitterResp(resp),
            _ => Body::BindTransceiverResp(resp),
        };
        Self::write(&Pdu::new(*sequence, body), out);
    }

    fn reply(&mut self, (_, sequence): &Self::To, reply: &Reply, out: &mut BytesMut) {
        let sequence = *sequence;
        let mut tlvs = Tlvs::default();
        if let Some(congestion) = reply.congestion {
            tlvs.push_u8(tag::CONGESTION_STATE, congestion);
        }
        let message_id = Some(reply.id.as_str().into());
        let right = Body::SubmitSmResp(MessageResp { message_id, tlvs });
        let other = |body| Pdu { status: Status::ESME_ROK, sequence, body };
        let pdu = match reply.kind {
            Kind::Right | Kind::Damaged => Pdu { status: Status(reply.status), sequence, body: right },
            Kind::Unknown => {
                let sequence = sequence.wrapping_add(0x1000_0000);
                Pdu { status: Status(reply.status), sequence, body: right }
            }
            Kind::Nack => Pdu { status: Status::ESME_RSYSERR, ..other(Body::GenericNack(Tlvs::default())) },
            Kind::WrongCommand => other(Body::QuerySmResp(None)),
            Kind::Empty => other(Body::SubmitSmResp(MessageResp::default())),
        };
        Self::write(&pdu, out);
    }

    fn answer_cancel(&mut self, (_, sequence): &Self::To, done: bool, out: &mut BytesMut) {
        let status = if done { Status::ESME_ROK } else { Status::ESME_RCANCELFAIL };
        Self::write(&Pdu { status, sequence: *sequence, body: Body::CancelSmResp(Tlvs::default()) }, out);
    }

    fn answer_alive(&mut self, (_, sequence): &Self::To, out: &mut BytesMut) {
        Self::write(&Pdu::new(*sequence, Body::EnquireLinkResp(Tlvs::default())), out);
    }

    fn deliver(&mut self, delivery: &Delivery, now: Timestamp, out: &mut BytesMut) -> u32 {
        let sequence = self.next();
        let message = compose::deliver_sm(&self.options, now, delivery);
        Self::write(&Pdu::new(sequence, Body::DeliverSm(message)), out);
        sequence
    }

    fn goodbye(&mut self, out: &mut BytesMut) -> bool {
        Self::write(&Pdu::new(self.next(), Body::Unbind(Tlvs::default())), out);
        true
    }
}
