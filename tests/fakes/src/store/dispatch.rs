//! The queue: leasing, settling, taking back, running out.

use super::books::{Await, Books, Row};
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{MessageId, PartState, Parts, Which};
use domain::state::{Event, State};
use ports::driven::{Backlog, Dispatch, LeaseRequest, Leased, Outcome, PutOff, Settlement, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

#[async_trait]
impl Dispatch for MemoryStore {
    async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, StoreError> {
        self.call(Call::Lease, |books| Ok(lease(books, &request))).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Option<State>>, StoreError> {
        self.call(Call::Settle, |books| Ok(settlements.into_iter().map(|s| settle(books, s)).collect())).await
    }

    async fn cancel(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Result<State, State>>, StoreError> {
        self.call(Call::End, |books| {
            let Some(row) = books.messages.get_mut(&id.0) else { return Ok(None) };
            if row.parts.has_left(row.possible_duplicate) {
                return Ok(Some(Err(if row.state.is_final() { row.state } else { State::Sent })));
            }
            let Some(cancelled) = row.state.after(Event::Cancel) else { return Ok(Some(Err(row.state))) };
            row.enter(cancelled, now);
            books.tell_if_wanted(id, cancelled, None, now);
            Ok(Some(Ok(cancelled)))
        })
        .await
    }

    async fn expire(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::End, |books| {
            let over = books.messages.values().filter(|r| r.waits() && r.message.expires_at <= now);
            let ids: Vec<_> = over.take(limit).map(|r| r.message.id).collect();
            for id in &ids {
                if let Some(row) = books.messages.get_mut(&id.0) {
                    let state = row.parts.rests_as(State::Expired);
                    row.enter(state, now);
                    books.tell_if_wanted(*id, state, None, now);
                }
            }
            Ok(ids.len())
        })
        .await
    }

    async fn pull_back(&self, put_off: PutOff, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::End, |books| {
            let PutOff { link, after, until, now } = put_off;
            let asked = |r: &Row| r.message.due_at > r.message.accepted_at;
            let mut off: Vec<_> = books
                .messages
                .values_mut()
                .filter(|r| r.waits() && r.link == link && r.due_at > after && r.due_at <= until)
                .filter(|r| !asked(r) || r.message.due_at < r.due_at)
                .collect();
            off.sort_unstable_by_key(|r| (r.due_at, r.message.id));
            off.truncate(limit);
            let count = off.len();
            for row in off {
                let own = row.message.due_at;
                row.due_at = if asked(row) { own } else { own.min(now) };
            }
            Ok(count)
        })
        .await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Vec<Backlog>, StoreError> {
        self.call(Call::Reports, |books| {
            let mut links: BTreeMap<LinkId, Backlog> = BTreeMap::new();
            for row in books.messages.values().filter(|r| r.waits() && r.due_at <= now) {
                let fresh = || Backlog { link: row.link.clone(), waiting: [0; 4], oldest_due_at: None };
                let backlog = links.entry(row.link.clone()).or_insert_with(fresh);
                if let Some(count) = backlog.waiting.get_mut(class(row)) {
                    *count += 1;
                }
                backlog.oldest_due_at =
                    Some(backlog.oldest_due_at.map_or(row.due_at, |oldest| oldest.min(row.due_at)));
            }
            Ok(links.into_values().collect())
        })
        .await
    }
}

fn class(row: &Row) -> usize {
    usize::try_from(row.message.priority.code()).unwrap_or(0)
}

fn lease(books: &mut Books, request: &LeaseRequest) -> Vec<Leased> {
    let due = |r: &&Row| {
        r.waits() && r.link == request.link && r.due_at <= request.now && r.message.expires_at > request.now
    };
    let mut classes: [Vec<(Timestamp, i64)>; 4] = Default::default();
    for row in books.messages.values().filter(due) {
        let place = (row.due_at, row.message.id);
        let behind = request.behind.get(class(row)).copied().flatten();
        if let Some(queue) = classes.get_mut(class(row))
            && behind.is_none_or(|behind| place > behind)
        {
            queue.push((row.due_at, row.message.id.0));
        }
    }
    let shares = request.quota.divide([0, 1, 2, 3].map(|n: usize| classes.get(n).map_or(0, Vec::len)));
    let mut taken = Vec::new();
    for (queue, share) in classes.iter_mut().zip(shares).rev() {
        queue.sort_unstable();
        taken.extend(queue.iter().take(share).map(|(_, id)| *id));
    }
    taken.iter().filter_map(|id| books.messages.get_mut(id).map(|row| take(row, request.lease))).collect()
}

/// Gives a message to a run.
pub(super) fn take(row: &mut Row, lease: domain::message::Incarnation) -> Leased {
    row.state = State::Sending;
    row.lease = Some(lease);
    Leased {
        message: Arc::clone(&row.message),
        link: row.link.clone(),
        parts: row.parts.clone(),
        tries: row.tries,
        possible_duplicate: row.possible_duplicate,
        due_at: row.due_at,
    }
}

fn settle(books: &mut Books, settlement: Settlement) -> Option<State> {
    let Settlement {
        id,
        lease,
        at,
        link,
        parts,
        outcome,
        possible_duplicate,
        awaiting,
        awaiting_until,
        tell,
        tell_lease,
    } = settlement;
    let held = |r: &&mut Row| r.state == State::Sending && r.lease == Some(lease) && r.link == link;
    let Some(row) = books.messages.get_mut(&id.0).filter(held) else {
        said_late(books, id, &link, &parts, awaiting, awaiting_until);
        books.apply_parked(at);
        return None;
    };
    let times = outcome.new_times(&link).map(<[_]>::to_vec);
    let foreseen = outcome.state(&parts);
    row.parts = parts.merged(&row.parts);
    row.lease = None;
    row.link = link.clone();
    row.possible_duplicate |= possible_duplicate;
    apply_outcome(row, outcome, at);
    if row.state == State::Sent {
        row.parts.leave_unsaid(Which::Now);
    }
    if row.state == State::Sent && !row.parts.is_open() && !row.parts.as_slice().is_empty() {
        // The receipts of all its segments have come already.
        row.enter(row.parts.end(row.message.segments), at);
    }
    let state = row.state;
    if let Some(times) = times {
        books.new_times(id, &times);
    }
    for (seq, key) in awaiting {
        books.awaiting.push(Await {
            link: link.clone(),
            key,
            message: id,
            seq,
            until: awaiting_until,
            done: false,
        });
    }
    if state != foreseen {
        books.tell_if_wanted(id, state, None, at);
    } else if tell {
        books.tell(id, state, tell_lease, at);
    }
    books.apply_parked(at);
    Some(state)
}

fn apply_outcome(row: &mut Row, outcome: Outcome, at: Timestamp) {
    match outcome {
        Outcome::Sent => {
            row.enter(State::Sent, at);
            row.sent_at = Some(at);
            row.error.clear();
        }
        Outcome::Failed { code, detail } => {
            row.enter(State::Failed, at);
            row.error = format!("{code} {detail}").trim_end().to_owned();
        }
        Outcome::Expired => row.enter(row.parts.rests_as(State::Expired), at),
        Outcome::Abandoned { code, detail } => {
            row.enter(row.parts.rests_as(State::Failed), at);
            row.error = format!("{code} {detail}").trim_end().to_owned();
        }
        Outcome::PutBack { link, due_at, tries, error, deadlines: _ } => {
            row.enter(State::Queued, at);
            row.link = link;
            row.due_at = due_at;
            row.tries = tries;
            if !error.is_empty() {
                row.error = error;
            }
        }
    }
}

/// What an operator says late of a message that has left its way, or that another has delivered meanwhile.
fn said_late(
    books: &mut Books,
    id: MessageId,
    link: &LinkId,
    said: &Parts,
    awaiting: Vec<(u8, String)>,
    until: Timestamp,
) {
    let Some(row) = books.messages.get_mut(&id.0).filter(|r| r.parts.has_past() && !awaiting.is_empty())
    else {
        return;
    };
    let which = row.parts.which(row.link.as_str(), link.as_str(), 0, |_| false);
    if which == Which::Now && !row.state.is_final() {
        return;
    }
    let mut learnt = false;
    for part in said.as_slice().iter().filter(|p| p.state == PartState::Sent) {
        learnt |= row.parts.set_on(which, part.seq, PartState::Sent, &part.operator_id, "");
    }
    if learnt {
        let link = link.clone();
        books.awaiting.extend(awaiting.into_iter().map(|(seq, key)| Await {
            link: link.clone(),
            key,
            message: id,
            seq,
            until,
            done: false,
        }));
    }
}
