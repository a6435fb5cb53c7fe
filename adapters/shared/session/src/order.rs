//! Order between sessions (promise B9): while a message to somebody is under way on one session, the next to the same
//! recipient goes by the same session, so that it cannot overtake.

use ports::driven::Shipment;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// Who has messages under way, and on which session. Bounded by the windows of all sessions.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    by_recipient: HashMap<u64, (usize, usize)>,
    hasher: RandomState,
}

impl UnderWay {
    /// The other session that has messages to this recipient under way, if there is one.
    pub(crate) fn elsewhere(&self, shipment: &Shipment, place: usize) -> Option<usize> {
        let (other, _) = self.by_recipient.get(&self.key(shipment))?;
        (*other != place).then_some(*other)
    }

    /// A session takes a message.
    pub(crate) fn begins(&mut self, shipment: &Shipment, place: usize) {
        let key = self.key(shipment);
        self.by_recipient.entry(key).or_insert((place, 0)).1 += 1;
    }

    /// A session is done with a message.
    pub(crate) fn ends(&mut self, shipment: &Shipment) {
        let key = self.key(shipment);
        if let Some((_, count)) = self.by_recipient.get_mut(&key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_recipient.remove(&key);
            }
        }
    }

    fn key(&self, shipment: &Shipment) -> u64 {
        self.hasher.hash_one(&shipment.message.recipient)
    }
}
