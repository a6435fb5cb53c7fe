//! Wishes that operators take messages back, in memory.

use super::books::{Books, Wish};
use super::{Call, MemoryStore, locked};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::MessageId;
use domain::receipt::{Known, Verdict, fold};
use domain::state::State;
use ports::driven::{Recall, RecallAnswer, RecallOutcome, RecallSaid, Recalls, StoreError};

#[async_trait]
impl Recalls for MemoryStore {
    async fn recall(&self, id: MessageId, now: Timestamp) -> Result<Option<Result<(), State>>, StoreError> {
        self.call(Call::End, |books| {
            let Some(row) = books.messages.get_mut(&id.0) else { return Ok(None) };
            let waits = matches!(row.state, State::Scheduled | State::Queued);
            let stops = waits && row.parts.has_left(row.possible_duplicate);
            if stops {
                let state = row.parts.stop(row.message.segments, row.possible_duplicate);
                row.enter(state, now);
            }
            let (state, links) = (row.state, row.parts.holders(&row.link));
            if stops {
                books.tell_if_wanted(id, state, None, now);
            }
            let asks = state.may_be_asked_back() && !links.is_empty();
            if stops || asks {
                books.deadlines.retain(|(of, _), _| *of != id.0);
            }
            if !asks {
                return Ok(Some(Err(state)));
            }
            for link in links {
                let wish = books.recalls.entry((id.0, link)).or_default();
                if wish.due_at.is_none() {
                    *wish = Wish { due_at: Some(now), ..Wish::default() };
                }
            }
            Ok(Some(Ok(())))
        })
        .await
    }

    async fn recalls(
        &self,
        links: &[LinkId],
        now: Timestamp,
        again: Timestamp,
        limit: usize,
    ) -> Result<Vec<Recall>, StoreError> {
        if locked(&self.books).recalls.is_empty() {
            return Ok(Vec::new());
        }
        self.call(Call::End, |books| {
            let due = books.recalls.iter().filter(|((_, link), _)| links.contains(link));
            let due = due.filter_map(|(key, wish)| Some((wish.due_at.filter(|at| *at <= now)?, key.clone())));
            let mut due: Vec<_> = due.collect();
            due.sort();
            due.truncate(limit);
            Ok(due.into_iter().filter_map(|(_, key)| give_out(books, key, again)).collect())
        })
        .await
    }

    async fn recalled(&self, answer: RecallAnswer) -> Result<Option<State>, StoreError> {
        self.call(Call::End, |books| {
            let changed = take_back(books, &answer);
            let key = (answer.id.0, answer.link.clone());
            if let Some(wish) = books.recalls.get_mut(&key) {
                match answer.outcome {
                    RecallOutcome::Later(at) => wish.due_at = wish.due_at.map(|_| at),
                    RecallOutcome::Said(said) => {
                        (wish.due_at, wish.said) = (None, Some(said));
                    }
                }
            }
            Ok(changed)
        })
        .await
    }

    async fn recall_answers(&self, id: MessageId) -> Result<Vec<(LinkId, Option<RecallSaid>)>, StoreError> {
        self.call(Call::Reports, |books| {
            let of = books.recalls.iter().filter(|((message, _), _)| *message == id.0);
            Ok(of.map(|((_, link), wish)| (link.clone(), wish.said.clone())).collect())
        })
        .await
    }
}

fn give_out(books: &mut Books, key: (i64, LinkId), again: Timestamp) -> Option<Recall> {
    let record = books.record(MessageId(key.0))?;
    let wish = books.recalls.get_mut(&key)?;
    wish.due_at = Some(again);
    wish.tries += 1;
    Some(Recall { record, link: key.1, tries: wish.tries })
}

fn take_back(books: &mut Books, answer: &RecallAnswer) -> Option<State> {
    let row = books.messages.get_mut(&answer.id.0)?;
    let before = row.state;
    for (seq, operator_id) in &answer.taken {
        let which =
            row.parts.which(row.link.as_str(), answer.link.as_str(), *seq, |known| known == operator_id);
        let (parts, total) = (row.parts.clone(), row.message.segments);
        let known = Known { state: row.state, parts: &parts, total, watched: false, recalled: true };
        if let Some(folded) = fold(known, which, *seq, Verdict::Deleted, "") {
            row.parts = folded.parts;
            if let Some(state) = folded.state {
                row.enter(state, answer.now);
            }
        }
    }
    let after = row.state;
    if after == before {
        return None;
    }
    books.tell_if_wanted(answer.id, after, None, answer.now);
    Some(after)
}
