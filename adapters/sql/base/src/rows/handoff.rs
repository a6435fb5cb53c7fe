//! The table `handoff`: what is still to be told to somebody. What has been told has no row.

use crate::statement::{Bind, Doomed, Record};
use diesel::deserialize::Queryable;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};

/// Values of the column `state`.
pub mod handoff_state {
    /// Waits until it is due.
    pub const WAITING: i64 = 0;
    /// A run is at it.
    pub const HELD: i64 = 1;
    /// Given up.
    pub const DEAD: i64 = 2;
}

/// The columns of [`HandoffSql`].
pub const HANDOFF_COLUMNS: &str = "subject, event, target, destination, tries, created_at, resent_at";

/// Their types.
pub type HandoffSql = (BigInt, SmallInt, Text, Nullable<Text>, Integer, BigInt, Nullable<BigInt>);

/// A row as it is read.
#[derive(Debug, Clone, Queryable)]
pub struct StoredHandoff {
    pub subject: i64,
    pub event: i16,
    pub target: String,
    pub destination: Option<String>,
    pub tries: i32,
    pub created_at: i64,
    pub resent_at: Option<i64>,
}

/// A handoff to be inserted.
#[derive(Debug, Clone)]
pub struct HandoffRow {
    /// The message.
    pub subject: i64,
    /// The event.
    pub event: i16,
    /// `Handoff::target`.
    pub target: String,
    /// Where a received message goes.
    pub destination: Option<String>,
    /// The run that holds it.
    pub lease: Option<i64>,
    /// When it was made: it is due at once.
    pub created_at: i64,
}

impl Record for HandoffRow {
    const TABLE: &'static str = "handoff";
    const COLUMNS: &'static str =
        "subject, event, target, destination, due_at, state, lease, tries, error, created_at";
    const WIDTH: usize = 10;
    const IGNORE: bool = true;

    fn binds(&self) -> Vec<Bind<'_>> {
        let state = if self.lease.is_some() { handoff_state::HELD } else { handoff_state::WAITING };
        vec![
            self.subject.into(),
            self.event.into(),
            self.target.chars().take(255).collect::<String>().into(),
            self.destination.as_deref().into(),
            self.created_at.into(),
            state.into(),
            self.lease.into(),
            0_i64.into(),
            "".into(),
            self.created_at.into(),
        ]
    }
}

/// A handoff that is done, or whose message is gone.
#[derive(Debug, Clone, Copy)]
pub struct HandoffName {
    /// The message.
    pub subject: i64,
    /// The event.
    pub event: i16,
    /// The run that holds it.
    pub lease: i64,
}

impl Doomed for HandoffName {
    const TABLE: &'static str = "handoff";
    const COLUMNS: &'static [&'static str] = &["subject", "event", "lease"];

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![self.subject.into(), self.event.into(), self.lease.into()]
    }
}
