//! Wishes that operators take back what they have, and what came of them.

use super::read::messages_by_id;
use super::receipts::standings;
use super::tell::{self, Tell};
use super::{Conn, dialect};
use crate::error::unreadable;
use crate::op::Ticket;
use crate::rows::{Folded, millis};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{MessageId, Parts};
use domain::receipt::{Known, Verdict, fold};
use domain::state::State;
use ports::driven::{Obstacle, Recall, RecallAnswer, RecallOutcome, RecallSaid};
use std::collections::HashSet;

/// What a link's operator said is kept so long.
const WORDS: usize = 250;

type Wished = Option<Result<(), State>>;
/// Links, now, when they come due again, how many.
pub(crate) type Due = (Vec<LinkId>, Timestamp, Timestamp, usize);

/// Writes wishes down, one for each link whose operator has segments of the message.
pub(super) async fn wish(
    conn: &mut Conn,
    ticket: &mut Ticket<(MessageId, Timestamp), Wished>,
) -> QueryResult<()> {
    let (id, now) = ticket.ask;
    let mut found = standings(conn, vec![id.0]).await?;
    let Some(standing) = found.remove(&id.0) else {
        ticket.done(None);
        return Ok(());
    };
    let mut state = State::from_code(standing.state).unwrap_or(State::Unknown);
    let link = LinkId::parse(&standing.link).map_err(|e| unreadable("message", e))?;
    let mut parts = Parts::decode(&standing.parts);
    let possible_duplicate = standing.possible_duplicate != 0;
    let stops = matches!(state, State::Scheduled | State::Queued) && parts.has_left(possible_duplicate);
    if stops {
        state = parts.stop(u8::try_from(standing.segments).unwrap_or(1), possible_duplicate);
        let final_at = state.is_final().then(|| millis(now));
        dialect::change(conn, vec![Folded { id: id.0, state, parts: parts.clone(), final_at, error: None }])
            .await?;
        tell::tell(conn, vec![Tell { id: id.0, state, lease: None, at: now }], false).await?;
    }
    let links = parts.holders(&link);
    let asks = state.may_be_asked_back() && !links.is_empty();
    if stops || asks {
        Sql::<()>::new("DELETE FROM deadline WHERE message = ?", vec![id.0.into()]).run(conn).await?;
    }
    if !asks {
        ticket.done(Some(Err(state)));
        return Ok(());
    }
    let text = "SELECT link FROM recall WHERE message = ? AND due_at IS NOT NULL";
    let standing: Vec<String> = Sql::<Text>::new(text, vec![id.0.into()]).rows(conn).await?;
    for link in links.iter().filter(|link| !standing.iter().any(|s| s == link.as_str())) {
        let text = "DELETE FROM recall WHERE message = ? AND link = ?";
        Sql::<()>::new(text, vec![id.0.into(), link.as_str().into()]).run(conn).await?;
        let text = "INSERT INTO recall (message, link, asked_at, due_at, tries, taken, parts, why, words) \
                    VALUES (?, ?, ?, ?, 0, 0, 0, 0, '')";
        let binds = vec![id.0.into(), link.as_str().into(), millis(now).into(), millis(now).into()];
        Sql::<()>::new(text, binds).run(conn).await?;
    }
    ticket.done(Some(Ok(())));
    Ok(())
}

fn due(links: &[LinkId], now: Timestamp, limit: usize, lock: &str) -> Sql<'static, (BigInt, Text, SmallInt)> {
    let text = format!(
        "SELECT message, link, tries FROM recall WHERE due_at <= ? AND link IN {} ORDER BY due_at, message LIMIT ?{lock}",
        places(links.len())
    );
    let names = links.iter().map(|link| link.as_str().to_owned().into());
    let binds = std::iter::once(Bind::from(millis(now))).chain(names).chain([Bind::from(limit)]);
    Sql::varying(text, binds.collect())
}

/// Whether any wish is due.
pub(super) async fn any_due(conn: &mut Conn, links: &[LinkId], now: Timestamp) -> QueryResult<bool> {
    let rows: Vec<(i64, String, i16)> = due(links, now, 1, "").rows(conn).await?;
    Ok(!rows.is_empty())
}

/// Gives out what is due.
pub(super) async fn give_out(conn: &mut Conn, ticket: &mut Ticket<Due, Vec<Recall>>) -> QueryResult<()> {
    let (links, now, again, limit) = &ticket.ask;
    let rows: Vec<(i64, String, i16)> = due(links, *now, *limit, dialect::SKIP_LOCKED).rows(conn).await?;
    let records = messages_by_id(conn, rows.iter().map(|(id, ..)| *id).collect()).await?;
    let mut given = Vec::with_capacity(rows.len());
    for (id, link, tries) in rows {
        let text = "UPDATE recall SET due_at = ?, tries = ? WHERE message = ? AND link = ?";
        let tries = tries.saturating_add(1);
        let binds = vec![millis(*again).into(), tries.into(), id.into(), link.clone().into()];
        Sql::<()>::new(text, binds).run(conn).await?;
        let link = LinkId::parse(&link).map_err(|e| unreadable("recall", e))?;
        if let Some(record) = records.get(&id).cloned() {
            given.push(Recall { record, link, tries: u16::try_from(tries).unwrap_or(u16::MAX) });
        }
    }
    ticket.done(given);
    Ok(())
}

/// Writes down what came of a wish.
pub(super) async fn answer(
    conn: &mut Conn,
    ticket: &mut Ticket<RecallAnswer, Option<State>>,
) -> QueryResult<()> {
    let RecallAnswer { id, link, taken, outcome, now } = &ticket.ask;
    let mut changed = None;
    if let Some(standing) = standings(conn, vec![id.0]).await?.remove(&id.0).filter(|_| !taken.is_empty()) {
        let total = u8::try_from(standing.segments).unwrap_or(1);
        let before = State::from_code(standing.state).unwrap_or(State::Unknown);
        let (mut state, mut parts) = (before, Parts::decode(&standing.parts));
        let mut folded_any = false;
        for (seq, operator_id) in taken {
            let which = parts.which(&standing.link, link.as_str(), *seq, |known| known == operator_id);
            let known = Known { state, parts: &parts, total, watched: false, recalled: true };
            if let Some(folded) = fold(known, which, *seq, Verdict::Deleted, "") {
                state = folded.state.unwrap_or(state);
                parts = folded.parts;
                folded_any = true;
            }
        }
        let final_at = (state.is_final() && state != before).then(|| millis(*now));
        if folded_any {
            dialect::change(conn, vec![Folded { id: id.0, state, parts, final_at, error: None }]).await?;
        }
        if state != before {
            tell::tell(conn, vec![Tell { id: id.0, state, lease: None, at: *now }], false).await?;
            changed = Some(state);
        }
    }
    let key = || [Bind::from(id.0), Bind::from(link.as_str())];
    match outcome {
        RecallOutcome::Later(at) => {
            let text = "UPDATE recall SET due_at = ? WHERE message = ? AND link = ? AND due_at IS NOT NULL";
            let binds = std::iter::once(Bind::from(millis(*at))).chain(key()).collect();
            Sql::<()>::new(text, binds).run(conn).await?;
        }
        RecallOutcome::Said(RecallSaid { taken, of, why, words }) => {
            let text = "UPDATE recall SET due_at = NULL, taken = ?, parts = ?, why = ?, words = ? WHERE message = ? AND link = ?";
            let words: String = words.chars().filter(|c| !c.is_control()).take(WORDS).collect();
            let said = [Bind::from(*taken), (*of).into(), why.code().into(), words.into()];
            Sql::<()>::new(text, said.into_iter().chain(key()).collect()).run(conn).await?;
        }
    }
    ticket.done(changed);
    Ok(())
}

/// What became of the wishes about a message.
pub(super) async fn answers(
    conn: &mut Conn,
    id: MessageId,
) -> QueryResult<Vec<(LinkId, Option<RecallSaid>)>> {
    type Row = (String, Option<i64>, i16, i16, i16, String);
    let text = "SELECT link, due_at, taken, parts, why, words FROM recall WHERE message = ? ORDER BY link";
    let rows: Vec<Row> =
        Sql::<(Text, Nullable<BigInt>, SmallInt, SmallInt, SmallInt, Text)>::new(text, vec![id.0.into()])
            .rows(conn)
            .await?;
    let said = |(link, due_at, taken, of, why, words): Row| {
        let link = LinkId::parse(&link).map_err(|e| unreadable("recall", e))?;
        let count = |n: i16| u16::try_from(n).unwrap_or(0);
        let why = Obstacle::from_code(why).unwrap_or(Obstacle::Refused);
        let said = RecallSaid { taken: count(taken), of: count(of), why, words };
        Ok((link, due_at.is_none().then_some(said)))
    };
    rows.into_iter().map(said).collect()
}

/// Which of these messages somebody wished to have back.
pub(super) async fn wished(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashSet<i64>> {
    let mut found = HashSet::new();
    for some in ids.chunks(500) {
        let text = format!("SELECT message FROM recall WHERE message IN {}", places(some.len()));
        let rows: Vec<i64> =
            Sql::<BigInt>::varying(text, some.iter().map(|id| (*id).into()).collect()).rows(conn).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Forgets the wishes about messages that are removed.
pub(super) async fn forget(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
    for some in ids.chunks(500) {
        let text = format!("DELETE FROM recall WHERE message IN {}", places(some.len()));
        Sql::<()>::varying(text, some.iter().map(|id| (*id).into()).collect()).run(conn).await?;
    }
    Ok(())
}
