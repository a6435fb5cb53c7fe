//! Received messages: parts, wholes and who has seen them.

use super::books::{About, Books, Group};
use super::{Call, MemoryStore};
use async_trait::async_trait;
use domain::Timestamp;
use domain::directory::UserName;
use domain::message::MoId;
use domain::mo::{Mo, MoPart, assemble};
use ports::driven::{Handoff, HandoffKey, Inbox, MoRecord, NewMoPart, Page, Recorded, StoreError};
use std::time::Duration;

/// How long a part is remembered.
pub(super) const SEEN_FOR: Duration = Duration::from_hours(24);

#[async_trait]
impl Inbox for MemoryStore {
    async fn record(&self, new: NewMoPart) -> Result<Recorded, StoreError> {
        self.call(Call::Inbox, |books| Ok(record(books, new))).await
    }

    async fn complete_overdue(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.call(Call::Inbox, |books| {
            let (overdue, open): (Vec<_>, Vec<_>) = std::mem::take(&mut books.groups)
                .into_iter()
                .partition(|g| last(g).is_some_and(|at| at < before));
            books.groups = open;
            let mut overdue = overdue.into_iter();
            let done = overdue.by_ref().take(limit).map(|group| put(books, group.parts)).count();
            books.groups.extend(overdue);
            Ok(done)
        })
        .await
    }

    async fn waiting(
        &self,
        user: Option<&UserName>,
        after: Option<MoId>,
        limit: usize,
    ) -> Result<Page<MoRecord>, StoreError> {
        self.call(Call::Reports, |books| {
            let first = after.map_or(i64::MIN, |id| id.0.saturating_add(1));
            let open = books
                .inbox
                .range(first..)
                .map(|(_, r)| r)
                .filter(|r| r.acknowledged_at.is_none() && visible(r, user));
            let mut items: Vec<_> = open.take(limit + 1).cloned().collect();
            let more = items.len() > limit;
            items.truncate(limit);
            let next = items.last().filter(|_| more).map(|r| r.mo.id.0);
            Ok(Page { items, next })
        })
        .await
    }

    async fn acknowledge(
        &self,
        user: Option<&UserName>,
        id: MoId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.call(Call::Inbox, |books| {
            let found = books.inbox.get_mut(&id.0).filter(|r| visible(r, user));
            Ok(found.map(|r| r.acknowledged_at.get_or_insert(now)).is_some())
        })
        .await
    }
}

fn visible(record: &MoRecord, user: Option<&UserName>) -> bool {
    user.is_none() || record.user.is_none() || record.user.as_ref() == user
}

fn record(books: &mut Books, new: NewMoPart) -> Recorded {
    let (at, fingerprint) = (new.part.received_at, new.part.fingerprint_in(new.id));
    let seen = books.seen.get(&fingerprint).map(|seen| at.duration_since(*seen).unsigned_abs());
    let again = seen.is_some_and(|apart| apart < new.part.repeats_within());
    let (_, total, seq) = place(&new.part);
    let is_a_part = total > 1 && (1..=total).contains(&seq);
    if again && !is_a_part {
        return Recorded::Duplicate;
    }
    if !again {
        books.seen.insert(fingerprint, at);
    }
    if !is_a_part {
        return whole(books, vec![new]);
    }
    let fits = |g: &Group| {
        g.parts.first().is_some_and(|first| together(&first.part, &new.part))
            && !g.parts.iter().any(|p| place(&p.part).2 == seq)
    };
    let Some(group) = books.groups.iter().rposition(fits) else {
        if again {
            return Recorded::Duplicate;
        }
        books.groups.push(Group { parts: vec![new] });
        return Recorded::Waiting;
    };
    let mut parts = books.groups.remove(group).parts;
    parts.push(new);
    if parts.len() == usize::from(total) {
        return whole(books, parts);
    }
    books.groups.insert(group, Group { parts });
    Recorded::Waiting
}

fn whole(books: &mut Books, parts: Vec<NewMoPart>) -> Recorded {
    match put(books, parts) {
        Some((mo, tell)) => Recorded::Complete { mo: Box::new(mo), tell: tell.map(Box::new) },
        None => Recorded::Waiting,
    }
}

/// Puts parts into the inbox as one message, and stores its handoff.
fn put(books: &mut Books, parts: Vec<NewMoPart>) -> Option<(Mo, Option<Handoff>)> {
    let bodies: Vec<_> =
        parts.iter().map(|p| (place(&p.part).2, place(&p.part).1, p.part.body.clone())).collect();
    let (joined, binary) = assemble(&bodies);
    let (first, last) = (parts.first()?, parts.last()?);
    let mo = Mo {
        id: first.id,
        link: first.part.link.clone(),
        source: first.part.source.clone(),
        destination: first.part.destination.clone(),
        text: joined.text,
        binary,
        segments: u8::try_from(parts.len()).unwrap_or(u8::MAX),
        complete: joined.complete,
        received_at: first.part.received_at,
    };
    books.inbox.insert(mo.id.0, MoRecord { mo: mo.clone(), user: last.user.clone(), acknowledged_at: None });
    let key = HandoffKey { subject: mo.id.0, event: HandoffKey::MO };
    let about = last.handing.of(&mo.text).cloned();
    let about = about.map(|destination| About::Mo(destination, Box::new(mo.clone()), last.user.clone()));
    let tell = about.and_then(|about| books.add_handoff(key, about, last.tell_lease, last.part.received_at));
    Some((mo, tell))
}

fn together(a: &MoPart, b: &MoPart) -> bool {
    let (a_place, b_place) = (place(a), place(b));
    a.link == b.link
        && a.source == b.source
        && a.destination == b.destination
        && (a_place.0, a_place.1) == (b_place.0, b_place.1)
}

/// Reference, total, place; a part that stands alone is the first of one.
fn place(part: &MoPart) -> (u16, u8, u8) {
    part.concat.map_or((0, 1, 1), |c| (c.reference, c.total, c.seq))
}

fn last(group: &Group) -> Option<Timestamp> {
    group.parts.iter().map(|p| p.part.received_at).max()
}
