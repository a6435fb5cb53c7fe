//! Looking at a profile without an operator: the request it makes, what it reads in an answer or a call. For `omnigate codec`.

use super::answer::{self, Verdict};
use super::callback::{Heard, Incoming, Place, hear};
use super::message::Account;
use super::profile::Profile;
use super::request;
use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::directory::{LinkId, UserName};
use domain::message::{
    Body, Dimensions, Door, Incarnation, Message, MessageId, Parts, Priority, SubmissionId,
};
use domain::mo::MoBody;
use domain::routing::{FailureClass, Tries};
use http::StatusCode;
use ports::driven::Shipment;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use web_kit::Reply;

/// A message to look at.
#[derive(Debug, Clone)]
pub struct Looked {
    /// Who would get it.
    pub to: Vec<Recipient>,
    /// What it says.
    pub body: Body,
    /// Who it would be from.
    pub from: Option<Originator>,
    /// Whether it is flash.
    pub flash: bool,
    /// Whether a receipt would be asked for.
    pub receipt: bool,
    /// How long it would be worth sending.
    pub valid_for: Duration,
    /// The moment.
    pub now: Timestamp,
}

fn shipments(looked: &Looked) -> Result<Vec<Shipment>, String> {
    let segments = looked.body.segments(1, false).map_err(|e| e.to_string())?;
    let count = u8::try_from(segments.len()).unwrap_or(u8::MAX);
    let user = UserName::parse("codec").map_err(|e| e.to_string())?;
    let expires_at = looked.now.checked_add(looked.valid_for).map_err(|e| e.to_string())?;
    let one = |(n, recipient): (i64, &Recipient)| Shipment {
        message: Arc::new(Message {
            id: MessageId(1_000_000_000 + n),
            submission: SubmissionId(1),
            user: user.clone(),
            asked_by: None,
            door: Door::Command,
            recipient: recipient.clone(),
            originator: looked.from.clone(),
            body: looked.body.clone(),
            flash: looked.flash,
            segments: count,
            priority: Priority::Normal,
            accepted_at: looked.now,
            due_at: looked.now,
            expires_at,
            reference: None,
            callback: None,
            dimensions: Dimensions::default(),
        }),
        originator: looked.from.clone(),
        segments: (1..=u8::MAX).zip(segments.clone()).collect(),
        receipt: looked.receipt,
        possible_duplicate: false,
        parts: Parts::default(),
        tries: Tries::default(),
        leaves_on: Vec::new(),
        once: false,
        lease: Incarnation(0),
    };
    Ok((1..).zip(&looked.to).map(one).collect())
}

/// The requests that a profile would make of a message.
///
/// # Errors
/// Why the message cannot be said in them.
pub fn encode(profile: &Profile, account: &Account, looked: &Looked) -> Result<Vec<Value>, String> {
    let shipments = shipments(looked)?;
    let binary = matches!(looked.body, Body::Binary { .. });
    let mut requests = Vec::new();
    let cut = if binary { !profile.octets_cut_by_operator } else { !profile.cut_by_operator };
    // Who gets parts shares no request.
    let alone = cut && shipments.first().is_some_and(|one| one.segments.len() > 1);
    for some in shipments.chunks(if alone { 1 } else { profile.send.recipients.max(1) }) {
        let parts: Vec<_> = match some {
            [one] if cut => one.segments.iter().map(|(seq, segment)| Some((*seq, segment))).collect(),
            _ => vec![None],
        };
        for part in parts {
            let call = request::call(profile, account, some, part, looked.now).map_err(|e| e.to_string())?;
            let headers = call.headers.iter().map(|(name, value)| {
                (name.to_string(), Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
            });
            let body = match String::from_utf8(call.body.to_vec()) {
                Ok(text) => text,
                Err(_) => call.body.iter().map(|octet| char::from(*octet)).collect(),
            };
            requests.push(json!({
                "method": call.method.as_str(), "url": call.url,
                "headers": headers.collect::<serde_json::Map<_, _>>(), "body": body,
            }));
        }
    }
    Ok(requests)
}

/// What a profile reads in an answer to a request with so many recipients.
///
/// # Errors
/// A status that is none.
pub fn verdicts(
    profile: &Profile,
    (status, content_type, body): (u16, &str, &str),
    looked: &Looked,
) -> Result<Vec<Value>, String> {
    let status = StatusCode::from_u16(status).map_err(|e| e.to_string())?;
    let body = bytes::Bytes::from(body.as_bytes().to_vec());
    let reply = Reply { status, content_type: content_type.to_owned(), retry_after: None, body };
    let answer = answer::read(profile, &reply, &shipments(looked)?, None);
    Ok(answer.verdicts.into_iter().map(shown).collect())
}

fn shown(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Taken(id) => json!({ "means": "ok", "id": id }),
        Verdict::Unanswered(why) => json!({ "means": "unanswered", "detail": why }),
        Verdict::Refused(failure) => {
            let means = if failure.class == FailureClass::Limited { "limited" } else { failure.class.word() };
            json!({ "means": means, "code": failure.code, "detail": failure.detail })
        }
    }
}

/// What a profile reads in a call of the operator's; signatures are not looked at.
///
/// # Errors
/// Why it is not taken.
pub fn heard(
    profile: &Profile,
    (content_type, query, body): (&str, &str, &str),
    now: Timestamp,
) -> Result<Value, String> {
    let link = LinkId::parse("codec").map_err(|e| e.to_string())?;
    let mut profile = profile.clone();
    profile.receipt.iter_mut().for_each(|call| call.called.signed = false);
    profile.mo.iter_mut().for_each(|call| call.called.signed = false);
    let body = body.as_bytes();
    let (signature, secret) = (None, None);
    let incoming = Incoming { place: Place::Either, content_type, query, body, signature, secret, now };
    let (heard, reply) = hear(&profile, &link, &incoming).map_err(|e| e.to_string())?;
    let mut value = match heard {
        Heard::Receipts(receipts) => {
            let one = |r: &domain::receipt::Receipt| {
                json!({
                    "id": r.operator_id, "to": r.recipient.as_ref().map(ToString::to_string), "error": r.error,
                    "verdict": format!("{:?}", r.verdict).to_lowercase(), "at": r.done_at.map(|at| at.to_string()),
                })
            };
            json!({ "receipts": receipts.iter().map(one).collect::<Vec<_>>() })
        }
        Heard::Mo(part) => {
            let (text, data) = match &part.body {
                MoBody::Text(text) => (Some(text.clone()), None),
                other => (None, Some(super::sign::hex(other.octets()))),
            };
            json!({ "mo": {
                "from": part.source, "to": part.destination, "text": text, "data": data, "id": part.operator_id,
                "at": part.operator_at.map(|at| at.to_string()),
            } })
        }
    };
    value["answer"] = json!({ "status": reply.status.as_u16(), "body": reply.body });
    Ok(value)
}
