//! A history sorted for the rules: submits by message and part with their replies, rows by recipient and id.

use crate::history::{History, marker};
use crate::journal::Entry;
use crate::readback::Row;
use std::collections::{BTreeMap, HashMap};

/// One submit that the operator saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Submit {
    /// Place in the journal.
    pub(super) place: usize,
    pub(super) session: u64,
    pub(super) part: u64,
    pub(super) parts: u64,
    /// The operator's answer; nothing when it gave none.
    pub(super) status: Option<u64>,
}

impl Submit {
    /// A submit that was refused is not sent: trying again makes no duplicate.
    pub(super) fn taken(&self) -> bool {
        matches!(self.status, None | Some(0))
    }
}

/// The history, sorted.
#[derive(Debug)]
pub(super) struct Index<'a> {
    /// Submits of each message in journal order.
    pub(super) submits: BTreeMap<u64, Vec<Submit>>,
    /// Texts at the operator that carry no marker.
    pub(super) unmarked: Vec<&'a str>,
    /// The message and part of each operator id.
    pub(super) by_operator_id: HashMap<&'a str, (u64, u64)>,
    by_id: HashMap<&'a str, &'a Row>,
    by_number: HashMap<&'a str, Vec<&'a Row>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let statuses = statuses(&history.operator);
        let mut index = Self {
            submits: BTreeMap::new(),
            unmarked: Vec::new(),
            by_operator_id: HashMap::new(),
            by_id: history.rows.iter().map(|row| (row.id.as_str(), row)).collect(),
            by_number: HashMap::new(),
        };
        for row in &history.rows {
            index.by_number.entry(row.to.as_str()).or_default().push(row);
        }
        for (place, entry) in history.operator.iter().enumerate() {
            let Entry::Submit { session, text, part, parts, message_id, .. } = entry else { continue };
            let Some(message) = marker(text) else {
                index.unmarked.push(text);
                continue;
            };
            index.by_operator_id.insert(message_id, (message, *part));
            let status = statuses.get(&place).copied();
            let submit = Submit { place, session: *session, part: *part, parts: *parts, status };
            index.submits.entry(message).or_default().push(submit);
        }
        index
    }

    /// The submits of one message.
    pub(super) fn submits(&self, message: u64) -> &[Submit] {
        self.submits.get(&message).map_or(&[], Vec::as_slice)
    }

    /// The row of an attempt: by the id that was told, else by its recipient.
    pub(super) fn row(&self, id: Option<&str>, to: &str) -> Option<&'a Row> {
        match id {
            Some(id) => self.by_id.get(id).copied(),
            None => self.rows(to).first().copied(),
        }
    }

    /// All rows of one recipient.
    pub(super) fn rows(&self, to: &str) -> &[&'a Row] {
        self.by_number.get(to).map_or(&[], Vec::as_slice)
    }
}

/// The answer to the submit at each place of the journal. Sequence numbers come again, so the latest submit is meant.
fn statuses(operator: &[Entry]) -> HashMap<usize, u64> {
    let mut open: HashMap<(u64, u64), usize> = HashMap::new();
    let mut statuses = HashMap::new();
    for (place, entry) in operator.iter().enumerate() {
        match entry {
            Entry::Submit { session, seq, .. } => {
                open.insert((*session, *seq), place);
            }
            Entry::Reply { session, seq, status } => {
                if let Some(submit) = open.get(&(*session, *seq)) {
                    statuses.insert(*submit, *status);
                }
            }
            _ => {}
        }
    }
    statuses
}
