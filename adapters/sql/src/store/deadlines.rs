//! Times by which something must have happened to a message, and what follows when it has not.

use super::read::messages_by_id;
use super::receipts::standings;
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::op::Ticket;
use crate::rows::{DeadlineRow, Diverted, Folded, Standing, millis, time};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, SmallInt};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Departure, Leaving, MessageId, Parts};
use domain::routing::Awaits;
use domain::state::{Event, State};
use ports::driven::{Overdue, Ruling, Step};
use std::collections::HashSet;

/// Times that are over, with their messages.
pub(super) async fn overdue(conn: &mut Conn, now: Timestamp, limit: usize) -> QueryResult<Vec<Overdue>> {
    let text = "SELECT message, awaits, due_at FROM deadline WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    let binds = vec![millis(now).into(), limit.into()];
    with_messages(conn, Sql::new(text, binds)).await
}

/// Times later than `after`, in the order of their messages.
pub(super) async fn ahead(
    conn: &mut Conn,
    after: Timestamp,
    from: Option<(MessageId, Awaits)>,
    limit: usize,
) -> QueryResult<Vec<Overdue>> {
    let (id, awaits) = from.map_or((i64::MIN, i16::MIN), |(id, awaits)| (id.0, awaits.code()));
    let text = "SELECT message, awaits, due_at FROM deadline WHERE message >= ? AND (message > ? OR awaits > ?) AND due_at > ? \
                ORDER BY message, awaits LIMIT ?";
    let binds = vec![id.into(), id.into(), awaits.into(), millis(after).into(), limit.into()];
    with_messages(conn, Sql::new(text, binds)).await
}

/// Times as they are found, with their messages.
async fn with_messages(
    conn: &mut Conn,
    found: Sql<'_, (BigInt, SmallInt, BigInt)>,
) -> QueryResult<Vec<Overdue>> {
    let rows: Vec<(i64, i16, i64)> = found.rows(conn).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let records = messages_by_id(conn, rows.iter().map(|(id, ..)| *id).collect()).await?;
    let all = rows.into_iter().filter_map(|(id, awaits, due_at)| {
        let awaits = Awaits::from_code(awaits)?;
        Some(Overdue { id: MessageId(id), awaits, due_at: time(due_at), record: records.get(&id).cloned() })
    });
    Ok(all.collect())
}

/// Which of these messages have their outcome watched.
pub(super) async fn watched(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashSet<i64>> {
    let mut found = HashSet::new();
    for some in ids.chunks(500) {
        let text =
            format!("SELECT message FROM deadline WHERE awaits = ? AND message IN {}", places(some.len()));
        let kind = std::iter::once(Bind::from(Awaits::Delivery.code()));
        let binds = kind.chain(some.iter().map(|id| (*id).into())).collect();
        let rows: Vec<i64> = Sql::<BigInt>::varying(text, binds).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// The time of these messages is over now: there is nothing more to wait for.
pub(super) async fn hurry(conn: &mut Conn, ids: &[i64], now: Timestamp) -> QueryResult<()> {
    for some in ids.chunks(500) {
        let text =
            format!("UPDATE deadline SET due_at = ? WHERE awaits = ? AND message IN {}", places(some.len()));
        let first = [Bind::from(millis(now)), Awaits::Delivery.code().into()];
        let binds = first.into_iter().chain(some.iter().map(|id| (*id).into())).collect();
        Sql::<()>::varying(text, binds).run(conn).await?;
    }
    Ok(())
}

/// Messages that go by another link have new times there, and none of their earlier ones.
pub(super) async fn renew(conn: &mut Conn, ids: Vec<i64>, times: Vec<DeadlineRow>) -> QueryResult<()> {
    for some in ids.chunks(500) {
        let text = format!("DELETE FROM deadline WHERE message IN {}", places(some.len()));
        let binds = some.iter().map(|id| (*id).into()).collect();
        Sql::<()>::varying(text, binds).run(conn).await?;
    }
    if !times.is_empty() {
        dialect::insert(conn, times).await?;
    }
    Ok(())
}

/// Carries decisions out, one after another: they are few.
pub(super) async fn rule(conn: &mut Conn, ticket: &mut Ticket<Vec<Ruling>, Vec<bool>>) -> QueryResult<()> {
    let mut held = Vec::with_capacity(ticket.ask.len());
    // Locked before their times, as by all that changes messages.
    let mut found = standings(conn, ticket.ask.iter().map(|r| r.id.0).collect()).await?;
    for ruling in &ticket.ask {
        let standing = found.get(&ruling.id.0).filter(|s| as_seen(s, ruling)).cloned();
        let settled = matches!(ruling.step, Step::Done | Step::Later(_));
        if !settled && standing.is_none() || !take(conn, ruling).await? {
            held.push(false);
            continue;
        }
        match (&ruling.step, standing) {
            (Step::Later(at), _) => {
                let due_at = millis(*at);
                let awaits = ruling.awaits.code();
                dialect::insert(conn, vec![DeadlineRow { message: ruling.id.0, awaits, due_at }]).await?;
            }
            (Step::Divert { link, why, deadlines }, Some(standing)) => {
                divert(conn, &standing, ruling, link, *why).await?;
                let times = deadlines.iter().map(|d| DeadlineRow::of(ruling.id, d)).collect();
                dialect::insert::<DeadlineRow>(conn, times).await?;
                found.remove(&ruling.id.0);
            }
            (Step::End(state), Some(standing)) => {
                end(conn, &standing, *state, ruling.at).await?;
                found.remove(&ruling.id.0);
            }
            _ => {}
        }
        held.push(true);
    }
    ticket.done(held);
    Ok(())
}

fn as_seen(standing: &Standing, ruling: &Ruling) -> bool {
    standing.state == ruling.state.code() && standing.link == ruling.link.as_str()
}

/// Takes the time away; false when it is not there any more. A message that goes by another way has none of its old ones.
async fn take(conn: &mut Conn, ruling: &Ruling) -> QueryResult<bool> {
    let row =
        DeadlineRow { message: ruling.id.0, awaits: ruling.awaits.code(), due_at: millis(ruling.due_at) };
    let there = dialect::delete(conn, vec![row]).await? > 0;
    if there && matches!(ruling.step, Step::Divert { .. } | Step::End(_)) {
        let text = "DELETE FROM deadline WHERE message = ?";
        Sql::<()>::new(text, vec![ruling.id.0.into()]).run(conn).await?;
    }
    Ok(there)
}

async fn divert(
    conn: &mut Conn,
    standing: &Standing,
    ruling: &Ruling,
    to: &LinkId,
    why: Leaving,
) -> QueryResult<()> {
    let state = State::from_code(standing.state).unwrap_or(ruling.state);
    if state.after(Event::Diverted).is_none() {
        return Ok(());
    }
    let mut parts = Parts::decode(&standing.parts);
    let sent_at = standing.sent_at.map(time);
    let in_doubt = state == State::Sending;
    let departure = Departure { link: &ruling.link, sent_at, at: ruling.at, why, in_doubt };
    let possible_duplicate = parts.leave(&departure);
    let link = to.as_str().to_owned();
    let (due_at, error) = (millis(ruling.at), why.as_str());
    let row = Diverted { id: standing.id, link, parts, due_at, possible_duplicate, error };
    dialect::change(conn, vec![row]).await?;
    Ok(())
}

async fn end(conn: &mut Conn, standing: &Standing, state: State, at: Timestamp) -> QueryResult<()> {
    let parts = Parts::decode(&standing.parts);
    let row = Folded { id: standing.id, state, parts, final_at: Some(millis(at)), error: None };
    dialect::change(conn, vec![row]).await?;
    tell::tell(conn, vec![Tell { id: standing.id, state, lease: None, at }], false).await?;
    Ok(())
}
