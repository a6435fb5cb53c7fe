//! Receipts: applied or parked, and given up when their time is out.

use super::{Call, MemoryStore, locked};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::Incarnation;
use domain::receipt::Receipt;
use domain::state::State;
use ports::driven::{Applied, Receipts, StoreError};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a receipt waits for its message.
const PARKED_FOR: Duration = Duration::from_hours(1);
/// How many wait.
const PARKED: usize = 100_000;

#[async_trait]
impl Receipts for MemoryStore {
    async fn apply(
        &self,
        receipts: Vec<Receipt>,
        tell_lease: Option<Incarnation>,
        now: Timestamp,
    ) -> Result<Vec<Applied>, StoreError> {
        self.call(Call::Receipts, |books| {
            Ok(receipts.iter().map(|r| books.apply(r, tell_lease, now)).collect())
        })
        .await
    }

    fn one_account(&self, links: Vec<(LinkId, Vec<LinkId>)>) {
        locked(&self.books).accounts = links.into_iter().collect();
    }

    async fn give_up(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::Receipts, |books| {
            books.parked.retain(|p| p.at.checked_add(PARKED_FOR).is_ok_and(|end| now < end));
            let too_many = books.parked.len().saturating_sub(PARKED);
            books.parked.drain(..too_many);
            let late = books.awaiting.iter().filter(|a| !a.done && a.until <= now).map(|a| a.message);
            let late: BTreeSet<_> =
                late.filter(|id| books.messages.get(&id.0).is_some_and(|r| r.state == State::Sent)).collect();
            let late: Vec<_> = late.into_iter().take(limit).collect();
            for id in &late {
                let Some(row) = books.messages.get_mut(&id.0) else { continue };
                row.parts = row.parts.given_up();
                row.enter(State::Unknown, now);
                books.tell_if_wanted(*id, State::Unknown, None, now);
            }
            Ok(late.len())
        })
        .await
    }
}
