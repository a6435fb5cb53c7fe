//! Applying receipts: what [`Folding`] makes of them is read for it and written.

use super::read::messages_by_id;
use super::tell;
use super::{Conn, deadlines, dialect, recalls};
use crate::folding::{Asked, Folding};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{STANDING_COLUMNS, Standing, StandingSql};
use crate::statement::{Sql, places};
use diesel::QueryResult;
use domain::Timestamp;
use domain::message::Incarnation;
use domain::receipt::{Receipt, Verdict};
use ports::driven::{Applied, Handoff, HandoffKey};
use std::collections::HashMap;

type Ask = (Vec<Receipt>, Option<Incarnation>, Timestamp);

/// Applies the receipts of all tickets.
pub(super) async fn apply(
    conn: &mut Conn,
    memory: &mut Memory,
    tickets: Vec<&mut Ticket<Ask, Vec<Applied>>>,
) -> QueryResult<()> {
    let asks: Vec<Asked<'_>> =
        tickets.iter().flat_map(|t| t.ask.0.iter().map(|r| (r, t.ask.1, t.ask.2))).collect();
    if asks.is_empty() {
        tickets.into_iter().for_each(|ticket| ticket.done(Vec::new()));
        return Ok(());
    }
    let mut applied = fold_in(conn, memory, &asks).await?.into_iter();
    for ticket in tickets {
        let count = ticket.ask.0.len();
        ticket.done(applied.by_ref().take(count).collect());
    }
    Ok(())
}

/// Applies receipts, in order; those of no message are parked.
pub(super) async fn fold_in(
    conn: &mut Conn,
    memory: &mut Memory,
    asks: &[Asked<'_>],
) -> QueryResult<Vec<Applied>> {
    let mut folding = Folding::of(memory, asks, dialect::SOLE);
    look_up(conn, memory, &mut folding).await?;
    let unknown = folding.stand(&memory.lately, dialect::SOLE);
    if !unknown.is_empty() {
        folding.standings.extend(standings(conn, unknown).await?);
    }
    let bad = folding
        .about(|v| matches!(v, Verdict::Failed | Verdict::Expired | Verdict::Unknown | Verdict::Deleted));
    if !bad.is_empty() {
        folding.watched = deadlines::watched(conn, &bad).await?;
    }
    let deleted = folding.about(|v| v == Verdict::Deleted);
    if !deleted.is_empty() {
        folding.recalled = recalls::wished(conn, &deleted).await?;
    }
    let mut applied = folding.fold(memory);
    let hopeless: Vec<i64> = applied.iter().filter_map(hopeless).collect();
    if let Some((_, _, now)) = asks.first().filter(|_| !hopeless.is_empty()) {
        deadlines::hurry(conn, &hopeless, *now).await?;
    }
    let mut told = write(conn, memory, folding).await?;
    for answer in &mut applied {
        if let Applied::Changed { id, state: Some(state), tell, .. } = answer {
            let key = HandoffKey { subject: id.0, event: state.code() };
            *tell = told.remove(&key).map(Box::new);
        }
    }
    Ok(applied)
}

/// The awaited parts under every spelling of every receipt: the likeliest ones are enough where there are any.
async fn look_up(conn: &mut Conn, memory: &Memory, folding: &mut Folding<'_>) -> QueryResult<()> {
    let likely = folding.likely();
    if likely.is_empty() {
        return Ok(());
    }
    folding.found(dialect::awaited(conn, likely).await?);
    let less_likely = folding.less_likely();
    if !less_likely.is_empty() {
        folding.found(dialect::awaited(conn, less_likely).await?);
    }
    let beside = folding.beside(memory);
    if !beside.is_empty() {
        folding.found(dialect::awaited(conn, beside).await?);
    }
    Ok(())
}

fn hopeless(applied: &Applied) -> Option<i64> {
    match applied {
        Applied::Changed { id, hopeless: true, .. } => Some(id.0),
        _ => None,
    }
}

/// Writes down what receipts make of messages; the handoffs that tell of it.
async fn write(
    conn: &mut Conn,
    memory: &mut Memory,
    mut folding: Folding<'_>,
) -> QueryResult<HashMap<HandoffKey, Handoff>> {
    let parked = std::mem::take(&mut folding.parked);
    if !parked.is_empty() {
        dialect::insert(conn, parked).await?;
        memory.parked = Some(true);
    }
    if folding.changed.is_empty() {
        return Ok(HashMap::new());
    }
    let unknown = folding.untold(&memory.lately);
    let mut read = HashMap::new();
    if !unknown.is_empty() {
        read = messages_by_id(conn, unknown).await?;
    }
    let (rows, handoffs): (Vec<_>, Vec<_>) = folding.told(&memory.lately, &read)?.into_iter().unzip();
    let (changed, _) = dialect::change(conn, folding.changed.into_values().collect()).await?;
    memory.lately.folded_in(&folding.done, &changed);
    dialect::delete(conn, folding.done).await?;
    tell::store(conn, rows).await?;
    Ok(handoffs.into_iter().map(|handoff| (handoff.key, handoff)).collect())
}

/// What has to be known of messages, held against other nodes until the commit.
pub(super) async fn standings(conn: &mut Conn, mut ids: Vec<i64>) -> QueryResult<HashMap<i64, Standing>> {
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        // Locked in one order by all nodes, so that they do not wait for each other in a circle.
        let lock = if dialect::SOLE { String::new() } else { format!(" ORDER BY id{}", dialect::FOR_UPDATE) };
        let text = format!("SELECT {STANDING_COLUMNS} FROM message WHERE id IN {}{lock}", places(some.len()));
        let binds = some.iter().map(|id| (*id).into()).collect();
        let rows: Vec<Standing> = Sql::<StandingSql>::varying(text, binds).rows(conn).await?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}
