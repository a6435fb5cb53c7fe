//! The tables `awaiting` (parts whose receipt is to come) and `early_receipt` (receipts whose reply is to come).

use super::{millis, time};
use crate::error::unreadable;
use crate::statement::{Bind, Doomed, Record};
use diesel::QueryResult;
use diesel::deserialize::Queryable;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::LinkId;
use domain::receipt::{Receipt, Verdict};

/// The longest key that is kept; longer ones are cut, on both sides alike.
const LONGEST_KEY: usize = 190;

/// A key as the store keeps it.
pub fn kept_key(key: String) -> String {
    if key.len() <= LONGEST_KEY && !key.contains('\0') {
        return key;
    }
    key.chars().filter(|c| *c != '\0').take(LONGEST_KEY).collect()
}

/// The columns of [`AwaitedSql`].
pub const AWAITING_COLUMNS: &str = "link, op_key, message, seq, until";

/// Their types.
pub type AwaitedSql = (Text, Text, BigInt, SmallInt, BigInt);

/// A part whose receipt is awaited.
#[derive(Debug, Clone, Queryable)]
pub struct Awaited {
    /// Where it was sent.
    pub link: String,
    /// `correlate::stored_key` of the operator's id.
    pub op_key: String,
    /// The message.
    pub message: i64,
    /// The part's place.
    pub seq: i16,
    /// Until when.
    pub until: i64,
}

impl Record for Awaited {
    const TABLE: &'static str = "awaiting";
    const COLUMNS: &'static str = AWAITING_COLUMNS;
    const WIDTH: usize = 5;
    const IGNORE: bool = true;

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![
            self.link.as_str().into(),
            self.op_key.as_str().into(),
            self.message.into(),
            self.seq.into(),
            self.until.into(),
        ]
    }
}

impl Doomed for Awaited {
    const TABLE: &'static str = "awaiting";
    const COLUMNS: &'static [&'static str] = &["link", "op_key", "message", "seq"];

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![self.link.as_str().into(), self.op_key.as_str().into(), self.message.into(), self.seq.into()]
    }
}

/// The columns of [`EarlySql`].
pub const EARLY_COLUMNS: &str = "link, op_key, operator_id, verdict, recipient, error, done_at, parked_at";

/// Their types.
pub type EarlySql = (Text, Text, Text, SmallInt, Text, Text, Nullable<BigInt>, BigInt);

/// A parked receipt under one of its spellings.
#[derive(Debug)]
pub struct EarlyReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The spelling.
    pub op_key: String,
    /// When it was parked.
    pub parked_at: Timestamp,
}

impl Record for EarlyReceipt {
    const TABLE: &'static str = "early_receipt";
    const COLUMNS: &'static str = EARLY_COLUMNS;
    const WIDTH: usize = 8;
    const IGNORE: bool = true;

    fn binds(&self) -> Vec<Bind<'_>> {
        let receipt = &self.receipt;
        vec![
            receipt.link.as_str().into(),
            self.op_key.as_str().into(),
            kept_key(receipt.operator_id.clone()).into(),
            verdict_code(receipt.verdict).into(),
            receipt.recipient.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            kept_key(receipt.error.clone()).into(),
            receipt.done_at.map(millis).into(),
            millis(self.parked_at).into(),
        ]
    }
}

/// A row as it is read.
#[derive(Debug, Clone, Queryable)]
pub struct StoredEarly {
    pub link: String,
    #[expect(dead_code, reason = "as below")]
    op_key: String,
    pub operator_id: String,
    pub verdict: i16,
    /// Empty when the receipt names none.
    pub recipient: String,
    error: String,
    done_at: Option<i64>,
    #[expect(dead_code, reason = "read with the others, so that one list of columns serves all")]
    parked_at: i64,
}

impl StoredEarly {
    /// The receipt.
    pub fn receipt(&self) -> QueryResult<Receipt> {
        Ok(Receipt {
            link: LinkId::parse(&self.link).map_err(|e| unreadable("receipt", e))?,
            operator_id: self.operator_id.clone(),
            recipient: Recipient::parse(&self.recipient).ok(),
            verdict: verdict_of(self.verdict),
            error: self.error.clone(),
            done_at: self.done_at.map(time),
        })
    }
}

impl Doomed for StoredEarly {
    const TABLE: &'static str = "early_receipt";
    const COLUMNS: &'static [&'static str] = &["link", "operator_id", "verdict", "recipient"];

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![
            self.link.as_str().into(),
            self.operator_id.as_str().into(),
            self.verdict.into(),
            self.recipient.as_str().into(),
        ]
    }
}

const VERDICTS: [Verdict; 6] = [
    Verdict::Pending,
    Verdict::Delivered,
    Verdict::Failed,
    Verdict::Expired,
    Verdict::Unknown,
    Verdict::Deleted,
];

fn verdict_code(verdict: Verdict) -> i16 {
    VERDICTS.iter().position(|v| *v == verdict).and_then(|at| i16::try_from(at).ok()).unwrap_or(0)
}

/// The verdict of a number in the store.
fn verdict_of(code: i16) -> Verdict {
    usize::try_from(code).ok().and_then(|at| VERDICTS.get(at).copied()).unwrap_or(Verdict::Pending)
}
