//! Accepting: all or nothing, once for a key.

use super::books::{Books, Row, Used};
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::message::Parts;
use domain::routing::Tries;
use domain::state::State;
use domain::submission::{Accepted, AcceptedMessage};
use ports::driven::{Acceptance, NewMessage, Once, Outbox, StoreError};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How long a key is remembered.
pub(super) const KEY_LIFE: Duration = Duration::from_hours(7 * 24);

#[async_trait]
impl Outbox for MemoryStore {
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        self.call(Call::Accept, |books| accept(books, acceptance)).await
    }

    async fn earlier(&self, once: &Once, now: Timestamp) -> Result<Option<Accepted>, StoreError> {
        self.call(Call::Accept, |books| earlier(books, once, now)).await
    }
}

fn accept(books: &mut Books, acceptance: Acceptance) -> Result<Accepted, StoreError> {
    let Acceptance { submission, messages, refused, once } = acceptance;
    let at = messages
        .first()
        .map(|m| m.message.accepted_at)
        .ok_or_else(|| StoreError::Data("no message".to_owned()))?;
    if let Some(earlier) = once.as_ref().map(|once| earlier(books, once, at)).transpose()?.flatten() {
        return Ok(earlier);
    }
    let mut ids = HashSet::new();
    if let Some(taken) = messages
        .iter()
        .map(|m| m.message.id)
        .find(|id| !ids.insert(*id) || books.messages.contains_key(&id.0))
    {
        return Err(StoreError::Data(format!("the id {taken} is taken")));
    }
    let answers: Vec<_> = messages.iter().map(answer).collect();
    if let Some(once) = once {
        let used =
            Used { digest: once.digest, at, submission, messages: answers.clone(), refused: refused.clone() };
        books.once.insert((once.user, once.key), used);
    }
    for new in messages {
        books.accepted += 1;
        for deadline in &new.deadlines {
            books.deadlines.insert((new.message.id.0, deadline.awaits), deadline.due_at);
        }
        books.messages.insert(new.message.id.0, row(new));
    }
    Ok(Accepted::after_commit(submission, answers, refused, false))
}

fn earlier(books: &Books, once: &Once, at: Timestamp) -> Result<Option<Accepted>, StoreError> {
    let used = books.once.get(&(once.user.clone(), once.key.clone()));
    match used.filter(|u| u.at.checked_add(KEY_LIFE).is_ok_and(|end| at < end)) {
        None => Ok(None),
        Some(used) if used.digest != once.digest => Err(StoreError::KeyReused),
        Some(used) => Ok(Some(Accepted::after_commit(
            used.submission,
            used.messages.clone(),
            used.refused.clone(),
            true,
        ))),
    }
}

fn answer(new: &NewMessage) -> AcceptedMessage {
    let message = &new.message;
    let state = if new.state == State::Scheduled { State::Scheduled } else { State::Queued };
    AcceptedMessage {
        id: message.id,
        to: message.recipient.to_string(),
        segments: message.segments,
        alphabet: message.body.alphabet(),
        state,
    }
}

fn row(new: NewMessage) -> Row {
    Row {
        due_at: new.message.due_at,
        message: Arc::clone(&new.message),
        state: new.state,
        link: new.link,
        lease: new.lease,
        parts: Parts::default(),
        tries: Tries::default(),
        possible_duplicate: false,
        sent_at: None,
        final_at: None,
        error: String::new(),
    }
}
