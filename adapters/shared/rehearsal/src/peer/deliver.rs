//! What the simulated operator delivers: receipts and messages from phones, and what becomes of them when they are answered.

use super::Peer;
use crate::hub::Delivery;
use crate::lines;
use crate::speech::{Operator, Speech as _};
use std::time::Duration;

impl<O: Operator> Peer<O> {
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        if self.hub.is_void(&delivery) {
            return;
        }
        let key = self.speech.deliver(&delivery, self.hub.clock.now(), &mut self.out);
        if let Some(unanswered) = self.delivered.insert(key, delivery) {
            self.hub.leave([(self.hub.clock.monotonic(), unanswered)]);
        }
    }

    pub(super) fn answered(&mut self, now: Duration, key: u32, status: u32, again: bool) {
        let Some(delivery) = self.delivered.remove(&key) else { return self.journal_answer(key, status) };
        self.journal_delivery(&delivery, Some(status));
        let receipt = matches!(delivery, Delivery::Receipt(_));
        self.hub.count(|stats| match (status == 0, receipt) {
            (true, true) => stats.receipts += 1,
            (true, false) => stats.mos += 1,
            (false, _) => stats.refused_deliveries += 1,
        });
        if again {
            self.hub.leave([(now + self.hub.options.retry_after, delivery)]);
        }
    }

    /// An answer to what an order put into the connection as octets: nothing is known of it but its number.
    fn journal_answer(&self, key: u32, status: u32) {
        if self.hub.journal.is_open() {
            let line = self.hub.line("answer").number("session", self.session);
            self.hub.journal.write(line.number("seq", u64::from(key)).number("status", u64::from(status)));
        }
    }

    pub(super) fn journal_delivery(&self, delivery: &Delivery, answer: Option<u32>) {
        if self.hub.journal.is_open() {
            self.hub.journal.write(lines::delivered(&self.hub, self.session, delivery, answer));
        }
    }
}
