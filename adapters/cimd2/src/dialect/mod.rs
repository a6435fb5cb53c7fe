//! CIMD2 as a dialect of the operator session: which packet is what, and what is answered at once (sections 2 and 7).
//!
//! Requests that can be answered without anybody's help (alive, the unknown, the unreadable) are answered here; messages and
//! status reports wait for the application. A packet that cannot be read never costs the session (B8). What is sent again
//! under the number of the request before is answered again and not processed twice.

mod deliver;
mod outcome;
mod submit;

use crate::codec::{self, DecodeError, Decoded, Frames, Malformed, Operation, Packet, parameter};
use crate::config::{Cimd2Config, Refusal};
use crate::status::ErrorClass;
use bytes::{Bytes, BytesMut};
use domain::directory::LinkId;
use domain::routing::Failure;
use ports::driven::{Shipment, Withdrawal};
use secrecy::ExposeSecret as _;
use session::{Answer, BadStream, BindRefusal, Dialect, Now, Received, Verdict};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Our odd packet numbers: 1, 3 .. 255.
const NUMBERS: usize = 128;
/// A request that the application does not make sense of (SMS Center 8).
const GENERIC_FAILURE: &[u8] = b"710";
/// A request that nobody knows.
const UNEXPECTED: &[u8] = b"1";
/// A request that cannot be read.
const SYNTAX: &[u8] = b"2";

/// What the sessions of one link have learned of the operator; forgotten when the link is started anew.
#[derive(Debug, Default)]
pub struct Learned {
    /// The login may not name a window: there is none.
    no_window: AtomicBool,
    /// The account may not ask for status reports.
    no_reports: AtomicBool,
}

/// How to answer something delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerTo {
    operation: Operation,
    number: u8,
}

/// What became of the operator's last request.
#[derive(Debug)]
enum Fate {
    /// The application has it.
    Pending,
    /// It was put off by silence.
    Silent,
    /// It was answered so.
    Answered(Bytes),
}

/// The operator's last request.
#[derive(Debug)]
struct Last {
    frame: Bytes,
    number: u8,
    fate: Fate,
}

/// CIMD2 on one connection.
#[derive(Debug)]
pub struct Cimd2Dialect {
    config: Arc<Cimd2Config>,
    link: LinkId,
    learned: Arc<Learned>,
    frames: Frames,
    /// The number of our next request.
    next: u8,
    /// The last submit under each number said nothing of status reports.
    silent: Box<[bool; 256]>,
    /// The number that the operator's next request should have.
    expected: u8,
    greeted: bool,
    last: Option<Last>,
}

impl Cimd2Dialect {
    /// For one connection of a link.
    #[must_use]
    pub fn new(config: Arc<Cimd2Config>, link: LinkId, learned: Arc<Learned>) -> Self {
        let greeted = !config.wait_for_greeting;
        let silent = Box::new([false; 256]);
        Self {
            config,
            link,
            learned,
            frames: Frames::default(),
            next: 1,
            silent,
            expected: 0,
            greeted,
            last: None,
        }
    }

    fn write(&self, packet: &Packet, out: &mut BytesMut) {
        if let Err(error) = codec::encode(packet, self.config.checksum, out) {
            tracing::error!(%error, "a packet of our own could not be written");
        }
    }

    /// Answers a request of the operator and keeps the answer for when he asks again.
    fn respond(&mut self, packet: &Packet, out: &mut BytesMut) {
        let start = out.len();
        self.write(packet, out);
        let octets = Bytes::copy_from_slice(out.get(start..).unwrap_or_default());
        if let Some(last) = self.last.as_mut().filter(|last| last.number == packet.number) {
            last.fate = Fate::Answered(octets);
        }
    }

    fn refuse(&mut self, operation: Operation, number: u8, error: &'static [u8], out: &mut BytesMut) {
        let packet = Packet::new(operation.response(), number);
        self.respond(&packet.with(parameter::ERROR, Bytes::from_static(error)), out);
    }

    fn request(&mut self, now: Now, frame: Bytes, packet: &Packet, out: &mut BytesMut) -> Received<Self> {
        let (operation, number) = (packet.operation, packet.number);
        if let Some(last) = self.last.as_ref().filter(|last| last.frame == frame) {
            match &last.fate {
                Fate::Pending => return Received::Answered,
                Fate::Answered(octets) => {
                    out.extend_from_slice(octets);
                    return Received::Answered;
                }
                Fate::Silent => {}
            }
        }
        self.expected = number.wrapping_add(2);
        self.last = Some(Last { frame, number, fate: Fate::Pending });
        let to = AnswerTo { operation, number };
        match operation {
            Operation::DELIVER => {
                return Received::Mo { to, part: deliver::part(&self.config, &self.link, now.wall, packet) };
            }
            Operation::STATUS_REPORT => {
                let receipt = deliver::receipt(&self.config, &self.link, packet);
                if !receipt.operator_id.is_empty() {
                    return Received::Receipt { to, receipt };
                }
                tracing::warn!(link = %self.link, "a status report without an identity is about nothing");
                self.respond(&Packet::new(operation.response(), number), out);
            }
            Operation::LOGOUT => {
                self.respond(&Packet::new(operation.response(), number), out);
                return Received::Unbind;
            }
            Operation::ALIVE => self.respond(&Packet::new(operation.response(), number), out),
            _ => self.refuse(operation, number, UNEXPECTED, out),
        }
        Received::Answered
    }

    fn response(&mut self, packet: &Packet, out: &mut BytesMut) -> Received<Self> {
        let key = packet.number;
        match packet.operation {
            Operation::LOGIN_RESPONSE => self.login_response(packet),
            Operation::SUBMIT_RESPONSE => {
                let was_silent = self.silent.get(usize::from(key)).is_some_and(|silent| *silent);
                let verdict = match outcome::verdict(&self.config, packet) {
                    // Saying nothing of them was what could be done about it.
                    Verdict::Again(failure) if was_silent => Verdict::Refused(failure),
                    other => other,
                };
                let no_reports = outcome::error(packet).is_some_and(|e| e.class() == ErrorClass::NoReports);
                if no_reports && !self.learned.no_reports.swap(true, Relaxed) {
                    tracing::warn!(link = %self.link, "the operator grants no status reports; none are asked for from now on");
                }
                Received::Reply { key, verdict, strained: false }
            }
            Operation::CANCEL_RESPONSE => {
                let verdict = match outcome::verdict(&self.config, packet) {
                    Verdict::Again(failure) => Verdict::Refused(failure),
                    other => other,
                };
                Received::Withdrawn { key, verdict }
            }
            Operation::ALIVE_RESPONSE => Received::Alive,
            Operation::LOGOUT_RESPONSE => Received::Unbound,
            Operation::GENERAL_ERROR => {
                Received::Nack { key, verdict: outcome::general(&self.config, packet) }
            }
            Operation::NACK if key % 2 == 1 => Received::Expected { key, next: key == self.next },
            Operation::NACK => self.again(key, out),
            _ => Received::Unknown,
        }
    }

    /// The operator has not got our answer to this request.
    fn again(&self, number: u8, out: &mut BytesMut) -> Received<Self> {
        match &self.last {
            Some(Last { number: last, fate: Fate::Answered(octets), .. }) if *last == number => {
                out.extend_from_slice(octets);
                Received::Answered
            }
            _ => Received::Unknown,
        }
    }

    fn login_response(&self, packet: &Packet) -> Received<Self> {
        let Some(error) = outcome::error(packet) else { return Received::Bound };
        let class = error.class();
        if class == ErrorClass::Window {
            self.learned.no_window.store(true, Relaxed);
        }
        let login = class == ErrorClass::Login;
        Received::BindRefused(BindRefusal { login, detail: outcome::failure(&self.config, packet).detail })
    }

    /// What cannot be read is answered all the same, or the operator sends it again for ever.
    fn unreadable(&mut self, error: &DecodeError, out: &mut BytesMut) {
        match (error.malformed, error.header) {
            (Malformed::Unended, _) | (_, None) => {}
            (Malformed::Checksum { .. }, Some((operation, number))) => {
                let number = if operation.is_response() { number } else { self.expected };
                self.write(&Packet::new(Operation::NACK, number), out);
            }
            (_, Some((operation, _))) if operation.is_response() => {}
            (_, Some((operation, number))) => {
                self.expected = number.wrapping_add(2);
                let delivery = matches!(operation, Operation::DELIVER | Operation::STATUS_REPORT);
                self.refuse(operation, number, if delivery { GENERIC_FAILURE } else { SYNTAX }, out);
            }
        }
    }
}

impl Dialect for Cimd2Dialect {
    type Key = u8;
    type AnswerTo = AnswerTo;
    const PROTOCOL: &'static str = "cimd2";
    const KEYS: usize = NUMBERS;
    const WITHDRAWS: bool = true;

    fn next_key(&mut self) -> u8 {
        let key = self.next;
        // 255 is followed by 1.
        self.next = key.wrapping_add(2);
        key
    }

    /// The centre takes each number in its turn and nacks any other.
    fn upcoming_key(&self) -> Option<u8> {
        Some(self.next)
    }

    fn rewind(&mut self, key: u8) {
        self.next = key;
    }

    fn most_in_flight(&self) -> usize {
        if self.learned.no_window.load(Relaxed) { 1 } else { usize::MAX }
    }

    fn try_again_is_silence(&self) -> bool {
        self.config.refusal == Refusal::Silence
    }

    fn waits_for_greeting(&self) -> bool {
        !self.greeted
    }

    fn cut(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Result<Option<Bytes>, BadStream> {
        let frame = self.frames.cut(input).map_err(|error| BadStream(error.to_string()))?;
        if !self.greeted && (frame.is_some() || self.frames.noise() > 0) {
            self.greeted = true;
            // No packet has no octets: this one stands for the greeting, which is no packet.
            return Ok(Some(frame.unwrap_or_default()));
        }
        Ok(frame)
    }

    fn read(&mut self, now: Now, frame: Bytes, out: &mut BytesMut) -> Received<Self> {
        if frame.is_empty() {
            return Received::Greeting;
        }
        match codec::decode(&frame) {
            Ok(Decoded { packet, .. }) if packet.operation.is_response() => self.response(&packet, out),
            Ok(Decoded { packet, .. }) => self.request(now, frame, &packet, out),
            Err(error) => {
                self.unreadable(&error, out);
                Received::Bad(error.to_string())
            }
        }
    }

    fn bind(&mut self, key: u8, out: &mut BytesMut) -> bool {
        let config = &self.config;
        let mut login = Packet::new(Operation::LOGIN, key)
            .with(parameter::USER, config.user.clone())
            .with(parameter::PASSWORD, config.password.expose_secret().to_owned());
        if let Some(subaddress) = config.subaddress {
            login.push(parameter::SUBADDRESS, subaddress.to_string());
        }
        if config.announce_window && config.window > 1 && !self.learned.no_window.load(Relaxed) {
            login.push(parameter::WINDOW, config.window.to_string());
        }
        self.write(&login, out);
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
        let reports = shipment.receipt && !self.learned.no_reports.load(Relaxed);
        let asked = if self.learned.no_reports.load(Relaxed) { None } else { Some(reports) };
        if let Some(silent) = self.silent.get_mut(usize::from(key)) {
            *silent = asked.is_none();
        }
        let packet = submit::packet(&self.config, asked, now.wall, key, shipment, index)?;
        codec::encode(&packet, self.config.checksum, out).map_err(|error| outcome::unsayable(&error))
    }

    /// The one message that has this recipient and this stamp: both stand in its id.
    fn withdraw(&mut self, key: u8, what: &Withdrawal, out: &mut BytesMut) -> Result<(), Failure> {
        let packet = submit::cancel(&self.config, key, what)?;
        codec::encode(&packet, self.config.checksum, out).map_err(|error| outcome::unsayable(&error))
    }

    fn keep_alive(&mut self, key: u8, out: &mut BytesMut) {
        self.write(&Packet::new(Operation::ALIVE, key), out);
    }

    fn unbind(&mut self, key: u8, out: &mut BytesMut) -> bool {
        self.write(&Packet::new(Operation::LOGOUT, key), out);
        true
    }

    fn answer(&mut self, to: &AnswerTo, answer: Answer, out: &mut BytesMut) {
        match answer {
            Answer::Taken => self.respond(&Packet::new(to.operation.response(), to.number), out),
            Answer::TryAgain if self.config.refusal == Refusal::Silence => {
                if let Some(last) = self.last.as_mut().filter(|last| last.number == to.number) {
                    last.fate = Fate::Silent;
                }
            }
            Answer::TryAgain | Answer::Refused => {
                self.refuse(to.operation, to.number, GENERIC_FAILURE, out);
            }
        }
    }
}
