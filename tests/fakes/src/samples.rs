//! Ready-made messages, users, directories, receipts and settlements. Each is valid as it stands; a test changes the fields it is about.

use domain::Timestamp;
use domain::address::{Originator, Recipient};
use domain::directory::{Directory, LinkId, LinkProfile, User, UserName};
use domain::message::{
    Body, Dimensions, Door, Incarnation, Message, MessageId, MoId, PartState, Parts, Priority, SubmissionId,
};
use domain::mo::{Handing, MoBody, MoPart};
use domain::receipt::{Receipt, Verdict, correlate};
use domain::routing::{Pattern, Route, Tries, Way};
use domain::state::State;
use domain::text::udh::Concat;
use domain::text::{Alphabet, split};
use ports::driven::{Acceptance, NewMessage, NewMoPart, Once, Outcome, Settlement, Shipment};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A link's name.
#[must_use]
pub fn link(name: &str) -> LinkId {
    LinkId::parse(name).expect("a sample link has a valid name")
}

/// A user's name.
#[must_use]
pub fn user_name(name: &str) -> UserName {
    UserName::parse(name).expect("a sample user has a valid name")
}

/// A user with everything at its default.
#[must_use]
pub fn user(name: &str) -> User {
    User::named(user_name(name))
}

/// A recipient in canonical form.
#[must_use]
pub fn recipient(canonical: &str) -> Recipient {
    Recipient::parse(canonical).expect("a sample recipient is canonical")
}

/// A message as a shipment of this text, in as many segments as it takes; a receipt is wanted.
#[must_use]
pub fn shipment(mut message: Message, text: &str) -> Shipment {
    let alphabet = if domain::text::gsm7::is_exact(text) { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
    let segments = split(text, alphabet, 0x2A, false).expect("fits");
    message.segments = u8::try_from(segments.len()).expect("fits");
    message.body = Body::Text { text: text.to_owned(), alphabet, udh: Vec::new() };
    Shipment {
        originator: Originator::parse("Example").ok(),
        segments: (1..).zip(segments).collect(),
        message: Arc::new(message),
        receipt: true,
        possible_duplicate: false,
        parts: Parts::default(),
        tries: Tries::default(),
        lease: Incarnation(1),
        leaves_on: Vec::new(),
        once: false,
    }
}

/// Later by so much.
#[must_use]
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).expect("a sample time is far from the end")
}

/// Earlier by so much.
#[must_use]
pub fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).expect("a sample time is far from the beginning")
}

/// A message of one segment from `crm` to a number made of its id, accepted and due now, worth sending for 48 hours.
#[must_use]
pub fn message(id: i64, now: Timestamp) -> Message {
    Message {
        id: MessageId(id),
        submission: SubmissionId(id),
        user: user_name("crm"),
        asked_by: None,
        door: Door::Http,
        recipient: recipient(&format!("4670{:07}", id.rem_euclid(10_000_000))),
        originator: None,
        body: Body::Text { text: "Hej!".to_owned(), alphabet: Alphabet::Gsm7, udh: Vec::new() },
        flash: false,
        segments: 1,
        priority: Priority::Normal,
        accepted_at: now,
        due_at: now,
        expires_at: later(now, Duration::from_hours(48)),
        reference: None,
        callback: None,
        dimensions: Dimensions::default(),
    }
}

/// A message queued for a link.
#[must_use]
pub fn queued(message: Message, link: &LinkId) -> NewMessage {
    let deadlines = Vec::new();
    NewMessage {
        message: Arc::new(message),
        link: link.clone(),
        state: State::Queued,
        lease: None,
        deadlines,
    }
}

/// A message handed to its link at once by a run.
#[must_use]
pub fn sending(message: Message, link: &LinkId, run: Incarnation) -> NewMessage {
    NewMessage { state: State::Sending, lease: Some(run), ..queued(message, link) }
}

/// A request of these messages, named as the first of them, without a key.
#[must_use]
pub fn acceptance(messages: Vec<NewMessage>) -> Acceptance {
    let submission = messages.first().map_or(SubmissionId(0), |m| m.message.submission);
    Acceptance { submission, messages, refused: Vec::new(), once: None }
}

/// A key of user `crm`; `content` stands for the request.
#[must_use]
pub fn once(key: &str, content: u8) -> Once {
    Once { user: user_name("crm"), key: key.to_owned(), digest: [content; 32] }
}

/// Parts of which each is sent under its operator id, from place 1 on.
#[must_use]
pub fn sent_parts(operator_ids: &[&str]) -> Parts {
    let mut parts = Parts::default();
    for (seq, id) in (1..).zip(operator_ids) {
        parts.set(seq, PartState::Sent, id, "");
    }
    parts
}

/// A settlement with an outcome and nothing else: no parts, nothing awaited, nobody told.
#[must_use]
pub fn settlement(
    id: MessageId,
    run: Incarnation,
    link: &LinkId,
    at: Timestamp,
    outcome: Outcome,
) -> Settlement {
    Settlement {
        id,
        lease: run,
        at,
        link: link.clone(),
        parts: Parts::default(),
        outcome,
        possible_duplicate: false,
        awaiting: Vec::new(),
        awaiting_until: at,
        tell: false,
        tell_lease: None,
    }
}

/// The operator has accepted all segments under these ids, and receipts are awaited for three days.
#[must_use]
pub fn sent(
    id: MessageId,
    run: Incarnation,
    link: &LinkId,
    at: Timestamp,
    operator_ids: &[&str],
) -> Settlement {
    let awaiting = (1..).zip(operator_ids).map(|(seq, id)| (seq, correlate::stored_key(id))).collect();
    let awaiting_until = later(at, Duration::from_hours(72));
    Settlement {
        parts: sent_parts(operator_ids),
        awaiting,
        awaiting_until,
        ..settlement(id, run, link, at, Outcome::Sent)
    }
}

/// A receipt that names no recipient.
#[must_use]
pub fn receipt(link: &LinkId, operator_id: &str, verdict: Verdict) -> Receipt {
    Receipt {
        link: link.clone(),
        operator_id: operator_id.to_owned(),
        recipient: None,
        verdict,
        error: String::new(),
        done_at: None,
    }
}

/// A received PDU from 46702223344 to 71234.
#[must_use]
pub fn mo_part(link: &LinkId, text: &str, concat: Option<Concat>, at: Timestamp) -> MoPart {
    MoPart {
        link: link.clone(),
        source: "46702223344".to_owned(),
        destination: "71234".to_owned(),
        concat,
        body: MoBody::Text(text.to_owned()),
        received_at: at,
        operator_at: None,
        operator_id: String::new(),
        said_before: 0,
    }
}

/// The place of a part in a longer message.
#[must_use]
pub fn concat(reference: u16, total: u8, seq: u8) -> Option<Concat> {
    Some(Concat { reference, wide: false, total, seq })
}

/// A received PDU that is handed off to nobody, in everybody's inbox.
#[must_use]
pub fn new_part(id: i64, part: MoPart) -> NewMoPart {
    NewMoPart { part, id: MoId(id), user: None, handing: Handing::default(), tell_lease: None }
}

/// A link that carries names, asks for receipts and has no sender of its own.
#[must_use]
pub fn profile(name: &str) -> LinkProfile {
    LinkProfile::named(link(name))
}

/// Users, links, and one route for everybody over the links in their order.
#[must_use]
pub fn directory(users: &[User], links: &[&str]) -> Directory {
    let by_name: HashMap<_, _> = users.iter().map(|u| (u.name.clone(), Arc::new(u.clone()))).collect();
    let ways = links.iter().map(|name| Way::Link(link(name))).collect();
    Directory {
        version: 1,
        users: by_name,
        links: links.iter().map(|name| profile(name)).collect(),
        routes: vec![Route::new(Pattern::Any, ways)],
        ..Directory::default()
    }
}
