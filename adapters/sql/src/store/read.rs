//! Questions that change nothing.

use super::{Conn, dialect};
use crate::error::unreadable;
use crate::rows::{
    MESSAGE_COLUMNS, MO_COLUMNS, MessageSql, MoSql, StoredMessage, StoredMo, decode_user, millis, time,
};
use crate::statement::{Bind, Sql, places};
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::Timestamp;
use domain::address::Recipient;
use domain::directory::{LinkId, LinkMode, LinkOrder, User, UserName};
use domain::message::{Incarnation, MessageId, MoId};
use domain::mo::Subscription;
use domain::state::State;
use ports::driven::{Audit, Backlog, Filter, GivenUp, HandoffKey, Held, MessageRecord, MoRecord, Page};
use std::collections::{BTreeMap, HashMap};

/// How many messages a page looks through.
const LOOKED_THROUGH: usize = 20_000;
/// How far waiting messages are counted, by one that serves.
pub(super) const COUNTED: i64 = 1_000;

/// One row that cannot be read must not keep those beside it from being found.
fn readable<T>(what: &str, record: QueryResult<T>) -> Option<T> {
    record.inspect_err(|error| tracing::error!(%error, "a stored {what} cannot be read and is left out")).ok()
}

/// Messages with all that is known of them.
pub(super) async fn messages_by_id(
    conn: &mut Conn,
    mut ids: Vec<i64>,
) -> QueryResult<HashMap<i64, MessageRecord>> {
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let text = format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE id IN {}", places(some.len()));
        let binds = some.iter().map(|id| (*id).into()).collect();
        let rows: Vec<StoredMessage> = Sql::<MessageSql>::varying(text, binds).rows(conn).await?;
        for row in rows {
            let id = row.id;
            found.extend(readable("message", row.record()).map(|record| (id, record)));
        }
    }
    Ok(found)
}

/// Received messages.
pub(super) async fn mos_by_id(conn: &mut Conn, ids: Vec<i64>) -> QueryResult<HashMap<i64, MoRecord>> {
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let text = format!("SELECT {MO_COLUMNS} FROM mo WHERE id IN {}", places(some.len()));
        let binds = some.iter().map(|id| (*id).into()).collect();
        let rows: Vec<StoredMo> = Sql::<MoSql>::varying(text, binds).rows(conn).await?;
        let records = rows.into_iter().filter_map(|row| readable("received message", row.record()));
        found.extend(records.map(|record| (record.mo.id.0, record)));
    }
    Ok(found)
}

/// A page of messages, newest first.
pub(super) async fn messages(conn: &mut Conn, filter: &Filter) -> QueryResult<Page<MessageRecord>> {
    let limit = filter.limit.clamp(1, 1_000);
    let below = filter.after.map_or(i64::MAX, |id| id.0);
    // With a reference the index finds them; without, only a piece of the table is looked through.
    let floor = if filter.reference.is_some() { None } else { floor(conn, below).await? };
    let mut text = format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE id < ?");
    let mut binds: Vec<Bind<'_>> = vec![below.into()];
    let mut and = |condition: &str, bind: Bind<'static>| {
        text.push_str(condition);
        binds.push(bind);
    };
    if let Some(floor) = floor {
        and(" AND id >= ?", floor.into());
    }
    if let Some(user) = &filter.user {
        and(" AND owner = ?", user.as_str().to_owned().into());
    }
    if let Some(reference) = &filter.reference {
        and(" AND reference = ?", reference.clone().into());
    }
    if let Some(state) = filter.state {
        and(" AND state = ?", state.code().into());
    }
    if let Some(to) = &filter.to {
        and(" AND recipient = ?", to.to_string().into());
    }
    and(" ORDER BY id DESC LIMIT ?", (limit + 1).into());
    let rows: Vec<StoredMessage> = Sql::<MessageSql>::new(text, binds).rows(conn).await?;
    let more = rows.len() > limit;
    let next = if more { rows.get(limit - 1).map(|row| row.id) } else { floor };
    let rows = rows.into_iter().take(limit);
    let items = rows.filter_map(|row| readable("message", row.record())).collect();
    Ok(Page { items, next })
}

/// Where a page stops looking; `None` = the end is nearer.
async fn floor(conn: &mut Conn, below: i64) -> QueryResult<Option<i64>> {
    let text = "SELECT id FROM message WHERE id < ? ORDER BY id DESC LIMIT 2 OFFSET ?";
    let binds = vec![below.into(), (LOOKED_THROUGH - 1).into()];
    let ids: Vec<i64> = Sql::<BigInt>::new(text, binds).rows(conn).await?;
    Ok(if ids.len() > 1 { ids.first().copied() } else { None })
}

/// What is due and waits, by link.
pub(super) async fn backlog(conn: &mut Conn, now: Timestamp, counted: i64) -> QueryResult<Vec<Backlog>> {
    let mut all: BTreeMap<String, Backlog> = BTreeMap::new();
    for waiting in dialect::WAITING {
        let mut last = String::new();
        loop {
            // From one link to the next by the index, however many messages stand between them.
            let text = format!("SELECT MIN(link) FROM message WHERE {waiting} AND link > ?");
            let next: Vec<Option<String>> =
                Sql::<Nullable<Text>>::new(text, vec![last.into()]).rows(conn).await?;
            let Some(link) = next.into_iter().next().flatten() else { break };
            let name = LinkId::parse(&link).map_err(|e| unreadable("link", e))?;
            let fresh = Backlog { link: name, waiting: [0; 4], oldest_due_at: None };
            count(conn, (waiting, counted), &link, now, all.entry(link.clone()).or_insert(fresh)).await?;
            last = link;
        }
    }
    Ok(all.into_values().filter(|backlog| backlog.oldest_due_at.is_some()).collect())
}

/// Adds what waits of one link.
async fn count(
    conn: &mut Conn,
    (waiting, counted): (&str, i64),
    link: &str,
    now: Timestamp,
    backlog: &mut Backlog,
) -> QueryResult<()> {
    for (class, known) in (0_i64..).zip(backlog.waiting.iter_mut()) {
        let text = format!(
            "SELECT COUNT(*), MIN(queue_at) FROM (SELECT queue_at FROM message WHERE {waiting} AND link = ? \
             AND priority = ? AND queue_at <= ? ORDER BY queue_at LIMIT ?) AS due"
        );
        let binds = vec![link.into(), class.into(), millis(now).into(), counted.into()];
        let found: Vec<(i64, Option<i64>)> =
            Sql::<(BigInt, Nullable<BigInt>)>::new(text, binds).rows(conn).await?;
        let Some((count, oldest)) = found.into_iter().next() else { continue };
        *known += usize::try_from(count).unwrap_or(0);
        backlog.oldest_due_at = backlog.oldest_due_at.into_iter().chain(oldest.map(time)).min();
    }
    Ok(())
}

/// Counts everything, in one statement and so at one moment.
pub(super) async fn audit(conn: &mut Conn) -> QueryResult<Audit> {
    let n = dialect::bigint;
    let odd = "SUM(CASE WHEN (state = 2 AND lease IS NULL) OR (state < 2 AND lease IS NOT NULL) \
               OR (state >= 4) <> (final_at IS NOT NULL) THEN 1 ELSE 0 END)";
    let total = |kind: &str, name: &str| {
        let (kind, sum, zero) = (n(kind), n("SUM(value)"), n("0"));
        format!(" UNION ALL SELECT {kind}, {zero}, {sum}, {zero}, {zero} FROM counter WHERE name = '{name}'")
    };
    let (kind, state, count, doubles, odd) =
        (n("0"), n("state"), n("COUNT(*)"), n("SUM(possible_duplicate)"), n(odd));
    let mut text = format!("SELECT {kind}, {state}, {count}, {doubles}, {odd} FROM message GROUP BY state");
    text.push_str(&total("1", "accepted"));
    text.push_str(&total("2", "removed"));
    type Types = (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>);
    type Row = (i64, i64, Option<i64>, Option<i64>, Option<i64>);
    let rows: Vec<Row> = Sql::<Types>::new(text, Vec::new()).rows(conn).await?;
    let mut audit = Audit::default();
    let whole = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    for (kind, state, count, doubles, odd) in rows {
        match kind {
            1 => audit.accepted = whole(count),
            2 => audit.removed = whole(count),
            _ => {
                let state = i16::try_from(state).ok().and_then(State::from_code);
                let Some(state) = state else { continue };
                audit.by_state.push((state, whole(count)));
                audit.possible_duplicates += whole(doubles);
                if whole(odd) > 0 {
                    audit.wrong.push(format!(
                        "{} messages are {state} and their holder or end does not fit",
                        whole(odd)
                    ));
                }
            }
        }
    }
    audit.by_state.sort_unstable();
    let sum = audit.removed + audit.by_state.iter().map(|(_, n)| n).sum::<u64>();
    if audit.accepted != sum {
        audit.wrong.push(format!("{} accepted, {sum} accounted for", audit.accepted));
    }
    Ok(audit)
}

/// The version of the directory.
pub(super) async fn version(conn: &mut Conn) -> QueryResult<u64> {
    let text = "SELECT value FROM meta WHERE name = 'directory'";
    let found: Vec<i64> = Sql::<BigInt>::new(text, Vec::new()).rows(conn).await?;
    Ok(found.first().and_then(|v| u64::try_from(*v).ok()).unwrap_or(0))
}

/// All users, by name.
pub(super) async fn users(conn: &mut Conn) -> QueryResult<Vec<User>> {
    let text = "SELECT name, profile FROM account ORDER BY name";
    let rows: Vec<(String, String)> = Sql::<(Text, Text)>::new(text, Vec::new()).rows(conn).await?;
    rows.iter().map(|(name, profile)| decode_user(name, profile)).collect()
}

/// What programs asked to be told of.
pub(super) async fn subscriptions(conn: &mut Conn) -> QueryResult<Vec<Subscription>> {
    let text = "SELECT owner, number, word, reference FROM subscription ORDER BY owner, correlator";
    let rows: Vec<(String, String, String, String)> =
        Sql::<(Text, Text, Text, Text)>::new(text, Vec::new()).rows(conn).await?;
    let wish = |(owner, number, word, reference): (String, String, String, String)| {
        Ok(Subscription {
            user: UserName::parse(&owner).map_err(|e| unreadable("subscription", e))?,
            number: Recipient::parse(&number).map_err(|e| unreadable("subscription", e))?,
            word: Some(word).filter(|word| !word.is_empty()),
            reference: reference.parse().map_err(|e| unreadable("subscription", e))?,
        })
    };
    rows.into_iter().map(wish).collect()
}

/// Orders about links.
pub(super) async fn link_orders(conn: &mut Conn) -> QueryResult<Vec<LinkOrder>> {
    let text = "SELECT link, mode, since FROM link_order ORDER BY link";
    let rows: Vec<(String, i16, i64)> =
        Sql::<(Text, SmallInt, BigInt)>::new(text, Vec::new()).rows(conn).await?;
    let order = |(link, mode, since): (String, i16, i64)| {
        let link = LinkId::parse(&link).map_err(|e| unreadable("link_order", e))?;
        Ok(LinkOrder { link, mode: LinkMode::from_code(mode).unwrap_or_default(), since: time(since) })
    };
    rows.into_iter().map(order).collect()
}

/// Given-up handoffs, newest first.
pub(super) async fn dead(conn: &mut Conn, limit: usize) -> QueryResult<Vec<GivenUp>> {
    let text = "SELECT subject, event, target, error FROM handoff WHERE state = 2 ORDER BY created_at DESC, subject DESC LIMIT ?";
    let rows: Vec<(i64, i16, String, String)> =
        Sql::<(BigInt, SmallInt, Text, Text)>::new(text, vec![limit.into()]).rows(conn).await?;
    let one = |(subject, event, target, error)| GivenUp { key: HandoffKey { subject, event }, target, error };
    Ok(rows.into_iter().map(one).collect())
}

/// What a run holds.
pub(super) async fn held(conn: &mut Conn, by: Incarnation, limit: usize) -> QueryResult<Held> {
    let binds = || vec![by.0.into(), limit.into()];
    let text = "SELECT id FROM message WHERE state = 2 AND lease = ? ORDER BY id LIMIT ?";
    let messages: Vec<i64> = Sql::<BigInt>::new(text, binds()).rows(conn).await?;
    let text =
        "SELECT subject, event FROM handoff WHERE state = 1 AND lease = ? ORDER BY subject, event LIMIT ?";
    let handoffs: Vec<(i64, i16)> = Sql::<(BigInt, SmallInt)>::new(text, binds()).rows(conn).await?;
    Ok(Held {
        messages: messages.into_iter().map(MessageId).collect(),
        handoffs: handoffs.into_iter().map(|(subject, event)| HandoffKey { subject, event }).collect(),
    })
}

/// Received messages that nobody has taken care of.
pub(super) async fn waiting(
    conn: &mut Conn,
    user: Option<String>,
    after: Option<MoId>,
    limit: usize,
) -> QueryResult<Page<MoRecord>> {
    let limit = limit.clamp(1, 1_000);
    let whose = if user.is_some() { " AND (owner = ? OR owner IS NULL)" } else { "" };
    let text = format!(
        "SELECT {MO_COLUMNS} FROM mo WHERE acknowledged_at IS NULL AND id > ?{whose} ORDER BY id LIMIT ?"
    );
    let mut binds: Vec<Bind<'_>> = vec![after.map_or(i64::MIN, |id| id.0).into()];
    binds.extend(user.map(Bind::from));
    binds.push((limit + 1).into());
    let rows: Vec<StoredMo> = Sql::<MoSql>::new(text, binds).rows(conn).await?;
    let more = rows.len() > limit;
    let next = rows.get(limit - 1).filter(|_| more).map(|row| row.id);
    let rows = rows.into_iter().take(limit);
    let items = rows.filter_map(|row| readable("received message", row.record())).collect();
    Ok(Page { items, next })
}
