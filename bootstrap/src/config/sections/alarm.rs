//! Who is told when something is wrong with the ways to the operators, or with those that results and received messages are handed over to.

use crate::config::values::Period;
use domain::directory::Alarm;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// `[alarm]`: who is told of links that are down or parked, of those that send but receive nothing, of heartbeats that do not come back, and of a store that takes nothing new: each trouble once, and once more when it is over; and, once an hour, that something was given up that a receiver did not take, and that something a link reported was put in quarantine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmSection {
    /// Mailboxes. Need `[smtp.relay]`.
    pub mail: Vec<Spanned<String>>,
    /// Numbers, which get a message by another link that is up.
    pub sms: Vec<Spanned<String>>,
    /// How long a link, or the store, is down before it is told of, and up again before that is. A link that is parked (no credit, a login that is refused) is told of
    /// at once.
    pub after: Period,
}

impl Default for AlarmSection {
    fn default() -> Self {
        Self { mail: Vec::new(), sms: Vec::new(), after: Period(Duration::from_mins(2)) }
    }
}

impl AlarmSection {
    pub(in crate::config) fn to_domain(&self) -> Alarm {
        Alarm { sms: self.sms.iter().map(|number| number.get_ref().clone()).collect(), after: self.after.0 }
    }
}
