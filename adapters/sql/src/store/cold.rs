//! Rare small changes: taking a message back, setting right what a wrong clock put off, and proving that writing works.

use super::accept::count_up;
use super::receipts::standings;
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{Folded, millis};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use domain::Timestamp;
use domain::message::{MessageId, Parts};
use domain::state::{Event, State};
use ports::driven::PutOff;

type Cancelled = Option<Result<State, State>>;

/// Takes a waiting message back.
pub(super) async fn cancel(
    conn: &mut Conn,
    ticket: &mut Ticket<(MessageId, Timestamp), Cancelled>,
) -> QueryResult<()> {
    let (id, now) = ticket.ask;
    let mut found = standings(conn, vec![id.0]).await?;
    let Some(standing) = found.remove(&id.0) else {
        ticket.done(None);
        return Ok(());
    };
    let state = State::from_code(standing.state).unwrap_or(State::Unknown);
    let parts = Parts::decode(&standing.parts);
    // It waits for another way or to be tried again, but an operator has, or may have, some of it.
    let has_left = parts.has_left(standing.possible_duplicate != 0);
    let Some(after) = state.after(Event::Cancel).filter(|_| !has_left) else {
        let left = has_left && !state.is_final();
        ticket.done(Some(Err(if left { State::Sent } else { state })));
        return Ok(());
    };
    let row = Folded { id: id.0, state: after, parts, final_at: Some(millis(now)), error: None };
    dialect::change(conn, vec![row]).await?;
    tell::tell(conn, vec![Tell { id: id.0, state: after, lease: None, at: now }], false).await?;
    ticket.done(Some(Ok(after)));
    Ok(())
}

/// Gives what was put off its place back.
pub(super) async fn pull_back(
    conn: &mut Conn,
    ticket: &mut Ticket<(PutOff, usize), usize>,
) -> QueryResult<()> {
    let (put_off, limit) = &ticket.ask;
    let now = millis(put_off.now);
    let mut ids: Vec<i64> = Vec::new();
    for class in 0..4 {
        let left = limit.saturating_sub(ids.len());
        ids.extend(put_off_in(conn, put_off, class, left).await?);
    }
    for some in ids.chunks(500) {
        let text = format!(
            "UPDATE message SET queue_at = CASE WHEN due_at > accepted_at OR due_at < ? THEN due_at ELSE ? END WHERE id IN {}",
            places(some.len())
        );
        let binds = [now, now].iter().chain(some).map(|n| Bind::from(*n)).collect();
        Sql::<()>::varying(text, binds).run(conn).await?;
    }
    ticket.done(ids.len());
    Ok(())
}

/// What was put off in a class, as the index has it.
async fn put_off_in(conn: &mut Conn, put_off: &PutOff, class: i64, limit: usize) -> QueryResult<Vec<i64>> {
    let PutOff { link, after, until, now } = put_off;
    let (after, until) = (millis((*after).max(*now)), millis(*until));
    let mut found: Vec<i64> = Vec::new();
    for waiting in dialect::WAITING {
        let text = format!(
            "SELECT id FROM message WHERE {waiting} AND link = ? AND priority = ? AND queue_at > ? AND queue_at <= ? \
             AND (due_at <= accepted_at OR due_at < queue_at) ORDER BY queue_at, id LIMIT ?{}",
            dialect::SKIP_LOCKED
        );
        let left = limit.saturating_sub(found.len());
        let binds = vec![link.as_str().into(), class.into(), after.into(), until.into(), left.into()];
        let some: Vec<i64> = Sql::<BigInt>::new(text, binds).rows(conn).await?;
        found.extend(some);
    }
    Ok(found)
}

/// Writes something, in a row of this node's own: nodes do not wait for each other by it.
pub(super) async fn ping(conn: &mut Conn, memory: &Memory, ticket: &mut Ticket<(), ()>) -> QueryResult<()> {
    count_up(conn, "pings", &memory.node, 1).await?;
    ticket.done(());
    Ok(())
}
