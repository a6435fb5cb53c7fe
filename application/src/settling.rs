//! Writing down what became of messages, however long it takes, and taking messages without ever undoing that.
//!
//! A settlement whose answer was lost may have been stored: the message is then back in its queue, and may be taken again before the
//! repetition comes. The repetition would put it back once more while it is on its way to the operator. So a repetition waits until no
//! lease is under way, leaves out what was taken since, and keeps new leases waiting until it is through.

use crate::fatal::Fatal;
use crate::known::Known;
use domain::directory::LinkId;
use domain::message::MessageId;
use domain::state::State;
use ports::driven::{Dispatch, LeaseRequest, Leased, Outcome, Settlement, StoreError};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{RwLock, RwLockWriteGuard};

/// The pause after the first failure; it doubles.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Settles and leases for one run.
#[derive(Clone)]
pub(crate) struct Settling {
    dispatch: Arc<dyn Dispatch>,
    fatal: Fatal,
    gate: Arc<RwLock<()>>,
    returns: Arc<Mutex<Returns>>,
    known: Known<MessageId>,
}

/// Settlements under way that put messages back, and which of them were taken again meanwhile.
#[derive(Default)]
struct Returns {
    last: u64,
    calls: BTreeMap<u64, HashMap<MessageId, Return>>,
}

/// A message that is being put back.
struct Return {
    /// The link that had it.
    link: LinkId,
    /// It was taken again from the queue it was put into.
    taken: bool,
}

impl Settling {
    pub(crate) fn new(dispatch: Arc<dyn Dispatch>, fatal: Fatal) -> Self {
        Self { dispatch, fatal, gate: Arc::default(), returns: Arc::default(), known: Known::default() }
    }

    /// The messages this run holds.
    pub(crate) fn known(&self) -> &Known<MessageId> {
        &self.known
    }

    /// As long as the answer lives, nobody is taking messages or waiting to hear which he got.
    pub(crate) async fn while_none_is_taken(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Writes settlements down. Returns when they are durable, or when this process has to stop; the state that each brought, as far as that is
    /// known (see [`Dispatch::settle`]).
    pub(crate) async fn write_down(&self, settlements: Vec<Settlement>) -> Vec<Option<State>> {
        let call = self.begin(&settlements);
        let ids: Vec<_> = settlements.iter().map(|s| s.id).collect();
        let mut written = true;
        let states = match self.fatal.watch(self.dispatch.settle(settlements.clone()).await) {
            Ok(states) => states,
            Err(error) => {
                let _gate = self.gate.write().await;
                written = self.repeat(self.not_taken(call, settlements), error).await;
                // Some may have been written down the first time: who is to hear of them finds out from the store.
                vec![None; ids.len()]
            }
        };
        self.returns().calls.remove(&call);
        if written {
            self.known.over(ids);
        }
        states
    }

    /// Whether they were written down at last. If not they stay known: they may have been sent, and must not be sent again as if they had not.
    async fn repeat(&self, settlements: Vec<Settlement>, mut error: StoreError) -> bool {
        let mut pause = PAUSE;
        while error.is_temporary() && self.fatal.reason().is_none() {
            tracing::warn!(%error, count = settlements.len(), "settlements could not be written down; trying again");
            match self.fatal.watch(self.dispatch.settle(settlements.clone()).await) {
                Ok(_) => return true,
                Err(again) => error = again,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tracing::error!(%error, count = settlements.len(), "settlements could not be written down");
        false
    }

    /// Takes messages; see [`Dispatch::lease`].
    pub(crate) async fn lease(&self, request: LeaseRequest) -> Result<Vec<Leased>, StoreError> {
        self.take(self.dispatch.lease(request)).await
    }

    /// Takes messages by any way; they are known to be held before anybody can wonder.
    pub(crate) async fn take(
        &self,
        taking: impl Future<Output = Result<Vec<Leased>, StoreError>>,
    ) -> Result<Vec<Leased>, StoreError> {
        let _gate = self.gate.read().await;
        let leased = self.fatal.watch(taking.await)?;
        self.known.hold(leased.iter().map(|l| l.message.id));
        for returning in self.returns().calls.values_mut() {
            for lease in &leased {
                if let Some(back) = returning.get_mut(&lease.message.id) {
                    // One that goes by another link was not put back by this settlement, or the store refuses to move it again for
                    // it: what the operator of this link took would be forgotten without it.
                    back.taken |= back.link == lease.link;
                }
            }
        }
        Ok(leased)
    }

    /// Remembers which messages a call puts back. Its number.
    fn begin(&self, settlements: &[Settlement]) -> u64 {
        let returning: HashMap<_, _> = settlements
            .iter()
            .filter(|s| returns(s))
            .map(|s| (s.id, Return { link: s.link.clone(), taken: false }))
            .collect();
        let mut returns = self.returns();
        returns.last += 1;
        let call = returns.last;
        if !returning.is_empty() {
            returns.calls.insert(call, returning);
        }
        call
    }

    /// Without those that were taken again by the same link: they had been put back after all.
    fn not_taken(&self, call: u64, mut settlements: Vec<Settlement>) -> Vec<Settlement> {
        let returns = self.returns();
        if let Some(returning) = returns.calls.get(&call) {
            settlements.retain(|s| returning.get(&s.id).is_none_or(|back| !back.taken));
        }
        settlements
    }

    fn returns(&self) -> MutexGuard<'_, Returns> {
        self.returns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn returns(settlement: &Settlement) -> bool {
    matches!(settlement.outcome, Outcome::PutBack { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::message::Incarnation;
    use domain::message::Parts;
    use domain::routing::Tries;
    use fakes::samples;

    fn put_back(id: i64, from: &str, to: &str) -> Settlement {
        let at = Timestamp::from_second(1_700_000_000).expect("a time");
        let outcome = Outcome::PutBack {
            link: samples::link(to),
            due_at: at,
            tries: Tries::default(),
            error: String::new(),
            deadlines: Vec::new(),
        };
        let parts = samples::sent_parts(&["a1"]);
        let settlement =
            samples::settlement(MessageId(id), Incarnation(1), &samples::link(from), at, outcome);
        Settlement { parts, ..settlement }
    }

    fn leased(id: i64, link: &str) -> Leased {
        let message = Arc::new(samples::message(id, Timestamp::UNIX_EPOCH));
        let (parts, tries) = (Parts::default(), Tries::default());
        let (link, due_at) = (samples::link(link), message.due_at);
        Leased { message, link, parts, tries, possible_duplicate: false, due_at }
    }

    #[tokio::test]
    async fn a_repetition_leaves_out_what_was_taken_again_by_its_link_and_nothing_else() {
        let settling = Settling::new(Arc::new(fakes::MemoryStore::new()), Fatal::default());
        let all = vec![put_back(1, "A", "A"), put_back(2, "A", "A"), put_back(3, "A", "B")];
        let call = settling.begin(&all);
        let taken = vec![leased(1, "A"), leased(2, "B"), leased(3, "B")];
        assert_eq!(settling.take(async { Ok(taken) }).await.map(|t| t.len()), Ok(3));
        let left: Vec<_> = settling.not_taken(call, all).iter().map(|s| s.id.0).collect();
        assert_eq!(left, [2, 3], "2 and 3 went by another link: what A took of them must be kept");
    }
}
