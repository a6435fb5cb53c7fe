//! The table `deadline`: times by which something must have happened to a message.

use super::millis;
use crate::statement::{Bind, Doomed, Record};
use domain::message::MessageId;
use domain::routing::Deadline;

/// A time of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadlineRow {
    /// Whose.
    pub message: i64,
    /// `Awaits::code`.
    pub awaits: i16,
    /// By when.
    pub due_at: i64,
}

impl DeadlineRow {
    pub fn of(message: MessageId, deadline: &Deadline) -> Self {
        Self { message: message.0, awaits: deadline.awaits.code(), due_at: millis(deadline.due_at) }
    }
}

impl Record for DeadlineRow {
    const TABLE: &'static str = "deadline";
    const COLUMNS: &'static str = "message, awaits, due_at";
    const WIDTH: usize = 3;
    const IGNORE: bool = true;

    fn binds(&self) -> Vec<Bind<'_>> {
        vec![self.message.into(), self.awaits.into(), self.due_at.into()]
    }
}

impl Doomed for DeadlineRow {
    const TABLE: &'static str = "deadline";
    const COLUMNS: &'static [&'static str] = &["message", "awaits", "due_at"];

    fn binds(&self) -> Vec<Bind<'_>> {
        Record::binds(self)
    }
}
