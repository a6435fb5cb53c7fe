//! Rare small changes: taking a message back, and proving that writing works.

use super::receipts::standings;
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::op::Ticket;
use crate::rows::{Folded, millis};
use crate::statement::Sql;
use diesel::QueryResult;
use domain::Timestamp;
use domain::message::{MessageId, Parts};
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
    let Some(after) = state.after(Event::Cancel) else {
        ticket.done(Some(Err(state)));
        return Ok(());
    };
    let parts = Parts::decode(&standing.parts);
    let row = Folded { id: id.0, state: after, parts, final_at: Some(millis(now)), error: None };
    dialect::change(conn, vec![row]).await?;
    tell::tell(conn, vec![Tell { id: id.0, state: after, lease: None, at: now }], false).await?;
    ticket.done(Some(Ok(after)));
    Ok(())
}

/// Writes something.
pub(super) async fn ping(conn: &mut Conn, ticket: &mut Ticket<(), ()>) -> QueryResult<()> {
    Sql::<()>::new("UPDATE meta SET value = value + 1 WHERE name = 'ping'", Vec::new()).run(conn).await?;
    ticket.done(());
    Ok(())
}
