//! What the simulated operator delivers: receipts and messages from phones, and what becomes of them when they are answered.

use super::Peer;
use crate::codec::{Body, Pdu};
use crate::simulator::compose;
use crate::simulator::hub::Delivery;
use crate::status::Status;
use std::time::Duration;

impl Peer {
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.sequence = self.sequence % 0x7FFF_FFFF + 1;
        let message = compose::deliver_sm(&self.hub, &delivery);
        self.write(&Pdu::new(self.sequence, Body::DeliverSm(message)));
        self.delivered.insert(self.sequence, delivery);
    }

    pub(super) fn answered(&mut self, now: Duration, sequence: u32, status: Status) {
        let Some(delivery) = self.delivered.remove(&sequence) else { return };
        self.journal_delivery(&delivery, Some(status.0));
        let receipt = matches!(delivery, Delivery::Receipt(_));
        self.hub.count(|stats| match (status.is_ok(), receipt) {
            (true, true) => stats.receipts += 1,
            (true, false) => stats.mos += 1,
            (false, _) => stats.refused_deliveries += 1,
        });
        let again = matches!(
            status,
            Status::ESME_RX_T_APPN | Status::ESME_RMSGQFUL | Status::ESME_RTHROTTLED | Status::ESME_RSYSERR
        );
        if again {
            self.hub.leave([(now + self.hub.options.retry_after, delivery)]);
        }
    }

    pub(super) fn journal_delivery(&self, delivery: &Delivery, answer: Option<u32>) {
        if self.hub.journal.is_open() {
            self.hub.journal.write(compose::delivered(&self.hub, self.session, delivery, answer));
        }
    }
}
