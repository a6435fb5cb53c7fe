//! Applying receipts: which awaited part each is about, what it makes of the message, who is told.

use super::lately::{self, Lately};
use super::memory::Memory;
use super::read::messages_by_id;
use super::tell::{self, Tell};
use super::{Conn, deadlines, dialect, recalls};
use crate::op::Ticket;
use crate::rows::{
    Awaited, EarlyReceipt, Folded, HandoffRow, STANDING_COLUMNS, Standing, StandingSql, kept_key, millis,
    time,
};
use crate::statement::{Sql, places};
use diesel::QueryResult;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId, Parts, Which};
use domain::receipt::correlate::{self, Fit};
use domain::receipt::{Known, Receipt, Verdict, fold};
use domain::state::State;
use ports::driven::{Applied, Handoff, HandoffKey};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

type Ask = (Vec<Receipt>, Option<Incarnation>, Timestamp);

/// A receipt, the run that holds the handoff, the time.
pub(super) type Asked<'a> = (&'a Receipt, Option<Incarnation>, Timestamp);

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
    let candidates = candidates(conn, memory, asks).await?;
    let mut standings = HashMap::with_capacity(candidates.len());
    let mut unknown = Vec::new();
    for id in candidates.values().flatten().map(|a| a.message) {
        match memory.lately.standing(id).filter(|_| dialect::SOLE) {
            Some(standing) => drop(standings.insert(id, standing.clone())),
            None => unknown.push(id),
        }
    }
    if !unknown.is_empty() {
        standings.extend(self::standings(conn, unknown).await?);
    }
    let bad = about(memory, asks, &candidates, |v| {
        matches!(v, Verdict::Failed | Verdict::Expired | Verdict::Unknown | Verdict::Deleted)
    });
    let watched = if bad.is_empty() { HashSet::new() } else { deadlines::watched(conn, &bad).await? };
    let deleted = about(memory, asks, &candidates, |v| v == Verdict::Deleted);
    let recalled = if deleted.is_empty() { HashSet::new() } else { recalls::wished(conn, &deleted).await? };
    let mut work = Work { standings, watched, recalled, ..Work::default() };
    let mut applied = Vec::with_capacity(asks.len());
    for (receipt, lease, now) in asks {
        applied.push(work.one(receipt, &candidates, memory, *lease, *now));
    }
    let hopeless: Vec<i64> = applied.iter().filter_map(hopeless).collect();
    if let Some((_, _, now)) = asks.first().filter(|_| !hopeless.is_empty()) {
        deadlines::hurry(conn, &hopeless, *now).await?;
    }
    let told = work.write(conn, memory).await?;
    for answer in &mut applied {
        if let Applied::Changed { id, state: Some(state), tell, .. } = answer {
            let key = HandoffKey { subject: id.0, event: state.code() };
            *tell = told.get(&key).cloned().map(Box::new);
        }
    }
    Ok(applied)
}

/// The messages that receipts with such a verdict may be about.
fn about(
    memory: &Memory,
    asks: &[Asked<'_>],
    candidates: &HashMap<(String, String), Vec<Awaited>>,
    such: impl Fn(Verdict) -> bool,
) -> Vec<i64> {
    let those = asks.iter().map(|(r, ..)| *r).filter(|r| such(r.verdict));
    let names = those.flat_map(|r| memory.keys(r).into_iter().map(|key| (r.link.as_str().to_owned(), key)));
    names.filter_map(|name| candidates.get(&name)).flatten().map(|a| a.message).collect()
}

fn hopeless(applied: &Applied) -> Option<i64> {
    match applied {
        Applied::Changed { id, hopeless: true, .. } => Some(id.0),
        _ => None,
    }
}

/// The awaited parts under every spelling of every receipt: the likeliest ones are enough where there are any.
async fn candidates(
    conn: &mut Conn,
    memory: &Memory,
    asks: &[Asked<'_>],
) -> QueryResult<HashMap<(String, String), Vec<Awaited>>> {
    let decisive = || asks.iter().map(|(r, ..)| *r).filter(|r| r.verdict != Verdict::Pending);
    let mut found: HashMap<(String, String), Vec<Awaited>> = HashMap::new();
    let mut spelled = Vec::new();
    for receipt in decisive() {
        let (link, keys) = (receipt.link.as_str(), memory.keys(receipt));
        let Some(likeliest) = keys.first() else { continue };
        let to = receipt.recipient.as_ref().filter(|_| dialect::SOLE).map(ToString::to_string);
        match to.and_then(|to| memory.lately.awaited(link, likeliest, Some(&to))) {
            Some(awaited) => {
                drop(found.insert((link.to_owned(), likeliest.clone()), vec![awaited.clone()]));
            }
            None => spelled.push((link.to_owned(), keys)),
        }
    }
    let likely: Vec<_> =
        spelled.iter().filter_map(|(l, keys)| Some((l.clone(), keys.first()?.clone()))).collect();
    if !likely.is_empty() {
        gather(&mut found, dialect::awaited(conn, likely).await?);
    }
    spelled.retain(|(link, keys)| {
        keys.first().is_some_and(|key| !found.contains_key(&(link.clone(), key.clone())))
    });
    let named = |(link, keys): (String, Vec<String>)| keys.into_iter().map(move |key| (link.clone(), key));
    let other: Vec<_> = spelled.into_iter().flat_map(|all| named(all).skip(1)).collect();
    if !other.is_empty() {
        gather(&mut found, dialect::awaited(conn, other).await?);
    }
    let lacking = decisive().filter(|r| {
        !memory.keys(r).into_iter().any(|key| found.contains_key(&(r.link.as_str().to_owned(), key)))
    });
    let beside: Vec<_> = lacking.flat_map(|r| names_beside(memory, r)).collect();
    if !beside.is_empty() {
        gather(&mut found, dialect::awaited(conn, beside).await?);
    }
    Ok(found)
}

/// Links of the same account, with every spelling of a receipt's id.
fn names_beside(memory: &Memory, receipt: &Receipt) -> Vec<(String, String)> {
    let keys = memory.keys(receipt);
    let links = memory.beside(&receipt.link).into_iter();
    links.flat_map(|link| keys.iter().map(move |key| (link.clone(), key.clone()))).collect()
}

fn gather(found: &mut HashMap<(String, String), Vec<Awaited>>, rows: Vec<Awaited>) {
    for row in rows {
        let of_key = found.entry((row.link.clone(), row.op_key.clone())).or_default();
        if !of_key.iter().any(|a| a.message == row.message && a.seq == row.seq) {
            of_key.push(row);
        }
    }
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

/// What a batch of receipts does, before it is written.
#[derive(Default)]
struct Work {
    standings: HashMap<i64, Standing>,
    watched: HashSet<i64>,
    recalled: HashSet<i64>,
    changed: HashMap<i64, Folded>,
    done: Vec<Awaited>,
    closed: HashSet<(i64, i16)>,
    parked: Vec<EarlyReceipt>,
    tells: Vec<Tell>,
}

impl Work {
    fn one(
        &mut self,
        receipt: &Receipt,
        candidates: &HashMap<(String, String), Vec<Awaited>>,
        memory: &mut Memory,
        lease: Option<Incarnation>,
        now: Timestamp,
    ) -> Applied {
        if receipt.verdict == Verdict::Pending {
            return Applied::Nothing;
        }
        let Some(awaited) = self.find(receipt, memory, candidates) else {
            return self.unmatched(receipt, memory, now);
        };
        let Some(standing) = self.standings.get_mut(&awaited.message) else { return Applied::Nothing };
        let state = State::from_code(standing.state).unwrap_or(State::Sent);
        let total = u8::try_from(standing.segments).unwrap_or(1);
        let seq = u8::try_from(awaited.seq).unwrap_or(1);
        let parts = Parts::decode(&standing.parts);
        let which = parts.which(&standing.link, &awaited.link, seq, |id| {
            kept_key(correlate::stored_key(id)) == awaited.op_key
        });
        let habit = memory.habits.entry(awaited.link.clone()).or_default();
        if let Some(part) = parts.of(which).iter().find(|part| part.seq == seq) {
            habit.note(&part.operator_id, &receipt.operator_id);
        }
        let spelling = habit.learned();
        let watched = self.watched.contains(&standing.id);
        let recalled = self.recalled.contains(&standing.id);
        let known = Known { state, parts: &parts, total, watched, recalled };
        let Some(folded) = fold(known, which, seq, receipt.verdict, &receipt.error) else {
            return Applied::Nothing;
        };
        let id = MessageId(standing.id);
        let after = folded.state.unwrap_or(state);
        standing.state = after.code();
        standing.parts = folded.parts.encode();
        if folded.part_done && receipt.verdict != Verdict::Unknown {
            memory.recent.put(&awaited.link, &awaited.op_key, &standing.recipient);
            self.closed.insert((awaited.message, awaited.seq));
            self.done.push(awaited.clone());
        }
        let ended = folded.state.is_some_and(State::is_final);
        let hopeless = folded.hopeless;
        let taken_at = match which {
            Which::Now => standing.sent_at.map(time),
            Which::Past(n) => parts.past().get(n).and_then(|way| way.sent_at),
        };
        let delivered_after = taken_at
            .filter(|_| folded.state == Some(State::Delivered))
            .and_then(|at| Duration::try_from(now.duration_since(at)).ok());
        let good = matches!(after, State::Delivered | State::Cancelled);
        let error = (ended && !good).then(|| kept_key(receipt.error.clone()));
        let (parts, final_at) = (folded.parts, ended.then(|| millis(now)));
        let entry = Folded { id: id.0, state: after, parts, final_at, error };
        let before = self.changed.remove(&id.0);
        let final_at = entry.final_at.or(before.as_ref().and_then(|b| b.final_at));
        let error = entry.error.clone().or(before.and_then(|b| b.error));
        self.changed.insert(id.0, Folded { final_at, error, ..entry });
        if let Some(state) = folded.state
            && tell::wanted(standing.callback.as_deref(), state)
        {
            self.tells.push(Tell { id: id.0, state, lease, at: now });
        }
        Applied::Changed { id, state: folded.state, tell: None, delivered_after, spelling, hopeless }
    }

    /// Under the likeliest spelling, or else the others: the right recipient before another, open before ended, the newest first.
    fn find(
        &self,
        receipt: &Receipt,
        memory: &Memory,
        candidates: &HashMap<(String, String), Vec<Awaited>>,
    ) -> Option<Awaited> {
        let named = receipt.recipient.as_ref().map(ToString::to_string);
        let mut names = memory.keys(receipt).into_iter().map(|key| (receipt.link.as_str().to_owned(), key));
        if let Some((name, likely)) = names.next().and_then(|name| candidates.get_key_value(&name)) {
            // Of several messages with one id, and where another one's receipt comes again, it is only about whom it names.
            let shared = likely.windows(2).any(|two| matches!(two, [a, b] if a.message != b.message));
            let again = named.as_deref().is_some_and(|to| memory.recent.knows(&name.0, &name.1, Some(to)));
            let least = if shared || again { Fit::Alike } else { Fit::Other };
            return self.best(named.as_deref(), likely.iter(), least);
        }
        let other: Vec<_> = names.collect();
        let found = other.iter().filter_map(|name| candidates.get(name)).flatten();
        self.best(named.as_deref(), found, Fit::Same).or_else(|| {
            let beside = names_beside(memory, receipt);
            let found = beside.iter().filter_map(|name| candidates.get(name)).flatten();
            self.best(named.as_deref(), found, Fit::Alike)
        })
    }

    fn best<'a>(
        &self,
        named: Option<&str>,
        found: impl Iterator<Item = &'a Awaited>,
        least: Fit,
    ) -> Option<Awaited> {
        let ranked = found.filter_map(|awaited| {
            let recipient = self.standings.get(&awaited.message).map(|s| s.recipient.as_str());
            let fit = Fit::of(named, recipient.unwrap_or_default());
            let open = !self.closed.contains(&(awaited.message, awaited.seq));
            (fit >= least).then_some(((fit, open, awaited.message), awaited))
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, awaited)| awaited.clone())
    }

    fn unmatched(&mut self, receipt: &Receipt, memory: &mut Memory, now: Timestamp) -> Applied {
        let named = receipt.recipient.as_ref().map(ToString::to_string);
        let link = receipt.link.as_str();
        let keys = memory.keys(receipt);
        let own = keys.into_iter().map(|key| (link.to_owned(), key));
        let names: Vec<_> = own.chain(names_beside(memory, receipt)).collect();
        if names.iter().any(|(link, key)| memory.recent.knows(link, key, named.as_deref())) {
            return Applied::Nothing;
        }
        // Where its reply will look for it.
        let rows = names.into_iter().filter_map(|(link, op_key)| {
            let receipt = Receipt { link: LinkId::parse(&link).ok()?, ..receipt.clone() };
            Some(EarlyReceipt { receipt, op_key, parked_at: now })
        });
        self.parked.extend(rows);
        Applied::Parked
    }

    async fn write(
        mut self,
        conn: &mut Conn,
        memory: &mut Memory,
    ) -> QueryResult<HashMap<HandoffKey, Handoff>> {
        let parked = std::mem::take(&mut self.parked);
        if !parked.is_empty() {
            dialect::insert(conn, parked).await?;
            memory.parked = Some(true);
        }
        if self.changed.is_empty() {
            return Ok(HashMap::new());
        }
        let tells = self.told(conn, &memory.lately).await?;
        let changed = self.changed.into_values().collect();
        let (changed, _) = dialect::change(conn, changed).await?;
        self.done.iter().for_each(|awaited| memory.lately.done(awaited));
        changed.iter().for_each(|row| memory.lately.folded(row));
        dialect::delete(conn, self.done).await?;
        tell::store(conn, tells.iter().map(|(row, _)| row.clone()).collect()).await?;
        Ok(tells.into_iter().map(|(_, handoff)| (handoff.key, handoff)).collect())
    }

    /// The handoffs, with the messages as they are after all that is changed.
    async fn told(&mut self, conn: &mut Conn, lately: &Lately) -> QueryResult<Vec<(HandoffRow, Handoff)>> {
        let tells = std::mem::take(&mut self.tells);
        let unknown: Vec<i64> =
            tells.iter().map(|t| t.id).filter(|id| lately.message(*id).is_none()).collect();
        let mut read = HashMap::new();
        if !unknown.is_empty() {
            read = messages_by_id(conn, unknown).await?;
        }
        let mut told = Vec::with_capacity(tells.len());
        for tell in tells {
            let message = lately.message(tell.id).or_else(|| read.get(&tell.id).map(|r| &r.message));
            let standing = self.standings.get(&tell.id).zip(self.changed.get(&tell.id));
            let (Some(message), Some((standing, row))) = (message, standing) else { continue };
            let Some(callback) = &message.callback else { continue };
            let mut standing = standing.clone();
            lately::fold(&mut standing, row);
            let record = standing.record(Arc::clone(message))?;
            told.push((tell::row(&tell, callback), tell::handoff(&tell, callback.clone(), record)));
        }
        Ok(told)
    }
}
