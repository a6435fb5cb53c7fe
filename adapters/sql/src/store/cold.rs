//! Rare small changes: taking a message back, and proving that writing works.

use super::accept::count_up;
use super::memory::Memory;
use super::receipts::standings;
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::op::Ticket;
use crate::rows::{Folded, millis};
use diesel::QueryResult;
use domain::Timestamp;
use domain::message::{MessageId, Parts, PastWay};
use domain::state::{Event, State};

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
    // It waits for another way, but has left by one before.
    let has_left = parts.past().iter().any(PastWay::was_used);
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

/// Writes something, in a row of this node's own: nodes do not wait for each other by it.
pub(super) async fn ping(conn: &mut Conn, memory: &Memory, ticket: &mut Ticket<(), ()>) -> QueryResult<()> {
    count_up(conn, "pings", &memory.node, 1).await?;
    ticket.done(());
    Ok(())
}
