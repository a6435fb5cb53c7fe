//! Messages under way that this writer itself wrote down, so that it need not read them again to settle them or to fold their receipts in.
//!
//! Losing any of it costs a read. It is never asked where somebody else may have written since: the writer forgets all of it after a
//! rollback, when another connection changed a SQLite file, and when one of its own statements changes messages in ways not followed here
//! (`adapters/sql/src/store/writer.rs`). With a server, where other nodes write, only what never changes of a message is used: what was accepted.

use crate::map::Map;
use crate::rows::{Awaited, Folded, Settled, Standing, millis};
use domain::message::{Message, PartState};
use domain::state::State;
use ports::driven::{Leased, NewMessage, Outcome};
use std::collections::VecDeque;
use std::sync::Arc;

/// How many messages are remembered; the oldest goes first. (About 1 KiB each.)
const MOST: usize = 20_000;

/// The messages.
#[derive(Default)]
pub struct Lately {
    messages: Map<i64, Kept>,
    order: VecDeque<i64>,
    /// Parts whose receipts are awaited, by [`name`].
    awaited: Map<String, Named>,
    version: Option<i64>,
}

/// The parts under one name.
struct Named {
    /// How many there are.
    parts: usize,
    /// The part, as long as there was never more than one: an operator that gives one id several times (the parts of a long message have the
    /// same time and recipient) is understood where all of them are.
    only: Option<Awaited>,
}

struct Kept {
    message: Arc<Message>,
    standing: Standing,
    /// The names of its awaited parts.
    names: Vec<String>,
}

/// One text for a link and a key. Neither has a NUL.
fn name(link: &str, key: &str) -> String {
    let mut name = String::with_capacity(link.len() + 1 + key.len());
    name.push_str(link);
    name.push('\0');
    name.push_str(key);
    name
}

impl Lately {
    /// Forgets everything.
    pub fn forget(&mut self) {
        self.messages.clear();
        self.order.clear();
        self.awaited.clear();
        self.version = None;
    }

    /// The version of the file, which other connections' commits change: after one of them nothing here is sure any more.
    pub fn at_version(&mut self, version: i64) {
        if self.version.is_some_and(|before| before != version) {
            self.forget();
        }
        self.version = Some(version);
    }

    /// A message was stored as held by a run: its link will report of it soon. (What waits in a queue is leased first.)
    pub fn accepted(&mut self, new: &NewMessage) {
        if new.state != State::Sending {
            return;
        }
        let standing = standing(&new.message, new.link.as_str(), State::Sending, "");
        self.keep(Arc::clone(&new.message), standing);
    }

    /// A message was taken from the queue.
    pub fn leased(&mut self, leased: &Leased) {
        let mut standing =
            standing(&leased.message, leased.link.as_str(), State::Sending, &leased.parts.encode());
        standing.tries_total = i32::from(leased.tries.total);
        standing.tries_on_link = i32::from(leased.tries.on_link);
        standing.possible_duplicate = i16::from(leased.possible_duplicate);
        self.lose(leased.message.id.0);
        self.keep(Arc::clone(&leased.message), standing);
    }

    fn keep(&mut self, message: Arc<Message>, standing: Standing) {
        let id = message.id.0;
        self.messages.insert(id, Kept { message, standing, names: Vec::new() });
        self.order.push_back(id);
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.lose(oldest);
            }
        }
    }

    /// Forgets one message.
    pub fn lose(&mut self, id: i64) {
        if let Some(kept) = self.messages.remove(&id) {
            kept.names.iter().for_each(|name| self.one_less(name));
        }
    }

    fn one_less(&mut self, name: &str) {
        if let Some(named) = self.awaited.get_mut(name) {
            named.parts = named.parts.saturating_sub(1);
            if named.parts == 0 {
                self.awaited.remove(name);
            }
        }
    }

    /// A settlement was written. What is simple is followed: all parts are with the operator, and each has its receipt to come.
    pub fn settled(&mut self, row: &Settled, awaited: &[Awaited]) {
        let id = row.settlement.id.0;
        let Some(kept) = self.messages.get_mut(&id) else { return };
        let open = row.parts.as_slice().iter().all(|part| part.state == PartState::Sent);
        let simple = matches!(row.settlement.outcome, Outcome::Sent)
            && row.state == State::Sent
            && !row.parts.has_past()
            && open
            && !awaited.is_empty()
            && awaited.len() == usize::from(kept.message.segments);
        if !simple {
            self.lose(id);
            return;
        }
        let standing = &mut kept.standing;
        standing.state = row.state.code();
        row.settlement.link.as_str().clone_into(&mut standing.link);
        standing.parts = row.parts.encode();
        standing.sent_at = Some(millis(row.settlement.at));
        standing.error = Some(String::new());
        if row.settlement.possible_duplicate {
            standing.possible_duplicate = 1;
        }
        kept.names = awaited.iter().map(|a| name(&a.link, &a.op_key)).collect();
        for (name, awaited) in kept.names.iter().zip(awaited) {
            self.awaited
                .entry(name.clone())
                .and_modify(|named| {
                    named.parts += 1;
                    named.only = None;
                })
                .or_insert_with(|| Named { parts: 1, only: Some(awaited.clone()) });
        }
    }

    /// The part that a receipt under this very key is about, if its message is known here and was sent to the number that is named. (One
    /// that names none may be of an older message of the same key, which only the table knows.)
    pub fn awaited(&self, link: &str, key: &str, recipient: Option<&str>) -> Option<&Awaited> {
        let awaited = self.awaited.get(&name(link, key))?.only.as_ref()?;
        let kept = self.messages.get(&awaited.message)?;
        (recipient == Some(kept.standing.recipient.as_str())).then_some(awaited)
    }

    /// What is known of a message that was sent.
    pub fn standing(&self, id: i64) -> Option<&Standing> {
        self.messages.get(&id).map(|kept| &kept.standing).filter(|s| s.state == State::Sent.code())
    }

    /// What was accepted.
    pub fn message(&self, id: i64) -> Option<&Arc<Message>> {
        self.messages.get(&id).map(|kept| &kept.message)
    }

    /// What receipts made of messages was written, and which parts are awaited no longer.
    pub fn folded_in(&mut self, done: &[Awaited], changed: &[Folded]) {
        done.iter().for_each(|awaited| self.done(awaited));
        changed.iter().for_each(|row| self.folded(row));
    }

    /// What receipts made of a message was written.
    fn folded(&mut self, row: &Folded) {
        if row.state != State::Sent {
            self.lose(row.id);
        } else if let Some(kept) = self.messages.get_mut(&row.id) {
            fold(&mut kept.standing, row);
        }
    }

    /// The receipt of a part has come.
    fn done(&mut self, awaited: &Awaited) {
        let name = name(&awaited.link, &awaited.op_key);
        let Some(kept) = self.messages.get_mut(&awaited.message) else { return };
        if let Some(at) = kept.names.iter().position(|own| *own == name) {
            kept.names.swap_remove(at);
            self.one_less(&name);
        }
    }
}

/// What a change makes of what was known.
pub fn fold(standing: &mut Standing, row: &Folded) {
    standing.state = row.state.code();
    standing.parts = row.parts.encode();
    standing.final_at = row.final_at.or(standing.final_at);
    if row.error.is_some() {
        standing.error.clone_from(&row.error);
    }
}

fn standing(message: &Message, link: &str, state: State, parts: &str) -> Standing {
    Standing {
        id: message.id.0,
        state: state.code(),
        segments: i16::from(message.segments),
        parts: parts.to_owned(),
        recipient: message.recipient.to_string(),
        callback: message.callback.as_ref().map(ToString::to_string),
        link: link.to_owned(),
        sent_at: None,
        final_at: None,
        error: None,
        tries_total: 0,
        tries_on_link: 0,
        possible_duplicate: 0,
    }
}
