//! Settling turns: one fenced update each, then the receipts that are awaited or came early, then the senders to be told.

use super::receipts::{self, standings};
use super::tell;
use super::{Conn, deadlines, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{Awaited, Folded, Settled, StoredEarly};
use crate::settling::{Following, Turns, parts_awaited};
use crate::statement::Sql;
use diesel::QueryResult;
use diesel::sql_types::BigInt;
use domain::Timestamp;
use domain::message::{PartState, Parts, Which};
use domain::receipt::{Receipt, ended};
use domain::state::State;
use ports::driven::{Outcome, Settlement};
use std::collections::{HashMap, HashSet};

/// Writes down the turns of all tickets.
pub(super) async fn settle(
    conn: &mut Conn,
    memory: &mut Memory,
    mut tickets: Vec<&mut Ticket<Vec<Settlement>, Vec<Option<State>>>>,
) -> QueryResult<()> {
    let mut turns = {
        let asks: Vec<&[Settlement]> = tickets.iter().map(|ticket| ticket.ask.as_slice()).collect();
        Turns::of(&asks)
    };
    merge_earlier_parts(conn, &mut turns.rows).await?;
    let (rows, written) = dialect::change(conn, turns.rows).await?;
    let answers = turns.places.answers(&rows, &written);
    tickets.iter_mut().zip(answers).for_each(|(ticket, answer)| ticket.done(answer));
    let Following { moved, times, mut awaited, tells, unknown, latest } =
        Following::of(&mut memory.lately, &rows, &written);
    deadlines::renew(conn, moved, times).await?;
    let refused = rows.into_iter().zip(written).filter(|(_, done)| !done).map(|(row, _)| row);
    awaited.extend(said_late(conn, refused.collect()).await?);
    if !awaited.is_empty() {
        let keys = awaited.iter().map(|a| (a.link.clone(), a.op_key.clone())).collect();
        dialect::insert(conn, awaited).await?;
        if let Some(at) = latest {
            early(conn, memory, keys, at).await?;
        }
    }
    tell::store(conn, tells).await?;
    tell::tell(conn, unknown, true).await
}

/// Parts that went out in an earlier turn may have got their receipts in the meantime: an end that a receipt brought stays.
async fn merge_earlier_parts(conn: &mut Conn, rows: &mut [Settled]) -> QueryResult<()> {
    let earlier = |row: &&mut Settled| {
        if row.parts.has_past() {
            return true;
        }
        if row.parts.as_slice().len() < 2 {
            return false;
        }
        let now: HashSet<u8> = row.settlement.awaiting.iter().map(|(seq, _)| *seq).collect();
        row.parts.as_slice().iter().any(|p| p.state == PartState::Sent && !now.contains(&p.seq))
    };
    let mut rows: Vec<&mut Settled> = rows.iter_mut().filter(earlier).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let stored = standings(conn, rows.iter().map(|row| row.settlement.id.0).collect()).await?;
    for row in &mut rows {
        let Some(standing) = stored.get(&row.settlement.id.0) else { continue };
        let foreseen = row.state;
        row.parts = std::mem::take(&mut row.parts).merged(&Parts::decode(&standing.parts));
        if row.state == State::Sent {
            row.parts.leave_unsaid(Which::Now);
        }
        match row.settlement.outcome {
            Outcome::Abandoned { .. } => row.state = row.parts.rests_as(State::Failed),
            Outcome::Expired => row.state = row.parts.rests_as(State::Expired),
            _ => {}
        }
        let total = u8::try_from(standing.segments).unwrap_or(1);
        let over = row.parts.outcome(total) == Some(State::Delivered)
            || (!row.parts.is_open() && !row.parts.as_slice().is_empty());
        if row.state == State::Sent && over {
            // The receipts of all its segments have come already.
            row.state = ended(row.parts.end(total)).and_then(|e| State::Sent.after(e)).unwrap_or(row.state);
        }
        if row.state != foreseen {
            // Whoever settles knows nothing of it, so he neither asked for this to be told nor can carry it out.
            row.settlement.tell = tell::wanted(standing.callback.as_deref(), row.state);
            row.settlement.tell_lease = None;
        }
    }
    Ok(())
}

/// What an operator says late of a message that has left its way, or that another operator has delivered meanwhile: its ids are kept, so
/// that its receipts are known when they come. (A settlement that is not written is else a repetition, or of a run that is dead.)
async fn said_late(conn: &mut Conn, rows: Vec<Settled>) -> QueryResult<Vec<Awaited>> {
    let mut rows: Vec<Settled> = rows.into_iter().filter(|row| !row.settlement.awaiting.is_empty()).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut stored = standings(conn, rows.iter().map(|row| row.settlement.id.0).collect()).await?;
    let (mut changed, mut late) = (Vec::new(), Vec::new());
    for row in &mut rows {
        let settlement = &row.settlement;
        let Some(standing) = stored.get_mut(&settlement.id.0) else { continue };
        let mut parts = Parts::decode(&standing.parts);
        let state = State::from_code(standing.state).unwrap_or(State::Unknown);
        let which = parts.which(&standing.link, settlement.link.as_str(), 0, |_| false);
        if !parts.has_past() || (which == Which::Now && !state.is_final()) {
            continue;
        }
        let mut learnt = false;
        for part in row.parts.as_slice().iter().filter(|p| p.state == PartState::Sent) {
            learnt |= parts.set_on(which, part.seq, PartState::Sent, &part.operator_id, "");
        }
        if learnt {
            late.extend(parts_awaited(settlement));
            standing.parts = parts.encode();
            changed.push(Folded { id: settlement.id.0, state, parts, final_at: None, error: None });
        }
    }
    if !changed.is_empty() {
        dialect::change(conn, changed).await?;
    }
    Ok(late)
}

/// Applies the receipts that came before their replies.
async fn early(
    conn: &mut Conn,
    memory: &mut Memory,
    keys: Vec<(String, String)>,
    at: Timestamp,
) -> QueryResult<()> {
    if dialect::SOLE && !any_parked(conn, memory).await? {
        return Ok(());
    }
    let found: Vec<StoredEarly> = dialect::early(conn, keys).await?;
    if found.is_empty() {
        return Ok(());
    }
    // One receipt is parked under several spellings.
    let mut whole: HashMap<(String, String, i16, String), StoredEarly> = HashMap::new();
    for row in found {
        whole
            .entry((row.link.clone(), row.operator_id.clone(), row.verdict, row.recipient.clone()))
            .or_insert(row);
    }
    let rows: Vec<StoredEarly> = whole.into_values().collect();
    let receipts: Vec<Receipt> = rows.iter().map(StoredEarly::receipt).collect::<QueryResult<_>>()?;
    dialect::delete(conn, rows).await?;
    memory.parked = None;
    let asks: Vec<_> = receipts.iter().map(|r| (r, None, at)).collect();
    receipts::fold_in(conn, memory, &asks).await?;
    Ok(())
}

/// Whether any receipt is parked.
async fn any_parked(conn: &mut Conn, memory: &mut Memory) -> QueryResult<bool> {
    if let Some(known) = memory.parked {
        return Ok(known);
    }
    let text = "SELECT parked_at FROM early_receipt LIMIT 1";
    let found: Vec<i64> = Sql::<BigInt>::new(text, Vec::new()).rows(conn).await?;
    let any = !found.is_empty();
    memory.parked = Some(any);
    Ok(any)
}
