//! A simulated UCP operator: an SMS centre for rehearsals, demonstrations and tests.
//!
//! What operators of all protocols do is in the rehearsal crate; here stands how this one says it in frames.

mod compose;
mod speech;

pub use rehearsal::{Command, CommandError, Faults, MoOptions, ReceiptOptions, Simulator, Stats, faults};
pub use speech::{CentreSpeech, Submit};

use crate::receipt::key;
use domain::Timestamp;
use jiff::tz::TimeZone;
use rehearsal::{Operator, Submitted as _};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Recipients whose last time is remembered; beyond it, those whose time has passed are forgotten.
const MOST_TIMES: usize = 100_000;

/// How a simulated UCP operator behaves.
#[derive(Debug, Clone)]
pub struct SimulatorOptions {
    /// What is common to all protocols. Accounts are numbers.
    pub common: rehearsal::SimulatorOptions,
    /// Whether a login (operation 60) is wanted.
    pub login: bool,
}

impl Default for SimulatorOptions {
    fn default() -> Self {
        Self { common: rehearsal::SimulatorOptions::default(), login: true }
    }
}

/// A simulated centre: its behaviour, and the times it has given.
#[derive(Debug)]
pub struct Centre {
    options: SimulatorOptions,
    /// The second last given, by recipient.
    times: Mutex<HashMap<String, i64>>,
}

impl Centre {
    /// A centre that behaves like this.
    #[must_use]
    pub fn new(options: SimulatorOptions) -> Self {
        Self { options, times: Mutex::default() }
    }

    /// A second that was not given to this recipient before: time and recipient are all that names a message.
    fn time(&self, recipient: &str, now: Timestamp) -> i64 {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() > MOST_TIMES {
            times.retain(|_, given| *given >= now.as_second());
        }
        let given = times.entry(key(recipient.as_bytes(), b"-")).or_insert(0);
        *given = now.as_second().max(*given + 1);
        *given
    }
}

impl Operator for Centre {
    type Speech = CentreSpeech;

    fn options(&self) -> rehearsal::SimulatorOptions {
        self.options.common.clone()
    }

    fn speech(&self) -> CentreSpeech {
        CentreSpeech::new(self.options.login)
    }

    fn id(&self, _: u64, submit: &Submit, now: Timestamp) -> String {
        let recipient = submit.to();
        let second = self.time(&recipient, now);
        let at = Timestamp::from_second(second).unwrap_or(now).to_zoned(TimeZone::UTC);
        format!("{recipient}:{}", crate::codec::seconds(at.datetime()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_recipient_gets_a_second_twice() {
        let centre = Centre::new(SimulatorOptions::default());
        let now = Timestamp::from_second(1_000).expect("a time");
        let given: Vec<i64> = (0..3).map(|_| centre.time("0046701234567", now)).collect();
        assert_eq!(given, [1_000, 1_001, 1_002]);
        assert_eq!((centre.time("46701234567", now), centre.time("46709999999", now)), (1_003, 1_000));
    }
}
