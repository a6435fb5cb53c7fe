//! Which other runs live, as this one sees it: by what it has seen of their signs of life, in its own steady time.
//!
//! Never compares a time of one node with a time of another: clocks may differ by any time, and a store that was away kept everybody silent.

use crate::pulse::{BEAT, SILENCE};
use domain::Timestamp;
use domain::message::Incarnation;
use ports::driven::Neighbour;
use std::collections::HashMap;
use std::time::Duration;

/// A longer pause between two looks, and nobody is blamed for what was not seen meanwhile.
const GAP: Duration = BEAT.saturating_mul(2);

/// The signs of life seen so far.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    watched: HashMap<Incarnation, Watched>,
    last: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Watched {
    beat_at: Timestamp,
    /// Since when it is known to be so.
    since: Duration,
}

impl Neighbours {
    /// What a sign of life of our own brought, asked for and answered at these times. Who has been silent for too long, while we ourselves were heard
    /// all that time.
    pub(crate) fn look(&mut self, seen: &[Neighbour], asked: Duration, answered: Duration) -> Vec<Neighbour> {
        if self.last.is_none_or(|last| asked.saturating_sub(last) > GAP) {
            // The first look, or this process stood still, perhaps with everybody else.
            self.forget();
        }
        self.last = Some(asked);
        let watched = |n: &Neighbour| {
            let known = self.watched.get(&n.run).filter(|w| w.beat_at == n.beat_at).copied();
            (n.run, known.unwrap_or(Watched { beat_at: n.beat_at, since: answered }))
        };
        self.watched = seen.iter().map(watched).collect();
        let silent = |n: &&Neighbour| {
            let watched = self.watched.get(&n.run);
            watched.is_some_and(|w| asked.saturating_sub(w.since) >= SILENCE)
        };
        seen.iter().filter(silent).cloned().collect()
    }

    /// The store was away: nobody could be heard.
    pub(crate) fn forget(&mut self) {
        self.watched.clear();
        self.last = None;
    }

    /// When the next of them could be found silent.
    pub(crate) fn next_end(&self) -> Option<Duration> {
        self.watched.values().map(|w| w.since.saturating_add(SILENCE)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One look: the second, and the last sign of the other run as the store has it (seconds by its own clock); `None` = the store is away.
    type Look = (i64, Option<i64>);

    /// The seconds at which the other run is found dead.
    fn found_dead(looks: impl IntoIterator<Item = Look>) -> Vec<i64> {
        let mut neighbours = Neighbours::default();
        let mut found = Vec::new();
        for (second, sign) in looks {
            let now = Duration::from_secs(second.unsigned_abs());
            let Some(sign) = sign else {
                neighbours.forget();
                continue;
            };
            let beat_at = Timestamp::from_second(sign).expect("a time");
            let seen = [Neighbour { run: Incarnation(2), beat_at, links: None }];
            if !neighbours.look(&seen, now, now).is_empty() {
                found.push(second);
            }
        }
        found
    }

    /// A look every three seconds of a minute.
    fn looks(sign: impl Fn(i64) -> Option<i64>) -> impl Iterator<Item = Look> {
        (0..20).map(|n| n * 3).map(move |second| (second, sign(second)))
    }

    fn nobody_dies(looks: impl IntoIterator<Item = Look>) {
        assert_eq!(found_dead(looks), Vec::<i64>::new());
    }

    #[test]
    fn who_gives_no_other_sign_is_dead_after_the_silence() {
        let found = found_dead(looks(|s| Some(s.min(6))));
        assert_eq!(found.first(), Some(&18), "the look after ten seconds");
    }

    #[test]
    fn an_old_sign_at_the_first_look_says_nothing() {
        nobody_dies([(100, Some(1)), (103, Some(1)), (106, Some(1)), (109, Some(1))]);
        nobody_dies([(100, Some(1)), (103, Some(2)), (106, Some(2)), (112, Some(2))]);
    }

    #[test]
    fn while_the_store_was_away_nobody_could_be_heard() {
        // Fifteen seconds; the other beats again some seconds after us.
        let away = |s: i64| (6..21).contains(&s);
        let sign = |s: i64| if s < 27 { 5 } else { s };
        nobody_dies(looks(|s| (!away(s)).then(|| sign(s))));
        // The same when no look came back in all that time.
        nobody_dies(looks(|s| Some(sign(s))).filter(|(s, _)| !away(*s)));
    }

    #[test]
    fn a_process_that_stood_still_blames_nobody() {
        nobody_dies([(0, Some(1)), (3, Some(1)), (40, Some(1)), (43, Some(2))]);
    }

    #[test]
    fn clocks_that_differ_or_go_back_give_signs_like_others() {
        nobody_dies(looks(|s| Some(s - 60)));
        nobody_dies(looks(|s| Some(s + 60)));
        nobody_dies(looks(|s| Some(3_600 - s)));
    }

    #[test]
    fn the_time_of_an_answer_counts_for_the_silent() {
        let mut neighbours = Neighbours::default();
        let seen = [Neighbour { run: Incarnation(2), beat_at: Timestamp::UNIX_EPOCH, links: None }];
        let at = Duration::from_secs;
        assert!(neighbours.look(&seen, at(0), at(4)).is_empty());
        assert_eq!(neighbours.next_end(), Some(at(14)));
        assert!(neighbours.look(&seen, at(5), at(9)).is_empty());
        assert!(neighbours.look(&seen, at(9), at(13)).is_empty());
        assert!(neighbours.look(&seen, at(13), at(17)).is_empty(), "seen for nine seconds when it was asked");
        assert_eq!(neighbours.look(&seen, at(14), at(18)), seen);
    }
}
