//! Sending a segment: `AT+CMGS` in PDU mode (3GPP TS 27.005 section 4.3), at the speed that a SIM and its operator bear.
//!
//! What was not written is given back; what was written and not answered is in doubt, and nothing here sends it again. PDU mode is set
//! before each segment: a modem that has fallen back to texts by itself would send the digits of the PDU as a text.

use super::receive::receipt_key;
use super::start::words;
use super::task::Task;
use super::{SETTLE, Terminal};
use crate::chat::{Answer, Ask, End, Fault};
use crate::errors::{self, Class, Kind};
use crate::hex;
use crate::profile::Profile;
use crate::tpdu::{self, Address, Pdu, Submit, Tpdu, UserData, Validity, relative_code};
use domain::address::Recipient;
use domain::routing::{Failure, FailureClass};
use domain::text::SegmentBody;
use ports::driven::{PartReply, Shipment};
use session::{Closed, Event, Now};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the prompt may take.
const PROMPT: Duration = Duration::from_secs(10);
/// Tries of a segment that was not written, or not understood.
const MOST_TRIES: u8 = 2;
/// How long nothing is sent after the network asked for a pause.
const THROTTLED: Duration = Duration::from_secs(5);
/// Failures of the modem itself, one after the other, before it is set up anew.
const MOST_FAILURES: u8 = 3;
/// The window of the limit by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// A segment on its way out.
#[derive(Debug)]
pub(super) struct Job {
    token: u64,
    pdu: String,
    length: usize,
    recipient: String,
    started: Duration,
    tries: u8,
    /// The modem has just taken PDU mode.
    formatted: bool,
    going: bool,
}

impl Job {
    pub(super) fn new(
        profile: &Profile,
        now: Now,
        token: u64,
        shipment: &Shipment,
        index: usize,
    ) -> Result<Self, Failure> {
        let octets = tpdu::encode(&pdu(now, shipment, index)?).map_err(cannot)?;
        let sca = tpdu::sca_octets(&octets);
        let written = if profile.bare_pdu { octets.get(sca..).unwrap_or_default() } else { &octets };
        Ok(Self {
            token,
            pdu: hex::encode(written),
            length: octets.len().saturating_sub(sca),
            recipient: shipment.message.recipient.to_string(),
            started: now.monotonic,
            tries: 0,
            formatted: false,
            going: false,
        })
    }

    /// What is to be asked for it next.
    pub(super) fn next(&self) -> Option<Task> {
        let next = if self.formatted { Task::Submit } else { Task::Format };
        (!self.going).then_some(next)
    }
}

fn cannot(why: impl std::fmt::Display) -> Failure {
    Failure { class: FailureClass::Permanent, code: "gsm-pdu".into(), detail: why.to_string() }
}

/// The SMS-SUBMIT of a segment. The sender is the SIM's number: a modem cannot show another.
fn pdu(now: Now, shipment: &Shipment, index: usize) -> Result<Pdu, Failure> {
    let message = &shipment.message;
    let (_, segment) = shipment.segments.get(index).ok_or_else(|| cannot("no such segment"))?;
    let to = match &message.recipient {
        Recipient::Number(number) => Address::parse(&format!("+{number}")),
        Recipient::Pager(pager) if pager.is_international() => {
            Address::parse(&format!("+{}", pager.as_str()))
        }
        Recipient::Short(code) => Address::parse(code.as_str()),
        Recipient::Pager(pager) => Address::parse(pager.as_str()),
    };
    let mut submit = Submit::new(to.map_err(cannot)?, segment, message.flash);
    if message.body.has_own_header() {
        let octets = segment.body.octets();
        let header = octets.first().map_or(0, |length| usize::from(*length) + 1).min(octets.len());
        let (header, data) = octets.split_at(header);
        submit.user_data = UserData::new(header.to_vec(), SegmentBody::Binary(data.to_vec()));
    }
    submit.status_report = shipment.receipt;
    let seconds = message.expires_at.duration_since(now.wall).as_secs().max(0);
    let minutes = u32::try_from(seconds.unsigned_abs().div_ceil(60)).unwrap_or(u32::MAX);
    submit.validity = Validity::Relative(relative_code(minutes));
    Ok(Pdu { sca: None, tpdu: Tpdu::Submit(submit) })
}

/// The limits of one SIM.
#[derive(Debug, Default)]
pub(super) struct SimPace {
    sent: VecDeque<Duration>,
    closed_until: Option<Duration>,
    failures: u8,
}

impl SimPace {
    /// When the next segment may go, if not now.
    pub(super) fn open_at(&self) -> Option<Duration> {
        self.closed_until
    }

    fn pause_until(&mut self, until: Duration) {
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
    }

    fn open(&mut self, now: Duration) {
        self.closed_until = self.closed_until.filter(|until| *until > now);
    }

    fn sent(&mut self, now: Duration, per_minute: u32) {
        let Ok(most @ 1..) = usize::try_from(per_minute) else { return };
        self.sent.push_back(now);
        while self.sent.len() > most {
            self.sent.pop_front();
        }
        if let Some(first) = self.sent.front()
            && self.sent.len() == most
            && *first + MINUTE > now
        {
            self.pause_until(*first + MINUTE);
        }
    }
}

impl Terminal {
    /// Time passed: what the pace kept back may go.
    pub(super) fn open_pace(&mut self) {
        let now = self.at();
        self.pace.open(now);
    }

    /// Whether the day's messages are sent.
    pub(super) fn day_is_full(&self) -> bool {
        self.config.per_day > 0 && self.state.notes.sent_on(&self.day()) >= self.config.per_day
    }

    fn day(&self) -> String {
        self.now.wall.to_zoned(jiff::tz::TimeZone::system()).date().to_string()
    }

    /// Whether the modem takes PDU mode.
    pub(super) fn formatted(&mut self, answer: &Answer) {
        match &answer.end {
            End::Ok => self.job.iter_mut().for_each(|job| job.formatted = true),
            End::Error(Fault::Code(kind, code)) if errors::class(*kind, *code) == Class::Link => {
                self.refused_by_network(*kind, *code);
            }
            other => self.not_written("cms-format", &format!("PDU mode: {}", words(other))),
        }
    }

    /// The command of the segment.
    pub(super) fn submit_ask(&mut self) -> Option<Ask> {
        let job = self.job.as_mut()?;
        (job.going, job.formatted) = (true, false);
        let text = Some((job.pdu.clone(), PROMPT));
        Some(Ask { text, ..Ask::new(format!("AT+CMGS={}", job.length), "+CMGS:", self.config.send_timeout) })
    }

    /// The modem answered.
    pub(super) fn submitted(&mut self, answer: &Answer) {
        match &answer.end {
            End::Ok if answer.after("+CMGS:").is_some() => self.accepted(answer),
            // The text is written, and the modem does not say that it went.
            End::Ok => self.in_doubt(),
            End::NoPrompt => self.not_written("cms-prompt", "the modem did not ask for the message"),
            End::Error(Fault::Plain) => self.not_written("cms-error", "ERROR"),
            End::Error(Fault::Words(words)) => {
                let detail = words.clone();
                self.end(PartReply::Refused(Failure {
                    class: FailureClass::Limited,
                    code: "cms-words".into(),
                    detail,
                }));
            }
            End::Error(Fault::Code(kind, code)) => self.refused_by_network(*kind, *code),
            End::Silence => self.in_doubt(),
        }
    }

    fn accepted(&mut self, answer: &Answer) {
        self.pace.failures = 0;
        let reference =
            answer.after("+CMGS:").and_then(|rest| rest.split(',').next()?.trim().parse::<u8>().ok());
        let Some(job) = &self.job else { return };
        let operator_id =
            reference.map(|reference| receipt_key(reference, &job.recipient)).unwrap_or_default();
        let (now, day) = (self.at(), self.day());
        self.pace.sent(now, self.config.per_minute);
        self.state.notes.count(&day);
        self.end(PartReply::Accepted { operator_id });
        self.look_at_limits();
    }

    fn refused_by_network(&mut self, kind: Kind, code: u16) {
        let failure = errors::failure(kind, code);
        tracing::info!(link = %self.link, detail = failure.detail, "a message was refused");
        match errors::class(kind, code) {
            Class::Permanent | Class::Limited => self.end(PartReply::Refused(failure)),
            Class::Temporary => {
                self.end(PartReply::Refused(failure));
                self.failed_once_more();
            }
            Class::Throttled => {
                let until = self.at() + THROTTLED;
                self.pace.pause_until(until);
                if let Some(job) = self.job.take() {
                    self.events.push_back(Event::Throttled { token: job.token, failure });
                }
            }
            Class::Link if errors::is_sim_out(kind, code) => {
                // The next connection asks the SIM what is wrong.
                self.end(PartReply::NotOffered);
                self.close(Closed::Broken(failure.detail));
            }
            Class::Link => {
                self.end(PartReply::NotOffered);
                self.out_of_service(failure.detail);
            }
            Class::Memory => {
                self.end(PartReply::NotOffered);
                self.push(Task::Sweep);
                self.failed_once_more();
            }
            Class::Resync => {
                let Failure { code, detail, .. } = failure;
                self.not_written(&code, &detail);
            }
        }
    }

    /// Not written, or not understood: once more, then it goes back as failed.
    fn not_written(&mut self, code: &str, detail: &str) {
        self.rest(SETTLE);
        self.push_first(Task::Wake);
        let Some(job) = &mut self.job else { return };
        job.tries += 1;
        job.going = false;
        if job.tries >= MOST_TRIES {
            self.end(PartReply::Refused(Failure {
                class: FailureClass::Limited,
                code: code.to_owned(),
                detail: detail.to_owned(),
            }));
            self.failed_once_more();
        }
    }

    pub(super) fn failed_once_more(&mut self) {
        self.pace.failures += 1;
        if self.pace.failures >= MOST_FAILURES {
            self.broken("the modem fails again and again");
        }
    }

    /// Written, and no word came: it may have been sent.
    pub(super) fn in_doubt(&mut self) {
        self.end(PartReply::Unanswered);
    }

    /// The connection is gone: what the modem certainly has not is given back.
    pub(super) fn give_back_unwritten(&mut self) {
        if self.job.is_some() && !self.chat.has_written_text() {
            self.end(PartReply::NotOffered);
        }
    }

    fn end(&mut self, end: PartReply) {
        if let Some(job) = self.job.take() {
            let answered = !matches!(end, PartReply::Unanswered | PartReply::NotOffered);
            let took = answered.then(|| self.at().saturating_sub(job.started));
            self.events.push_back(Event::Ended { token: job.token, end, took });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_minute() {
        let mut pace = SimPace::default();
        let s = Duration::from_secs;
        for at in [0, 10, 20] {
            assert_eq!(pace.open_at(), None);
            pace.sent(s(at), 3);
        }
        assert_eq!(pace.open_at(), Some(s(60)));
        pace.open(s(60));
        assert_eq!(pace.open_at(), None);
        pace.sent(s(60), 3);
        assert_eq!(pace.open_at(), Some(s(70)), "a sliding minute");
    }
}
