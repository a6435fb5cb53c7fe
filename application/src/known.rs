//! What this run knows that it holds: counted, because a thing may be taken again before the last of its earlier turn is over.
//!
//! A store may give something to a run and lose the answer on the way. What it says we hold and is not known here is nobody's work
//! (see `astray.rs`). Never asks a store.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things of one kind that are known to be held.
pub(crate) struct Known<K>(Arc<Mutex<HashMap<K, usize>>>);

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> Known<K> {
    /// These are held, or about to be. Called before anybody else could see them held.
    pub(crate) fn hold(&self, keys: impl IntoIterator<Item = K>) {
        let mut known = self.lock();
        for key in keys {
            *known.entry(key).or_default() += 1;
        }
    }

    /// These are over: written down, or never stored. As often as they were held.
    pub(crate) fn over(&self, keys: impl IntoIterator<Item = K>) {
        let mut known = self.lock();
        for key in keys {
            if let Some(count) = known.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    known.remove(&key);
                }
            }
        }
    }

    /// Leaves only what is not known.
    pub(crate) fn only_unknown(&self, keys: &mut Vec<K>) {
        let known = self.lock();
        keys.retain(|key| !known.contains_key(key));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Things that are known as long as this lives, unless they are passed on: a task that panics with them forgets them.
pub(crate) struct InHand<K: Copy + Eq + Hash> {
    known: Known<K>,
    keys: Vec<K>,
}

impl<K: Copy + Eq + Hash> InHand<K> {
    /// Takes charge of things that are held already.
    pub(crate) fn of(known: &Known<K>, keys: impl IntoIterator<Item = K>) -> Self {
        Self { known: known.clone(), keys: keys.into_iter().collect() }
    }

    /// Somebody else has charge of them now.
    pub(crate) fn passed_on(mut self) {
        self.keys.clear();
    }
}

impl<K: Copy + Eq + Hash> Drop for InHand<K> {
    fn drop(&mut self) {
        self.known.over(self.keys.drain(..));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(known: &Known<i64>) -> Vec<i64> {
        let mut keys = vec![1, 2, 3];
        known.only_unknown(&mut keys);
        keys
    }

    #[test]
    fn as_often_as_it_was_held() {
        let known = Known::default();
        known.hold([1, 2]);
        known.hold([2]);
        assert_eq!(unknown(&known), [3]);
        known.over([1, 2, 3]);
        assert_eq!(unknown(&known), [1, 3]);
        known.over([2]);
        assert_eq!(unknown(&known), [1, 2, 3]);
    }

    #[test]
    fn forgotten_unless_passed_on() {
        let known = Known::default();
        known.hold([1, 2]);
        InHand::of(&known, [1]).passed_on();
        drop(InHand::of(&known, [2]));
        assert_eq!(unknown(&known), [2, 3]);
    }
}
