//! Names and chance: 41 bits of milliseconds since 2024, 10 of the node, 12 that count within a millisecond.
//!
//! Ids of a node only grow, also when the clock goes back. Two nodes whose names share the same ten bits ([`node_number`]) would share ids when they
//! make one in the same millisecond: `docs/adr/0004-ids.md`.

use ports::driven::{Clock, Ids};
use rand::Rng as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2024-01-01T00:00:00Z in epoch milliseconds.
const BEGINNING: i64 = 1_704_067_200_000;
/// Bits that count within a millisecond.
const COUNT_BITS: u32 = 12;
/// Bits of the node.
const NODE_BITS: u32 = 10;

/// Makes names for one node.
pub struct NodeIds {
    clock: Arc<dyn Clock>,
    node: u64,
    last: AtomicU64,
}

impl NodeIds {
    /// Names of a node.
    #[must_use]
    pub fn new(node: &str, clock: Arc<dyn Clock>) -> Self {
        Self { clock, node: node_number(node), last: AtomicU64::new(0) }
    }
}

/// The ten bits that stand for a node in its ids.
#[must_use]
pub fn node_number(name: &str) -> u64 {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) & ((1 << NODE_BITS) - 1)
}

impl Ids for NodeIds {
    fn next(&self) -> i64 {
        let elapsed = u64::try_from(self.clock.now().as_millisecond() - BEGINNING).unwrap_or(0);
        let wish = elapsed << COUNT_BITS;
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
        let ids = NodeIds::new("a", Arc::new(SystemClock::default()));
        let made: Vec<i64> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.windows(2).all(|w| matches!(w, [a, b] if a < b && *a > 0)));
        assert!(made.iter().all(|id| (id >> COUNT_BITS) as u64 & 1023 == node_number("a")));
        assert_ne!(node_number("a"), node_number("b"));
    }
}
