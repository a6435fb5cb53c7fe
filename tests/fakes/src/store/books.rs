//! The tables of the store in memory, and what several ports do with them: records, handoffs, receipts.

use domain::Timestamp;
use domain::directory::{LinkId, LinkOrder, User, UserName};
use domain::message::{Callback, Incarnation, Message, MessageId, Parts, SubmissionId, Which};
use domain::mo::{Destination, Mo, Subscription};
use domain::receipt::correlate::{self, Fit};
use domain::receipt::{Habit, Known, Receipt, Verdict, fold};
use domain::routing::{Awaits, Deadline, Tries};
use domain::state::State;
use domain::submission::{AcceptedMessage, RefusedRecipient};
use ports::driven::{Applied, Content, Handoff, HandoffKey, MessageRecord, MoRecord, NewMoPart, RecallSaid};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Everything.
#[derive(Default)]
pub(super) struct Books {
    pub(super) messages: BTreeMap<i64, Row>,
    pub(super) accepted: u64,
    pub(super) removed: u64,
    pub(super) once: HashMap<(UserName, String), Used>,
    pub(super) awaiting: Vec<Await>,
    pub(super) parked: Vec<Parked>,
    /// The other links of each link's account.
    pub(super) accounts: HashMap<LinkId, Vec<LinkId>>,
    pub(super) habits: HashMap<LinkId, Habit>,
    pub(super) handoffs: BTreeMap<HandoffKey, Task>,
    pub(super) given_up: u64,
    pub(super) seen: HashMap<u128, Timestamp>,
    pub(super) groups: Vec<Group>,
    pub(super) inbox: BTreeMap<i64, MoRecord>,
    /// Received messages that were handed over.
    pub(super) handed: BTreeSet<i64>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) version: u64,
    pub(super) runs: HashMap<Incarnation, Run>,
    pub(super) nodes: HashMap<String, u16>,
    pub(super) deadlines: BTreeMap<(i64, Awaits), Timestamp>,
    pub(super) orders: BTreeMap<LinkId, LinkOrder>,
    /// What programs asked to be told of.
    pub(super) subscriptions: Vec<Subscription>,
    /// Wishes that operators take messages back.
    pub(super) recalls: BTreeMap<(i64, LinkId), Wish>,
}

/// A message.
pub(super) struct Row {
    pub(super) message: Arc<Message>,
    pub(super) state: State,
    pub(super) link: LinkId,
    pub(super) lease: Option<Incarnation>,
    pub(super) parts: Parts,
    pub(super) due_at: Timestamp,
    pub(super) tries: Tries,
    pub(super) possible_duplicate: bool,
    pub(super) sent_at: Option<Timestamp>,
    pub(super) final_at: Option<Timestamp>,
    pub(super) error: String,
}

impl Row {
    /// Whether it stands in a queue.
    pub(super) fn waits(&self) -> bool {
        matches!(self.state, State::Scheduled | State::Queued)
    }

    /// Puts it in a state; an end lets go of it.
    pub(super) fn enter(&mut self, state: State, at: Timestamp) {
        self.state = state;
        if state.is_final() {
            self.final_at = Some(at);
            self.lease = None;
        }
    }
}

/// A used idempotency key.
pub(super) struct Used {
    pub(super) digest: [u8; 32],
    pub(super) at: Timestamp,
    pub(super) submission: SubmissionId,
    pub(super) messages: Vec<AcceptedMessage>,
    pub(super) refused: Vec<RefusedRecipient>,
}

/// A part whose receipt is awaited, or has come: kept, so that a repetition is known for one.
pub(super) struct Await {
    pub(super) link: LinkId,
    pub(super) key: String,
    pub(super) message: MessageId,
    pub(super) seq: u8,
    pub(super) until: Timestamp,
    pub(super) done: bool,
}

/// A receipt that no message has asked for yet.
pub(super) struct Parked {
    pub(super) receipt: Receipt,
    pub(super) at: Timestamp,
}

/// A handoff.
pub(super) struct Task {
    pub(super) about: About,
    pub(super) tries: u16,
    pub(super) created_at: Timestamp,
    pub(super) resent_at: Option<Timestamp>,
    pub(super) due_at: Timestamp,
    pub(super) lease: Option<Incarnation>,
    pub(super) error: String,
    /// Given up as the n-th.
    pub(super) dead: Option<u64>,
}

/// What a handoff is about.
pub(super) enum About {
    State(Callback, Box<MessageRecord>),
    Mo(Destination, Box<Mo>, Option<UserName>),
}

/// The parts of a message that is not whole.
pub(super) struct Group {
    pub(super) parts: Vec<NewMoPart>,
}

/// A wish that an operator takes a message back.
#[derive(Default)]
pub(super) struct Wish {
    /// When it is given out next; none once it is answered.
    pub(super) due_at: Option<Timestamp>,
    pub(super) tries: u16,
    pub(super) said: Option<RecallSaid>,
}

/// A run of a node.
pub(super) struct Run {
    pub(super) node: String,
    pub(super) beat_at: Timestamp,
    pub(super) alive: bool,
    pub(super) links: Option<Vec<LinkId>>,
}

impl Books {
    /// A message with all that is known.
    pub(super) fn record(&self, id: MessageId) -> Option<MessageRecord> {
        self.messages.get(&id.0).map(|row| MessageRecord {
            message: Arc::clone(&row.message),
            state: row.state,
            link: row.link.clone(),
            parts: row.parts.clone(),
            sent_at: row.sent_at,
            final_at: row.final_at,
            error: row.error.clone(),
            tries: row.tries,
            possible_duplicate: row.possible_duplicate,
        })
    }

    /// A message has these times, and none of its earlier ones.
    pub(super) fn new_times(&mut self, id: MessageId, times: &[Deadline]) {
        self.deadlines.retain(|(of, _), _| *of != id.0);
        self.deadlines.extend(times.iter().map(|d| ((id.0, d.awaits), d.due_at)));
    }

    /// Whether a run may hold things.
    pub(super) fn is_alive(&self, run: Incarnation) -> bool {
        self.runs.get(&run).is_some_and(|r| r.alive)
    }

    /// Stores a handoff about the state `event`, if there is somebody to tell.
    pub(super) fn tell(
        &mut self,
        id: MessageId,
        event: State,
        lease: Option<Incarnation>,
        at: Timestamp,
    ) -> Option<Handoff> {
        let record = self.record(id)?;
        let callback = record.message.callback.clone()?;
        let key = HandoffKey { subject: id.0, event: event.code() };
        self.add_handoff(key, About::State(callback, Box::new(record)), lease, at)
    }

    /// As [`Books::tell`], where the sender wants to hear of that state.
    pub(super) fn tell_if_wanted(
        &mut self,
        id: MessageId,
        event: State,
        lease: Option<Incarnation>,
        at: Timestamp,
    ) -> Option<Handoff> {
        let wanted = self
            .messages
            .get(&id.0)
            .and_then(|r| r.message.callback.as_ref())
            .is_some_and(|c| c.wants(event));
        if wanted { self.tell(id, event, lease, at) } else { None }
    }

    /// Stores a handoff; one that is there already stays as it is.
    pub(super) fn add_handoff(
        &mut self,
        key: HandoffKey,
        about: About,
        lease: Option<Incarnation>,
        at: Timestamp,
    ) -> Option<Handoff> {
        if self.handoffs.contains_key(&key) {
            return None;
        }
        let task = Task {
            about,
            tries: 0,
            created_at: at,
            resent_at: None,
            due_at: at,
            lease,
            error: String::new(),
            dead: None,
        };
        self.handoffs.insert(key, task);
        self.handoff(key)
    }

    /// A handoff with its message as it is now.
    pub(super) fn handoff(&self, key: HandoffKey) -> Option<Handoff> {
        let task = self.handoffs.get(&key)?;
        let content = match &task.about {
            About::Mo(destination, mo, user) => {
                Content::Mo { destination: destination.clone(), mo: mo.clone(), user: user.clone() }
            }
            About::State(callback, then) => {
                let record = self.record(MessageId(key.subject)).map_or_else(|| then.clone(), Box::new);
                Content::State { callback: callback.clone(), record }
            }
        };
        let Task { tries, created_at, resent_at, .. } = *task;
        Some(Handoff { key, content, tries, created_at, resent_at })
    }

    /// Applies one receipt. One without a message is parked.
    pub(super) fn apply(&mut self, receipt: &Receipt, lease: Option<Incarnation>, now: Timestamp) -> Applied {
        if receipt.verdict.part_state().is_none() {
            return Applied::Nothing;
        }
        if let Some(at) = self.find(receipt) {
            return self.fold_in(at, receipt, lease, now);
        }
        if !self.parked.iter().any(|p| p.receipt == *receipt) {
            self.parked.push(Parked { receipt: receipt.clone(), at: now });
        }
        Applied::Parked
    }

    /// Applies the parked receipts whose message has turned up.
    pub(super) fn apply_parked(&mut self, now: Timestamp) {
        let parked = std::mem::take(&mut self.parked);
        for waiting in parked {
            match self.find(&waiting.receipt) {
                Some(at) => {
                    self.fold_in(at, &waiting.receipt, None, now);
                }
                None => self.parked.push(waiting),
            }
        }
    }

    /// The awaited part a receipt is about. Where something is open under the exact id: of several messages there only whom the receipt
    /// names, and nobody else where it repeats an ended one's. Else under any spelling, and the recipient agrees.
    fn find(&self, receipt: &Receipt) -> Option<usize> {
        self.find_own(receipt).or_else(|| self.find_beside(receipt))
    }

    /// Under any spelling among the messages of the other links of the account, and the recipient agrees.
    fn find_beside(&self, receipt: &Receipt) -> Option<usize> {
        let keys = self.habits.get(&receipt.link).copied().unwrap_or_default().keys(&receipt.operator_id);
        let named = receipt.recipient.as_ref().map(ToString::to_string);
        let others = self.accounts.get(&receipt.link)?;
        let all = self.awaiting.iter().enumerate();
        let found: Vec<_> = all.filter(|(_, a)| others.contains(&a.link) && keys.contains(&a.key)).collect();
        self.best(named.as_deref(), &found, Fit::Alike)
    }

    fn find_own(&self, receipt: &Receipt) -> Option<usize> {
        let keys = self.habits.get(&receipt.link).copied().unwrap_or_default().keys(&receipt.operator_id);
        let named = receipt.recipient.as_ref().map(ToString::to_string);
        let under = |keys: &[String]| -> Vec<(usize, &Await)> {
            let all = self.awaiting.iter().enumerate();
            all.filter(|(_, a)| a.link == receipt.link && keys.contains(&a.key)).collect()
        };
        let exact = under(keys.get(..1).unwrap_or_default());
        let (ended, open): (Vec<_>, Vec<_>) = exact.iter().copied().partition(|(_, a)| a.done);
        let Some((_, one)) = open.first() else {
            return self.best(named.as_deref(), &under(&keys), Fit::Same);
        };
        let shared = open.iter().any(|(_, a)| a.message != one.message);
        let again = named.is_some() && ended.iter().any(|(_, a)| self.fit(named.as_deref(), a) >= Fit::Alike);
        let least = if shared || again { Fit::Alike } else { Fit::Other };
        self.best(named.as_deref(), &exact, least)
    }

    fn fit(&self, named: Option<&str>, awaited: &Await) -> Fit {
        let recipient = self.messages.get(&awaited.message.0).map(|r| r.message.recipient.to_string());
        Fit::of(named, &recipient.unwrap_or_default())
    }

    /// The right recipient before another, open before ended, the newest first.
    fn best(&self, named: Option<&str>, found: &[(usize, &Await)], least: Fit) -> Option<usize> {
        let ranked = found.iter().map(|(at, awaited)| (self.fit(named, awaited), !awaited.done, *at));
        ranked.filter(|(fit, ..)| *fit >= least).max().map(|(.., at)| at)
    }

    fn fold_in(
        &mut self,
        at: usize,
        receipt: &Receipt,
        lease: Option<Incarnation>,
        now: Timestamp,
    ) -> Applied {
        let Some(awaited) = self.awaiting.get_mut(at) else { return Applied::Nothing };
        let id = awaited.message;
        let Some(row) = self.messages.get_mut(&id.0) else { return Applied::Nothing };
        let (parts, total) = (row.parts.clone(), row.message.segments);
        let (on, of, seq) = (row.link.as_str(), awaited.link.as_str(), awaited.seq);
        let which = parts.which(on, of, seq, |known| correlate::stored_key(known) == awaited.key);
        let habit = self.habits.entry(awaited.link.clone()).or_default();
        if let Some(part) = parts.of(which).iter().find(|part| part.seq == seq) {
            habit.note(&part.operator_id, &receipt.operator_id);
        }
        let spelling = habit.learned();
        let watched = self.deadlines.contains_key(&(id.0, Awaits::Delivery));
        let recalled = self.recalls.keys().any(|(of, _)| *of == id.0);
        let known = Known { state: row.state, parts: &parts, total, watched, recalled };
        let folded = fold(known, which, seq, receipt.verdict, &receipt.error);
        let Some(folded) = folded else { return Applied::Nothing };
        // An `unknown` may be mended by a later receipt: its part stays open.
        awaited.done = receipt.verdict != Verdict::Unknown;
        row.parts = folded.parts;
        let (hopeless, delivered_after) = (folded.hopeless, None);
        if hopeless && let Some(due_at) = self.deadlines.get_mut(&(id.0, Awaits::Delivery)) {
            *due_at = now;
        }
        let Some(state) = folded.state else {
            return Applied::Changed { id, state: None, tell: None, delivered_after, spelling, hopeless };
        };
        let taken_at = match which {
            Which::Now => row.sent_at,
            Which::Past(n) => row.parts.past().get(n).and_then(|way| way.sent_at),
        };
        let delivered_after = taken_at
            .filter(|_| state == State::Delivered)
            .and_then(|at| Duration::try_from(now.duration_since(at)).ok());
        row.enter(state, now);
        if !matches!(state, State::Delivered | State::Cancelled) {
            row.error.clone_from(&receipt.error);
        }
        let tell = self.tell_if_wanted(id, state, lease, now).map(Box::new);
        Applied::Changed { id, state: Some(state), tell, delivered_after, spelling, hopeless }
    }
}
