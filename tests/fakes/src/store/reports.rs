//! Reading, counting and removing what is over.

use super::books::{Books, Row};
use super::inbox::SEEN_FOR;
use super::outbox::KEY_LIFE;
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::MessageId;
use domain::state::State;
use ports::driven::{Audit, Filter, MessageRecord, Page, Reports, StoreError};
use std::collections::{BTreeMap, HashSet};

#[async_trait]
impl Reports for MemoryStore {
    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        self.call(Call::Reports, |books| Ok(books.record(id))).await
    }

    async fn messages(&self, filter: &Filter) -> Result<Page<MessageRecord>, StoreError> {
        self.call(Call::Reports, |books| {
            let limit = filter.limit.clamp(1, 1000);
            let end = filter.after.map_or(i64::MAX, |id| id.0);
            let fitting = books.messages.range(..end).rev().filter(|(_, row)| fits(row, filter));
            let mut ids: Vec<_> = fitting.map(|(id, _)| *id).take(limit + 1).collect();
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = ids.last().copied().filter(|_| more);
            Ok(Page { items: ids.into_iter().filter_map(|id| books.record(MessageId(id))).collect(), next })
        })
        .await
    }

    async fn audit(&self) -> Result<Audit, StoreError> {
        self.call(Call::Reports, |books| Ok(audit(books))).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.call(Call::Reports, |_| Ok(())).await
    }

    async fn retain(&self, before: Timestamp, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::Reports, |books| {
            let awaited: HashSet<_> = books.awaiting.iter().filter(|a| !a.done).map(|a| a.message).collect();
            let over =
                |row: &&Row| ended_at(row, awaited.contains(&row.message.id)).is_some_and(|at| at < before);
            let gone: HashSet<_> =
                books.messages.values().filter(over).take(limit).map(|r| r.message.id).collect();
            books.messages.retain(|_, row| !gone.contains(&row.message.id));
            books.awaiting.retain(|a| !gone.contains(&a.message));
            books.removed += gone.len() as u64;
            let seen: Vec<_> = books
                .inbox
                .values()
                .filter(|r| {
                    let handed = books.handed.contains(&r.mo.id.0).then_some(r.mo.received_at);
                    r.acknowledged_at.or(handed).is_some_and(|at| at < before)
                })
                .take(limit)
                .map(|r| r.mo.id)
                .collect();
            books.inbox.retain(|_, r| !seen.contains(&r.mo.id));
            books.once.retain(|_, used| used.at.checked_add(KEY_LIFE).is_ok_and(|end| now < end));
            books.seen.retain(|_, at| at.checked_add(SEEN_FOR).is_ok_and(|end| now < end));
            Ok(gone.len())
        })
        .await
    }
}

fn fits(row: &Row, filter: &Filter) -> bool {
    let message = &row.message;
    filter.user.as_ref().is_none_or(|user| message.user == *user)
        && filter.reference.as_ref().is_none_or(|reference| message.reference.as_ref() == Some(reference))
        && filter.state.is_none_or(|state| row.state == state)
        && filter.to.as_ref().is_none_or(|to| message.recipient == *to)
}

/// When it ended. A message sent without asking for receipts has ended when the operator took it.
fn ended_at(row: &Row, awaited: bool) -> Option<Timestamp> {
    row.final_at.or(row.sent_at.filter(|_| row.state == State::Sent && !awaited))
}

pub(super) fn audit(books: &Books) -> Audit {
    let mut counts = BTreeMap::new();
    let mut possible_duplicates = 0;
    for row in books.messages.values() {
        *counts.entry(row.state).or_insert(0_u64) += 1;
        possible_duplicates += u64::from(row.possible_duplicate);
    }
    let by_state: Vec<_> = counts.into_iter().collect();
    let sum = books.removed + by_state.iter().map(|(_, n)| n).sum::<u64>();
    let mut wrong = Vec::new();
    if books.accepted != sum {
        wrong.push(format!("{} accepted, {sum} accounted for", books.accepted));
    }
    for row in books.messages.values() {
        if (row.state == State::Sending) != row.lease.is_some() {
            wrong.push(format!(
                "message {} is {} and {}",
                row.message.id,
                row.state,
                if row.lease.is_some() { "held" } else { "not held" }
            ));
        }
        if row.state.is_final() != row.final_at.is_some() {
            wrong.push(format!(
                "message {} is {} and its end is {:?}",
                row.message.id, row.state, row.final_at
            ));
        }
    }
    Audit { accepted: books.accepted, removed: books.removed, by_state, possible_duplicates, wrong }
}
