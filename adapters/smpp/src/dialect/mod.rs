//! SMPP as a dialect of the operator session: which PDU is what, and what is answered at once.
//!
//! Requests that can be answered without anybody's help (enquire_link, unbind, the unknown, the unreadable) are answered
//! here; deliver_sm and data_sm wait for the application. A PDU that cannot be read never costs the session (B8).

mod deliver;
mod outcome;
mod submit;

use crate::codec::{
    self, Bind, Body, CancelSm, CommandId, Decoded, Header, MessageResp, Pdu, ShortMessage, Tlvs,
};
use crate::codec::{FrameCodec, FrameError};
use crate::config::SmppConfig;
use crate::status::{Status, StatusClass};
use bytes::{Bytes, BytesMut};
use domain::directory::LinkId;
use domain::routing::Failure;
use ports::driven::{Shipment, Withdrawal};
use secrecy::ExposeSecret as _;
use session::{Answer, BadStream, BindRefusal, Dialect, Now, Received, Role, Verdict};
use std::sync::Arc;
use tokio_util::codec::Decoder as _;

/// Highest sequence number; then 1 again.
const LAST_SEQUENCE: u32 = 0x7FFF_FFFF;
/// From here on congestion_state says that the operator is over his best load.
const STRAINED: u8 = 90;

/// How to answer a deliver_sm or data_sm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerTo {
    command: CommandId,
    sequence: u32,
}

/// SMPP on one connection.
#[derive(Debug)]
pub struct SmppDialect {
    config: Arc<SmppConfig>,
    link: LinkId,
    role: Role,
    sequence: u32,
    /// The peer has said that it is older than 3.4: it gets no optional parameters.
    plain: bool,
    frames: FrameCodec,
}

impl SmppDialect {
    /// For one connection of a link.
    #[must_use]
    pub fn new(config: Arc<SmppConfig>, link: LinkId, role: Role) -> Self {
        let plain = config.interface_version < 0x34;
        Self { config, link, role, sequence: 0, plain, frames: FrameCodec }
    }

    fn write(pdu: &Pdu, out: &mut BytesMut) {
        if let Err(error) = codec::encode(pdu, out) {
            tracing::error!(%error, "a PDU of our own could not be written");
        }
    }

    fn bind_resp(&mut self, status: Status, tlvs: &Tlvs) -> Received<Self> {
        if !status.is_ok() {
            let login = status.class() == StatusClass::Login;
            return Received::BindRefused(BindRefusal { login, detail: status.to_string() });
        }
        // Left out, it would make the peer one of 3.3 by the book; but many of 3.4 leave it out and take parameters, on which long texts and
        // flash may depend. `interface_version` is for those that are older.
        self.plain |= tlvs.sc_interface_version().is_some_and(|version| version < 0x34);
        Received::Bound
    }

    fn deliver(
        &mut self,
        now: Now,
        to: AnswerTo,
        message: &ShortMessage,
        out: &mut BytesMut,
    ) -> Received<Self> {
        match deliver::received(&self.config, &self.link, now, to, message) {
            Received::Receipt { to, receipt } if receipt.operator_id.is_empty() => {
                tracing::warn!(link = %self.link, "a receipt without an id is about nothing");
                self.answer(&to, Answer::Taken, out);
                Received::Answered
            }
            other => other,
        }
    }

    fn response(&mut self, pdu: Pdu) -> Received<Self> {
        let Pdu { status, sequence: key, body } = pdu;
        match body {
            Body::BindReceiverResp(resp)
            | Body::BindTransmitterResp(resp)
            | Body::BindTransceiverResp(resp) => self.bind_resp(status, &resp.tlvs),
            Body::SubmitSmResp(resp) => {
                let strained = resp.tlvs.congestion_state().is_some_and(|state| state >= STRAINED);
                Received::Reply { key, verdict: outcome::verdict(&self.config, status, &resp), strained }
            }
            Body::CancelSmResp(_) if status.is_ok() => {
                Received::Withdrawn { key, verdict: Verdict::Accepted { operator_id: String::new() } }
            }
            Body::CancelSmResp(tlvs) => {
                Received::Withdrawn { key, verdict: outcome::nack(&self.config, status, tlvs) }
            }
            Body::GenericNack(tlvs) => {
                Received::Nack { key, verdict: outcome::nack(&self.config, status, tlvs) }
            }
            Body::EnquireLinkResp(_) => Received::Alive,
            Body::UnbindResp(_) => Received::Unbound,
            _ => Received::Unknown,
        }
    }

    fn request(&mut self, now: Now, pdu: Pdu, out: &mut BytesMut) -> Received<Self> {
        let sequence = pdu.sequence;
        let command = pdu.command_id();
        match pdu.body {
            Body::DeliverSm(message) => {
                let to = AnswerTo { command, sequence };
                return self.deliver(now, to, &message, out);
            }
            Body::DataSm(data) => {
                let to = AnswerTo { command, sequence };
                return self.deliver(now, to, &deliver::as_short_message(data), out);
            }
            Body::EnquireLink(_) => {
                Self::write(&Pdu::new(sequence, Body::EnquireLinkResp(Tlvs::default())), out)
            }
            Body::Unbind(_) => {
                Self::write(&Pdu::new(sequence, Body::UnbindResp(Tlvs::default())), out);
                return Received::Unbind;
            }
            Body::Outbind(outbind) => {
                tracing::info!(link = %self.link, from = %outbind.system_id.text(), "outbind on a bound session");
            }
            Body::AlertNotification(_) => tracing::info!(link = %self.link, "alert_notification"),
            _ => {
                let refusal = Pdu::refusal(command, sequence, Status::ESME_RINVCMDID);
                refusal.iter().for_each(|pdu| Self::write(pdu, out));
            }
        }
        Received::Answered
    }
}

impl Dialect for SmppDialect {
    type Key = u32;
    type AnswerTo = AnswerTo;
    const PROTOCOL: &'static str = "smpp";
    const KEYS: usize = LAST_SEQUENCE as usize;
    const WITHDRAWS: bool = true;

    fn next_key(&mut self) -> u32 {
        self.sequence = if self.sequence >= LAST_SEQUENCE { 1 } else { self.sequence + 1 };
        self.sequence
    }

    fn cut(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Bytes>, BadStream> {
        self.frames.decode(input).map_err(|error| {
            if let FrameError::Fatal(fatal) = &error
                && let Some(nack) = fatal.answer()
            {
                Self::write(&nack, out);
            }
            BadStream(error.to_string())
        })
    }

    fn read(&mut self, now: Now, frame: Bytes, out: &mut BytesMut) -> Received<Self> {
        match codec::decode(&frame) {
            Ok(Decoded { pdu, .. }) if pdu.command_id().is_response() => self.response(pdu),
            Ok(Decoded { pdu, .. }) => self.request(now, pdu, out),
            Err(error) => match error.header {
                // Accepted without an id that can be read is still accepted.
                Some(Header {
                    command_id: CommandId::SUBMIT_SM_RESP,
                    status: Status::ESME_ROK,
                    sequence,
                    ..
                }) => {
                    let verdict = outcome::verdict(&self.config, Status::ESME_ROK, &MessageResp::default());
                    Received::Reply { key: sequence, verdict, strained: false }
                }
                _ => {
                    error.answer().iter().for_each(|pdu| Self::write(pdu, out));
                    Received::Bad(error.to_string())
                }
            },
        }
    }

    fn bind(&mut self, key: u32, out: &mut BytesMut) -> bool {
        let config = &self.config;
        let bind = Bind {
            system_id: config.system_id.as_str().into(),
            password: config.password.expose_secret().into(),
            system_type: config.system_type.as_str().into(),
            interface_version: config.interface_version,
            addr_ton: config.address_numbering.ton,
            addr_npi: config.address_numbering.npi,
            address_range: config.address_range.as_str().into(),
            tlvs: Tlvs::default(),
        };
        let body = match self.role {
            Role::Both => Body::BindTransceiver(bind),
            Role::Send => Body::BindTransmitter(bind),
            Role::Receive => Body::BindReceiver(bind),
        };
        Self::write(&Pdu::new(key, body), out);
        true
    }

    fn submit(
        &mut self,
        now: Now,
        key: u32,
        shipment: &Shipment,
        index: usize,
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        let message = submit::short_message(&self.config, self.plain, now.wall, shipment, index)?;
        codec::encode(&Pdu::new(key, Body::SubmitSm(message)), out)
            .map_err(|error| outcome::unsayable(&error))
    }

    /// By the id, with the addresses as in the submit (section 4.9.1). The service type is for taking back many at once.
    fn withdraw(&mut self, key: u32, what: &Withdrawal, out: &mut BytesMut) -> Result<(), Failure> {
        let cancel = CancelSm {
            message_id: what.operator_id.as_str().into(),
            source: submit::source(&self.config, what.originator.as_ref()),
            destination: submit::destination(&self.config, &what.message.recipient),
            ..CancelSm::default()
        };
        codec::encode(&Pdu::new(key, Body::CancelSm(cancel)), out).map_err(|error| outcome::unsayable(&error))
    }

    fn keep_alive(&mut self, key: u32, out: &mut BytesMut) {
        Self::write(&Pdu::new(key, Body::EnquireLink(Tlvs::default())), out);
    }

    fn unbind(&mut self, key: u32, out: &mut BytesMut) -> bool {
        Self::write(&Pdu::new(key, Body::Unbind(Tlvs::default())), out);
        true
    }

    fn answer(&mut self, to: &AnswerTo, answer: Answer, out: &mut BytesMut) {
        let status = match answer {
            Answer::Taken => Status::ESME_ROK,
            Answer::TryAgain => Status::ESME_RX_T_APPN,
            Answer::Refused => Status::ESME_RX_P_APPN,
        };
        let answer = Pdu::refusal(to.command, to.sequence, status);
        answer.iter().for_each(|pdu| Self::write(pdu, out));
    }
}
