//! `[[class]]`: how patient a priority class is.

use super::values::Period;
use domain::message::Priority;
use domain::routing::RetryTimes;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// `[[class]]`: what differs for one class of messages. A route's own `tries` and `pauses` come before these.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassSection {
    /// `bulk`, `normal`, `high` or `alarm`.
    pub name: Spanned<String>,
    /// How long a message is worth sending; `defaults.valid_for` when absent.
    pub valid_for: Option<Period>,
    /// Failed tries before a message fails; 40 when absent. Throttling never counts.
    pub tries: Option<u16>,
    /// Pauses between tries; the last repeats; 5 s growing to 15 min when absent.
    pub pauses: Option<Vec<Period>>,
}

impl ClassSection {
    fn priority(&self) -> Option<Priority> {
        Priority::parse(self.name.get_ref())
    }
}

fn of(classes: &[ClassSection], priority: Priority) -> Option<&ClassSection> {
    classes.iter().find(|c| c.priority() == Some(priority))
}

/// How long messages are worth sending, by `Priority::code`.
pub(super) fn valid_for(classes: &[ClassSection]) -> [Option<Duration>; 4] {
    Priority::ALL.map(|priority| of(classes, priority).and_then(|c| c.valid_for).map(|p| p.0))
}

/// Pauses and tries by `Priority::code`: the route's own, else the class's.
pub(super) fn retry(
    classes: &[ClassSection],
    tries: Option<u16>,
    pauses: Option<&[Period]>,
) -> [RetryTimes; 4] {
    Priority::ALL.map(|priority| {
        let (class, default) = (of(classes, priority), RetryTimes::default());
        let pauses = pauses.or(class.and_then(|c| c.pauses.as_deref())).filter(|p| !p.is_empty());
        RetryTimes {
            pauses: pauses.map_or(default.pauses, |all| all.iter().map(|p| p.0).collect()),
            tries: tries.or(class.and_then(|c| c.tries)).unwrap_or(default.tries),
        }
    })
}
