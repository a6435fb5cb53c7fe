//! What the writer remembers between transactions. Losing any of it costs time, never truth.

use crate::lately::Lately;
use crate::map::{Hashing, Map, Set};
use crate::rows::kept_key;
use domain::directory::LinkId;
use domain::receipt::correlate::tail;
use domain::receipt::{Habit, Receipt};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Arc, PoisonError, RwLock};

/// How many receipts that ended a part are remembered, to know their repetitions.
const RECENT: usize = 65_536;

/// The other links of each link's account.
pub type Accounts = Arc<RwLock<HashMap<String, Vec<String>>>>;

/// The memory of one writer.
pub struct Memory {
    /// The name the totals are kept under, so that nodes do not wait for each other.
    pub node: String,
    /// Whether receipts are parked; `None` = not known.
    pub parked: Option<bool>,
    /// Messages under way.
    pub lately: Lately,
    /// Parts that were ended by receipts.
    pub recent: Recent,
    /// How each link's receipts spell ids.
    pub habits: HashMap<String, Habit>,
    /// Where the search for old messages goes on.
    pub retain_from: i64,
    /// The target after which the search for handoffs goes on.
    pub handoffs_from: String,
    accounts: Accounts,
}

impl Memory {
    pub fn new(node: String, accounts: Accounts) -> Self {
        let (lately, recent, habits) = (Lately::default(), Recent::default(), HashMap::new());
        let (retain_from, handoffs_from) = (0, String::new());
        Self { node, parked: None, lately, recent, habits, retain_from, handoffs_from, accounts }
    }

    /// The keys that a receipt's id may be stored under, the likeliest first.
    pub fn keys(&self, receipt: &Receipt) -> Vec<String> {
        let habit = self.habits.get(receipt.link.as_str()).copied().unwrap_or_default();
        habit.keys(&receipt.operator_id).into_iter().map(kept_key).collect()
    }

    /// Works with how a link's receipts spell ids.
    pub fn spelled<T>(&mut self, link: &str, with: impl FnOnce(&mut Habit) -> T) -> T {
        match self.habits.get_mut(link) {
            Some(habit) => with(habit),
            None => with(self.habits.entry(link.to_owned()).or_default()),
        }
    }

    /// The other links of a link's account, over which a receipt may have come as well.
    pub fn beside(&self, link: &LinkId) -> Vec<String> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        accounts.get(link.as_str()).cloned().unwrap_or_default()
    }

    /// After a rollback: what was noted is not so.
    pub fn forget(&mut self) {
        self.parked = None;
        self.lately.forget();
    }
}

/// The last parts that were ended by receipts, by hashes of link and key and of the recipient's number. Two that meet by chance (one in 2^48)
/// cost one receipt.
#[derive(Default)]
pub struct Recent {
    parts: Set<(u64, u64)>,
    /// How many of each link and key: one id may be of several recipients.
    names: Map<u64, usize>,
    order: VecDeque<(u64, u64)>,
    hashing: Hashing,
}

impl Recent {
    /// Remembers one; forgets the oldest.
    pub fn put(&mut self, link: &str, key: &str, recipient: &str) {
        let part = (self.hash((link, key)), self.hash(tail(recipient)));
        if self.parts.insert(part) {
            *self.names.entry(part.0).or_default() += 1;
            self.order.push_back(part);
        }
        while self.order.len() > RECENT {
            if let Some(oldest) = self.order.pop_front() {
                self.forget(oldest);
            }
        }
    }

    fn forget(&mut self, part: (u64, u64)) {
        self.parts.remove(&part);
        if let Entry::Occupied(mut count) = self.names.entry(part.0) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Whether a receipt repeats one that ended a part: a named recipient must be the same.
    pub fn knows(&self, link: &str, key: &str, recipient: Option<&str>) -> bool {
        let name = self.hash((link, key));
        recipient.map_or_else(
            || self.names.contains_key(&name),
            |to| self.parts.contains(&(name, self.hash(tail(to)))),
        )
    }

    fn hash(&self, of: impl Hash) -> u64 {
        self.hashing.hash_one(of)
    }
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

    #[test]
    fn one_id_may_be_of_several() {
        let mut recent = Recent::default();
        for to in ["46701234567", "46701234568", "46701234567"] {
            recent.put("TS0", "batch", to);
        }
        for (to, known) in [
            (None, true),
            (Some("0701234567"), true),
            (Some("46701234568"), true),
            (Some("46701234569"), false),
        ] {
            assert_eq!(recent.knows("TS0", "batch", to), known, "{to:?}");
        }
        for n in 0..RECENT - 1 {
            recent.put("TS0", &n.to_string(), "46701234567");
        }
        assert!(!recent.knows("TS0", "batch", Some("46701234567")), "the older one is forgotten");
        assert!(recent.knows("TS0", "batch", None), "the other one is not");
        recent.put("TS0", "last", "46701234567");
        assert!(!recent.knows("TS0", "batch", None));
    }
}
