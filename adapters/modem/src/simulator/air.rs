//! What a simulated network carries: submitted messages read, messages and reports made, and what waits to be delivered.

use super::sim::{About, Message};
use crate::tpdu::{
    self, Address, AddressKind, Dcs, Deliver, Pdu, Stamp, StatusReport, Submit, Tpdu, UserData,
};
use domain::Timestamp;
use domain::text::{Policy, choose, split};
use rehearsal::Line;
use std::collections::BTreeMap;
use std::time::Duration;

/// Messages that may wait; more are lost.
const MOST: usize = 100_000;
/// How long what found no room waits.
const ROOM: Duration = Duration::from_millis(200);

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Air {
    waiting: BTreeMap<(Duration, u64), Message>,
    count: u64,
    reference: u8,
}

impl Air {
    pub(super) fn next_reference(&mut self) -> u8 {
        self.reference = self.reference.wrapping_add(1);
        self.reference
    }

    pub(super) fn leave(&mut self, due: Duration, message: Message) {
        if self.waiting.len() < MOST {
            self.count += 1;
            self.waiting.insert((due, self.count), message);
        }
    }

    /// Not taken: it comes again.
    pub(super) fn again(&mut self, due: Duration, message: Message) {
        self.count += 1;
        self.waiting.insert((due, self.count), message);
    }

    /// No room: later.
    pub(super) fn wait(&mut self, now: Duration, message: Message) {
        self.again(now + ROOM, message);
    }

    pub(super) fn take(&mut self, now: Duration) -> Option<Message> {
        let first = self.waiting.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }
}

/// A message of a phone, in parts when it is long.
pub(super) fn deliver(from: &str, text: &str, wall: Timestamp, reference: u8) -> Vec<Message> {
    let Some(originator) = address(from) else { return Vec::new() };
    let segments = choose(text, Policy::Keep)
        .ok()
        .and_then(|c| split(&c.text, c.alphabet, u16::from(reference), false).ok());
    let one = |segment: &domain::text::Segment| {
        let deliver = Deliver {
            reply_path: false,
            status_report: false,
            more_waiting: false,
            originator: originator.clone(),
            pid: 0,
            dcs: Dcs::new(segment.body.alphabet(), false),
            sent_at: stamp(wall),
            user_data: UserData::from(segment),
        };
        let pdu = tpdu::encode(&Pdu { sca: centre(), tpdu: Tpdu::Deliver(deliver) }).ok()?;
        Some(Message { pdu, about: About::Mo { from: from.to_owned(), text: segment.body.text() } })
    };
    segments.unwrap_or_default().iter().filter_map(one).collect()
}

fn address(text: &str) -> Option<Address> {
    let digits = text.len() > 8 && text.bytes().all(|b| b.is_ascii_digit());
    Address::parse(&if digits { format!("+{text}") } else { text.to_owned() }).ok()
}

fn centre() -> Option<Address> {
    Address::parse("+46705008999").ok()
}

/// The network's time, two hours east of Greenwich.
fn stamp(wall: Timestamp) -> Option<Stamp> {
    let offset = jiff::tz::Offset::from_seconds(2 * 3600).ok()?;
    Some(Stamp { local: offset.to_datetime(wall), quarters: 8, minus_zero: false })
}

/// A submitted message.
#[derive(Debug)]
pub(super) struct Sent {
    submit: Submit,
    pub(super) wants_report: bool,
}

/// Reads a submitted message.
pub(super) fn submitted(octets: &[u8]) -> Option<Sent> {
    match tpdu::decode(octets).ok()?.tpdu {
        Tpdu::Submit(submit) => Some(Sent { wants_report: submit.status_report, submit }),
        _ => None,
    }
}

impl Sent {
    /// The journal's line of it.
    pub(super) fn line(&self, line: Line, id: &str) -> Line {
        let concat = self.submit.user_data.udh().concat();
        let (part, parts) = concat.map_or((1, 1), |c| (c.seq, c.total));
        let to = &self.submit.destination;
        let to = if to.kind() == AddressKind::International { to.value.clone() } else { to.to_string() };
        line.text("from", "")
            .text("to", &to)
            .text("text", &self.submit.user_data.text().unwrap_or_default())
            .number("part", u64::from(part))
            .number("parts", u64::from(parts))
            .text("message_id", id)
    }

    /// What becomes of it.
    pub(super) fn report(&self, reference: u8, wall: Timestamp, message_id: String, failed: bool) -> Message {
        let report = StatusReport {
            on_command: false,
            more_waiting: false,
            reference,
            recipient: self.submit.destination.clone(),
            sent_at: stamp(wall),
            discharged_at: stamp(wall),
            status: if failed { 0x46 } else { 0 },
            pid: None,
            dcs: None,
            user_data: None,
        };
        let to = self.submit.destination.value.clone();
        let pdu = tpdu::encode(&Pdu { sca: centre(), tpdu: Tpdu::StatusReport(report) }).unwrap_or_default();
        Message { pdu, about: About::Report { message_id, to, failed } }
    }
}
