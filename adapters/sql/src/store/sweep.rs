//! What time does to messages: they expire in the queue, and their receipts do not come.

use super::receipts::{fold_in, standings};
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{AWAITING_COLUMNS, Awaited, AwaitedSql, Folded, StoredEarly, millis};
use crate::rows::{EARLY_COLUMNS, EarlySql};
use crate::statement::Sql;
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use domain::Timestamp;
use domain::message::Parts;
use domain::state::State;
use std::collections::BTreeMap;

/// How long a receipt may still mend what was given up, ms.
const MENDABLE_MS: i64 = 7 * 24 * 3_600_000;
/// How long a receipt waits for its reply, ms.
const PARKED_MS: i64 = 3_600_000;
/// How many rows of parked receipts are kept: one for each spelling of a receipt's id.
const PARKED: usize = 100_000;
/// How many of them go in one transaction.
const PARKED_PIECE: usize = 20_000;

/// Ends waiting messages whose time ran out.
pub(super) async fn expire(
    conn: &mut Conn,
    ticket: &mut Ticket<(Timestamp, usize), usize>,
) -> QueryResult<()> {
    let (now, limit) = ticket.ask;
    let mut ids: Vec<i64> = Vec::new();
    for waiting in dialect::WAITING {
        let text = format!(
            "SELECT id FROM message WHERE {waiting} AND expires_at <= ? ORDER BY expires_at LIMIT ?{}",
            dialect::SKIP_LOCKED
        );
        let binds = vec![millis(now).into(), (limit - ids.len().min(limit)).into()];
        let some: Vec<i64> = Sql::<BigInt>::new(text, binds).rows(conn).await?;
        ids.extend(some);
    }
    let found = standings(conn, ids).await?;
    let rows: Vec<Folded> = found
        .values()
        .map(|s| {
            let parts = Parts::decode(&s.parts);
            let state = parts.rests_as(State::Expired);
            let final_at = state.is_final().then(|| millis(now));
            Folded { id: s.id, state, parts, final_at, error: None }
        })
        .collect();
    let count = rows.len();
    end(conn, rows, now).await?;
    ticket.done(count);
    Ok(())
}

/// Writes ends down and tells those who want to hear.
async fn end(conn: &mut Conn, rows: Vec<Folded>, now: Timestamp) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let tells = rows.iter().map(|row| Tell { id: row.id, state: row.state, lease: None, at: now }).collect();
    dialect::change(conn, rows).await?;
    tell::tell(conn, tells, false).await?;
    Ok(())
}

/// Gives up waiting for receipts, and drops parked ones that nobody asked for.
pub(super) async fn give_up(
    conn: &mut Conn,
    memory: &mut Memory,
    ticket: &mut Ticket<(Timestamp, usize), usize>,
) -> QueryResult<()> {
    let (now, limit) = ticket.ask;
    match_parked(conn, memory, now).await?;
    // One node at a time: what this one keeps for later must not look late to another that read it a moment before.
    let text = format!(
        "SELECT {AWAITING_COLUMNS} FROM awaiting WHERE until <= ? ORDER BY until LIMIT ?{}",
        dialect::SKIP_LOCKED
    );
    // Rows of one message lie together, a few for each.
    let binds = vec![millis(now).into(), limit.saturating_mul(4).into()];
    let late: Vec<Awaited> = Sql::<AwaitedSql>::new(text, binds).rows(conn).await?;
    let found = standings(conn, late.iter().map(|a| a.message).collect()).await?;
    let mut by_message: BTreeMap<i64, Vec<Awaited>> = BTreeMap::new();
    for row in late {
        by_message.entry(row.message).or_default().push(row);
    }
    let (mut ended, mut over, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (id, rows) in by_message {
        match found.get(&id).map(|s| (s, State::from_code(s.state))) {
            Some((standing, Some(State::Sent))) if ended.len() < limit => {
                let parts = Parts::decode(&standing.parts).given_up();
                ended.push(Folded {
                    id,
                    state: State::Unknown,
                    parts,
                    final_at: Some(millis(now)),
                    error: None,
                });
                kept.extend(rows);
            }
            Some((_, Some(State::Sent))) => {}
            // On its way again: its receipts may still come.
            Some((_, Some(State::Scheduled | State::Queued | State::Sending))) => kept.extend(rows),
            _ => over.extend(rows),
        }
    }
    let count = ended.len();
    let later: Vec<Awaited> = kept
        .iter()
        .cloned()
        .map(|row| Awaited { until: millis(now).saturating_add(MENDABLE_MS), ..row })
        .collect();
    over.extend(kept);
    dialect::delete(conn, over).await?;
    dialect::insert(conn, later).await?;
    end(conn, ended, now).await?;
    ticket.done(count);
    Ok(())
}

/// A receipt and its reply may have been written down at the same moment by two nodes, neither seeing the other.
async fn match_parked(conn: &mut Conn, memory: &mut Memory, now: Timestamp) -> QueryResult<()> {
    drop_parked(conn, memory, now).await?;
    if dialect::SOLE {
        return Ok(());
    }
    let text = format!(
        "SELECT {EARLY_COLUMNS} FROM early_receipt e WHERE EXISTS \
         (SELECT 1 FROM awaiting a WHERE a.link = e.link AND a.op_key = e.op_key) LIMIT 200"
    );
    let rows: Vec<StoredEarly> = Sql::<EarlySql>::new(text, Vec::new()).rows(conn).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let receipts = rows.iter().map(StoredEarly::receipt).collect::<QueryResult<Vec<_>>>()?;
    dialect::delete(conn, rows).await?;
    let asks: Vec<_> = receipts.iter().map(|r| (r, None, now)).collect();
    fold_in(conn, memory, &asks).await?;
    Ok(())
}

/// Drops parked receipts that waited too long, and the oldest of those that are too many: an operator that sends receipts for messages
/// of somebody else must not fill the store.
async fn drop_parked(conn: &mut Conn, memory: &mut Memory, now: Timestamp) -> QueryResult<()> {
    let key = "link, op_key, operator_id, verdict, recipient";
    let before = millis(now).saturating_sub(PARKED_MS);
    let mut dropped =
        dialect::delete_old(conn, "early_receipt", "parked_at", key, before, PARKED_PIECE).await?;
    // Counted only as far as it matters.
    let text = "SELECT COUNT(*) FROM (SELECT parked_at FROM early_receipt LIMIT ?) AS kept";
    let counted: Vec<i64> = Sql::<BigInt>::new(text, vec![(PARKED + PARKED_PIECE).into()]).rows(conn).await?;
    let count = counted.first().and_then(|n| usize::try_from(*n).ok()).unwrap_or(0);
    let over = count.saturating_sub(PARKED);
    if over > 0 {
        let too_many = dialect::delete_old(conn, "early_receipt", "parked_at", key, i64::MAX, over).await?;
        tracing::warn!(
            dropped = too_many,
            "too many receipts belong to no message of ours; the oldest are dropped"
        );
        metrics::counter!("omnigate_parked_receipts_dropped_total").increment(too_many as u64);
        dropped += too_many;
    }
    if dropped > 0 {
        memory.parked = None;
    }
    Ok(())
}
