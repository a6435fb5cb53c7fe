//! The table `message`: what was accepted, and where it is in its life.

use super::{encode_fields, millis, split_fields, time};
use crate::error::unreadable;
use crate::statement::{Bind, Change, Record};
use diesel::QueryResult;
use diesel::deserialize::Queryable;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
use domain::address::{Originator, Recipient};
use domain::directory::{LinkId, UserName};
use domain::message::{Body, Callback, Dimensions, Door, Message, MessageId, Parts, Priority, SubmissionId};
use domain::routing::Tries;
use domain::state::State;
use domain::text::Alphabet;
use ports::driven::{Leased, MessageRecord, NewMessage, Outcome, Settlement};
use std::sync::Arc;

/// The columns, in the order of [`MessageSql`].
pub const MESSAGE_COLUMNS: &str = "id, submission, owner, asked_by, door, recipient, originator, alphabet, body, octets, \
    flash, segments, priority, accepted_at, due_at, expires_at, reference, callback, dimensions, link, state, queue_at, lease, parts, \
    tries_total, tries_on_link, possible_duplicate, sent_at, final_at, error";

/// Their types.
pub type MessageSql = (
    BigInt,
    BigInt,
    Text,
    Nullable<Text>,
    SmallInt,
    Text,
    Nullable<Text>,
    SmallInt,
    Text,
    Nullable<Binary>,
    SmallInt,
    SmallInt,
    SmallInt,
    BigInt,
    BigInt,
    BigInt,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    SmallInt,
    BigInt,
    Nullable<BigInt>,
    Text,
    Integer,
    Integer,
    SmallInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
);

/// A message to be inserted.
pub struct Incoming(pub NewMessage);

impl Record for Incoming {
    const TABLE: &'static str = "message";
    const COLUMNS: &'static str = MESSAGE_COLUMNS;
    const WIDTH: usize = 23;
    const TAIL: &'static str = ", '', 0, 0, 0, NULL, NULL, NULL";
    const IGNORE: bool = false;

    fn binds(&self) -> Vec<Bind<'_>> {
        let NewMessage { message: m, link, state, lease, .. } = &self.0;
        let (text, octets) = match &m.body {
            Body::Text { text, udh, .. } if udh.is_empty() => (text.as_str(), None),
            Body::Text { text, udh, .. } => (text.as_str(), Some(framed(udh, &[]))),
            Body::Binary { data, udh } => ("", Some(framed(udh, data))),
        };
        vec![
            m.id.0.into(),
            m.submission.0.into(),
            m.user.as_str().into(),
            m.asked_by.as_deref().into(),
            m.door.code().into(),
            m.recipient.to_string().into(),
            m.originator.as_ref().map(ToString::to_string).into(),
            m.body.alphabet().code().into(),
            text.into(),
            octets.into(),
            m.flash.into(),
            m.segments.into(),
            m.priority.code().into(),
            millis(m.accepted_at).into(),
            millis(m.due_at).into(),
            millis(m.expires_at).into(),
            m.reference.as_deref().into(),
            m.callback.as_ref().map(ToString::to_string).into(),
            dimensions(&m.dimensions).into(),
            link.as_str().into(),
            state.code().into(),
            millis(m.due_at).into(),
            lease.map(|l| l.0).into(),
        ]
    }
}

/// The length of the header, the header, the data.
fn framed(udh: &[u8], data: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(1 + udh.len() + data.len());
    octets.push(u8::try_from(udh.len()).unwrap_or(0));
    octets.extend_from_slice(udh.get(..255).unwrap_or(udh));
    octets.extend_from_slice(data);
    octets
}

fn unframed(octets: &[u8]) -> Body {
    let (length, rest) = octets.split_first().map_or((0, octets), |(l, r)| (usize::from(*l), r));
    let (udh, data) = rest.split_at_checked(length).unwrap_or((&[], rest));
    Body::Binary { data: data.to_vec(), udh: udh.to_vec() }
}

fn dimensions(of: &Dimensions) -> Option<String> {
    let all = [of.company.as_str(), &of.department, &of.cost_centre, &of.project];
    all.iter().any(|d| !d.is_empty()).then(|| encode_fields(all))
}

fn dimensions_of(text: Option<String>) -> Dimensions {
    let mut fields = text.map(|t| split_fields(&t)).unwrap_or_default().into_iter();
    let mut next = || fields.next().unwrap_or_default();
    Dimensions { company: next(), department: next(), cost_centre: next(), project: next() }
}

/// A row as it is read.
#[derive(Debug, Queryable)]
pub struct StoredMessage {
    pub id: i64,
    submission: i64,
    owner: String,
    asked_by: Option<String>,
    door: i16,
    recipient: String,
    originator: Option<String>,
    alphabet: i16,
    body: String,
    octets: Option<Vec<u8>>,
    flash: i16,
    segments: i16,
    priority: i16,
    accepted_at: i64,
    due_at: i64,
    expires_at: i64,
    reference: Option<String>,
    callback: Option<String>,
    dimensions: Option<String>,
    link: String,
    state: i16,
    queue_at: i64,
    #[expect(dead_code, reason = "read with the others, so that one list of columns serves all")]
    lease: Option<i64>,
    parts: String,
    tries_total: i32,
    tries_on_link: i32,
    possible_duplicate: i16,
    sent_at: Option<i64>,
    final_at: Option<i64>,
    error: Option<String>,
}

impl StoredMessage {
    /// Everything that is known of the message.
    pub fn record(self) -> QueryResult<MessageRecord> {
        let id = self.id;
        let bad = move |text: &dyn std::fmt::Display| unreadable("message", format!("{id}: {text}"));
        let message = Message {
            id: MessageId(self.id),
            submission: SubmissionId(self.submission),
            user: UserName::parse(&self.owner).map_err(|e| bad(&e))?,
            asked_by: self.asked_by,
            door: Door::from_code(self.door).ok_or_else(|| bad(&"door"))?,
            recipient: Recipient::parse(&self.recipient).map_err(|e| bad(&e))?,
            originator: self.originator.map(|o| Originator::parse(&o)).transpose().map_err(|e| bad(&e))?,
            body: match (&self.octets, Alphabet::from_code(self.alphabet).ok_or_else(|| bad(&"alphabet"))?) {
                (Some(octets), Alphabet::Binary) => unframed(octets),
                (Some(octets), alphabet) => Body::Text {
                    text: self.body,
                    alphabet,
                    udh: octets.get(1..).unwrap_or_default().to_vec(),
                },
                (None, alphabet) => Body::Text { text: self.body, alphabet, udh: Vec::new() },
            },
            flash: self.flash != 0,
            segments: u8::try_from(self.segments).map_err(|e| bad(&e))?,
            priority: Priority::from_code(self.priority).ok_or_else(|| bad(&"priority"))?,
            accepted_at: time(self.accepted_at),
            due_at: time(self.due_at),
            expires_at: time(self.expires_at),
            reference: self.reference,
            callback: self.callback.map(|c| c.parse::<Callback>()).transpose().map_err(|e| bad(&e))?,
            dimensions: dimensions_of(self.dimensions),
        };
        Ok(MessageRecord {
            message: Arc::new(message),
            state: State::from_code(self.state).ok_or_else(|| bad(&"state"))?,
            link: LinkId::parse(&self.link).map_err(|e| bad(&e))?,
            parts: Parts::decode(&self.parts),
            sent_at: self.sent_at.map(time),
            final_at: self.final_at.map(time),
            error: self.error.unwrap_or_default(),
            tries: tries(self.tries_total, self.tries_on_link),
            possible_duplicate: self.possible_duplicate != 0,
        })
    }

    /// The message as it is taken from the queue.
    pub fn leased(self) -> QueryResult<Leased> {
        let due_at = time(self.queue_at);
        let record = self.record()?;
        Ok(Leased {
            message: record.message,
            link: record.link,
            parts: record.parts,
            tries: record.tries,
            possible_duplicate: record.possible_duplicate,
            due_at,
        })
    }
}

/// The columns of [`StandingSql`].
pub const STANDING_COLUMNS: &str = "id, state, segments, parts, recipient, callback, link, sent_at, final_at, error, \
    tries_total, tries_on_link, possible_duplicate";

/// Their types.
pub type StandingSql = (
    BigInt,
    SmallInt,
    SmallInt,
    Text,
    Text,
    Nullable<Text>,
    Text,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<Text>,
    Integer,
    Integer,
    SmallInt,
);

/// What has to be known of a message to fold a receipt into it.
#[derive(Debug, Clone, Queryable)]
pub struct Standing {
    /// Which message.
    pub id: i64,
    /// `State::code`.
    pub state: i16,
    /// How many PDUs.
    pub segments: i16,
    /// `Parts::encode`.
    pub parts: String,
    /// In canonical form.
    pub recipient: String,
    /// Whom to tell.
    pub callback: Option<String>,
    /// The link it is on.
    pub link: String,
    /// When its operator took it.
    pub sent_at: Option<i64>,
    /// When it ended.
    pub final_at: Option<i64>,
    /// The last error.
    pub error: Option<String>,
    /// `Tries::total`.
    pub tries_total: i32,
    /// `Tries::on_link`.
    pub tries_on_link: i32,
    /// The recipient may get it twice.
    pub possible_duplicate: i16,
}

impl Standing {
    /// Everything that is known of the message, with what was accepted.
    pub fn record(&self, message: Arc<Message>) -> QueryResult<MessageRecord> {
        let bad = |text: &dyn std::fmt::Display| unreadable("message", format!("{}: {text}", self.id));
        Ok(MessageRecord {
            message,
            state: State::from_code(self.state).ok_or_else(|| bad(&"state"))?,
            link: LinkId::parse(&self.link).map_err(|e| bad(&e))?,
            parts: Parts::decode(&self.parts),
            sent_at: self.sent_at.map(time),
            final_at: self.final_at.map(time),
            error: self.error.clone().unwrap_or_default(),
            tries: tries(self.tries_total, self.tries_on_link),
            possible_duplicate: self.possible_duplicate != 0,
        })
    }
}

/// How often a message was tried, as the columns say it.
fn tries(total: i32, on_link: i32) -> Tries {
    let count = |n| u16::try_from(n).unwrap_or(u16::MAX);
    Tries { total: count(total), on_link: count(on_link) }
}

/// The end of a turn, written only while the holder still holds.
pub struct Settled {
    /// What is to be written; its parts have been taken out.
    pub settlement: Settlement,
    /// The state after it.
    pub state: State,
    /// All parts after it.
    pub parts: Parts,
}

impl Change for Settled {
    const FENCE: &'static [&'static str] = &["lease", "link"];
    const GUARD: &'static str = "state = 2";
    const SET: &'static [&'static str] = &["state", "link", "parts"];
    const KEEP: &'static [&'static str] =
        &["queue_at", "tries_total", "tries_on_link", "possible_duplicate", "sent_at", "final_at", "error"];
    const ALSO: &'static str = "lease = NULL";

    fn binds(&self) -> Vec<Bind<'_>> {
        let Settlement { id, lease, at, link: held_by, outcome, possible_duplicate, .. } = &self.settlement;
        let mut link = held_by;
        let mut again = (None, None, None);
        let mut error = None;
        match outcome {
            Outcome::Sent => error = Some(""),
            Outcome::Expired => {}
            Outcome::Failed { code, .. } | Outcome::Abandoned { code, .. } => error = Some(code.as_str()),
            Outcome::PutBack { link: to, due_at, tries, error: why, deadlines: _ } => {
                link = to;
                error = Some(why.as_str()).filter(|why| !why.is_empty());
                let tries = (i64::from(tries.total), i64::from(tries.on_link));
                again = (Some(millis(*due_at)), Some(tries.0), Some(tries.1));
            }
        }
        let error = match outcome {
            Outcome::Failed { code, detail } | Outcome::Abandoned { code, detail } if !detail.is_empty() => {
                Bind::from(Some(format!("{code} {detail}")))
            }
            _ => Bind::from(error),
        };
        let sent = matches!(outcome, Outcome::Sent).then(|| millis(*at));
        let ended = self.state.is_final().then(|| millis(*at));
        vec![
            self.state.code().into(),
            link.as_str().into(),
            self.parts.encode().into(),
            again.0.into(),
            again.1.into(),
            again.2.into(),
            possible_duplicate.then_some(1_i64).into(),
            sent.into(),
            ended.into(),
            error,
            id.0.into(),
            lease.0.into(),
            held_by.as_str().into(),
        ]
    }
}

/// A message that leaves its way for another. It is locked, and as it was seen.
#[derive(Debug, Clone)]
pub struct Diverted {
    /// Which message.
    pub id: i64,
    /// By which link it goes now.
    pub link: String,
    /// All its ways.
    pub parts: Parts,
    /// Not before this.
    pub due_at: i64,
    /// The recipient may get it twice.
    pub possible_duplicate: bool,
    /// Why, for people.
    pub error: &'static str,
}

impl Change for Diverted {
    const FENCE: &'static [&'static str] = &[];
    const GUARD: &'static str = "";
    const SET: &'static [&'static str] = &["state", "link", "parts", "queue_at", "tries_on_link", "error"];
    const KEEP: &'static [&'static str] = &["possible_duplicate"];
    const ALSO: &'static str = "lease = NULL";

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![
            State::Queued.code().into(),
            self.link.as_str().into(),
            self.parts.encode().into(),
            self.due_at.into(),
            0_i64.into(),
            self.error.into(),
            self.possible_duplicate.then_some(1_i64).into(),
            self.id.into(),
        ]
    }
}

/// What receipts, or their absence, made of a message.
#[derive(Debug, Clone)]
pub struct Folded {
    /// Which message.
    pub id: i64,
    /// Its state after it.
    pub state: State,
    /// Its parts after it.
    pub parts: Parts,
    /// When it ended, if it did.
    pub final_at: Option<i64>,
    /// The error, if there is a new one.
    pub error: Option<String>,
}

impl Change for Folded {
    const FENCE: &'static [&'static str] = &[];
    const GUARD: &'static str = "";
    const SET: &'static [&'static str] = &["state", "parts"];
    const KEEP: &'static [&'static str] = &["final_at", "error"];
    const ALSO: &'static str = "";

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![
            self.state.code().into(),
            self.parts.encode().into(),
            self.final_at.into(),
            self.error.as_deref().into(),
            self.id.into(),
        ]
    }
}
