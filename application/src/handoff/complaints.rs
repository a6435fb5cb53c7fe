//! Receivers that do not take what is handed over: the log names them long before anything is given up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What failed so often is no hiccup.
const TRIES: u16 = 3;
/// How long one receiver is not named again.
const QUIET: Duration = Duration::from_hours(1);
/// The most that are remembered.
const MOST: usize = 1_000;

/// Whom the log named, and when by the steady clock.
#[derive(Debug, Default)]
pub(super) struct Complaints(HashMap<String, Duration>);

impl Complaints {
    /// Whether the log is to name this receiver, after so many tries of one handoff that failed.
    pub(super) fn is_news(&mut self, target: &str, tries: u16, now: Duration) -> bool {
        let named = |at: &Duration| now.saturating_sub(*at) < QUIET;
        if tries < TRIES || self.0.get(target).is_some_and(named) {
            return false;
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, at| named(at));
        }
        let room = self.0.len() < MOST;
        if room {
            self.0.insert(target.to_owned(), now);
        }
        room
    }
}

/// When people were last told that something was given up: an outage gives up much, and one alarm is enough for an hour.
#[derive(Debug, Default)]
pub(crate) struct GivenUp(Mutex<Option<Duration>>);

impl GivenUp {
    /// Whether people are to be told.
    pub(crate) fn is_news(&self, now: Duration) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let news = told.is_none_or(|at| now.saturating_sub(at) >= QUIET);
        if news {
            *told = Some(now);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_an_hour_each() {
        let mut complaints = Complaints::default();
        let minute = Duration::from_mins(1);
        assert!(!complaints.is_news("http://a.se", TRIES - 1, minute), "it may have been a hiccup");
        assert!(complaints.is_news("http://a.se", TRIES, minute));
        assert!(!complaints.is_news("http://a.se", TRIES + 1, minute * 60));
        assert!(complaints.is_news("http://b.se", TRIES, minute * 60), "another one");
        assert!(complaints.is_news("http://a.se", TRIES, minute * 61));
    }

    #[test]
    fn not_without_end() {
        let mut complaints = Complaints::default();
        let named = |complaints: &mut Complaints, now| {
            (0..2 * MOST).filter(|n| complaints.is_news(&n.to_string(), TRIES, now)).count()
        };
        assert_eq!(named(&mut complaints, QUIET), MOST);
        assert_eq!(named(&mut complaints, QUIET), 0);
        assert_eq!(named(&mut complaints, QUIET * 2), MOST);
    }
}
