//! UCP as a dialect of the operator session: which frame is what, and what is answered at once.
//!
//! Operations that can be answered without anybody's help (keep-alives, the unknown, the unreadable) are answered here;
//! messages (52, 01) and receipts (53) wait for the application. A frame that cannot be read never costs the session (B8).
//! A result pairs with a submit by its transaction number and its operation; the session keeps numbers from being used
//! again while their result may still come.

mod deliver;
mod outcome;
mod submit;

use crate::codec::{self, Header, Packet, op};
use crate::config::{TRNS, UcpConfig};
use crate::receipt::is_about_another;
use bytes::{Bytes, BytesMut};
use domain::directory::LinkId;
use domain::routing::Failure;
use pdu::hex;
use ports::driven::Shipment;
use secrecy::ExposeSecret as _;
use session::{Answer, BadStream, BindRefusal, Dialect, Now, Received};
use std::sync::Arc;

/// Open a session.
const OPEN: &str = "1";
/// Version of the login operation.
const VERSION: &str = "0100";
/// Error code 04, "not allowed at this moment": send it again.
const NOT_NOW: &str = "04";
/// Error code 02: never again.
const NEVER: &str = "02";
/// Error code 03: no such operation here.
const NOT_SUPPORTED: &str = "03";

/// How to answer a message or a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTo {
    operation: u8,
    trn: u8,
    /// The system message of a positive result.
    message: String,
}

/// UCP on one connection.
#[derive(Debug)]
pub struct UcpDialect {
    config: Arc<UcpConfig>,
    link: LinkId,
    trn: u8,
    /// Whom the submit under each transaction number went to, for results that do not say.
    submitted_to: Vec<String>,
    skipped: usize,
}

impl UcpDialect {
    /// For one connection of a link.
    #[must_use]
    pub fn new(config: Arc<UcpConfig>, link: LinkId) -> Self {
        // The first number is 00.
        Self { config, link, trn: 99, submitted_to: vec![String::new(); TRNS], skipped: 0 }
    }

    fn write(packet: &Packet, out: &mut BytesMut) {
        if let Err(error) = codec::encode(packet, out) {
            tracing::error!(%error, "a UCP frame of our own could not be written");
        }
    }

    fn operation(operation: u8, trn: u8, fields: &[&str]) -> Packet {
        let fields = fields.iter().map(|field| Bytes::copy_from_slice(field.as_bytes())).collect();
        Packet { trn, result: false, operation, fields }
    }

    fn result(&mut self, packet: &Packet) -> Received<Self> {
        let key = packet.trn;
        match packet.operation {
            operation if operation == self.config.submission.operation() => {
                let to = self.submitted_to.get(usize::from(key)).map_or("", String::as_str);
                let others = self.submitted_to.iter().map(String::as_bytes);
                if packet.is_positive() && is_about_another(packet.system_message(), to.as_bytes(), others) {
                    return Received::Unknown;
                }
                Received::Reply { key, verdict: outcome::verdict(&self.config, packet, to), strained: false }
            }
            op::SESSION if packet.is_positive() => Received::Bound,
            op::SESSION => Received::BindRefused(BindRefusal {
                login: outcome::is_login(packet.error_code()),
                detail: outcome::detail(packet),
            }),
            // Also a refusal of a keep-alive proves that somebody is there.
            op::ALERT => Received::Alive,
            _ => Received::Unknown,
        }
    }

    fn request(&mut self, now: Now, packet: &Packet, out: &mut BytesMut) -> Received<Self> {
        let (trn, operation) = (packet.trn, packet.operation);
        match operation {
            op::DELIVER | op::CALL => {
                let message = deliver::system_message(&self.config, now.wall, packet);
                let to = AnswerTo { operation, trn, message };
                Received::Mo { to, part: deliver::part(&self.config, &self.link, now.wall, packet) }
            }
            op::NOTIFY => {
                let to = AnswerTo { operation, trn, message: deliver::scts(packet) };
                let receipt = deliver::receipt(&self.config, &self.link, packet);
                if receipt.operator_id.is_empty() {
                    tracing::warn!(link = %self.link, "a receipt without a time is about nothing");
                    self.answer(&to, Answer::Taken, out);
                    return Received::Answered;
                }
                Received::Receipt { to, receipt }
            }
            op::ALERT => {
                Self::write(&Packet::acknowledgement(operation, trn, "0000"), out);
                Received::Answered
            }
            op::SESSION => {
                Self::write(&Packet::acknowledgement(operation, trn, ""), out);
                Received::Answered
            }
            _ => {
                Self::write(&Packet::refusal(operation, trn, NOT_SUPPORTED, ""), out);
                Received::Answered
            }
        }
    }
}

impl Dialect for UcpDialect {
    type Key = u8;
    type AnswerTo = AnswerTo;
    const PROTOCOL: &'static str = "ucp";
    const KEYS: usize = TRNS;

    fn next_key(&mut self) -> u8 {
        self.trn = (self.trn + 1) % 100;
        self.trn
    }

    fn cut(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Result<Option<Bytes>, BadStream> {
        let before = self.skipped;
        let frame = codec::cut(input, &mut self.skipped);
        if self.skipped > before {
            tracing::warn!(link = %self.link, octets = self.skipped - before, "skipped a frame that was cut short");
        }
        Ok(frame)
    }

    fn read(&mut self, now: Now, frame: Bytes, out: &mut BytesMut) -> Received<Self> {
        match codec::decode(&frame) {
            Ok(packet) if packet.result => self.result(&packet),
            Ok(packet) => self.request(now, &packet, out),
            Err(error) => {
                error.answer().iter().for_each(|packet| Self::write(packet, out));
                let about =
                    error.header.map(|Header { trn, operation, .. }| format!("{operation:02} {trn:02}: "));
                Received::Bad(format!("{}{error}", about.unwrap_or_default()))
            }
        }
    }

    fn bind(&mut self, key: u8, out: &mut BytesMut) -> bool {
        if !self.config.login {
            return false;
        }
        let config = &self.config;
        let (ton, npi) = (config.account_ton.to_string(), config.account_npi.to_string());
        let password = hex::encode(&domain::text::gsm7::encode_lossy(config.password.expose_secret()));
        let fields = [config.account.as_str(), &ton, &npi, OPEN, &password, "", VERSION, "", "", "", "", ""];
        Self::write(&Self::operation(op::SESSION, key, &fields), out);
        true
    }

    fn submit(
        &mut self,
        now: Now,
        key: u8,
        shipment: &Shipment,
        index: usize,
        out: &mut BytesMut,
    ) -> Result<(), Failure> {
        let fields = submit::fields(&self.config, now.wall, shipment, index)?;
        let packet =
            Packet { trn: key, result: false, operation: self.config.submission.operation(), fields };
        codec::encode(&packet, out).map_err(|error| outcome::unsayable(&error))?;
        if let Some(to) = self.submitted_to.get_mut(usize::from(key)) {
            to.clear();
            to.push_str(&packet.text(0));
        }
        Ok(())
    }

    fn keep_alive(&mut self, key: u8, out: &mut BytesMut) {
        let fields = [self.config.account.as_str(), &self.config.keep_alive_pid];
        Self::write(&Self::operation(op::ALERT, key, &fields), out);
    }

    fn unbind(&mut self, _: u8, _: &mut BytesMut) -> bool {
        false
    }

    fn answer(&mut self, to: &AnswerTo, answer: Answer, out: &mut BytesMut) {
        let packet = match answer {
            Answer::Taken => Packet::acknowledgement(to.operation, to.trn, to.message.clone()),
            Answer::TryAgain => Packet::refusal(to.operation, to.trn, NOT_NOW, ""),
            Answer::Refused => Packet::refusal(to.operation, to.trn, NEVER, ""),
        };
        Self::write(&packet, out);
    }
}

/// An address without the plus sign or the zeros that stand before an international number.
pub(crate) fn plain_number(text: &str) -> &str {
    text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text)
}
