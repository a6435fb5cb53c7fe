//! The tables `mo` (received messages), `mo_part` (parts of what is not whole) and `mo_seen` (fingerprints).

use super::{millis, time};
use crate::error::unreadable;
use crate::statement::{Bind, Record};
use diesel::QueryResult;
use diesel::deserialize::Queryable;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
use domain::directory::{LinkId, UserName};
use domain::message::MoId;
use domain::mo::{Mo, MoBody};
use ports::driven::{MoRecord, NewMoPart};

/// A text that every database takes: U+0000 becomes U+FFFD.
pub fn clean(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

/// An address as every database takes it: at most 100 characters.
pub fn clean_address(text: &str) -> String {
    clean(text).chars().take(100).collect()
}

/// The columns of [`MoSql`].
pub const MO_COLUMNS: &str =
    "id, link, source, destination, body, octets, segments, complete, received_at, owner, acknowledged_at";

/// Their types.
pub type MoSql =
    (BigInt, Text, Text, Text, Text, Binary, SmallInt, SmallInt, BigInt, Nullable<Text>, Nullable<BigInt>);

/// A received message to be inserted.
#[derive(Debug)]
pub struct MoRow {
    /// The message.
    pub mo: Mo,
    /// Whose.
    pub owner: Option<String>,
}

impl Record for MoRow {
    const TABLE: &'static str = "mo";
    const COLUMNS: &'static str = MO_COLUMNS;
    const WIDTH: usize = 11;
    const IGNORE: bool = false;

    fn binds(&self) -> Vec<Bind<'_>> {
        let mo = &self.mo;
        vec![
            mo.id.0.into(),
            mo.link.as_str().into(),
            mo.source.as_str().into(),
            mo.destination.as_str().into(),
            mo.text.as_str().into(),
            mo.binary.as_slice().into(),
            mo.segments.into(),
            mo.complete.into(),
            millis(mo.received_at).into(),
            self.owner.as_deref().into(),
            None::<i64>.into(),
        ]
    }
}

/// A row as it is read.
#[derive(Debug, Queryable)]
pub struct StoredMo {
    pub id: i64,
    link: String,
    source: String,
    destination: String,
    body: String,
    octets: Vec<u8>,
    segments: i16,
    complete: i16,
    received_at: i64,
    owner: Option<String>,
    acknowledged_at: Option<i64>,
}

impl StoredMo {
    /// The message and whose it is.
    pub fn record(self) -> QueryResult<MoRecord> {
        let mo = Mo {
            id: MoId(self.id),
            link: LinkId::parse(&self.link).map_err(|e| unreadable("received message", e))?,
            source: self.source,
            destination: self.destination,
            text: self.body,
            binary: self.octets,
            segments: u8::try_from(self.segments).map_err(|e| unreadable("received message", e))?,
            complete: self.complete != 0,
            received_at: time(self.received_at),
        };
        let user = self.owner.map(|o| UserName::parse(&o)).transpose();
        Ok(MoRecord {
            mo,
            user: user.map_err(|e| unreadable("received message", e))?,
            acknowledged_at: self.acknowledged_at.map(time),
        })
    }
}

/// The columns of [`MoPartSql`].
pub const MO_PART_COLUMNS: &str =
    "mo, seq, link, source, destination, reference, total, form, octets, received_at, owner, handed_to";

/// Their types.
pub type MoPartSql = (
    BigInt,
    SmallInt,
    Text,
    Text,
    Text,
    Integer,
    SmallInt,
    SmallInt,
    Binary,
    BigInt,
    Nullable<Text>,
    Nullable<Text>,
);

/// A part to be inserted.
#[derive(Debug)]
pub struct MoPartRow {
    /// The message it belongs to.
    pub mo: i64,
    /// The part.
    pub new: NewMoPart,
}

impl Record for MoPartRow {
    const TABLE: &'static str = "mo_part";
    const COLUMNS: &'static str = MO_PART_COLUMNS;
    const WIDTH: usize = 12;
    const IGNORE: bool = false;

    fn binds(&self) -> Vec<Bind<'_>> {
        let part = &self.new.part;
        let (reference, total, seq) = part.concat.map_or((0, 1, 1), |c| (c.reference, c.total, c.seq));
        vec![
            self.mo.into(),
            seq.into(),
            part.link.as_str().into(),
            clean_address(&part.source).into(),
            clean_address(&part.destination).into(),
            reference.into(),
            total.into(),
            part.body.code().into(),
            part.body.octets().into(),
            millis(part.received_at).into(),
            self.new.user.as_ref().map(UserName::as_str).into(),
            Some(self.new.handing.to_string()).filter(|_| !self.new.handing.is_nowhere()).into(),
        ]
    }
}

/// A row as it is read.
#[derive(Debug, Clone, Queryable)]
pub struct StoredMoPart {
    pub mo: i64,
    pub seq: i16,
    pub link: String,
    pub source: String,
    pub destination: String,
    #[expect(dead_code, reason = "read with the others, so that one list of columns serves all")]
    reference: i32,
    pub total: i16,
    form: i16,
    octets: Vec<u8>,
    pub received_at: i64,
    pub owner: Option<String>,
    pub handed_to: Option<String>,
}

impl StoredMoPart {
    /// What it carries, with its place and the number of parts.
    pub fn body(self) -> (u8, u8, MoBody) {
        let small = |n: i16| u8::try_from(n).unwrap_or(1);
        (small(self.seq), small(self.total), MoBody::from_stored(self.form, self.octets))
    }
}

/// A fingerprint to be inserted.
#[derive(Debug)]
pub struct SeenRow {
    /// `MoPart::fingerprint_in`.
    pub fingerprint: u128,
    /// When it came.
    pub seen_at: i64,
}

impl Record for SeenRow {
    const TABLE: &'static str = "mo_seen";
    const COLUMNS: &'static str = "fingerprint, seen_at";
    const WIDTH: usize = 2;
    const IGNORE: bool = false;

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![self.fingerprint.to_be_bytes().to_vec().into(), self.seen_at.into()]
    }
}
