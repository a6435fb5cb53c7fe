//! The node, its store, its log, and what holds where nothing else is said.

use crate::config::class::{self, ClassSection};
use crate::config::values::{Period, Secret};
use domain::directory::Defaults;
use domain::language::Language;
use domain::numbering::{self, AllowList, Country};
use domain::submission::PagerRules;
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

impl Node {
    /// Where things are kept that nobody could take.
    #[must_use]
    pub fn quarantine(&self) -> PathBuf {
        self.data_dir.join("quarantine")
    }
}

/// What numbers begin with, in the international form.
pub(in crate::config) fn prefixes(written: &[String], country: Country) -> Vec<String> {
    written.iter().filter_map(|prefix| numbering::prefix(prefix, country).ok()).collect()
}

/// `[database]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path`, `postgres://user:password@host/name` (13 or later) or `mariadb://user:password@host/name` (10.6 or later; `mysql://` is the same);
    /// `omnigate.db` in the data directory when absent. PostgreSQL: TLS when the server has it, with any certificate; `?sslmode=require`: TLS with a certificate
    /// that this machine trusts (a company's own authority by `SSL_CERT_FILE` in the environment), `?sslmode=disable`: none. MariaDB: `?require_ssl=true`.
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
    /// What numbers begin with that may be sent to: `070`, `+46 70` or `4670`; empty = all. The longest beginning in `allow` and `deny` that fits decides.
    pub allow: Vec<String>,
    /// The same for numbers that may not.
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

    /// The country of numbers without one.
    #[must_use]
    pub fn country(&self) -> Country {
        Country::parse(self.country.get_ref()).unwrap_or(Country::SWEDEN)
    }

    pub(in crate::config) fn policy(&self) -> Option<Policy> {
        Policy::parse(self.text.get_ref())
    }

    pub(in crate::config) fn to_domain(&self, receipt_grace: Period, classes: &[ClassSection]) -> Defaults {
        Defaults {
            country: self.country(),
            strict_numbers: self.strict_numbers,
            allow: AllowList {
                allow: prefixes(&self.allow, self.country()),
                deny: prefixes(&self.deny, self.country()),
                short_codes_denied: false,
            },
            text: self.policy().unwrap_or_default(),
            max_segments: self.max_segments,
            valid_for: self.valid_for.0,
            class_valid_for: class::valid_for(classes),
            max_recipients: self.max_recipients,
            receipt_grace: receipt_grace.0,
            language: self.language(),
            ..Defaults::default()
        }
    }
}

/// `[minicall]`: how messages to pagers are made: recipients of the series 074, and those written as `minicall:12345`. They go by the
/// routes with `to = "minicall"`, or by those for everybody. They have no receipts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Minicall {
    /// Characters of a page; a longer text goes in numbered pages, `(1/3) …`.
    pub length: usize,
    /// Pages that a message may take.
    pub pages: u8,
    /// Pagers that show digits only: what their numbers begin with. One message can also say so: `minicall-numeric:0740123456`.
    pub numeric: Vec<String>,
    /// Characters that such a pager shows.
    pub numeric_length: usize,
}

impl Default for Minicall {
    fn default() -> Self {
        Self { length: 80, pages: 5, numeric: Vec::new(), numeric_length: 20 }
    }
}

impl Minicall {
    pub(in crate::config) fn to_domain(&self, country: Country) -> PagerRules {
        PagerRules {
            length: self.length,
            pages: self.pages,
            numeric_length: self.numeric_length,
            numeric: prefixes(&self.numeric, country),
        }
    }
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How long finished messages are kept, and received ones that were acknowledged or handed over.
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
    /// `error`, `warn`, `info`, `debug` or `trace`; other levels for parts of the program may follow: `info,smpp=debug`.
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
