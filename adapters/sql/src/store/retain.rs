//! Removing what is over, a bounded piece at a time, in the order it came.

use super::accept::{ONCE_MS, count_up};
use super::inbox::SEEN_MS;
use super::{Conn, dialect, recalls};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{kept_key, millis};
use crate::statement::{Sql, places};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Text};
use domain::Timestamp;
use domain::message::Parts;
use domain::receipt::correlate::stored_key;
use std::collections::HashSet;

/// How many messages one call looks at.
const LOOKED_AT: usize = 50_000;
/// How many it looks at in one go.
const STRIDE: usize = 5_000;

/// Removes old messages, received messages, keys and fingerprints.
pub(super) async fn retain(
    conn: &mut Conn,
    memory: &mut Memory,
    ticket: &mut Ticket<(Timestamp, Timestamp, usize), usize>,
) -> QueryResult<()> {
    let (before, now, limit) = ticket.ask;
    let (before, now) = (millis(before), millis(now));
    let dead = "DELETE FROM handoff WHERE state = 2 AND created_at < ?";
    Sql::<()>::new(dead, vec![before.into()]).run(conn).await?;
    let ids = old_messages(conn, memory, before, limit).await?;
    // Another node may have removed some of them meanwhile: each counts what it removed itself.
    let removed = remove(conn, "message", &ids).await?;
    recalls::forget(conn, &ids).await?;
    if removed > 0 {
        count_up(conn, "removed", &memory.node, i64::try_from(removed).unwrap_or(i64::MAX)).await?;
    }
    for seen_to in ["acknowledged_at", "handed_at"] {
        let text = format!(
            "SELECT id FROM mo WHERE {seen_to} < ? AND NOT EXISTS \
             (SELECT 1 FROM handoff WHERE subject = mo.id) ORDER BY {seen_to} LIMIT ?"
        );
        let mos: Vec<i64> = Sql::<BigInt>::new(text, vec![before.into(), limit.into()]).rows(conn).await?;
        remove(conn, "mo", &mos).await?;
    }
    dialect::delete_old(conn, "once", "used_at", "owner, once_key", now.saturating_sub(ONCE_MS), limit)
        .await?;
    dialect::delete_old(conn, "mo_seen", "seen_at", "fingerprint", now.saturating_sub(SEEN_MS), limit)
        .await?;
    ticket.done(ids.len());
    Ok(())
}

/// Ids of messages that ended before; a message sent without receipts has ended when it was sent.
async fn old_messages(
    conn: &mut Conn,
    memory: &mut Memory,
    before: i64,
    limit: usize,
) -> QueryResult<Vec<i64>> {
    let mut old = Vec::new();
    let mut from = memory.retain_from;
    let mut looked_at = 0;
    while old.len() < limit && looked_at < LOOKED_AT {
        let text = "SELECT id FROM message WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?";
        let end: Vec<i64> =
            Sql::<BigInt>::new(text, vec![from.into(), (STRIDE - 1).into()]).rows(conn).await?;
        let end = end.first().copied();
        let to = end.unwrap_or(i64::MAX);
        let mut found = ended(conn, from, to, before).await?;
        found.extend(sent_for_good(conn, from, to, before).await?);
        found.sort_unstable();
        let room = limit - old.len();
        let cut = found.len() > room;
        found.truncate(room);
        looked_at += STRIDE;
        from = if cut { found.last().copied().unwrap_or(to) } else { to };
        old.extend(found);
        if end.is_none() && !cut {
            from = 0;
            break;
        }
    }
    memory.retain_from = from;
    Ok(old)
}

/// Nobody is still to be told of it.
const TOLD: &str = "NOT EXISTS (SELECT 1 FROM handoff WHERE subject = message.id)";

/// Messages of a piece of the table that ended before.
async fn ended(conn: &mut Conn, from: i64, to: i64, before: i64) -> QueryResult<Vec<i64>> {
    let text =
        format!("SELECT id FROM message WHERE id > ? AND id <= ? AND final_at < ? AND state >= 4 AND {TOLD}");
    Sql::<BigInt>::new(text, vec![from.into(), to.into(), before.into()]).rows(conn).await
}

/// Messages of a piece of the table that were sent before and await no receipt.
async fn sent_for_good(conn: &mut Conn, from: i64, to: i64, before: i64) -> QueryResult<Vec<i64>> {
    let text = format!(
        "SELECT id, link, parts FROM message WHERE id > ? AND id <= ? AND sent_at < ? AND state = 3 AND {TOLD}"
    );
    let binds = vec![from.into(), to.into(), before.into()];
    let rows: Vec<(i64, String, String)> = Sql::<(BigInt, Text, Text)>::new(text, binds).rows(conn).await?;
    // By the operators' ids, because what is awaited has no index by message.
    let keys = |link: &str, parts: &str| -> Vec<(String, String)> {
        let parts = Parts::decode(parts);
        parts.as_slice().iter().map(|p| (link.to_owned(), kept_key(stored_key(&p.operator_id)))).collect()
    };
    let all = rows.iter().flat_map(|(_, link, parts)| keys(link, parts)).collect();
    let awaited: HashSet<i64> = dialect::awaited(conn, all).await?.into_iter().map(|a| a.message).collect();
    Ok(rows.into_iter().map(|(id, ..)| id).filter(|id| !awaited.contains(id)).collect())
}

/// Removes rows; how many there were.
async fn remove(conn: &mut Conn, table: &str, ids: &[i64]) -> QueryResult<usize> {
    let mut count = 0;
    for some in ids.chunks(500) {
        let text = format!("DELETE FROM {table} WHERE id IN {}", places(some.len()));
        count += Sql::<()>::varying(text, some.iter().map(|id| (*id).into()).collect()).run(conn).await?;
    }
    Ok(count)
}
