//! Names and chance: 41 bits of milliseconds since 2024, 10 of the node, 12 that count within a millisecond.
//!
//! Ids of a node only grow, also when the clock goes back. The store gives each node a number of its own, so that no two nodes ever make the same
//! id: `docs/adr/0004-ids.md`.

use ports::driven::{Clock, Cluster, Ids, NODES, StoreError};
use rand::Rng as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2024-01-01T00:00:00Z in epoch milliseconds.
const BEGINNING: i64 = 1_704_067_200_000;
/// Bits that count within a millisecond.
const COUNT_BITS: u32 = 12;
/// Bits of the node.
const NODE_BITS: u32 = 10;
/// How often a number is asked for.
const TRIES: u32 = 5;

/// Makes names for one node.
pub struct NodeIds {
    clock: Arc<dyn Clock>,
    node: u64,
    /// Where the count of a millisecond begins.
    first: u64,
    last: AtomicU64,
}

impl NodeIds {
    /// Names of the node with this number (below [`NODES`]).
    #[must_use]
    pub fn new(number: u16, clock: Arc<dyn Clock>) -> Self {
        Self { clock, node: u64::from(number % NODES), first: 0, last: AtomicU64::new(0) }
    }

    /// The same for one of several processes that share a number, as commands do: each begins to count at another place, by chance, so that two of
    /// them hardly ever make the same name in one millisecond.
    #[must_use]
    pub fn shared(number: u16, clock: Arc<dyn Clock>) -> Self {
        let ids = Self::new(number, clock);
        let mut chance = [0; 2];
        ids.fill(&mut chance);
        Self { first: u64::from(u16::from_ne_bytes(chance)) % (1 << COUNT_BITS), ..ids }
    }
}

/// The number a node has in this store, given out when it first starts.
///
/// # Errors
/// What the store says; when all numbers are given out.
pub async fn own_number(cluster: &dyn Cluster, node: &str) -> Result<u16, StoreError> {
    for _ in 0..TRIES {
        // Another node may have got the same one in the same moment: then the next is free.
        if let Ok(number) = cluster.number(node, wish(node)).await {
            return Ok(number);
        }
    }
    cluster.number(node, wish(node)).await
}

/// The number that a node asks for first: from its name, so that it is likely to be free.
fn wish(name: &str) -> u16 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from((hash ^ (hash >> 32)) % u64::from(NODES)).unwrap_or_default()
}

impl Ids for NodeIds {
    fn next(&self) -> i64 {
        let elapsed = u64::try_from(self.clock.now().as_millisecond() - BEGINNING).unwrap_or(0);
        let wish = (elapsed << COUNT_BITS) | self.first;
        let next = |last: u64| Some(wish.max(last + 1));
        let last =
            self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, next).unwrap_or_else(|last| last);
        let number = wish.max(last + 1);
        let (time, count) = (number >> COUNT_BITS, number & ((1 << COUNT_BITS) - 1));
        let id = (time << (COUNT_BITS + NODE_BITS)) | (self.node << COUNT_BITS) | count;
        i64::try_from(id & (i64::MAX as u64)).unwrap_or(i64::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Ids port")]
    fn fill(&self, octets: &mut [u8]) {
        rand::rng().fill_bytes(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn ids_grow_and_name_their_node() {
        let ids = NodeIds::new(wish("a"), Arc::new(SystemClock::default()));
        let made: Vec<i64> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|w| matches!(w, [a, b] if a < b && *a > 0)));
        assert!(made.iter().all(|id| domain::message::MoId(*id).node() == wish("a")));
        assert_ne!(wish("a"), wish("b"));
    }

    #[test]
    fn commands_in_one_millisecond_make_names_of_their_own() {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let one = || NodeIds::shared(7, Arc::clone(&clock)).first;
        let begun: std::collections::HashSet<u64> = (0..100).map(|_| one()).collect();
        assert!(begun.len() > 80 && begun.iter().all(|first| *first < 1 << COUNT_BITS), "{begun:?}");
    }
}
