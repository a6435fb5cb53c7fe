//! C3 for messages from mobiles: answered means in the inbox, once.

use super::Violation;
use crate::history::History;
use crate::journal::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn judge(history: &History, found: &mut Vec<Violation>) {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for text in &history.inbox {
        *times.entry(text).or_default() += 1;
    }
    let mut sent = BTreeSet::new();
    let mut answered = BTreeSet::new();
    for entry in &history.operator {
        if let Entry::Mo { text, answer, .. } = entry {
            sent.insert(text.as_str());
            if *answer == Some(0) {
                answered.insert(text.as_str());
            }
        }
    }
    for text in answered.iter().filter(|text| !times.contains_key(*text)) {
        found.push(Violation::MoLost { text: (*text).to_owned() });
    }
    for (text, times) in times {
        if !sent.contains(text) {
            found.push(Violation::MoPhantom { text: text.to_owned() });
        } else if times > 1 {
            found.push(Violation::MoTwice { text: text.to_owned(), times });
        }
    }
}
