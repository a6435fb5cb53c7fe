//! What a seed has in store: how much traffic, how bad the weather, when the process is killed.

use crate::chance::Chance;
use std::time::Duration;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Faults to the end, then one more start: nothing may be lost or doubled.
    Safety,
    /// The faults stop, and everything must come to an end without another start.
    Liveness,
}

/// How long clients send and faults happen.
pub(crate) const STORM: Duration = Duration::from_secs(120);
/// How long an alarm may be on one link without having been delivered.
pub(crate) const DELIVERED_WITHIN: Duration = Duration::from_secs(20);
/// How long a message is worth sending.
pub(crate) const VALID_FOR: Duration = Duration::from_secs(240);
/// How long receipts are waited for after that.
pub(crate) const GRACE: Duration = Duration::from_secs(60);
/// When the story is over at the latest.
pub(crate) const END: Duration = Duration::from_secs(150 + 240 + 60 + 60);

/// The numbers of one story; probabilities are in a thousand.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) chance: Chance,
    pub(crate) mode: Mode,
    pub(crate) requests: u64,
    pub(crate) received: u64,
    pub(crate) room: usize,
    pub(crate) refused_for_good: u64,
    pub(crate) refused_for_now: u64,
    pub(crate) throttled: u64,
    pub(crate) silent: u64,
    pub(crate) receipt_lost: u64,
    pub(crate) receipt_early: u64,
    pub(crate) receipt_twice: u64,
    pub(crate) store_refuses: u64,
    pub(crate) store_loses_answers: u64,
    pub(crate) sink_fails: u64,
    pub(crate) kills: u64,
    pub(crate) link_deaths: u64,
    /// The second operator cuts long texts himself.
    pub(crate) whole: bool,
}

impl Plan {
    /// What a seed has in store. Every fourth story has fair weather in most respects.
    pub(crate) fn of(seed: u64, mode: Mode) -> Self {
        let chance = Chance(seed);
        let some = |topic: &str, most: u64| {
            if chance.happens("fair", seed, topic.len() as u64, 250) {
                0
            } else {
                chance.within(topic, 0, 0, 0, most)
            }
        };
        Self {
            chance,
            mode,
            requests: chance.within("requests", 0, 0, 5, 60),
            received: chance.within("received", 0, 0, 0, 8),
            room: usize::try_from(chance.within("room", 0, 0, 1, 40)).unwrap_or(1),
            refused_for_good: some("refused_for_good", 60),
            refused_for_now: some("refused_for_now", 200),
            throttled: some("throttled", 200),
            silent: some("silent", 120),
            receipt_lost: some("receipt_lost", 150),
            receipt_early: some("receipt_early", 300),
            receipt_twice: some("receipt_twice", 300),
            store_refuses: some("store_refuses", 150),
            store_loses_answers: some("store_loses_answers", 60),
            sink_fails: some("sink_fails", 300),
            kills: some("kills", 5),
            link_deaths: some("link_deaths", 8),
            whole: chance.happens("whole", 0, 0, 300),
        }
    }
}
