//! Who and what there is: users, links, routes, rules for received messages. An immutable, versioned snapshot.
//!
//! It is loaded by an adapter and swapped whole, so that deciding about thousands of messages a second takes no lock
//! and no query.

mod names;
mod order;
mod range;
mod user;

pub use names::{LinkId, NameError, UserName};
pub use order::{LinkMode, LinkOrder};
pub use range::{AddressRange, RangeError};
pub use user::{KeyHash, PasswordHash, User};

use crate::address::Originator;
use crate::language::Language;
use crate::message::{Body, Priority};
use crate::mo::{MoRule, Subscription};
use crate::numbering::{AllowList, Country};
use crate::routing::{DoubtPolicy, Route};
use crate::submission::PagerRules;
use crate::text::Policy;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What the rules need to know of a link; how it speaks to its operator is its adapter's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkProfile {
    /// Its name, which stands in the traffic log.
    pub id: LinkId,
    /// The sender shown when the message has none; `None` = whatever the operator puts there.
    pub originator: Option<Originator>,
    /// Whether the operator carries alphanumeric senders.
    pub alphanumeric: bool,
    /// Whether to ask the operator for receipts.
    pub receipts: bool,
    /// Whether segments use a 16-bit reference.
    pub wide_reference: bool,
    /// Whether the operator cuts long texts himself: each goes as one request ([`crate::message::WHOLE`]).
    pub whole: bool,
    /// The same for octets: who cuts texts need not know how to cut what is no text.
    pub whole_octets: bool,
    /// The characters that the operator carries, where they are fewer than the GSM alphabet has.
    pub letters: Option<Letters>,
    /// Failure codes that mean the operator takes nothing from us at the moment (no credit, barred): the link is parked.
    pub park_on: Vec<String>,
    /// How long it is parked before it is tried again.
    pub park_for: Duration,
    /// Its heartbeat, if it has one.
    pub heartbeat: Option<Heartbeat>,
    /// Other links that log in at the same account: the operator may send a receipt over any of them.
    pub same_account: Vec<LinkId>,
}

/// The few characters that an operator carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// Every one of them.
    pub all: Arc<[char]>,
    /// Whether he carries UCS-2 besides.
    pub ucs2: bool,
}

impl Letters {
    /// These and nothing else.
    #[must_use]
    pub fn only(all: Vec<char>) -> Self {
        Self { all: all.into(), ucs2: false }
    }
}

/// A message by a link to a number of our own and back, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The number, whose messages come back to us.
    pub to: String,
    /// How often.
    pub every: Duration,
    /// How long it may take.
    pub within: Duration,
    /// Numbers that hear of it, by another link, when it does not come back, and when it does again.
    pub alarm_to: Vec<String>,
}

impl LinkProfile {
    /// A link that carries names, asks for receipts and has no sender of its own.
    #[must_use]
    pub fn named(id: LinkId) -> Self {
        Self {
            id,
            originator: None,
            alphanumeric: true,
            receipts: true,
            wide_reference: false,
            whole: false,
            whole_octets: false,
            letters: None,
            park_on: Vec::new(),
            park_for: Duration::from_mins(5),
            heartbeat: None,
            same_account: Vec::new(),
        }
    }

    /// Whether the operator cuts this himself, when it is long.
    #[must_use]
    pub fn takes_whole(&self, body: &Body) -> bool {
        match body {
            Body::Text { .. } => self.whole,
            Body::Binary { .. } => self.whole_octets,
        }
    }
}

/// What holds where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// The country of numbers without one.
    pub country: Country,
    /// Whether national mobile numbers must have the right length and series.
    pub strict_numbers: bool,
    /// Which numbers anybody may send to.
    pub allow: AllowList,
    /// How text is brought into an alphabet.
    pub text: Policy,
    /// How many segments a message may have, 1 to 255.
    pub max_segments: u8,
    /// How messages to pagers are divided.
    pub pager: PagerRules,
    /// How long a message is worth sending.
    pub valid_for: Duration,
    /// The same by `Priority::code`, where a class differs.
    pub class_valid_for: [Option<Duration>; 4],
    /// How far ahead a message may be scheduled.
    pub schedule_ahead: Duration,
    /// How many recipients a request may have.
    pub max_recipients: usize,
    /// How long to wait for a receipt after a message's validity before its state is `unknown`.
    pub receipt_grace: Duration,
    /// What people are told of links in, where nobody chose.
    pub language: Language,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            country: Country::SWEDEN,
            strict_numbers: false,
            allow: AllowList::default(),
            text: Policy::Auto,
            max_segments: 10,
            pager: PagerRules::default(),
            valid_for: Duration::from_hours(48),
            class_valid_for: [None; 4],
            schedule_ahead: Duration::from_hours(24 * 366),
            max_recipients: 10_000,
            receipt_grace: Duration::from_hours(24),
            language: Language::default(),
        }
    }
}

impl Defaults {
    /// How long a message of a class is worth sending.
    #[must_use]
    pub fn valid_for(&self, priority: Priority) -> Duration {
        let of_class =
            usize::try_from(priority.code()).ok().and_then(|n| self.class_valid_for.get(n).copied());
        of_class.flatten().unwrap_or(self.valid_for)
    }
}

/// Who is told of links that are ill, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Numbers that get a message by a link that is up.
    pub sms: Vec<String>,
    /// How long a link is down before it is told, and up again before that is.
    pub after: Duration,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { sms: Vec::new(), after: Duration::from_mins(2) }
    }
}

/// The snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Grows with every change.
    pub version: u64,
    /// What holds where nothing else is said.
    pub defaults: Defaults,
    /// Users by name.
    pub users: HashMap<UserName, Arc<User>>,
    /// Links in the order of the configuration.
    pub links: Vec<LinkProfile>,
    /// Routes in the order they are tried; the first that fits decides.
    pub routes: Vec<Route>,
    /// Where received messages go, in the order they are tried.
    pub mo_rules: Vec<MoRule>,
    /// What programs asked to be told of.
    pub subscriptions: Vec<Subscription>,
    /// Who is told of links that are ill.
    pub alarm: Alarm,
}

impl Directory {
    /// A user by name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(name)
    }

    /// The user that has a key.
    #[must_use]
    pub fn user_by_key(&self, key: &KeyHash) -> Option<&Arc<User>> {
        self.users.values().find(|u| u.keys.contains(key))
    }

    /// The user whom the peer's address alone makes known (a user without password and key but with addresses).
    #[must_use]
    pub fn user_by_address(&self, peer: std::net::IpAddr) -> Option<&Arc<User>> {
        let mut known: Vec<_> = self.users.values().filter(|u| u.enabled && u.trusts_address(peer)).collect();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known.first().copied()
    }

    /// The user that may send mail from this address: who has the address itself before who has all of its domain, then by name.
    #[must_use]
    pub fn user_by_mail(&self, address: &str) -> Option<&Arc<User>> {
        let fits = self.users.values().filter(|u| u.enabled && u.sends_mail_from(address));
        let by_domain = |user: &User| !user.mail_from.iter().any(|own| own.eq_ignore_ascii_case(address));
        fits.min_by_key(|user| (by_domain(user), &user.name))
    }

    /// A link by name.
    #[must_use]
    pub fn link(&self, id: &LinkId) -> Option<&LinkProfile> {
        self.links.iter().find(|l| l.id == *id)
    }

    /// Whether a route leads over this link that never sends again what may have been sent.
    #[must_use]
    pub fn is_for_once(&self, id: &LinkId) -> bool {
        let once = |route: &&Route| route.doubt != DoubtPolicy::Resend;
        self.routes.iter().filter(once).any(|route| route.ways.iter().any(|way| way.has(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_itself_goes_before_its_domain() {
        let mut directory = Directory::default();
        for (name, mail_from, enabled) in [
            ("all", "@example.se", true),
            ("also-all", "@EXAMPLE.se", true),
            ("operations", "Larm@example.se", true),
            ("another", "larm@example.se", false),
        ] {
            let name = UserName::parse(name).expect("name");
            let user = User { mail_from: vec![mail_from.into()], enabled, ..User::named(name.clone()) };
            directory.users.insert(name, Arc::new(user));
        }
        let whose = |address| directory.user_by_mail(address).map(|user| user.name.as_str());
        assert_eq!(whose("larm@example.se"), Some("operations"));
        assert_eq!(whose("other@example.se"), Some("all"));
        assert_eq!(whose("larm@elsewhere.test"), None);
    }
}
