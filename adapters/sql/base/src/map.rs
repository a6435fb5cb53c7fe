//! Maps that the writer looks into several times for each message: hashed quickly, seeded by chance.

use std::collections::{HashMap, HashSet};

/// How they are hashed. What others choose (an operator's ids) cannot be chosen to collide, as the seed is this process's own.
pub type Hashing = foldhash::fast::RandomState;

/// A map.
pub type Map<K, V> = HashMap<K, V, Hashing>;

/// A set.
pub type Set<K> = HashSet<K, Hashing>;
