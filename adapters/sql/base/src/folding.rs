//! What a batch of receipts makes of messages, before anything of it is written: which awaited part each is about, what becomes of the message,
//! who is told. It asks nothing of a database: what it lacks it names, and is given.

use crate::lately::{self, Lately};
use crate::map::{Hashing, Map, Set};
use crate::memory::Memory;
use crate::rows::{Awaited, EarlyReceipt, Folded, HandoffRow, Standing, kept_key, millis, time};
use crate::told::{self, Tell};
use diesel::QueryResult;
use domain::Timestamp;
use domain::directory::LinkId;
use domain::message::{Incarnation, MessageId, Parts, Which};
use domain::receipt::correlate::{self, Fit};
use domain::receipt::{Known, Receipt, Verdict, fold};
use domain::state::State;
use ports::driven::{Applied, Handoff, MessageRecord};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A receipt, the run that holds the handoff, the time.
pub type Asked<'a> = (&'a Receipt, Option<Incarnation>, Timestamp);

/// A link and a key under which a part's receipt is awaited.
pub type Name = (String, String);

/// A batch of receipts.
pub struct Folding<'a> {
    asks: Vec<Ask<'a>>,
    /// What the table has under the names that were looked up.
    found: Map<Name, Vec<Awaited>>,
    /// What is known of the messages that the receipts may be about.
    pub standings: Map<i64, Standing>,
    /// Messages whose outcome somebody waits for until a deadline.
    pub watched: HashSet<i64>,
    /// Messages that somebody wishes to be taken back.
    pub recalled: HashSet<i64>,
    /// What becomes of messages.
    pub changed: Map<i64, Folded>,
    /// Parts that are awaited no longer.
    pub done: Vec<Awaited>,
    /// Receipts that are kept until their replies come.
    pub parked: Vec<EarlyReceipt>,
    closed: Set<(i64, i16)>,
    tells: Vec<Tell>,
}

/// One receipt of the batch.
struct Ask<'a> {
    receipt: &'a Receipt,
    lease: Option<Incarnation>,
    now: Timestamp,
    /// The keys its id may be stored under, the likeliest first.
    keys: Vec<String>,
    /// The number it names, as messages have it.
    named: Option<String>,
    /// The part it is about, where the writer knows it without asking.
    own: Option<Awaited>,
}

impl Ask<'_> {
    fn names(&self) -> impl Iterator<Item = Name> + '_ {
        self.keys.iter().map(|key| (self.receipt.link.as_str().to_owned(), key.clone()))
    }

    /// Links of the same account, with every spelling of its id.
    fn names_beside(&self, memory: &Memory) -> Vec<Name> {
        let links = memory.beside(&self.receipt.link).into_iter();
        links.flat_map(|link| self.keys.iter().map(move |key| (link.clone(), key.clone()))).collect()
    }
}

impl<'a> Folding<'a> {
    /// Begins. `alone` = nobody else writes, so that what the writer remembers is so.
    pub fn of(memory: &Memory, asked: &[Asked<'a>], alone: bool) -> Self {
        let ask = |(receipt, lease, now): &Asked<'a>| {
            let decisive = receipt.verdict != Verdict::Pending;
            let keys = if decisive { memory.keys(receipt) } else { Vec::new() };
            let named = receipt.recipient.as_ref().map(ToString::to_string);
            let likeliest = keys.first().filter(|_| alone && named.is_some());
            let own = likeliest
                .and_then(|key| memory.lately.awaited(receipt.link.as_str(), key, named.as_deref()))
                .cloned();
            Ask { receipt, lease: *lease, now: *now, keys, named, own }
        };
        Self {
            asks: asked.iter().map(ask).collect(),
            found: Map::default(),
            standings: Map::with_capacity_and_hasher(asked.len(), Hashing::default()),
            watched: HashSet::new(),
            recalled: HashSet::new(),
            changed: Map::with_capacity_and_hasher(asked.len(), Hashing::default()),
            done: Vec::with_capacity(asked.len()),
            parked: Vec::new(),
            closed: Set::with_capacity_and_hasher(asked.len(), Hashing::default()),
            tells: Vec::new(),
        }
    }

    fn unsure(&self) -> impl Iterator<Item = &Ask<'a>> {
        self.asks.iter().filter(|ask| ask.own.is_none() && !ask.keys.is_empty())
    }

    /// Names to look up first: the likeliest spelling of each id.
    pub fn likely(&self) -> Vec<Name> {
        self.unsure().filter_map(|ask| ask.names().next()).collect()
    }

    /// Names to look up then: the other spellings of those that were not found.
    pub fn less_likely(&self) -> Vec<Name> {
        let lacking = self
            .unsure()
            .filter(|ask| !ask.names().next().is_some_and(|name| self.found.contains_key(&name)));
        lacking.flat_map(|ask| ask.names().skip(1)).collect()
    }

    /// Names to look up last, under the other links of the account.
    pub fn beside(&self, memory: &Memory) -> Vec<Name> {
        let lacking = self.unsure().filter(|ask| !ask.names().any(|name| self.found.contains_key(&name)));
        lacking.flat_map(|ask| ask.names_beside(memory)).collect()
    }

    /// Takes what was found.
    pub fn found(&mut self, rows: Vec<Awaited>) {
        for row in rows {
            let of_name = self.found.entry((row.link.clone(), row.op_key.clone())).or_default();
            if !of_name.iter().any(|a| a.message == row.message && a.seq == row.seq) {
                of_name.push(row);
            }
        }
    }

    /// Takes what the writer knows of the messages, where it is `alone`; the others.
    pub fn stand(&mut self, lately: &Lately, alone: bool) -> Vec<i64> {
        let own = self.asks.iter().filter_map(|ask| ask.own.as_ref());
        let mut unknown = Vec::new();
        for id in own.chain(self.found.values().flatten()).map(|awaited| awaited.message) {
            match lately.standing(id).filter(|_| alone) {
                Some(standing) => drop(self.standings.insert(id, standing.clone())),
                None => unknown.push(id),
            }
        }
        unknown
    }

    /// The messages that receipts with such a verdict may be about.
    pub fn about(&self, such: impl Fn(Verdict) -> bool) -> Vec<i64> {
        let those = self.asks.iter().filter(|ask| such(ask.receipt.verdict));
        let messages = |ask: &Ask<'_>| -> Vec<i64> {
            let found = ask.names().filter_map(|name| self.found.get(&name)).flatten().map(|a| a.message);
            ask.own.iter().map(|own| own.message).chain(found).collect()
        };
        those.flat_map(messages).collect()
    }

    /// Folds them in, in their order; those of no message are to be parked.
    pub fn fold(&mut self, memory: &mut Memory) -> Vec<Applied> {
        let asks = std::mem::take(&mut self.asks);
        asks.iter().map(|ask| self.one(ask, memory)).collect()
    }

    fn one(&mut self, ask: &Ask<'_>, memory: &mut Memory) -> Applied {
        let receipt = ask.receipt;
        if receipt.verdict == Verdict::Pending {
            return Applied::Nothing;
        }
        let Some(awaited) = self.find(ask, memory) else {
            return self.unmatched(ask, memory);
        };
        let Some(standing) = self.standings.get_mut(&awaited.message) else { return Applied::Nothing };
        let state = State::from_code(standing.state).unwrap_or(State::Sent);
        let total = u8::try_from(standing.segments).unwrap_or(1);
        let seq = u8::try_from(awaited.seq).unwrap_or(1);
        let parts = Parts::decode(&standing.parts);
        let which = parts.which(&standing.link, &awaited.link, seq, |id| {
            kept_key(correlate::stored_key(id)) == awaited.op_key
        });
        let spelling = memory.spelled(&awaited.link, |habit| {
            if let Some(part) = parts.of(which).iter().find(|part| part.seq == seq) {
                habit.note(&part.operator_id, &receipt.operator_id);
            }
            habit.learned()
        });
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
            self.done.push(awaited);
        }
        let ended = folded.state.is_some_and(State::is_final);
        let hopeless = folded.hopeless;
        let taken_at = match which {
            Which::Now => standing.sent_at.map(time),
            Which::Past(n) => parts.past().get(n).and_then(|way| way.sent_at),
        };
        let delivered_after = taken_at
            .filter(|_| folded.state == Some(State::Delivered))
            .and_then(|at| Duration::try_from(ask.now.duration_since(at)).ok());
        let good = matches!(after, State::Delivered | State::Cancelled);
        let error = (ended && !good).then(|| kept_key(receipt.error.clone()));
        let (parts, final_at) = (folded.parts, ended.then(|| millis(ask.now)));
        let entry = Folded { id: id.0, state: after, parts, final_at, error };
        let before = self.changed.remove(&id.0);
        let final_at = entry.final_at.or(before.as_ref().and_then(|b| b.final_at));
        let error = entry.error.clone().or(before.and_then(|b| b.error));
        self.changed.insert(id.0, Folded { final_at, error, ..entry });
        if let Some(state) = folded.state
            && told::wanted(standing.callback.as_deref(), state)
        {
            self.tells.push(Tell { id: id.0, state, lease: ask.lease, at: ask.now });
        }
        Applied::Changed { id, state: folded.state, tell: None, delivered_after, spelling, hopeless }
    }

    /// Under the likeliest spelling, or else the others: the right recipient before another, open before ended, the newest first.
    fn find(&self, ask: &Ask<'_>, memory: &Memory) -> Option<Awaited> {
        let named = ask.named.as_deref();
        let name = || ask.names().next();
        let likely = match &ask.own {
            Some(own) => Some(std::slice::from_ref(own)),
            None => name().and_then(|name| self.found.get(&name)).map(Vec::as_slice),
        };
        if let (Some(likely), Some(key)) = (likely, ask.keys.first()) {
            // Of several messages with one id, and where another one's receipt comes again, it is only about whom it names.
            let shared = likely.windows(2).any(|two| matches!(two, [a, b] if a.message != b.message));
            let link = ask.receipt.link.as_str();
            let again = || named.is_some() && memory.recent.knows(link, key, named);
            let least = if shared || again() { Fit::Alike } else { Fit::Other };
            return self.best(named, likely.iter(), least);
        }
        let found = |names: Vec<Name>| -> Vec<&Awaited> {
            names.iter().filter_map(|name| self.found.get(name)).flatten().collect()
        };
        let other = found(ask.names().skip(1).collect());
        self.best(named, other, Fit::Same)
            .or_else(|| self.best(named, found(ask.names_beside(memory)), Fit::Alike))
    }

    fn best<'b>(
        &self,
        named: Option<&str>,
        found: impl IntoIterator<Item = &'b Awaited>,
        least: Fit,
    ) -> Option<Awaited> {
        let ranked = found.into_iter().filter_map(|awaited| {
            let recipient = self.standings.get(&awaited.message).map(|s| s.recipient.as_str());
            let fit = Fit::of(named, recipient.unwrap_or_default());
            let open = !self.closed.contains(&(awaited.message, awaited.seq));
            (fit >= least).then_some(((fit, open, awaited.message), awaited))
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, awaited)| awaited.clone())
    }

    fn unmatched(&mut self, ask: &Ask<'_>, memory: &Memory) -> Applied {
        let names: Vec<Name> = ask.names().chain(ask.names_beside(memory)).collect();
        if names.iter().any(|(link, key)| memory.recent.knows(link, key, ask.named.as_deref())) {
            return Applied::Nothing;
        }
        // Where its reply will look for it.
        let rows = names.into_iter().filter_map(|(link, op_key)| {
            let receipt = Receipt { link: LinkId::parse(&link).ok()?, ..ask.receipt.clone() };
            Some(EarlyReceipt { receipt, op_key, parked_at: ask.now })
        });
        self.parked.extend(rows);
        Applied::Parked
    }

    /// Messages that somebody is told of and the writer does not know.
    pub fn untold(&self, lately: &Lately) -> Vec<i64> {
        self.tells.iter().map(|tell| tell.id).filter(|id| lately.message(*id).is_none()).collect()
    }

    /// The handoffs, with the messages as they are after all that is changed; `read` has those of [`Self::untold`].
    pub fn told(
        &mut self,
        lately: &Lately,
        read: &HashMap<i64, MessageRecord>,
    ) -> QueryResult<Vec<(HandoffRow, Handoff)>> {
        let tells = std::mem::take(&mut self.tells);
        let mut told = Vec::with_capacity(tells.len());
        for tell in tells {
            let message = lately.message(tell.id).or_else(|| read.get(&tell.id).map(|r| &r.message));
            let standing = self.standings.get(&tell.id).zip(self.changed.get(&tell.id));
            let (Some(message), Some((standing, row))) = (message, standing) else { continue };
            let Some(callback) = &message.callback else { continue };
            let mut standing = standing.clone();
            lately::fold(&mut standing, row);
            let record = standing.record(Arc::clone(message))?;
            told.push((told::row(&tell, callback), told::handoff(&tell, callback.clone(), record)));
        }
        Ok(told)
    }
}
