//! Taking turns: of each key so many at once, the others after them in the order they came. Nothing is kept of a key that nobody uses.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who has a turn and who waits for one, by key. As many keys as there are callers at the moment, and no more.
pub(crate) struct Turns<K: Hash + Eq> {
    at_once: usize,
    gates: Mutex<HashMap<K, Gate>>,
}

struct Gate {
    places: Arc<Semaphore>,
    /// Callers that have a turn or wait for one.
    callers: usize,
}

impl<K: Hash + Eq + Clone> Turns<K> {
    /// So many at once of each key.
    pub(crate) fn new(at_once: usize) -> Self {
        Self { at_once, gates: Mutex::default() }
    }

    /// Waits for a turn; it lasts as long as the answer lives. A caller who goes away while he waits leaves nothing behind.
    pub(crate) async fn take(&self, key: K) -> Turn<'_, K> {
        let caller = self.enter(key);
        // Nobody closes it.
        let place = Arc::clone(&caller.places).acquire_owned().await.ok();
        Turn { _place: place, _caller: caller }
    }

    fn enter(&self, key: K) -> Caller<'_, K> {
        let mut gates = self.lock();
        let gate = gates
            .entry(key.clone())
            .or_insert_with(|| Gate { places: Arc::new(Semaphore::new(self.at_once)), callers: 0 });
        gate.callers += 1;
        Caller { turns: self, key, places: Arc::clone(&gate.places) }
    }
}

impl<K: Hash + Eq> Turns<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Gate>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn. Its place is free again before its caller is forgotten.
pub(crate) struct Turn<'a, K: Hash + Eq> {
    _place: Option<OwnedSemaphorePermit>,
    _caller: Caller<'a, K>,
}

struct Caller<'a, K: Hash + Eq> {
    turns: &'a Turns<K>,
    key: K,
    places: Arc<Semaphore>,
}

impl<K: Hash + Eq> Drop for Caller<'_, K> {
    fn drop(&mut self) {
        let mut gates = self.turns.lock();
        if let Some(gate) = gates.get_mut(&self.key) {
            gate.callers -= 1;
            if gate.callers == 0 {
                gates.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn so_many_at_once_and_nothing_is_left() {
        let turns = Turns::new(2);
        let first = turns.take("a").await;
        let second = turns.take("a").await;
        let other = turns.take("b").await;
        let mut third = Box::pin(turns.take("a"));
        let mut fourth = Box::pin(turns.take("a"));
        assert!(third.as_mut().now_or_never().is_none() && fourth.as_mut().now_or_never().is_none());
        drop(third);
        drop(first);
        let fourth = fourth.as_mut().now_or_never();
        assert!(fourth.is_some(), "one that went away takes no place");
        assert!(turns.take("a").now_or_never().is_none());
        drop((second, other));
        assert_eq!(turns.lock().len(), 1);
        drop(fourth);
        assert!(turns.lock().is_empty());
    }
}
