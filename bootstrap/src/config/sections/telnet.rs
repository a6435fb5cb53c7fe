//! The text door.

use super::http::Tls;
use crate::config::values::{Parsed, Period, Secret};
use domain::directory::AddressRange;
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

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
    /// The name in the banner.
    pub host: String,
    /// The longest line in octets; a longer one ends the session.
    pub max_line: usize,
    /// The longest text in octets that `DATA` takes.
    pub max_text: usize,
    /// The most recipients of a `SEND` or an `SMS`.
    pub max_recipients: usize,
    /// Commands a second; faster ones wait for their turn. 0 = no limit.
    pub commands_per_second: u32,
    /// Errors in a session before it is ended.
    pub max_errors: u32,
    /// Wrong logins in a session before it is ended.
    pub max_logins: u32,
    /// How long a peer may take to read, and how long a stop waits for commands under way.
    pub patience: Period,
    /// The zone of a `HOLD` without one, as `Europe/Stockholm`; the machine's when absent.
    pub time_zone: Option<Spanned<String>>,
    /// Whether a `HOLD` of ten digits (HylaFAX) is UTC rather than in that zone.
    pub short_hold_is_utc: bool,
    /// What becomes of a `SUBJ`: `prefix` (it stands before the text) or `reference`.
    pub subject: Spanned<String>,
    /// Goes into the pass codes of replies to `2WAY`; made and kept in the data directory when absent. Nodes that share a database need the same.
    pub passcode_key: Option<Spanned<Secret>>,
}

impl Default for Telnet {
    fn default() -> Self {
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        Self {
            listen: "127.0.0.1:4444".to_owned(),
            tls: None,
            allow: Vec::new(),
            max_connections: 1_000,
            max_per_address: 50,
            idle_timeout: Period(Duration::from_mins(5)),
            host: "omnigate".to_owned(),
            max_line: 1_024,
            max_text: 64 * 1024,
            max_recipients: 1_000,
            commands_per_second: 10,
            max_errors: 25,
            max_logins: 3,
            patience: Period(Duration::from_secs(10)),
            time_zone: None,
            short_hold_is_utc: true,
            subject: spanned("prefix"),
            passcode_key: None,
        }
    }
}
