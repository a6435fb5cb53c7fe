//! C1 to C3 for receipts: one that was answered has been applied, and nothing is called delivered without one.

use super::index::Index;
use super::{Terms, Violation};
use crate::history::History;
use crate::journal::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What the operator told of one message.
#[derive(Debug, Default)]
struct Told<'a> {
    /// Parts with a positive receipt that was answered.
    delivered: BTreeSet<u64>,
    /// Whether any positive receipt was sent, answered or not.
    any_delivered: bool,
    /// A negative final receipt that was answered.
    failed: Option<&'a str>,
}

pub(super) fn judge(history: &History, index: &Index<'_>, terms: &Terms, found: &mut Vec<Violation>) {
    let told = gather(history, index);
    let nothing = Told::default();
    for attempt in &history.attempts {
        let Some(row) = index.row(attempt.id(), &attempt.to) else { continue };
        let told = told.get(&attempt.message).unwrap_or(&nothing);
        let parts = index.submits(attempt.message).first().map_or(1, |submit| submit.parts);
        let missing = |receipt: &str| Violation::ReceiptNotApplied {
            message: attempt.message,
            receipt: receipt.to_owned(),
            state: row.state.clone(),
        };
        let whole = (1..=parts).all(|part| told.delivered.contains(&part));
        match told.failed {
            None if whole && row.state != "delivered" => found.push(missing("DELIVRD")),
            Some(failed)
                if told.delivered.is_empty() && !matches!(row.state.as_str(), "failed" | "expired") =>
            {
                found.push(missing(failed));
            }
            // A message that was doubled can be told both; either end is then true.
            _ => {}
        }
        if terms.receipts && row.state == "delivered" && !told.any_delivered {
            found.push(Violation::FalseDelivery { message: attempt.message });
        }
    }
}

fn gather<'a>(history: &'a History, index: &Index<'_>) -> BTreeMap<u64, Told<'a>> {
    let mut all: BTreeMap<u64, Told<'_>> = BTreeMap::new();
    for entry in &history.operator {
        let Entry::Receipt { message_id, state, answer } = entry else { continue };
        let Some((message, part)) = index.by_operator_id.get(message_id.as_str()) else { continue };
        let told = all.entry(*message).or_default();
        match state.as_str() {
            "DELIVRD" => {
                told.any_delivered = true;
                if *answer == Some(0) {
                    told.delivered.insert(*part);
                }
            }
            "UNDELIV" | "REJECTD" | "EXPIRED" | "DELETED" if *answer == Some(0) => told.failed = Some(state),
            _ => {}
        }
    }
    all
}
