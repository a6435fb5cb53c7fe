//! Chance by name: the same seed, topic and numbers always draw the same, whoever draws first.

use std::time::Duration;

/// The source of all chance of one story.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number for a topic and two numbers.
    pub(crate) fn draw(self, topic: &str, a: u64, b: u64) -> u64 {
        let mut hash = self.0 ^ 0x9E37_79B9_7F4A_7C15;
        for byte in topic.bytes() {
            hash = mix(hash ^ u64::from(byte));
        }
        mix(mix(hash ^ a) ^ b)
    }

    /// True so many times in a thousand.
    pub(crate) fn happens(self, topic: &str, a: u64, b: u64, per_mille: u64) -> bool {
        self.draw(topic, a, b) % 1000 < per_mille
    }

    /// From `low` up to, not including, `high`.
    pub(crate) fn within(self, topic: &str, a: u64, b: u64, low: u64, high: u64) -> u64 {
        low + self.draw(topic, a, b) % (high - low).max(1)
    }

    /// Milliseconds from `low` up to `high`.
    pub(crate) fn millis(self, topic: &str, a: u64, b: u64, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.within(topic, a, b, low, high))
    }
}

/// SplitMix64's last steps.
fn mix(n: u64) -> u64 {
    let z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
