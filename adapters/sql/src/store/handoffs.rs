//! Handoffs: taken when due, deleted when done, kept when given up.

use super::read::{messages_by_id, mos_by_id};
use super::{Conn, dialect};
use crate::memory::Memory;
use crate::op::Ticket;
use crate::rows::{HANDOFF_COLUMNS, HandoffName, HandoffSql, StoredHandoff, handoff_state, millis, time};
use crate::statement::{Bind, Sql};
use diesel::QueryResult;
use diesel::sql_types::{Nullable, Text};
use domain::Timestamp;
use domain::message::Incarnation;
use ports::driven::{Content, Handoff, HandoffKey, HandoffOutcome, is_without};
use std::collections::HashSet;

/// Targets that are looked at in one go while others are left out: there may be as many as there are mailboxes.
const LOOKED_AT: usize = 500;

type LeaseAsk = (usize, Vec<String>, Incarnation, Timestamp);
type SettleAsk = (Vec<(HandoffKey, HandoffOutcome)>, Incarnation);

/// Takes due handoffs.
pub(super) async fn lease(
    conn: &mut Conn,
    memory: &mut Memory,
    ticket: &mut Ticket<LeaseAsk, Vec<Handoff>>,
) -> QueryResult<()> {
    let (limit, without, lease, now) = &ticket.ask;
    let rows = if without.is_empty() {
        due(conn, None, *now, *limit).await?
    } else {
        of_others(conn, memory, without, *now, *limit).await?
    };
    for row in &rows {
        let text = "UPDATE handoff SET state = 1, lease = ? WHERE subject = ? AND event = ?";
        let binds = vec![lease.0.into(), row.subject.into(), row.event.into()];
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    let handoffs = filled(conn, rows, *lease).await?;
    ticket.done(handoffs);
    Ok(())
}

/// What is due, of one target or of all.
async fn due(
    conn: &mut Conn,
    target: Option<&str>,
    now: Timestamp,
    limit: usize,
) -> QueryResult<Vec<StoredHandoff>> {
    let whose = if target.is_some() { " AND target = ?" } else { "" };
    let text = format!(
        "SELECT {HANDOFF_COLUMNS} FROM handoff WHERE state = 0{whose} AND due_at <= ? \
         ORDER BY due_at, subject, event LIMIT ?{}",
        dialect::SKIP_LOCKED
    );
    let mut binds: Vec<Bind<'_>> = target.into_iter().map(Bind::from).collect();
    binds.push(millis(now).into());
    binds.push(limit.into());
    Sql::<HandoffSql>::new(text, binds).rows(conn).await
}

/// What is due of all targets but some, from one target to the next by the index: what waits for one that does not answer may be very much,
/// and is never walked through. It goes on where it ended the last time.
async fn of_others(
    conn: &mut Conn,
    memory: &mut Memory,
    without: &[String],
    now: Timestamp,
    limit: usize,
) -> QueryResult<Vec<StoredHandoff>> {
    let mut rows = Vec::new();
    let mut last = std::mem::take(&mut memory.handoffs_from);
    let mut from_the_start = last.is_empty();
    let mut seen = HashSet::new();
    while rows.len() < limit && seen.len() < LOOKED_AT {
        let text = "SELECT MIN(target) FROM handoff WHERE state = 0 AND target > ?";
        let next: Vec<Option<String>> =
            Sql::<Nullable<Text>>::new(text, vec![last.as_str().into()]).rows(conn).await?;
        let Some(target) = next.into_iter().next().flatten() else {
            last.clear();
            if std::mem::replace(&mut from_the_start, true) {
                break;
            }
            continue;
        };
        if !seen.insert(target.clone()) {
            break;
        }
        if !is_without(&target, without) {
            rows.extend(due(conn, Some(&target), now, limit - rows.len()).await?);
        }
        last = target;
    }
    memory.handoffs_from = last;
    Ok(rows)
}

/// Handoffs with what they are about. Those whose message is gone are done with.
async fn filled(conn: &mut Conn, rows: Vec<StoredHandoff>, lease: Incarnation) -> QueryResult<Vec<Handoff>> {
    let is_mo = |row: &&StoredHandoff| row.event == HandoffKey::MO;
    let records =
        messages_by_id(conn, rows.iter().filter(|r| !is_mo(r)).map(|r| r.subject).collect()).await?;
    let mos = mos_by_id(conn, rows.iter().filter(is_mo).map(|r| r.subject).collect()).await?;
    let mut handoffs = Vec::with_capacity(rows.len());
    let mut gone = Vec::new();
    for row in rows {
        let content = if row.event == HandoffKey::MO {
            let destination = row.destination.as_deref().and_then(|d| d.parse().ok());
            destination.zip(mos.get(&row.subject)).map(|(destination, record)| Content::Mo {
                destination,
                mo: Box::new(record.mo.clone()),
                user: record.user.clone(),
            })
        } else {
            let record = records.get(&row.subject);
            let callback = record.and_then(|record| record.message.callback.clone());
            callback.zip(record).map(|(callback, r)| Content::State { callback, record: Box::new(r.clone()) })
        };
        let Some(content) = content else {
            gone.push(HandoffName { subject: row.subject, event: row.event, lease: lease.0 });
            continue;
        };
        let handoff = Handoff {
            key: HandoffKey { subject: row.subject, event: row.event },
            content,
            tries: u16::try_from(row.tries).unwrap_or(u16::MAX),
            created_at: time(row.created_at),
            resent_at: row.resent_at.map(time),
        };
        renamed(conn, &handoff, &row.target).await?;
        handoffs.push(handoff);
    }
    if !gone.is_empty() {
        tracing::warn!(count = gone.len(), "handoffs of messages that are gone");
        dialect::delete(conn, gone).await?;
    }
    Ok(handoffs)
}

/// An earlier version named targets otherwise (all mailboxes were one): by such a name it could not be left out.
async fn renamed(conn: &mut Conn, handoff: &Handoff, stored: &str) -> QueryResult<()> {
    let target = handoff.target();
    if target != stored {
        let text = "UPDATE handoff SET target = ? WHERE subject = ? AND event = ?";
        let HandoffKey { subject, event } = handoff.key;
        Sql::<()>::new(text, vec![target.into(), subject.into(), event.into()]).run(conn).await?;
    }
    Ok(())
}

/// Writes down what became of handoffs.
pub(super) async fn settle(conn: &mut Conn, ticket: &mut Ticket<SettleAsk, ()>) -> QueryResult<()> {
    let (outcomes, lease) = &ticket.ask;
    let mut done = Vec::new();
    for (key, outcome) in outcomes {
        let (state, due_at, error, counts) = match outcome {
            HandoffOutcome::Done => {
                if key.event == HandoffKey::MO {
                    // From now on it is kept as long as what was acknowledged.
                    let text = "UPDATE mo SET handed_at = received_at WHERE id = ?";
                    Sql::<()>::new(text, vec![key.subject.into()]).run(conn).await?;
                }
                done.push(HandoffName { subject: key.subject, event: key.event, lease: lease.0 });
                continue;
            }
            HandoffOutcome::Again { due_at, error, counts } => {
                (handoff_state::WAITING, Some(millis(*due_at)), error, i64::from(*counts))
            }
            HandoffOutcome::Dead { error } => (handoff_state::DEAD, None, error, 0),
        };
        let text = "UPDATE handoff SET state = ?, due_at = COALESCE(?, due_at), error = ?, tries = tries + ?, lease = NULL \
                    WHERE subject = ? AND event = ? AND lease = ? AND state = 1";
        let binds: Vec<Bind<'_>> = vec![
            state.into(),
            due_at.into(),
            error.as_str().into(),
            counts.into(),
            key.subject.into(),
            key.event.into(),
            lease.0.into(),
        ];
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    if !done.is_empty() {
        dialect::delete(conn, done).await?;
    }
    ticket.done(());
    Ok(())
}

/// Makes due what a clock that was ahead put off.
pub(super) async fn pull_back(
    conn: &mut Conn,
    ticket: &mut Ticket<(Timestamp, Timestamp, Timestamp), usize>,
) -> QueryResult<()> {
    let (after, until, now) = ticket.ask;
    let text = "UPDATE handoff SET due_at = ? WHERE state = 0 AND due_at > ? AND due_at <= ?";
    let binds = [now, after, until].map(|at| millis(at).into()).to_vec();
    let count = Sql::<()>::new(text, binds).run(conn).await?;
    ticket.done(count);
    Ok(())
}

/// Makes given-up handoffs due again.
pub(super) async fn resend(
    conn: &mut Conn,
    ticket: &mut Ticket<(Option<HandoffKey>, Timestamp), usize>,
) -> QueryResult<()> {
    let (key, now) = ticket.ask;
    let mut binds: Vec<Bind<'_>> = vec![millis(now).into(), millis(now).into()];
    let mut text =
        "UPDATE handoff SET state = 0, due_at = ?, resent_at = ?, tries = 0, lease = NULL WHERE state = 2"
            .to_owned();
    if let Some(key) = key {
        text.push_str(" AND subject = ? AND event = ?");
        binds.push(key.subject.into());
        binds.push(key.event.into());
    }
    let count = Sql::<()>::new(text, binds).run(conn).await?;
    ticket.done(count);
    Ok(())
}
