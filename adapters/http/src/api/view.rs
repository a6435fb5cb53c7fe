//! How messages look on the wire, the same in answers and callbacks. Ids are strings: they do not fit a JavaScript number.

use super::hex;
use domain::Timestamp;
use domain::message::PastWay;
use domain::mo::Mo;
use ports::driven::{MessageRecord, MoRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its name.
    pub id: String,
    /// Who gets it, in international form without plus sign.
    pub to: String,
    /// Who it says it is from; null = the link's own number.
    pub from: Option<String>,
    /// `scheduled queued sending sent delivered failed expired cancelled unknown`. `unknown`: the operator has it, or may have it, and nothing more
    /// was heard in time; a late receipt still mends it.
    pub state: &'static str,
    /// How many SMS it takes.
    pub segments: u8,
    /// `gsm7`, `ucs2` or `binary`.
    pub encoding: &'static str,
    /// The link it went or will go by.
    pub link: String,
    /// The caller's own name for it.
    pub reference: Option<String>,
    /// When it was accepted.
    pub accepted_at: String,
    /// When it may leave.
    pub due_at: String,
    /// After this it is not sent any more.
    pub expires_at: String,
    /// When the operator took it over.
    pub sent_at: Option<String>,
    /// When it came to its end.
    pub final_at: Option<String>,
    /// The last error, code first; null when there was none.
    pub error: Option<String>,
    /// Whether it may have been sent more than once.
    pub possible_duplicate: bool,
    /// Links it was sent by before, when the outcome did not come in time: an operator that has it may deliver it too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<WayView>,
    /// What became of each of its SMS, on the link it is on now.
    pub parts: Vec<PartView>,
}

/// A link that a message left for another.
#[derive(Debug, Serialize, ToSchema)]
pub struct WayView {
    /// The link.
    pub link: String,
    /// What its operator said: `delivered`, `sent` (nothing final), `failed`, `expired`, `unknown` (nothing at all), `queued` (never given it).
    pub state: &'static str,
    /// Why it was left: `not_delivered_in_time`, `no_reply_in_time`, `failed`.
    pub left: &'static str,
    /// When.
    pub left_at: String,
    /// When the operator had taken it over.
    pub sent_at: Option<String>,
    /// It was on its way to the operator: nobody knows whether it was taken.
    pub in_doubt: bool,
}

/// One SMS of a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// Its place, from 1; 0 = the whole text, which the operator cut himself.
    pub seq: u8,
    /// `queued sent delivered failed expired unknown cancelled`.
    pub state: &'static str,
    /// The operator's id.
    pub operator_id: Option<String>,
    /// The operator's error.
    pub error: Option<String>,
}

/// A received message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoView {
    /// Its name.
    pub id: String,
    /// Who sent it.
    pub from: String,
    /// The number it was sent to.
    pub to: String,
    /// The text; empty for binary content.
    pub text: String,
    /// Binary content in hexadecimal; null for text.
    pub data: Option<String>,
    /// Where it came in.
    pub link: String,
    /// How many SMS it came in.
    pub segments: u8,
    /// Whether all of them arrived.
    pub complete: bool,
    /// When the first of them came.
    pub received_at: String,
}

/// A message on the wire.
pub(crate) fn message_view(record: &MessageRecord) -> MessageView {
    let message = &record.message;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    MessageView {
        id: message.id.to_string(),
        to: message.recipient.to_string(),
        from: message.originator.as_ref().map(ToString::to_string),
        state: record.state.as_str(),
        segments: message.segments,
        encoding: message.body.alphabet().name(),
        link: record.link.to_string(),
        reference: message.reference.clone(),
        accepted_at: time(message.accepted_at),
        due_at: time(message.due_at),
        expires_at: time(message.expires_at),
        sent_at: record.sent_at.map(time),
        final_at: record.final_at.map(time),
        error: filled(&record.error),
        possible_duplicate: record.possible_duplicate,
        ways: record.parts.past().iter().map(|way| way_view(way, message.segments)).collect(),
        parts: record
            .parts
            .as_slice()
            .iter()
            .map(|part| PartView {
                seq: part.seq,
                state: part.state.as_str(),
                operator_id: filled(&part.operator_id),
                error: filled(&part.error),
            })
            .collect(),
    }
}

/// A way that was left.
fn way_view(way: &PastWay, total: u8) -> WayView {
    WayView {
        link: way.link.to_string(),
        state: way.state(total).as_str(),
        left: way.why.as_str(),
        left_at: time(way.left_at),
        sent_at: way.sent_at.map(time),
        in_doubt: way.in_doubt,
    }
}

/// A received message on the wire.
pub(crate) fn mo_view(mo: &Mo) -> MoView {
    MoView {
        id: mo.id.to_string(),
        from: mo.source.clone(),
        to: mo.destination.clone(),
        text: mo.text.clone(),
        data: (!mo.binary.is_empty()).then(|| hex(&mo.binary)),
        link: mo.link.to_string(),
        segments: mo.segments,
        complete: mo.complete,
        received_at: time(mo.received_at),
    }
}

/// A received message of the inbox.
pub(super) fn record_view(record: &MoRecord) -> MoView {
    mo_view(&record.mo)
}

fn time(at: Timestamp) -> String {
    at.to_string()
}
