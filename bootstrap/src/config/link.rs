//! `[[link]]`: a way to an operator.

use super::values::{Period, Secret};
use domain::address::Originator;
use domain::directory::{LinkId, LinkProfile};
use domain::numbering::Country;
use domain::originator;
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

/// The protocols this version speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// SMPP 3.4 and 5.0.
    Smpp,
}

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

/// `[[link]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its name, which stands in the traffic log.
    pub name: Spanned<String>,
    /// `smpp`.
    pub protocol: Protocol,
    /// `host:port`; more than one = failover.
    pub hosts: Vec<Spanned<String>>,
    /// The login name.
    #[serde(default)]
    pub system_id: String,
    /// The password.
    pub password: Option<Spanned<Secret>>,
    /// SMPP's system_type.
    #[serde(default)]
    pub system_type: String,
    /// SMPP's service_type.
    #[serde(default)]
    pub service_type: String,
    /// `transceiver` (when absent), or `transmitter_receiver` for two connections.
    pub bind: Option<Spanned<String>>,
    /// Hosts of the receiver when it has others.
    #[serde(default)]
    pub receiver_hosts: Vec<Spanned<String>>,
    /// `3.4` (when absent) or `5.0`.
    pub version: Option<Spanned<String>>,
    /// TLS; plain when absent.
    pub tls: Option<LinkTls>,
    /// Connections at once, 1 to 64; 1 when absent.
    pub sessions: Option<Spanned<u16>>,
    /// Messages in flight on a connection, 1 to 1,000; 10 when absent.
    pub window: Option<Spanned<u16>>,
    /// Segments a second over all connections; 0 = no limit.
    #[serde(default)]
    pub rate: u32,
    /// How long the line may be silent before it is tested; 30 s when absent.
    pub enquire_link: Option<Period>,
    /// How long the operator may take to reply; 60 s when absent. After that a message is in doubt.
    pub response_timeout: Option<Period>,
    /// What data_coding 0 means there: `gsm` (when absent), `latin1` or `ascii`.
    pub alphabet: Option<Spanned<String>>,
    /// Long messages by `udh` (when absent), `sar` or `payload`.
    pub long: Option<Spanned<String>>,
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
}

fn yes() -> bool {
    true
}

impl Link {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<LinkId> {
        LinkId::parse(self.name.get_ref()).ok()
    }

    /// What routing needs to know of it.
    pub(super) fn profile(&self) -> LinkProfile {
        LinkProfile {
            id: self.id().unwrap_or_else(unnamed),
            originator: self.own_originator().ok().flatten(),
            alphanumeric: self.alphanumeric,
            receipts: self.receipts,
            wide_reference: self.wide_reference,
        }
    }

    pub(super) fn own_originator(&self) -> Result<Option<Originator>, String> {
        let Some(text) = &self.originator else { return Ok(None) };
        originator::parse(text.get_ref(), Country::SWEDEN).map(Some).map_err(|refusal| refusal.detail)
    }
}

/// Only reached by a link that `check` has refused.
fn unnamed() -> LinkId {
    #[expect(clippy::expect_used, reason = "a constant of the right form")]
    LinkId::parse("unnamed").expect("a name")
}
