//! A message's turn on a link, and how long the message waits when the operator puts it off.

use super::Tries;
use crate::directory::LinkId;
use crate::message::{Parts, Priority};
use jiff::Timestamp;
use std::time::Duration;

/// The first and the longest pause of a message that its operator puts off.
const FIRST_PUT_OFF: Duration = Duration::from_secs(1);
const LONGEST_PUT_OFF: Duration = Duration::from_secs(60);

/// A message's turn on a link, as it ended.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// The link that had it.
    pub link: &'a LinkId,
    /// Its class.
    pub priority: Priority,
    /// The tries before this one.
    pub tries: Tries,
    /// What became of its segments so far, on all ways.
    pub parts: &'a Parts,
    /// Any number that differs between messages: balanced links are picked by it.
    pub spread: u64,
    /// Since when it might have left.
    pub since: Timestamp,
}

impl Turn<'_> {
    /// Differs between messages, and between the tries of one.
    pub(super) fn spread(&self, tries: Tries) -> u64 {
        self.spread.wrapping_add(u64::from(tries.total))
    }

    /// How long a message waits that came back because its operator asks to slow down: no try counts, so the pause grows with the time it has
    /// waited already, by a quarter of it. One phone's full queue is not asked for every second until the message's end, and where all
    /// of the operator was busy nobody waits much longer than he was.
    pub(super) fn put_off(&self, now: Timestamp) -> Duration {
        let waited = now.duration_since(self.since);
        let waited = if waited.is_positive() { waited.unsigned_abs() } else { Duration::ZERO };
        (waited / 4).clamp(FIRST_PUT_OFF, LONGEST_PUT_OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A phone whose queue is full costs its operator a question a second at first, and one a minute in the end.
    #[test]
    fn pauses_of_what_is_put_off_grow() {
        let (link, parts) = (LinkId::parse("TS0").expect("name"), Parts::default());
        let (tries, since) = (Tries::default(), Timestamp::UNIX_EPOCH);
        let turn = Turn { link: &link, priority: Priority::Alarm, tries, parts: &parts, spread: 0, since };
        let after = [-100, 0, 3, 20, 100, 240, 86_400]
            .map(|seconds| turn.put_off(Timestamp::from_second(seconds).expect("a time")).as_secs());
        assert_eq!(after, [1, 1, 1, 5, 25, 60, 60]);
    }
}
