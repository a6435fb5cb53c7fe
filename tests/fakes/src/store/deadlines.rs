//! Times by which something must have happened, in memory.

use super::books::Books;
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::{Departure, MessageId};
use domain::routing::Awaits;
use domain::state::{Event, State};
use ports::driven::{Deadlines, Overdue, Ruling, Step, StoreError};

#[async_trait]
impl Deadlines for MemoryStore {
    async fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Overdue>, StoreError> {
        self.call(Call::Reports, |books| {
            let mut over: Vec<_> = books.deadlines.iter().filter(|(_, at)| **at <= now).collect();
            over.sort_by_key(|(_, at)| **at);
            let all = over.into_iter().take(limit).map(|((id, awaits), due_at)| Overdue {
                id: MessageId(*id),
                awaits: *awaits,
                due_at: *due_at,
                record: books.record(MessageId(*id)),
            });
            Ok(all.collect())
        })
        .await
    }

    async fn ahead(
        &self,
        after: Timestamp,
        from: Option<(MessageId, Awaits)>,
        limit: usize,
    ) -> Result<Vec<Overdue>, StoreError> {
        self.call(Call::Reports, |books| {
            let from = from.map(|(id, awaits)| (id.0, awaits));
            let mut ahead: Vec<_> = books
                .deadlines
                .iter()
                .filter(|(key, at)| **at > after && from.is_none_or(|from| **key > from))
                .collect();
            ahead.sort();
            let all = ahead.into_iter().take(limit).map(|((id, awaits), due_at)| Overdue {
                id: MessageId(*id),
                awaits: *awaits,
                due_at: *due_at,
                record: books.record(MessageId(*id)),
            });
            Ok(all.collect())
        })
        .await
    }

    async fn rule(&self, rulings: Vec<Ruling>) -> Result<Vec<bool>, StoreError> {
        self.call(Call::End, |books| Ok(rulings.iter().map(|ruling| rule(books, ruling)).collect())).await
    }
}

fn rule(books: &mut Books, ruling: &Ruling) -> bool {
    let key = (ruling.id.0, ruling.awaits);
    if books.deadlines.get(&key) != Some(&ruling.due_at) {
        return false;
    }
    let seen = books
        .messages
        .get_mut(&ruling.id.0)
        .filter(|row| row.state == ruling.state && row.link == ruling.link);
    match (&ruling.step, seen) {
        (Step::Done, _) => {
            books.deadlines.remove(&key);
        }
        (Step::Later(at), _) => {
            books.deadlines.insert(key, *at);
        }
        (_, None) => return false,
        (Step::Divert { link, why, deadlines }, Some(row)) => {
            if row.state.after(Event::Diverted).is_none() {
                return false;
            }
            let in_doubt = row.state == State::Sending;
            let (sent_at, at, why) = (row.sent_at, ruling.at, *why);
            let doubled = row.parts.leave(&Departure { link: &ruling.link, sent_at, at, why, in_doubt });
            row.possible_duplicate |= doubled;
            row.enter(State::Queued, at);
            row.lease = None;
            row.link = link.clone();
            row.due_at = at;
            row.tries.on_link = 0;
            why.as_str().clone_into(&mut row.error);
            books.new_times(ruling.id, deadlines);
        }
        (Step::End(state), Some(row)) => {
            row.enter(*state, ruling.at);
            books.new_times(ruling.id, &[]);
            books.tell_if_wanted(ruling.id, *state, None, ruling.at);
        }
    }
    true
}
