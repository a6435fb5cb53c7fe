//! `[[link]]`: a way to an operator. What every link has stands here; what only one protocol has stands in the protocol's own file.
//!
//! A protocol is a line of [`protocols!`] below and a file beside this one. [`read`] takes a section apart: the keys that every link has
//! go to [`Common`], the rest to the protocol's own keys, and a key of another protocol is refused by name.

mod check;
mod cimd2;
mod http;
mod line;
mod modem;
mod read;
mod smpp;
mod tap;
mod ucp;
mod values;

pub use cimd2::Cimd2;
pub use http::Http;
pub(crate) use http::profile as http_profile;
pub use modem::Modem;
pub(super) use read::read;
pub use smpp::Smpp;
pub use tap::Tap;
pub use ucp::Ucp;
pub(crate) use ucp::{field as ucp_field, status as ucp_status};

use super::checks::Checks;
use super::operator::Taken;
use super::values::{Period, Secret};
use check::LinkChecks;
use domain::address::Originator;
use domain::directory::{Heartbeat, Letters, LinkId, LinkProfile};
use domain::language::Words;
use domain::numbering::Country;
use domain::originator;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use toml::Spanned;

/// TLS to the operator.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkTls {
    /// A PEM file with the authorities to trust; the system's when absent.
    pub ca: Option<PathBuf>,
    /// The name in the operator's certificate; the host's when absent.
    pub name: Option<String>,
    /// Believe any certificate. For tests only.
    pub insecure: bool,
}

/// `[[link]]`: what every link has. To this come the keys of its protocol, below.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// Its name, which stands in the traffic log, and by which receipts find what it sent: a link that is renamed hears nothing more of that.
    pub name: Spanned<String>,
    /// A starting point for everything that an operator decides, by its name in `docs/operators`: `tele2`, `telia-sms-foretag`, …. What the
    /// link says itself comes before it, key by key.
    pub operator: Option<Spanned<String>>,
    /// What the operator speaks; may be left out with `operator`.
    pub protocol: Protocol,
    /// `host:port`; more than one = failover. At least one where the protocol has hosts.
    #[serde(default)]
    pub hosts: Vec<Spanned<String>>,
    /// TLS; plain when absent.
    pub tls: Option<LinkTls>,
    /// Connections at once, 1 to 64; 1 when absent.
    pub sessions: Option<Spanned<u16>>,
    /// Whether connections begin at different hosts, so that the load is spread over them; each falls over to the others.
    #[serde(default)]
    pub spread: bool,
    /// Messages in flight on a connection, 1 to 1,000; 10 when absent. A protocol may allow fewer.
    pub window: Option<Spanned<u16>>,
    /// How many replies may be on their way to the disk beyond the window before nothing new is sent. 0 when absent: after a crash no more
    /// than a window can be sent twice. Hundreds make a fast operator faster.
    pub replies_ahead: Option<Spanned<u16>>,
    /// Segments a second over all connections; 0 = no limit.
    #[serde(default)]
    pub rate: u32,
    /// How long the operator may take to reply; 60 s when absent. After three times that over a connection with a window, after that at a modem or by
    /// HTTP (there an alarm after 15 s, where that is shorter), a message is in doubt; and when the connection ends before.
    pub response_timeout: Option<Period>,
    /// Whether to ask for receipts.
    #[serde(default = "yes")]
    pub receipts: bool,
    /// The sender shown when a message has none.
    pub originator: Option<Spanned<String>>,
    /// Whether the operator carries senders with letters.
    #[serde(default = "yes")]
    pub alphanumeric: bool,
    /// Whether parts of long messages carry 16-bit references.
    #[serde(default)]
    pub wide_reference: bool,
    /// Failure codes that mean the operator takes nothing from us at the moment, for instance for lack of credit: `["smpp-0x00000400"]`.
    /// The link is parked then: messages go by others, no try is counted, and it is alarmed.
    #[serde(default)]
    pub park_on: Vec<String>,
    /// How long a parked link is left alone before it is tried again; 5 min when absent.
    pub park_for: Option<Period>,
    /// A message by this link to a number of our own and back, that measures the whole way:
    /// `{ to = "46701234567", every = "15m", within = "5m", alarm_to = ["46707654321"] }`. When it does not come back, `alarm_to` hear of it by
    /// another link.
    pub heartbeat: Option<HeartbeatKeys>,
}

/// A link's heartbeat.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatKeys {
    /// The number, whose messages come back to us.
    pub to: Spanned<String>,
    /// How often.
    pub every: Period,
    /// How long it may take.
    pub within: Period,
    /// Numbers that hear of it when it does not come back.
    #[serde(default)]
    pub alarm_to: Vec<Spanned<String>>,
}

impl HeartbeatKeys {
    fn to_domain(&self) -> Heartbeat {
        let alarm_to = self.alarm_to.iter().map(|n| n.get_ref().clone()).collect();
        Heartbeat { to: self.to.get_ref().clone(), every: self.every.0, within: self.within.0, alarm_to }
    }

    fn check(&self, checks: &mut LinkChecks<'_, '_>) {
        for number in std::iter::once(&self.to).chain(&self.alarm_to) {
            if let Err(refusal) = domain::numbering::recipient(number.get_ref(), Country::SWEDEN, false) {
                checks.wrong(number, "heartbeat", refusal.detail);
            }
        }
        if self.within.0.is_zero() || self.every.0 < self.within.0 {
            checks.wrong(
                &self.to,
                "heartbeat",
                "every must not be shorter than within, and within longer than nothing",
            );
        }
    }
}

/// What a protocol's own keys can say of themselves.
trait Keys: DeserializeOwned {
    /// Keys of [`Common`] that the protocol has no use for; a link that has one is refused.
    const WITHOUT: &'static [&'static str] = &[];
    /// Whether the protocol has receipts at all.
    const RECEIPTS: bool = true;

    /// What the types alone cannot say, also of the common keys: whether there must be hosts, how large a window may be.
    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>);

    /// Every `host:port` it connects to, for `doctor`.
    fn hosts<'a>(&'a self, common: &'a Common) -> Vec<&'a str> {
        common.hosts.iter().map(|h| h.get_ref().as_str()).collect()
    }

    /// Whether the operator cuts long texts himself: each goes as one request.
    fn whole(&self) -> bool {
        false
    }

    /// The same for octets.
    fn whole_octets(&self) -> bool {
        self.whole()
    }

    /// Every character that the operator carries, where they are few.
    fn letters(&self) -> Option<Letters> {
        None
    }

    /// The name and the password that it logs in with, where the protocol has a log-in of that kind.
    fn account(&self) -> Option<(&str, Option<&Spanned<Secret>>)> {
        None
    }

    /// Where it goes, in the summary of `check`: hosts, or the name of a device.
    fn place(&self, common: &Common) -> String {
        self.hosts(common).join(" ")
    }
}

/// Makes [`Protocol`] and [`Own`] of one line for each protocol.
macro_rules! protocols {
    ($($(#[$comment:meta])* $variant:ident = $name:literal,)*) => {
        /// The protocols this version speaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        pub enum Protocol {
            $($(#[$comment])* #[serde(rename = $name)] $variant,)*
        }

        impl Protocol {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the file.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The keys that only it has.
            fn own_keys(self) -> &'static [&'static str] {
                match self { $(Self::$variant => read::keys_of::<$variant>(),)* }
            }

            /// The common keys that it has no use for.
            fn without(self) -> &'static [&'static str] {
                match self { $(Self::$variant => <$variant as Keys>::WITHOUT,)* }
            }

            /// Whether it has receipts.
            fn has_receipts(self) -> bool {
                match self { $(Self::$variant => <$variant as Keys>::RECEIPTS,)* }
            }

            /// Reads them.
            fn read(self, keys: toml::de::Deserializer<'_>) -> Result<Own, toml::de::Error> {
                match self { $(Self::$variant => <$variant>::deserialize(keys).map(Box::new).map(Own::$variant),)* }
            }
        }

        /// The keys of a link's protocol.
        #[derive(Debug, Clone)]
        pub enum Own {
            $($(#[$comment])* $variant(Box<$variant>),)*
        }

        impl Link {
            pub(super) fn check(&self, checks: &mut Checks<'_>) {
                let mut checks = LinkChecks { name: self.common.name.get_ref(), checks };
                checks.common(&self.common);
                if let Some(heartbeat) = &self.common.heartbeat {
                    heartbeat.check(&mut checks);
                }
                match &self.own { $(Own::$variant(keys) => keys.check(&self.common, &mut checks),)* }
            }

            /// Every `host:port` it connects to.
            #[must_use]
            pub fn hosts(&self) -> Vec<&str> {
                match &self.own { $(Own::$variant(keys) => keys.hosts(&self.common),)* }
            }

            fn account(&self) -> Option<(&str, Option<&Spanned<Secret>>)> {
                match &self.own { $(Own::$variant(keys) => keys.account(),)* }
            }

            /// Whether its operator cuts long texts himself.
            fn is_whole(&self) -> bool {
                match &self.own { $(Own::$variant(keys) => keys.whole(),)* }
            }

            /// Every character he carries, where they are few.
            fn letters(&self) -> Option<Letters> {
                match &self.own { $(Own::$variant(keys) => keys.letters(),)* }
            }

            /// Whether he cuts long octets.
            fn is_whole_for_octets(&self) -> bool {
                match &self.own { $(Own::$variant(keys) => keys.whole_octets(),)* }
            }

            /// Where it goes: hosts, or the name of a device.
            #[must_use]
            pub fn place(&self) -> String {
                match &self.own { $(Own::$variant(keys) => keys.place(&self.common),)* }
            }
        }
    };
}

protocols! {
    /// SMPP 3.4 and 5.0.
    Smpp = "smpp",
    /// EMI/UCP 3.5 and 4.x.
    Ucp = "ucp",
    /// A GSM terminal on a serial or USB port.
    Modem = "modem",
    /// CIMD2.
    Cimd2 = "cimd2",
    /// TAP: paging centrals.
    Tap = "tap",
    /// An operator by HTTP, as his profile says.
    Http = "http",
}

/// A link: what every link has, and what its protocol adds.
#[derive(Debug, Clone)]
pub struct Link {
    /// What every link has.
    pub common: Common,
    /// What its protocol adds.
    pub own: Own,
    /// What of it comes from its operator's profile.
    pub taken: Option<Taken>,
}

fn yes() -> bool {
    true
}

impl Link {
    /// Its name as it stands in the file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.common.name.get_ref()
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<LinkId> {
        LinkId::parse(self.name()).ok()
    }

    /// The mailbox that is told of its troubles.
    pub(super) fn alarm_to(&self) -> Option<&Spanned<String>> {
        match &self.own {
            Own::Modem(keys) => keys.alarm_to.as_ref(),
            _ => None,
        }
    }

    /// What routing needs to know of it.
    fn profile(&self) -> LinkProfile {
        let default = LinkProfile::named(self.id().unwrap_or_else(unnamed));
        LinkProfile {
            id: default.id,
            originator: self.common.own_originator().ok().flatten(),
            alphanumeric: self.common.alphanumeric,
            receipts: self.common.receipts && self.common.protocol.has_receipts(),
            wide_reference: self.common.wide_reference,
            whole: self.is_whole(),
            whole_octets: self.is_whole_for_octets(),
            letters: self.letters(),
            park_on: self.common.park_on.clone(),
            park_for: self.common.park_for.map_or(default.park_for, |p| p.0),
            heartbeat: self.common.heartbeat.as_ref().map(HeartbeatKeys::to_domain),
            same_account: Vec::new(),
        }
    }

    /// Whether both log in as the same, which says that it is one account of one operator.
    fn shares_account_with(&self, other: &Self) -> bool {
        let (Some((name, password)), Some((theirs, their_password))) = (self.account(), other.account())
        else {
            return false;
        };
        let same = |a: &Secret, b: &Secret| match (a.resolve(), b.resolve()) {
            (Ok(a), Ok(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        };
        let passwords = match (password, their_password) {
            (None, None) => true,
            (Some(a), Some(b)) => same(a.get_ref(), b.get_ref()),
            _ => false,
        };
        self.common.protocol == other.common.protocol && !name.is_empty() && name == theirs && passwords
    }

    /// What routing needs to know of all.
    pub(super) fn profiles(links: &[Self]) -> Vec<LinkProfile> {
        let beside = |link: &Self| {
            let others = links.iter().filter(|other| other.name() != link.name());
            others.filter(|other| link.shares_account_with(other)).filter_map(Self::id).collect()
        };
        links.iter().map(|link| LinkProfile { same_account: beside(link), ..link.profile() }).collect()
    }
}

impl Common {
    fn own_originator(&self) -> Result<Option<Originator>, Words> {
        let Some(text) = &self.originator else { return Ok(None) };
        originator::parse(text.get_ref(), Country::SWEDEN).map(Some).map_err(|refusal| refusal.detail)
    }
}

/// Only reached by a link that `check` has refused.
fn unnamed() -> LinkId {
    #[expect(clippy::expect_used, reason = "a constant of the right form")]
    LinkId::parse("unnamed").expect("a name")
}
