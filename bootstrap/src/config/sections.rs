//! The sections of the file. Every default stands here; `docs/CONFIG.md` is made from these comments.

use super::values::{Parsed, Period, Secret};
use domain::address::Recipient;
use domain::directory::{AddressRange, Defaults, LinkId, UserName};
use domain::language::Language;
use domain::message::Priority;
use domain::mo::{Destination, MoRule};
use domain::numbering::{AllowList, Country};
use domain::routing::{Balanced, DoubtPolicy, Pattern, RetryTimes, Route, Share, Way};
use domain::text::Policy;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// `[node]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// Unique for each node of one database.
    pub name: String,
    /// Where this node keeps what is its own.
    pub data_dir: PathBuf,
    /// How long stopping may take before what is left is left.
    pub drain: Period,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: "a".to_owned(),
            data_dir: PathBuf::from("omnigate-data"),
            drain: Period(Duration::from_secs(25)),
        }
    }
}

/// `[database]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path`, `postgres://user:password@host/name` or `mysql://…`; `omnigate.db` in the data directory when absent.
    pub url: Option<Secret>,
}

/// `[defaults]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DefaultsSection {
    /// The country code of numbers without one.
    pub country: Spanned<String>,
    /// The language of texts for people: `sv` or `en`.
    pub language: Spanned<String>,
    /// Whether Swedish mobile numbers must have nine digits and a mobile series.
    pub strict_numbers: bool,
    /// Prefixes of international numbers that may be sent to; empty = all.
    pub allow: Vec<String>,
    /// Prefixes that may not.
    pub deny: Vec<String>,
    /// How text is brought into an alphabet: `auto`, `keep`, `fold` or `reject`.
    pub text: Spanned<String>,
    /// The most segments of a message, 1 to 255.
    pub max_segments: u8,
    /// How long a message is worth sending.
    pub valid_for: Period,
    /// The most recipients of a request.
    pub max_recipients: usize,
}

impl Default for DefaultsSection {
    fn default() -> Self {
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        Self {
            country: spanned("46"),
            language: spanned("sv"),
            strict_numbers: false,
            allow: Vec::new(),
            deny: Vec::new(),
            text: spanned("auto"),
            max_segments: 10,
            valid_for: Period(Duration::from_hours(48)),
            max_recipients: 10_000,
        }
    }
}

impl DefaultsSection {
    /// The language.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::parse(self.language.get_ref()).unwrap_or_default()
    }

    pub(super) fn policy(&self) -> Option<Policy> {
        Some(match self.text.get_ref().as_str() {
            "auto" => Policy::Auto,
            "keep" => Policy::Keep,
            "fold" => Policy::Fold,
            "reject" => Policy::Reject,
            _ => return None,
        })
    }

    pub(super) fn to_domain(&self, receipt_grace: Period) -> Defaults {
        Defaults {
            country: Country::parse(self.country.get_ref()).unwrap_or(Country::SWEDEN),
            strict_numbers: self.strict_numbers,
            allow: AllowList {
                allow: self.allow.clone(),
                deny: self.deny.clone(),
                short_codes_denied: false,
            },
            text: self.policy().unwrap_or_default(),
            max_segments: self.max_segments,
            valid_for: self.valid_for.0,
            max_recipients: self.max_recipients,
            receipt_grace: receipt_grace.0,
            ..Defaults::default()
        }
    }
}

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where it listens; port 0 takes a free one.
    pub listen: String,
    /// HTTPS.
    pub tls: Option<Tls>,
    /// The address callers see, for the WSDL and links: `https://sms.example.se`.
    pub public_url: Option<String>,
    /// Who may connect; empty = everybody.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Proxies whose X-Forwarded-For is believed.
    pub proxies: Vec<Parsed<AddressRange>>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_per_address: usize,
    /// The most octets of a request body (SOAP takes 1 MiB).
    pub max_body: usize,
    /// How long a request header may take.
    pub header_timeout: Period,
    /// How long a request body may take.
    pub body_timeout: Period,
    /// How long a connection may be idle.
    pub idle_timeout: Period,
    /// Whether SOAP passwords are taken over plain HTTP from other machines.
    pub soap_plain_passwords: bool,
    /// Where health and metrics listen; on the same port when absent.
    pub ops_listen: Option<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            tls: None,
            public_url: None,
            allow: Vec::new(),
            proxies: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            max_body: 256 * 1024,
            header_timeout: Period(Duration::from_secs(10)),
            body_timeout: Period(Duration::from_secs(30)),
            idle_timeout: Period(Duration::from_secs(60)),
            soap_plain_passwords: false,
            ops_listen: None,
        }
    }
}

/// `[smtp]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Smtp {
    /// Where it listens; port 0 takes a free one.
    pub listen: String,
    /// Domains whose mail becomes SMS: `0701234567@sms.example.se`.
    pub domains: Vec<String>,
    /// STARTTLS.
    pub tls: Option<Tls>,
    /// Who may connect; empty = everybody.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_per_address: usize,
    /// How the text is made: `{subject}` and `{body}`.
    pub template: String,
    /// The mail server that takes mail from us.
    pub relay: Option<Relay>,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:2525".to_owned(),
            domains: Vec::new(),
            tls: None,
            allow: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            template: "{subject} {body}".to_owned(),
            relay: None,
        }
    }
}

/// How the relay is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RelayTls {
    /// Plain.
    #[default]
    None,
    /// STARTTLS, or not at all.
    Starttls,
    /// TLS from the first octet.
    Tls,
}

/// `[smtp.relay]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// `host:port`.
    pub host: Spanned<String>,
    /// How.
    #[serde(default)]
    pub tls: RelayTls,
    /// Login name, if it wants one.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Spanned<Secret>>,
    /// The domain of senders we make: `46701234567@…`; the first of `smtp.domains` when absent.
    pub from_domain: Option<String>,
    /// Whether received messages carry the headers that make Outlook show a text message.
    #[serde(default)]
    pub oms_headers: bool,
}

/// `[telnet]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telnet {
    /// Where it listens; port 0 takes a free one.
    pub listen: String,
    /// TLS from the first octet.
    pub tls: Option<Tls>,
    /// Who may connect; empty = everybody.
    pub allow: Vec<Parsed<AddressRange>>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once from one address.
    pub max_per_address: usize,
    /// How long a connection may be idle.
    pub idle_timeout: Period,
}

impl Default for Telnet {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:4444".to_owned(),
            tls: None,
            allow: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            idle_timeout: Period(Duration::from_mins(5)),
        }
    }
}

/// `[file]`: read, so that one file can serve several versions; this version does not watch the directory and says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDoor {
    /// The directory files are dropped in.
    pub outgoing: PathBuf,
}

/// `[callbacks]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Callbacks {
    /// The key of `Omnigate-Signature`; made and kept in the data directory when absent.
    pub secret: Option<Spanned<Secret>>,
    /// How long a receiver may take.
    pub timeout: Period,
    /// Link-local or other special addresses that may be called all the same.
    pub allow: Vec<Parsed<AddressRange>>,
}

impl Default for Callbacks {
    fn default() -> Self {
        Self { secret: None, timeout: Period(Duration::from_secs(10)), allow: Vec::new() }
    }
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How long finished messages are kept.
    pub messages: Period,
    /// How long to wait for a receipt after a message's validity.
    pub receipt_grace: Period,
    /// How long parts of a received message wait for the others.
    pub mo_parts: Period,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            messages: Period(Duration::from_hours(24 * 90)),
            receipt_grace: Period(Duration::from_hours(24)),
            mo_parts: Period(Duration::from_hours(24)),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter like `info,smpp=debug`.
    pub level: String,
    /// `text` or `json`, on standard error.
    pub format: LogFormat,
    /// Where traffic logs are written, a file a day; `traffic` in the data directory when absent.
    pub traffic_dir: Option<PathBuf>,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text, traffic_dir: None }
    }
}

/// The links of a route, in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "links is [\"TS0\", \"TS1\"] or { balance = [\"TS0\", \"TS1\"] }")]
pub enum RouteLinks {
    /// In order of preference.
    Ordered(Vec<RouteStep>),
    /// Sharing the load.
    Shared(Balance),
}

/// One step of the order.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a link's name or { balance = [\"TS0\", \"TS1\"] }")]
pub enum RouteStep {
    /// One link.
    Link(String),
    /// Several that share.
    Shared(Balance),
}

/// Links that share the load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The links.
    pub balance: Vec<String>,
    /// Their shares, in the same order; 1 each when absent.
    #[serde(default)]
    pub weights: Vec<u16>,
}

/// `[[route]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSection {
    /// `*`, `short`, or digits the number begins with.
    pub to: Parsed<Pattern>,
    /// `["TS0", "TS1"]`: the order is the fallback; `{ balance = ["TS0", "TS1"], weights = [2, 1] }` shares the load.
    pub links: Spanned<RouteLinks>,
    /// Only messages of these users; empty = all.
    #[serde(default)]
    pub users: Vec<Spanned<String>>,
    /// Only these classes: `bulk`, `normal`, `high`, `alarm`; empty = all.
    #[serde(default)]
    pub priorities: Vec<Spanned<String>>,
    /// Failed tries on one link before the next is used; 3 when absent.
    pub fallback_after: Option<u16>,
    /// How long a link may be down before waiting messages move on; alarms wait a third of it; 15 s when absent.
    pub fallback_down: Option<Period>,
    /// Failed tries before a message fails; 40 when absent.
    pub tries: Option<u16>,
    /// Pauses between tries; the last repeats; 5 s growing to 15 min when absent.
    pub pauses: Option<Vec<Period>>,
    /// What to do with what the operator never answered: `resend` (when absent; marked as a possible duplicate), `assume_sent` or `fail`.
    pub doubt: Option<Spanned<String>>,
}

impl RouteSection {
    pub(super) fn steps(&self) -> Vec<(Vec<&str>, &[u16])> {
        match self.links.get_ref() {
            RouteLinks::Shared(shared) => {
                vec![(shared.balance.iter().map(String::as_str).collect(), shared.weights.as_slice())]
            }
            RouteLinks::Ordered(steps) => steps
                .iter()
                .map(|step| match step {
                    RouteStep::Link(link) => (vec![link.as_str()], [].as_slice()),
                    RouteStep::Shared(shared) => {
                        (shared.balance.iter().map(String::as_str).collect(), shared.weights.as_slice())
                    }
                })
                .collect(),
        }
    }

    pub(super) fn doubt_policy(&self) -> Option<DoubtPolicy> {
        match self.doubt.as_ref().map(|d| d.get_ref().as_str()) {
            None | Some("resend") => Some(DoubtPolicy::Resend),
            Some("assume_sent") => Some(DoubtPolicy::AssumeSent),
            Some("fail") => Some(DoubtPolicy::Fail),
            Some(_) => None,
        }
    }

    /// The route.
    #[must_use]
    pub fn to_route(&self) -> Route {
        let ways = self.steps().into_iter().filter_map(|(links, weights)| way(&links, weights)).collect();
        let mut route = Route::new(self.to.0.clone(), ways);
        route.users = self.users.iter().filter_map(|u| UserName::parse(u.get_ref()).ok()).collect();
        route.priorities = self.priorities.iter().filter_map(|p| Priority::parse(p.get_ref())).collect();
        route.fallback_after = self.fallback_after.unwrap_or(route.fallback_after);
        route.fallback_down = self.fallback_down.map_or(route.fallback_down, |p| p.0);
        route.doubt = self.doubt_policy().unwrap_or_default();
        let default = RetryTimes::default();
        let retry = RetryTimes {
            pauses: self.pauses.as_ref().map_or(default.pauses, |p| p.iter().map(|p| p.0).collect()),
            tries: self.tries.unwrap_or(default.tries),
        };
        route.retry = std::array::from_fn(|_| retry.clone());
        route
    }
}

fn way(links: &[&str], weights: &[u16]) -> Option<Way> {
    let parsed: Vec<LinkId> = links.iter().filter_map(|l| LinkId::parse(l).ok()).collect();
    match parsed.as_slice() {
        [] => None,
        [one] => Some(Way::Link(one.clone())),
        many => {
            let weight = |n: usize| weights.get(n).copied().unwrap_or(1).max(1);
            let links = many.iter().enumerate();
            let links = links.map(|(n, link)| Balanced { link: link.clone(), weight: weight(n) }).collect();
            Some(Way::Balance { links, by: Share::Weight })
        }
    }
}

/// `[[mo]]`: where messages to a receiving number go.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoSection {
    /// The receiving number; absent = every other.
    pub number: Option<Spanned<String>>,
    /// Whose inbox; absent = everybody's.
    pub user: Option<Spanned<String>>,
    /// `mailto:address` or a URL.
    pub to: Option<Parsed<Destination>>,
    /// Whether a text that the URL answers is sent back (needs `user`).
    #[serde(default)]
    pub answers: bool,
}

impl MoSection {
    pub(super) fn to_domain(&self) -> MoRule {
        MoRule {
            number: self
                .number
                .as_ref()
                .and_then(|n| Recipient::parse(n.get_ref().trim_start_matches('+')).ok()),
            user: self.user.as_ref().and_then(|u| UserName::parse(u.get_ref()).ok()),
            destination: self.to.as_ref().map(|d| d.0.clone()),
            answers: self.answers,
        }
    }
}
