//! Runs of nodes: who is alive, and what the dead ones held.

use super::lease::take;
use super::{Conn, dialect};
use crate::op::Ticket;
use crate::rows::{millis, time};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::Incarnation;
use ports::driven::{Held, Leased, NODES, Neighbour, StoreError};

/// How long a run that has ended is remembered, ms: nothing it held is left by then.
const REMEMBERED_MS: i64 = 30 * 24 * 3_600_000;

/// How many handoffs are set free in one go.
const PIECE: usize = 500;

/// Held by a run that is not alive.
const NOBODY: &str = "(lease IS NULL OR lease NOT IN (SELECT id FROM incarnation WHERE dead = 0))";

/// The run that nobody is: what it holds is taken over.
const NO_RUN: i64 = 0;

type BeatAsk = (Incarnation, Timestamp, Vec<LinkId>);
type TakeOverAsk = (Incarnation, Timestamp, Vec<Neighbour>, usize);

/// The number of a node, given out once.
pub(super) async fn number(conn: &mut Conn, ticket: &mut Ticket<(String, u16), u16>) -> QueryResult<()> {
    let (node, wish) = &ticket.ask;
    let rows: Vec<(String, i16)> =
        Sql::<(Text, SmallInt)>::new("SELECT name, number FROM node", Vec::new()).rows(conn).await?;
    if let Some(known) = rows.iter().find(|(name, _)| name == node) {
        let number = u16::try_from(known.1).unwrap_or_default();
        ticket.done(number);
        return Ok(());
    }
    let free = (0..NODES)
        .map(|n| wish.wrapping_add(n) % NODES)
        .find(|n| rows.iter().all(|(_, taken)| i32::from(*taken) != i32::from(*n)));
    let Some(number) = free else {
        ticket.answer = Some(Err(StoreError::Data(format!("{NODES} nodes have numbers already"))));
        return Ok(());
    };
    // Two nodes at once may find the same one free; the key lets one of them have it.
    let text = "INSERT INTO node (number, name) VALUES (?, ?)";
    let binds = vec![i16::try_from(number).unwrap_or_default().into(), node.as_str().into()];
    Sql::<()>::new(text, binds).run(conn).await?;
    ticket.done(number);
    Ok(())
}

/// Begins a run; earlier ones of the node are dead.
pub(super) async fn join(
    conn: &mut Conn,
    ticket: &mut Ticket<(String, Incarnation, Timestamp), Option<Timestamp>>,
) -> QueryResult<()> {
    let (node, run, now) = &ticket.ask;
    let text = "SELECT MAX(beat_at) FROM incarnation WHERE id <> ?";
    let last: Vec<Option<i64>> = Sql::<Nullable<BigInt>>::new(text, vec![run.0.into()]).rows(conn).await?;
    let text = "UPDATE incarnation SET dead = 1 WHERE node = ? AND id <> ?";
    Sql::<()>::new(text, vec![node.as_str().into(), run.0.into()]).run(conn).await?;
    let text = "UPDATE incarnation SET dead = 0, beat_at = ? WHERE id = ?";
    if Sql::<()>::new(text, vec![millis(*now).into(), run.0.into()]).run(conn).await? == 0 {
        let text = "INSERT INTO incarnation (id, node, beat_at, dead) VALUES (?, ?, ?, 0)";
        let binds = vec![run.0.into(), node.as_str().into(), millis(*now).into()];
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    ticket.done(last.into_iter().flatten().next().map(time));
    Ok(())
}

/// Says that a run lives and which links it has, and who else does; `None` when it was declared dead.
pub(super) async fn beat(
    conn: &mut Conn,
    ticket: &mut Ticket<BeatAsk, Option<Vec<Neighbour>>>,
) -> QueryResult<()> {
    let (run, now, links) = &ticket.ask;
    if !alive(conn, *run).await? {
        ticket.done(None);
        return Ok(());
    }
    // Another sign each time: a clock that stands still or was set back must not look like death.
    let text = "UPDATE incarnation SET beat_at = CASE WHEN beat_at < ? THEN ? ELSE beat_at + 1 END \
                WHERE id = ? AND dead = 0";
    let now = millis(*now);
    Sql::<()>::new(text, vec![now.into(), now.into(), run.0.into()]).run(conn).await?;
    claim(conn, *run, links).await?;
    let neighbours = neighbours(conn, *run).await?;
    ticket.done(Some(neighbours));
    Ok(())
}

async fn claim(conn: &mut Conn, run: Incarnation, links: &[LinkId]) -> QueryResult<()> {
    let names = links.iter().map(LinkId::as_str).collect::<Vec<_>>().join("\n");
    let text = "UPDATE claim SET links = ? WHERE run = ?";
    if Sql::<()>::new(text, vec![names.as_str().into(), run.0.into()]).run(conn).await? == 0 {
        let text = "INSERT INTO claim (links, run) VALUES (?, ?)";
        Sql::<()>::new(text, vec![names.into(), run.0.into()]).run(conn).await?;
    }
    Ok(())
}

async fn neighbours(conn: &mut Conn, run: Incarnation) -> QueryResult<Vec<Neighbour>> {
    let text = "SELECT i.id, i.beat_at, c.links FROM incarnation i LEFT JOIN claim c ON c.run = i.id \
                WHERE i.dead = 0 AND i.id <> ? ORDER BY i.id";
    type Types = (BigInt, BigInt, Nullable<Text>);
    let rows: Vec<(i64, i64, Option<String>)> =
        Sql::<Types>::new(text, vec![run.0.into()]).rows(conn).await?;
    let neighbour = |(id, beat_at, names): (i64, i64, Option<String>)| {
        // What another version wrote and this one cannot read must not silence this run: then it has not said.
        let links = names.and_then(|names| names.lines().map(|name| LinkId::parse(name).ok()).collect());
        Neighbour { run: Incarnation(id), beat_at: time(beat_at), links }
    };
    Ok(rows.into_iter().map(neighbour).collect())
}

async fn alive(conn: &mut Conn, run: Incarnation) -> QueryResult<bool> {
    let text = format!("SELECT dead FROM incarnation WHERE id = ?{}", dialect::FOR_UPDATE);
    let found: Vec<i16> = Sql::<SmallInt>::new(text, vec![run.0.into()]).rows(conn).await?;
    Ok(found.first() == Some(&0))
}

/// Ends a run.
pub(super) async fn leave(conn: &mut Conn, ticket: &mut Ticket<Incarnation, ()>) -> QueryResult<()> {
    let binds = vec![ticket.ask.0.into()];
    Sql::<()>::new("UPDATE incarnation SET dead = 1 WHERE id = ?", binds).run(conn).await?;
    ticket.done(());
    Ok(())
}

/// Declares runs dead that are still as silent as they were seen, and takes what dead ones hold.
pub(super) async fn take_over(
    conn: &mut Conn,
    ticket: &mut Ticket<TakeOverAsk, Vec<Leased>>,
) -> QueryResult<()> {
    let (by, now, silent, limit) = &ticket.ask;
    let (by, now, limit) = (*by, *now, *limit);
    if !alive(conn, by).await? {
        ticket.done(Vec::new());
        return Ok(());
    }
    for Neighbour { run, beat_at, .. } in silent {
        let text = "UPDATE incarnation SET dead = 1 WHERE id = ? AND beat_at = ? AND dead = 0 AND id <> ?";
        let binds = vec![run.0.into(), millis(*beat_at).into(), by.0.into()];
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    free_handoffs(conn).await?;
    let skip = dialect::SKIP_LOCKED;
    let text =
        format!("SELECT id FROM message WHERE state = 2 AND {NOBODY} ORDER BY lease, id LIMIT ?{skip}");
    let ids: Vec<i64> = Sql::<BigInt>::new(text, vec![limit.into()]).rows(conn).await?;
    let taken = take(conn, &ids, by, true).await?;
    if taken.is_empty() {
        let text = "DELETE FROM incarnation WHERE dead = 1 AND beat_at < ?";
        let before = millis(now).saturating_sub(REMEMBERED_MS);
        if Sql::<()>::new(text, vec![before.into()]).run(conn).await? > 0 {
            let text = "DELETE FROM claim WHERE run NOT IN (SELECT id FROM incarnation)";
            Sql::<()>::new(text, Vec::new()).run(conn).await?;
        }
    }
    ticket.done(taken);
    Ok(())
}

/// Sets free what dead runs held to hand over. What another transaction has under its hands is left for the next time: it may be that
/// of the dead run itself, and would keep its burial waiting.
async fn free_handoffs(conn: &mut Conn) -> QueryResult<()> {
    let text = format!(
        "SELECT subject, event FROM handoff WHERE state = 1 AND {NOBODY} LIMIT ?{}",
        dialect::SKIP_LOCKED
    );
    loop {
        let some: Vec<(i64, i16)> =
            Sql::<(BigInt, SmallInt)>::new(text.as_str(), vec![PIECE.into()]).rows(conn).await?;
        if some.is_empty() {
            return Ok(());
        }
        for (subject, event) in some {
            let text = "UPDATE handoff SET state = 0, lease = NULL WHERE subject = ? AND event = ?";
            Sql::<()>::new(text, vec![subject.into(), event.into()]).run(conn).await?;
        }
    }
}

/// Lets go of what a run holds and does not know of.
pub(super) async fn let_go(
    conn: &mut Conn,
    ticket: &mut Ticket<(Incarnation, Held, bool), usize>,
) -> QueryResult<()> {
    let (by, what, in_doubt) = &ticket.ask;
    let mut count = 0;
    for some in what.messages.chunks(500) {
        let held = format!("state = 2 AND lease = ? AND id IN {}", places(some.len()));
        let binds = |first: Option<i64>| -> Vec<Bind<'_>> {
            let holders = first.into_iter().chain([by.0]);
            holders.chain(some.iter().map(|id| id.0)).map(Bind::from).collect()
        };
        if !in_doubt {
            let text =
                format!("UPDATE message SET state = 1, lease = NULL WHERE possible_duplicate = 0 AND {held}");
            count += Sql::<()>::varying(text, binds(None)).run(conn).await?;
        }
        let text = format!("UPDATE message SET lease = ? WHERE {held}");
        count += Sql::<()>::varying(text, binds(Some(NO_RUN))).run(conn).await?;
    }
    for key in &what.handoffs {
        let text = "UPDATE handoff SET state = 0, lease = NULL WHERE subject = ? AND event = ? AND state = 1 AND lease = ?";
        let binds = vec![key.subject.into(), key.event.into(), by.0.into()];
        count += Sql::<()>::new(text, binds).run(conn).await?;
    }
    ticket.done(count);
    Ok(())
}
