//! What the writer remembers between transactions. Losing any of it costs time, never truth.

use super::lately::Lately;
use crate::rows::kept_key;
use domain::receipt::{Habit, Receipt};
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many receipts that ended a part are remembered, to know their repetitions.
const RECENT: usize = 65_536;

/// The memory of one writer.
pub(crate) struct Memory {
    /// The name the totals are kept under, so that nodes do not wait for each other.
    pub(crate) node: String,
    /// Whether receipts are parked; `None` = not known.
    pub(crate) parked: Option<bool>,
    /// Messages under way.
    pub(crate) lately: Lately,
    /// Parts that were ended by receipts.
    pub(crate) recent: Recent,
    /// How each link's receipts spell ids.
    pub(crate) habits: HashMap<String, Habit>,
    /// Where the search for old messages goes on.
    pub(crate) retain_from: i64,
}

impl Memory {
    pub(crate) fn new(node: String) -> Self {
        let (lately, recent, habits) = (Lately::default(), Recent::default(), HashMap::new());
        Self { node, parked: None, lately, recent, habits, retain_from: 0 }
    }

    /// The keys that a receipt's id may be stored under, the likeliest first.
    pub(crate) fn keys(&self, receipt: &Receipt) -> Vec<String> {
        let habit = self.habits.get(receipt.link.as_str()).copied().unwrap_or_default();
        habit.keys(&receipt.operator_id).into_iter().map(kept_key).collect()
    }

    /// After a rollback: what was noted is not so.
    pub(crate) fn forget(&mut self) {
        self.parked = None;
        self.lately.forget();
    }
}

/// The last parts that were ended by receipts: hashes of link and key, and of the recipient. Two that meet by chance (one in 2^48)
/// cost one early receipt.
#[derive(Default)]
pub(crate) struct Recent {
    recipients: HashMap<u64, u64>,
    order: VecDeque<u64>,
}

impl Recent {
    /// Remembers one; forgets the oldest.
    pub(crate) fn put(&mut self, link: &str, key: &str, recipient: &str) {
        let name = hash((link, key));
        if self.recipients.insert(name, hash(recipient)).is_none() {
            self.order.push_back(name);
        }
        while self.order.len() > RECENT {
            if let Some(oldest) = self.order.pop_front() {
                self.recipients.remove(&oldest);
            }
        }
    }

    /// Whether a receipt repeats one that ended a part: a named recipient must be the same.
    pub(crate) fn knows(&self, link: &str, key: &str, recipient: Option<&str>) -> bool {
        let known = self.recipients.get(&hash((link, key)));
        known.is_some_and(|known| recipient.is_none_or(|r| hash(r) == *known))
    }
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut recent = Recent::default();
        for n in 0..=RECENT {
            recent.put("TS0", &n.to_string(), "46701234567");
        }
        assert!(!recent.knows("TS0", "0", None));
        assert!(recent.knows("TS0", "1", Some("46701234567")));
        assert!(!recent.knows("TS0", "1", Some("46701234568")));
        assert!(!recent.knows("TS1", "1", None));
    }
}
