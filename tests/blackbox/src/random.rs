//! Repeatable chance: SplitMix64 from a seed that every story prints, so that a failure can be played again.

use std::ops::Range;

/// A small generator; the same seed gives the same story.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From `OMNIGATE_SEED`, or from the clock; prints how to repeat the story.
    #[must_use]
    pub fn of_story(name: &str) -> Self {
        let given = std::env::var("OMNIGATE_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(crate::clock::wall_ms);
        println!("{name}: OMNIGATE_SEED={seed}");
        Self::new(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of `range`, which must not be empty.
    pub fn between(&mut self, range: Range<u64>) -> u64 {
        range.start + self.bits() % (range.end - range.start).max(1)
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.between(0..n) == 0
    }

    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.between(0..items.len() as u64)).unwrap_or(0)]
    }
}
