//! What this run knows that it holds: counted, because a thing may be taken again before the last of its earlier turn is over.
//!
//! A store may give something to a run and lose the answer on the way. What it says we hold and is not known here is nobody's work
//! (see `astray.rs`). Never asks a store.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things of one kind that are known to be held.
pub(crate) struct Known<K>(Arc<Mutex<Books<K>>>);

struct Books<K> {
    held: HashMap<K, usize>,
    /// No longer known, and perhaps sent.
    doubtful: HashSet<K>,
}

impl<K> Clone for Known<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Books { held: HashMap::new(), doubtful: HashSet::new() })))
    }
}

impl<K: Copy + Eq + Hash> Known<K> {
    /// These are held, or about to be. Called before anybody else could see them held.
    pub(crate) fn hold(&self, keys: impl IntoIterator<Item = K>) {
        let mut known = self.lock();
        for key in keys {
            known.doubtful.remove(&key);
            *known.held.entry(key).or_default() += 1;
        }
    }

    /// These are over: written down, or never stored. As often as they were held.
    pub(crate) fn over(&self, keys: impl IntoIterator<Item = K>) {
        let mut known = self.lock();
        for key in keys {
            if let Some(count) = known.held.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    known.held.remove(&key);
                }
            }
        }
    }

    /// Leaves only what is not known.
    pub(crate) fn only_unknown(&self, keys: &mut Vec<K>) {
        let known = self.lock();
        keys.retain(|key| !known.held.contains_key(key));
    }

    /// Whoever knew of these broke off, perhaps after they were sent.
    fn doubt(&self, keys: Vec<K>) {
        self.over(keys.iter().copied());
        self.lock().doubtful.extend(keys);
    }

    /// Takes those out that may have been sent.
    pub(crate) fn doubtful(&self, keys: &mut Vec<K>) -> Vec<K> {
        let known = self.lock();
        keys.extract_if(.., |key| known.doubtful.contains(key)).collect()
    }

    /// Nothing is held in memory any more.
    pub(crate) fn clear(&self) {
        self.lock().held.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Books<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Things that are known as long as this lives, unless they are passed on: a task that panics with them forgets them.
pub(crate) struct InHand<K: Copy + Eq + Hash> {
    known: Known<K>,
    keys: Vec<K>,
    sent: bool,
}

impl<K: Copy + Eq + Hash> InHand<K> {
    /// Takes charge of things that are held already.
    pub(crate) fn of(known: &Known<K>, keys: impl IntoIterator<Item = K>) -> Self {
        Self { known: known.clone(), keys: keys.into_iter().collect(), sent: false }
    }

    /// The same for things that may have been sent.
    pub(crate) fn in_doubt(known: &Known<K>, keys: impl IntoIterator<Item = K>) -> Self {
        Self { known: known.clone(), keys: keys.into_iter().collect(), sent: true }
    }

    /// Somebody else has charge of them now.
    pub(crate) fn passed_on(mut self) {
        self.keys.clear();
    }
}

impl<K: Copy + Eq + Hash> Drop for InHand<K> {
    fn drop(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        if self.sent { self.known.doubt(keys) } else { self.known.over(keys) }
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
        drop(InHand::in_doubt(&known, [1]));
        let mut keys = unknown(&known);
        assert_eq!((known.doubtful(&mut keys), keys), (vec![1], vec![2, 3]));
        known.hold([1]);
        assert!(known.doubtful(&mut vec![1]).is_empty(), "taken over, and decided");
    }
}
