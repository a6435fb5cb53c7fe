//! What outlives the process: the operators, the clients, the sinks, and the record of everything that happened.

use crate::clock::{StoryClock, wall};
use crate::plan::{Mode, Plan, STORM};
use domain::message::{Message, MessageId};
use domain::mo::MoPart;
use domain::receipt::{Receipt, Verdict};
use domain::submission::Request;
use fakes::{Call, Fault, MemoryStore, SequentialIds, samples};
use ports::driven::{HandoffKey, StoreError};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Something that will happen at a time of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A client sends.
    Submit(usize),
    /// Somebody takes a message back; which one is drawn then.
    Cancel(u64),
    /// The operator answers a shipment of a run.
    Reply { link: usize, run: u32, shipment: u64 },
    /// The operator reports a receipt.
    Receipt(usize),
    /// The operator brings a part of a received message.
    Mo(usize),
    /// A session dies.
    Die(usize),
    /// And is bound again.
    Up(usize),
    /// The next store call kills the process, before or after its commit.
    Kill { after: bool },
}

/// What the operator saw of one segment.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) step: u64,
    pub(crate) link: usize,
    pub(crate) run: u32,
    pub(crate) message: MessageId,
    pub(crate) seq: u8,
    pub(crate) flagged: bool,
    /// The very first time it was offered anywhere.
    pub(crate) first: bool,
    pub(crate) fate: Fate,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// No answer yet.
    Open,
    /// The gateway was told that the operator has it.
    Accepted,
    /// The gateway was told that the operator has not.
    Refused,
    /// The gateway was told nothing and knows it.
    Silent,
}

/// A request and what the client was told.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) request: Request,
    pub(crate) began: Option<u64>,
    pub(crate) answered: Option<u64>,
    pub(crate) accepted: Vec<MessageId>,
    pub(crate) refused: bool,
}

/// Something an operator keeps until it is taken.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) what: T,
    pub(crate) taken: bool,
}

/// Everything that has happened and will.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) step: u64,
    pub(crate) run: u32,
    pub(crate) told: Duration,
    pub(crate) clock: Option<StoryClock>,
    heap: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) offered: HashMap<MessageId, u32>,
    pub(crate) clients: Vec<Client>,
    pub(crate) cancelled: Vec<(MessageId, u64)>,
    pub(crate) receipts: Vec<Kept<Receipt>>,
    pub(crate) parts: Vec<Kept<MoPart>>,
    pub(crate) delivered: Vec<HandoffKey>,
    /// What the operator will say of each segment, of every time it got it.
    pub(crate) verdicts: HashMap<(MessageId, u8), Vec<Verdict>>,
    pub(crate) next_operator_id: u64,
    pub(crate) calls: u64,
    pub(crate) calm: bool,
    pub(crate) kill: Option<bool>,
    pub(crate) killed: bool,
    pub(crate) wrong: Vec<String>,
}

/// The world of one story.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) ids: Arc<SequentialIds>,
    state: Mutex<State>,
    /// Rung when an event was added or the process was killed.
    pub(crate) changed: Notify,
}

impl World {
    /// A world before its story.
    pub(crate) fn new(plan: Plan) -> Arc<Self> {
        let this = Arc::new(Self {
            plan,
            store: Arc::new(MemoryStore::new()),
            ids: Arc::new(SequentialIds::after(1_000)),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        this.state().next_operator_id = 0x00A1_0000;
        let weak = Arc::downgrade(&this);
        this.store.fail_by(move |call| weak.upgrade().and_then(|world| world.fault(call)));
        crate::clients::schedule(&this);
        this.schedule_weather();
        this
    }

    /// The record.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event.
    pub(crate) fn at(&self, when: Duration, event: Event) {
        let mut state = self.state();
        let n = state.tick();
        state.heap.push(Reverse((when, n, event)));
        drop(state);
        self.changed.notify_one();
    }

    /// Something the judge found.
    pub(crate) fn wrong(&self, what: String) {
        self.state().wrong.push(what);
    }

    fn schedule_weather(&self) {
        let chance = self.plan.chance;
        for n in 0..self.plan.link_deaths {
            let at = chance.millis("die", n, 0, 0, STORM.as_millis().try_into().unwrap_or(u64::MAX));
            let link = usize::from(chance.happens("die_link", n, 0, 500));
            self.at(at, Event::Die(link));
            self.at(at + chance.millis("die_for", n, 0, 100, 60_000), Event::Up(link));
        }
        if self.plan.mode == Mode::Safety {
            self.at(STORM, Event::Kill { after: true });
        }
        for n in 0..self.plan.kills {
            let at = chance.millis("kill", n, 0, 0, STORM.as_millis().try_into().unwrap_or(u64::MAX));
            self.at(at, Event::Kill { after: chance.happens("kill_after", n, 0, 500) });
        }
    }

    /// What goes wrong with a store call.
    fn fault(&self, call: Call) -> Option<Fault> {
        let mut state = self.state();
        if let Some(after) = state.kill.take() {
            state.killed = true;
            drop(state);
            self.changed.notify_one();
            return Some(if after { Fault::StopAfter } else { Fault::StopBefore });
        }
        if state.killed {
            return Some(Fault::StopBefore);
        }
        if state.calm {
            return None;
        }
        state.calls += 1;
        let (n, kind, chance) = (state.calls, call as u64, self.plan.chance);
        if chance.happens("store_refuses", n, kind, self.plan.store_refuses) {
            let busy = chance.happens("busy", n, kind, 500);
            return Some(Fault::Refuse(if busy {
                StoreError::Busy
            } else {
                StoreError::Unavailable("locked".to_owned())
            }));
        }
        let loses = chance.happens("store_loses_answers", n, kind, self.plan.store_loses_answers);
        loses.then_some(Fault::LoseAnswer)
    }

    /// The process is gone: what it had not acknowledged comes again, what was open is never answered.
    pub(crate) fn after_kill(&self) {
        let (receipts, parts, clients) = {
            let mut state = self.state();
            state.killed = false;
            let waiting = |taken: bool| !taken;
            let receipts: Vec<_> =
                state.receipts.iter().enumerate().filter(|(_, k)| waiting(k.taken)).map(|(n, _)| n).collect();
            let parts: Vec<_> =
                state.parts.iter().enumerate().filter(|(_, k)| waiting(k.taken)).map(|(n, _)| n).collect();
            let keyed =
                |c: &Client| c.began.is_some() && c.answered.is_none() && c.request.idempotency_key.is_some();
            let clients: Vec<_> =
                state.clients.iter().enumerate().filter(|(_, c)| keyed(c)).map(|(n, _)| n).collect();
            state.wires.iter_mut().filter(|w| w.fate == Fate::Open).for_each(|w| w.fate = Fate::Silent);
            (receipts, parts, clients)
        };
        let soon = self.state().told + Duration::from_secs(2);
        let mut pending: Vec<Event> = self.state().heap.iter().map(|Reverse((_, _, event))| *event).collect();
        pending.sort_unstable();
        let events = receipts
            .into_iter()
            .map(Event::Receipt)
            .chain(parts.into_iter().map(Event::Mo))
            .chain(clients.into_iter().map(Event::Submit));
        for event in events.filter(|e| pending.binary_search(e).is_err()) {
            self.at(soon, event);
        }
    }

    /// A new operator id, and the receipt that will come under it.
    pub(crate) fn receipt_for(
        &self,
        link: usize,
        message: &Message,
        seq: u8,
        verdict: Verdict,
    ) -> (String, usize) {
        let mut state = self.state();
        state.verdicts.entry((message.id, seq)).or_default().push(verdict);
        state.next_operator_id += 1;
        let n = state.next_operator_id;
        // The reply says it in hexadecimal, the receipt in decimal digits with zeros, as one of the two operators does.
        let (given, told) =
            if link == 0 { (format!("{n:x}"), format!("{n:010}")) } else { (n.to_string(), n.to_string()) };
        let receipt = Receipt {
            link: link_id(link),
            operator_id: told,
            recipient: Some(message.recipient.clone()),
            verdict,
            error: String::new(),
            done_at: Some(wall(state.told_now())),
        };
        state.receipts.push(Kept { what: receipt, taken: false });
        (given, state.receipts.len() - 1)
    }
}

impl State {
    /// One step further.
    pub(crate) fn tick(&mut self) -> u64 {
        self.step += 1;
        self.step
    }

    /// How much of the story has been told at this very moment.
    pub(crate) fn told_now(&self) -> Duration {
        self.clock.as_ref().map_or(self.told, StoryClock::told)
    }

    /// When the next event is.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// The next event that is due.
    pub(crate) fn due(&mut self) -> Option<Event> {
        let due = self.next_at().is_some_and(|at| at <= self.told_now());
        if due { self.heap.pop().map(|Reverse((_, _, event))| event) } else { None }
    }
}

/// The name of a link.
pub(crate) fn link_id(link: usize) -> domain::directory::LinkId {
    samples::link(if link == 0 { "TS0" } else { "TS1" })
}
