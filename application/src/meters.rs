//! Counters that are counted for every message: their handles are kept, because to look one up by its labels costs more than to count.

use metrics::Counter;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// A counter with two labels, the second one of a few words.
pub(crate) struct Family {
    name: &'static str,
    labels: [&'static str; 2],
    known: RwLock<HashMap<&'static str, HashMap<String, Counter>>>,
}

impl Family {
    /// A counter of this name with these labels.
    pub(crate) fn new(name: &'static str, labels: [&'static str; 2]) -> Self {
        Self { name, labels, known: RwLock::default() }
    }

    /// Counts one more.
    pub(crate) fn count(&self, first: &str, second: &'static str) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(second).and_then(|family| family.get(first)) {
            return counter.increment(1);
        }
        drop(known);
        let [a, b] = self.labels;
        let counter = metrics::counter!(self.name, a => first.to_owned(), b => second);
        counter.increment(1);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(second).or_default().insert(first.to_owned(), counter);
    }
}

/// A counter with one label of a few words.
pub(crate) struct Single {
    name: &'static str,
    label: &'static str,
    known: RwLock<HashMap<&'static str, Counter>>,
}

impl Single {
    /// A counter of this name with this label.
    pub(crate) fn new(name: &'static str, label: &'static str) -> Self {
        Self { name, label, known: RwLock::default() }
    }

    /// Counts so many more.
    pub(crate) fn count(&self, word: &'static str, by: u64) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(word) {
            return counter.increment(by);
        }
        drop(known);
        let label = self.label;
        let counter = metrics::counter!(self.name, label => word);
        counter.increment(by);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(word, counter);
    }
}

/// The counters of one gateway.
pub(crate) struct Meters {
    /// Messages accepted, by door.
    pub(crate) accepted: Single,
    /// Turns that ended, by link and state.
    pub(crate) settled: Family,
    /// Receipts, by what they did.
    pub(crate) receipts: Single,
    /// Hand-offs, by outcome.
    pub(crate) handoffs: Single,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            accepted: Single::new("omnigate_accepted_total", "door"),
            settled: Family::new("omnigate_settled_total", ["link", "state"]),
            receipts: Single::new("omnigate_receipts_total", "outcome"),
            handoffs: Single::new("omnigate_handoffs_total", "outcome"),
        }
    }
}
