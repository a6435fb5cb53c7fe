//! Taking messages from a link's queue.

use super::{Conn, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{MESSAGE_COLUMNS, MessageSql, StoredMessage, millis};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use domain::Timestamp;
use domain::message::{Incarnation, MessageId};
use ports::driven::{LeaseRequest, Leased};
use std::collections::HashMap;

/// Takes what is due.
pub(super) async fn lease(
    conn: &mut Conn,
    memory: &mut Memory,
    ticket: &mut Ticket<LeaseRequest, Vec<Leased>>,
) -> QueryResult<()> {
    let request = &ticket.ask;
    let room = request.quota.room();
    let mut classes: [Vec<i64>; 4] = Default::default();
    if room > 0 {
        for ((class, ids), behind) in (0_i64..).zip(classes.iter_mut()).zip(request.behind) {
            *ids = due(conn, request, class, behind, room).await?;
        }
    }
    let waiting = [0, 1, 2, 3].map(|n: usize| classes.get(n).map_or(0, Vec::len));
    let shares = request.quota.divide(waiting);
    let chosen: Vec<i64> =
        classes.into_iter().zip(shares).rev().flat_map(|(ids, share)| ids.into_iter().take(share)).collect();
    let taken = take(conn, &chosen, request.lease, false).await?;
    taken.iter().for_each(|leased| memory.lately.leased(leased));
    ticket.done(taken);
    Ok(())
}

async fn due(
    conn: &mut Conn,
    request: &LeaseRequest,
    class: i64,
    behind: Option<(Timestamp, MessageId)>,
    room: usize,
) -> QueryResult<Vec<i64>> {
    let now = millis(request.now);
    let from = if behind.is_some() { " AND queue_at >= ? AND (queue_at > ? OR id > ?)" } else { "" };
    let mut found: Vec<(i64, i64)> = Vec::new();
    for waiting in dialect::WAITING {
        let text = format!(
            "SELECT queue_at, id FROM message WHERE {waiting} AND link = ? AND priority = ? AND queue_at <= ? AND expires_at > ?{from} \
             ORDER BY queue_at, id LIMIT ?{}",
            dialect::SKIP_LOCKED
        );
        let mut binds: Vec<Bind<'_>> =
            vec![request.link.as_str().into(), class.into(), now.into(), now.into()];
        if let Some((due_at, id)) = behind {
            let due_at = millis(due_at);
            binds.extend([due_at, due_at, id.0].map(Bind::from));
        }
        binds.push(room.into());
        let rows: Vec<(i64, i64)> = Sql::<(BigInt, BigInt)>::new(text, binds).rows(conn).await?;
        found.extend(rows);
    }
    found.sort_unstable();
    Ok(found.into_iter().take(room).map(|(_, id)| id).collect())
}

/// Gives messages to a run, marked when they may have been sent before; in the order given.
pub(super) async fn take(
    conn: &mut Conn,
    ids: &[i64],
    lease: Incarnation,
    in_doubt: bool,
) -> QueryResult<Vec<Leased>> {
    let mut found = HashMap::with_capacity(ids.len());
    let mark = if in_doubt { ", possible_duplicate = 1" } else { "" };
    for some in ids.chunks(500) {
        let places = places(some.len());
        let text = format!("UPDATE message SET state = 2, lease = ?{mark} WHERE id IN {places}");
        let holder = std::iter::once(Bind::from(lease.0));
        let binds = holder.chain(some.iter().map(|id| (*id).into())).collect();
        Sql::<()>::varying(text, binds).run(conn).await?;
        let text = format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE id IN {places}");
        let binds = some.iter().map(|id| (*id).into()).collect();
        let rows: Vec<StoredMessage> = Sql::<MessageSql>::varying(text, binds).rows(conn).await?;
        for row in rows {
            let id = row.id;
            match row.leased() {
                Ok(leased) => drop(found.insert(id, leased)),
                Err(error) => put_aside(conn, id, &error).await?,
            }
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// A row that this version cannot read holds nobody up: it waits for one that can, or for its expiry.
async fn put_aside(conn: &mut Conn, id: i64, error: &diesel::result::Error) -> QueryResult<()> {
    tracing::error!(id, %error, "a stored message cannot be read; it is looked at again in ten minutes");
    let text = "UPDATE message SET state = 1, lease = NULL, queue_at = queue_at + 600000 WHERE id = ?";
    Sql::<()>::new(text, vec![id.into()]).run(conn).await?;
    Ok(())
}
