//! The keys that only SMPP links have (SMPP 3.4 and 5.0).

use super::{Common, Keys, LinkChecks};
use crate::config::values::{Period, Secret};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use toml::Spanned;

/// `[[link]] protocol = "smpp"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smpp {
    /// The login name, at most 15 characters.
    #[serde(default)]
    pub system_id: String,
    /// The password, at most 8 characters.
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
    /// How many replies may be on their way to the disk beyond the window before nothing new is sent. 0 when absent: after a crash no more
    /// than a window can be sent twice. Hundreds make a fast operator faster.
    pub replies_ahead: Option<Spanned<u16>>,
    /// How long the line may be silent before it is tested; 30 s when absent.
    pub enquire_link: Option<Period>,
    /// What data_coding 0 means there: `gsm` (when absent), `latin1` or `ascii`.
    pub alphabet: Option<Spanned<String>>,
    /// Long messages by `udh` (when absent), `sar` or `payload`.
    pub long: Option<Spanned<String>>,
}

impl Keys for Smpp {
    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        checks.some_host(common);
        checks.hosts(&self.receiver_hosts, "receiver_hosts");
        checks.secret(self.password.as_ref(), "password");
        self.lengths(common, checks);
        checks.one_of(self.bind.as_ref(), "bind", &["transceiver", "transmitter_receiver"]);
        checks.one_of(self.version.as_ref(), "version", &["3.4", "5.0"]);
        checks.one_of(self.alphabet.as_ref(), "alphabet", &["gsm", "latin1", "ascii"]);
        checks.one_of(self.long.as_ref(), "long", &["udh", "sar", "payload"]);
    }

    fn hosts<'a>(&'a self, common: &'a Common) -> Vec<&'a str> {
        common.hosts.iter().chain(&self.receiver_hosts).map(|h| h.get_ref().as_str()).collect()
    }

    fn place(&self, common: &Common) -> String {
        common.hosts.iter().map(|h| h.get_ref().as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl Smpp {
    /// SMPP 3.4 section 4.1: system_id 15, password 8, system_type 12 octets. Longer ones would be cut on the wire.
    fn lengths(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        let too_long = |key: &str, most: usize| format!("{key} has at most {most} characters in SMPP");
        for (key, value, most) in [
            ("system_id", &self.system_id, 15),
            ("system_type", &self.system_type, 12),
            ("service_type", &self.service_type, 5),
        ] {
            if value.len() > most {
                checks.wrong(&common.name, key, too_long(key, most));
            }
        }
        if let Some(at) = &self.password
            && at.get_ref().resolve().is_ok_and(|p| p.expose_secret().len() > 8)
        {
            checks.wrong(at, "password", too_long("password", 8));
        }
    }
}
