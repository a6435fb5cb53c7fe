//! Time stamps that name messages: a destination and a stamp are given once.
//!
//! A centre's stamp has whole seconds, so a second message to a number within one gets the next second, as real centres do.

use domain::Timestamp;
use jiff::ToSpan as _;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Destinations that are remembered before the old ones are swept out.
const MANY: usize = 50_000;

/// The last stamp of each destination.
#[derive(Debug, Default)]
pub struct Stamps(Mutex<HashMap<String, Timestamp>>);

impl Stamps {
    /// The stamp of one more message to a destination.
    pub(super) fn next(&self, destination: &str, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= MANY {
            last.retain(|_, stamp| *stamp >= now);
        }
        let stamp = match last.get(destination) {
            Some(last) if *last >= now => last.saturating_add(1.seconds()).unwrap_or(now),
            _ => now,
        };
        last.insert(destination.to_owned(), stamp);
        stamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_and_a_stamp_are_given_once() {
        let stamps = Stamps::default();
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert_eq!(stamps.next("a", at(100)), at(100));
        assert_eq!(stamps.next("a", at(100)), at(101));
        assert_eq!(stamps.next("b", at(100)), at(100));
        assert_eq!(stamps.next("a", at(101)), at(102));
        assert_eq!(stamps.next("a", at(200)), at(200));
    }
}
