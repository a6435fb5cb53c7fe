//! Receiving: messages and status reports, stored by the modem (`+CMTI`, `+CDSI`, `AT+CMGL`) or handed over directly (`+CMT`, `+CDS`).
//! 3GPP TS 27.005 sections 3.4 and 4.
//!
//! A stored message is deleted, a direct one acknowledged, only after it is durable. What cannot be decoded is kept as binary: it must
//! neither be lost nor block the memory.

use super::Terminal;
use super::start::words;
use super::task::Task;
use crate::at;
use crate::chat::{Answer, End, Fault};
use crate::errors;
use crate::hex;
use crate::tpdu::{self, AddressKind, Deliver, Outcome, StatusReport, Tpdu, status_words};
use domain::address::Recipient;
use domain::mo::{MoBody, MoPart};
use domain::receipt::{Receipt, Verdict};
use domain::text::SegmentBody;
use domain::text::gsm7::Shift;
use session::Event;
use std::time::Duration;

/// Digits of a number that tell recipients apart: national and international forms end alike.
const DIGITS: usize = 8;
/// How long until what was not taken is read again.
const AGAIN: Duration = Duration::from_secs(10);

/// Where the modem keeps a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// `SM`, `ME`, `SR`.
    pub(crate) memory: String,
    /// From 0 or 1.
    pub(crate) index: u16,
}

/// How something received is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// By removing it.
    #[expect(private_interfaces, reason = "nobody else looks into it")]
    Stored(Place),
    /// By an acknowledgement.
    Direct,
}

/// What pairs a message and its status report: the modem's reference and the end of the recipient's number. References come around
/// after 256 messages of a modem: the store then takes the newest that waits.
pub(crate) fn receipt_key(reference: u8, recipient: &str) -> String {
    let digits: Vec<char> = recipient.chars().filter(char::is_ascii_digit).collect();
    let tail: String = digits.iter().skip(digits.len().saturating_sub(DIGITS)).collect();
    format!("mr{reference}-{tail}")
}

pub(super) fn is_sim_busy(answer: &Answer) -> bool {
    answer.code().is_some_and(|(kind, code)| errors::is_sim_busy(kind, code))
}

/// Whether something may lie there although it was not read.
pub(super) fn is_worth_another(answer: &Answer) -> bool {
    let is_empty = answer.code().is_some_and(|(kind, code)| errors::is_no_such_place(kind, code));
    matches!(answer.end, End::Error(_)) && !is_empty
}

impl Terminal {
    /// A line that nobody asked for.
    pub(super) fn unasked(&mut self, line: &str, pdu: Option<&str>) {
        match (line.split(':').next().unwrap_or_default(), pdu) {
            ("+CMT" | "+CDS", Some(pdu)) => match hex::decode(pdu) {
                Some(octets) => self.received(&octets, Mark::Direct),
                None => self.counts.bad_frames += 1,
            },
            ("+CMTI" | "+CDSI", _) => match at::stored(line) {
                Some((memory, index)) => self.fetch(Place { memory, index }),
                None => self.push(Task::Sweep),
            },
            ("+CREG" | "+CEREG" | "+CGREG", _) => self.look_soon(),
            ("RING" | "+CRING", _) if self.config.hang_up => self.push(Task::Set("ATH".into())),
            // The modem started by itself: what it was asked is lost, its settings too.
            ("RDY" | "^SYSSTART" | "NORMAL POWER DOWN" | "SYSSTART", _) if self.start.is_awake() => {
                self.close(session::Closed::Broken("the modem started anew".to_owned()));
            }
            _ => tracing::trace!(link = %self.link, line, "said unasked"),
        }
    }

    fn fetch(&mut self, mut place: Place) {
        if !self.start.is_serving() {
            // The first sweep of a connection finds it.
            return;
        }
        if self.home.is_empty() {
            // A modem that names no memory has one.
            place.memory.clear();
        }
        if self.held.contains(&place) {
            // Said twice, or the place is free already and holds the next one.
            self.anew.insert(place);
            return;
        }
        self.at_place(Task::Fetch(place.clone()), &place);
    }

    /// Reads again what was put off and lies where no sweep comes.
    pub(super) fn fetch_put_off(&mut self) {
        for place in std::mem::take(&mut self.put_off) {
            self.fetch(place);
        }
    }

    /// Nothing waits at this place any more. What was announced there meanwhile is read.
    pub(super) fn let_go(&mut self, place: Place) {
        self.held.remove(&place);
        if self.anew.remove(&place) {
            self.fetch(place);
        }
    }

    /// Reads this place again soon.
    fn again_soon(&mut self, place: Place) {
        if place.memory != self.home && !self.put_off.contains(&place) {
            self.put_off.push(place);
        }
        self.sweep_soon();
    }

    pub(super) fn sweep_soon(&mut self) {
        let at = self.at() + AGAIN;
        self.watch.sweep_at(at);
    }

    /// A task of receiving has its end.
    pub(super) fn handled(&mut self, task: Task, answer: &Answer) {
        match task {
            Task::Sweep => {
                for (index, raw) in at::unreadable(&answer.lines) {
                    self.not_read(index, &raw);
                }
                for entry in at::cmgl(&answer.lines) {
                    self.unread.remove(&entry.index);
                    let place = Place { memory: self.home.clone(), index: entry.index };
                    if entry.stat <= 1 {
                        self.found(place, &entry.pdu);
                    }
                }
                if !answer.is_ok() {
                    tracing::debug!(link = %self.link, why = words(&answer.end), "the memory cannot be listed");
                }
                if is_worth_another(answer) {
                    self.sweep_soon();
                }
            }
            Task::Fetch(place) => {
                self.read(place.clone(), answer);
                let elsewhere = place.memory != self.home;
                // A sweep reads it in another way. Where no sweep comes it is only waited for.
                if is_sim_busy(answer)
                    || !elsewhere && (is_worth_another(answer) || answer.end == End::Silence)
                {
                    self.again_soon(place);
                }
            }
            Task::Walk { index, left } => {
                let memory = self.home.clone();
                self.read(Place { memory, index }, answer);
                if is_sim_busy(answer) {
                    self.sweep_soon();
                }
                self.walked(index, left, answer);
            }
            Task::Delete(place) => {
                let octets = self.lies.remove(&place).unwrap_or_default();
                if answer.is_ok() {
                    self.state.is_gone(&place.memory, place.index);
                } else if matches!(answer.end, End::Error(_))
                    && self.state.stays(&place.memory, place.index, octets)
                {
                    tracing::warn!(link = %self.link, index = place.index, "a message cannot be removed from the modem; it is tried again at each look");
                }
                self.let_go(place);
            }
            // A modem that hears no acknowledgement in time stops handing over directly: announced anew.
            Task::Acknowledge(_) if !matches!(answer.end, End::Ok | End::Error(Fault::Code(_, 340))) => {
                self.push(Task::Offers);
            }
            _ => {}
        }
    }

    /// A received message lies at this place.
    fn found(&mut self, place: Place, pdu: &[u8]) {
        if self.held.contains(&place) || self.is_received(&place, pdu) {
            return;
        }
        self.held.insert(place.clone());
        self.lies.insert(place.clone(), pdu.to_vec());
        self.received(pdu, Mark::Stored(place));
    }

    /// Whether this was received before and only could not be removed: that is tried again.
    pub(super) fn is_received(&mut self, place: &Place, octets: &[u8]) -> bool {
        let known = self.state.is_known(&place.memory, place.index, octets);
        if known && self.held.insert(place.clone()) {
            self.lies.insert(place.clone(), octets.to_vec());
            self.at_place(Task::Delete(place.clone()), place);
        }
        known
    }

    /// One place was read.
    fn read(&mut self, place: Place, answer: &Answer) {
        match at::cmgr(&answer.text()) {
            Ok(message) if message.stat <= 1 => {
                self.state.is_well(place.index);
                self.found(place, &message.pdu);
            }
            // Announced and not there, or of another kind: the sweeps settle it.
            Ok(_) => tracing::debug!(link = %self.link, index = place.index, "no message was read there"),
            Err(error) => {
                tracing::debug!(link = %self.link, index = place.index, %error, "no message was read there");
                self.not_read_alone(place, answer);
            }
        }
    }

    /// Somebody said whether it is durable.
    pub(super) fn taken(&mut self, mark: &Mark, answer: session::Answer) {
        let good = answer != session::Answer::TryAgain;
        match mark {
            Mark::Stored(place) if good => {
                self.at_place(Task::Delete(place.clone()), place);
            }
            Mark::Stored(place) => {
                self.lies.remove(place);
                self.held.remove(place);
                self.anew.remove(place);
                self.again_soon(place.clone());
            }
            Mark::Direct => self.push_acknowledgement(good),
        }
    }

    fn push_acknowledgement(&mut self, good: bool) {
        // Before anything else: networks wait some seconds for it. Several may be due, so none is left out.
        self.push_first(Task::Acknowledge(good));
    }

    fn received(&mut self, octets: &[u8], mark: Mark) {
        let decoded = tpdu::decode(octets).map(|pdu| pdu.tpdu).or_else(|_| tpdu::decode_bare(octets));
        let event = match decoded {
            Ok(Tpdu::Deliver(deliver)) => Event::Mo { to: mark, part: self.part(deliver) },
            Ok(Tpdu::StatusReport(report)) => Event::Receipt { to: mark, receipt: self.receipt(&report) },
            Ok(Tpdu::Submit(_)) | Err(_) => {
                self.counts.bad_frames += 1;
                tracing::warn!(link = %self.link, "a received message cannot be read; it is kept as binary");
                Event::Mo { to: mark, part: self.unreadable(octets) }
            }
        };
        self.events.push_back(event);
    }

    fn part(&self, deliver: Deliver) -> MoPart {
        let udh = deliver.user_data.udh();
        let source = match deliver.originator.kind() {
            AddressKind::Alphanumeric | AddressKind::International => deliver.originator.value.clone(),
            AddressKind::Other => deliver.originator.to_string(),
        };
        let shifted = udh.shifts() != Shift::default();
        let text = deliver.user_data.text();
        MoPart {
            link: self.link.clone(),
            source,
            destination: self.config.number.clone(),
            concat: udh.concat(),
            body: match (deliver.user_data.body, text) {
                (SegmentBody::Gsm7(_), Some(text)) if shifted => MoBody::Text(text),
                (SegmentBody::Gsm7(septets), _) => MoBody::Gsm7(septets),
                (SegmentBody::Ucs2(octets), _) => MoBody::Ucs2(octets),
                (SegmentBody::Binary(octets), _) => MoBody::Binary(octets),
            },
            received_at: self.now.wall,
            operator_at: deliver.sent_at.and_then(|stamp| stamp.at()),
            operator_id: String::new(),
            said_before: 0,
        }
    }

    pub(super) fn unreadable(&self, octets: &[u8]) -> MoPart {
        MoPart {
            link: self.link.clone(),
            source: String::new(),
            destination: self.config.number.clone(),
            concat: None,
            body: MoBody::Binary(octets.to_vec()),
            received_at: self.now.wall,
            operator_at: None,
            operator_id: String::new(),
            said_before: 0,
        }
    }

    fn receipt(&self, report: &StatusReport) -> Receipt {
        let international = report.recipient.kind() == AddressKind::International;
        Receipt {
            link: self.link.clone(),
            operator_id: receipt_key(report.reference, &report.recipient.value),
            recipient: Recipient::parse(&report.recipient.value).ok().filter(|_| international),
            verdict: match Outcome::of(report.status) {
                Outcome::Delivered => Verdict::Delivered,
                Outcome::Pending => Verdict::Pending,
                Outcome::Expired => Verdict::Expired,
                Outcome::Deleted | Outcome::Failed => Verdict::Failed,
            },
            error: match report.status {
                0 => String::new(),
                status => format!("st-{status:02x} {}", status_words(status)).trim_end().to_owned(),
            },
            done_at: report.discharged_at.and_then(|stamp| stamp.at()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_both_forms_of_a_number() {
        assert_eq!(receipt_key(17, "46701234567"), "mr17-01234567");
        assert_eq!(receipt_key(17, "0701234567"), "mr17-01234567");
        assert_eq!(receipt_key(0, "71234"), "mr0-71234");
    }
}
