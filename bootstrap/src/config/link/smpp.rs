//! The keys that only SMPP links have (SMPP 3.4 and 5.0).

use super::values::{Class, Code, Octets, Tag, UtcOffset};
use super::{Common, Keys, LinkChecks};
use crate::config::values::{Parsed, Period, Secret};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use std::collections::BTreeMap;
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
    /// SMPP's system_type, at most 12 characters.
    #[serde(default)]
    pub system_type: String,
    /// SMPP's service_type, at most 5 characters.
    #[serde(default)]
    pub service_type: String,
    /// `transceiver` (when absent), `transmitter_receiver` for two connections, `transmitter` or `receiver` for one way only.
    pub bind: Option<Spanned<String>>,
    /// Hosts of the receiver when it has others.
    #[serde(default)]
    pub receiver_hosts: Vec<Spanned<String>>,
    /// `3.4` (when absent), `5.0`, or `3.3` for very old peers.
    pub version: Option<Spanned<String>>,
    /// Which receiving numbers the bind asks for, at most 40 characters; usually empty.
    #[serde(default)]
    pub address_range: String,
    /// How long connecting may take, TLS included; 10 s when absent.
    pub connect_timeout: Option<Period>,
    /// How long a login may take to be answered; 30 s when absent.
    pub bind_timeout: Option<Period>,
    /// How long the line may be silent before it is tested; 30 s when absent. While an alarm is under way 10 s at
    /// most, with 5 s for the answer.
    pub enquire_link: Option<Period>,
    /// How long that test may take to be answered before the connection is dropped; 10 s when absent.
    pub enquire_link_timeout: Option<Period>,
    /// How long unsent messages wait for a link that is down before they may go another way; 10 s when absent.
    pub give_back_after: Option<Period>,
    /// The same for alarms; 3 s when absent.
    pub give_back_alarms_after: Option<Period>,
    /// The first pause before connecting again; doubles to a minute; 1 s when absent.
    pub first_pause: Option<Period>,
    /// What data_coding 0 means there: `gsm` (when absent), `latin1` or `ascii`.
    pub alphabet: Option<Spanned<String>>,
    /// data_coding of text in that alphabet; 0 when absent.
    pub text_coding: Option<u8>,
    /// data_coding of UCS-2; 8 when absent.
    pub ucs2_coding: Option<u8>,
    /// data_coding of binary messages; 4 when absent.
    pub binary_coding: Option<u8>,
    /// Long messages in parts tied together by `udh` (when absent) or `sar`, or whole in one `payload` that the operator cuts.
    pub long: Option<Spanned<String>>,
    /// Messages shown at once are marked by `coding` (when absent: data_coding 0x10), `class` (0xF0) or `subunit` (dest_addr_subunit 1).
    pub flash: Option<Spanned<String>>,
    /// How long the operator may try: `relative` (when absent), `absolute` (in UTC) or `none`, his own default.
    pub validity: Option<Spanned<String>>,
    /// Characters of senders with letters: `ascii` (when absent), `latin1` or `utf8`.
    pub names: Option<Spanned<String>>,
    /// TON and NPI of each kind of address.
    #[serde(default)]
    pub numbering: SmppNumbering,
    /// esm_class without flags; 0 when absent, 3 where the operator wants store and forward said.
    pub esm_class: Option<u8>,
    /// protocol_id, the GSM TP-PID; 0 when absent.
    pub protocol_id: Option<u8>,
    /// priority_flag of bulk, normal, high and alarm messages; `[0, 0, 0, 0]` when absent.
    pub priority_flags: Option<[u8; 4]>,
    /// registered_delivery when a receipt is wanted; 1 when absent.
    pub registered_delivery: Option<u8>,
    /// Whether also a message with esm_class 0 is a receipt when its text is one.
    #[serde(default)]
    pub receipts_by_text: bool,
    /// The zone of the dates in receipts: `"+02:00"`; UTC when absent.
    pub receipt_offset: Option<Parsed<UtcOffset>>,
    /// What the operator means by a command_status, before the standard's meaning: `{ "0x0401" = "throttled" }`; `permanent`, `temporary`, `limited`
    /// (three tries) or `throttled` (never counts as a try).
    #[serde(default)]
    pub statuses: BTreeMap<Parsed<Code>, Parsed<Class>>,
    /// Optional parameters of each message by their tags, as hexadecimal octets: `{ "0x1400" = "0A0B" }`.
    #[serde(default)]
    pub parameters: BTreeMap<Parsed<Tag>, Parsed<Octets>>,
}

/// `[link.numbering]`: type of number and numbering plan, `[ton, npi]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmppNumbering {
    /// Of international numbers, as recipient and sender; `[1, 1]` when absent.
    pub international: Option<[u8; 2]>,
    /// Of short codes; `[3, 0]` when absent.
    pub short_code: Option<[u8; 2]>,
    /// Of senders with letters; `[5, 0]` when absent.
    pub name: Option<[u8; 2]>,
    /// Of the bind; `[0, 0]` when absent.
    pub bind: Option<[u8; 2]>,
}

impl Keys for Smpp {
    fn account(&self) -> Option<(&str, Option<&Spanned<Secret>>)> {
        Some((&self.system_id, self.password.as_ref()))
    }

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        checks.some_host(common);
        checks.hosts(&self.receiver_hosts, "receiver_hosts");
        checks.secret(self.password.as_ref(), "password");
        self.lengths(common, checks);
        checks.one_of(
            self.bind.as_ref(),
            "bind",
            &["transceiver", "transmitter_receiver", "transmitter", "receiver"],
        );
        checks.one_of(self.version.as_ref(), "version", &["3.4", "5.0", "3.3"]);
        checks.one_of(self.alphabet.as_ref(), "alphabet", &["gsm", "latin1", "ascii"]);
        checks.one_of(self.long.as_ref(), "long", &["udh", "sar", "payload"]);
        if self.whole() && self.version.as_ref().is_some_and(|version| version.get_ref() == "3.3") {
            checks.wrong_key(common, "long", "SMPP 3.3 has no message_payload: udh");
        }
        checks.one_of(self.flash.as_ref(), "flash", &["coding", "class", "subunit"]);
        checks.one_of(self.validity.as_ref(), "validity", &["relative", "absolute", "none"]);
        checks.one_of(self.names.as_ref(), "names", &["ascii", "latin1", "utf8"]);
    }

    fn hosts<'a>(&'a self, common: &'a Common) -> Vec<&'a str> {
        common.hosts.iter().chain(&self.receiver_hosts).map(|h| h.get_ref().as_str()).collect()
    }

    fn whole(&self) -> bool {
        self.long.as_ref().is_some_and(|long| long.get_ref() == "payload")
    }

    fn place(&self, common: &Common) -> String {
        common.hosts.iter().map(|h| h.get_ref().as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl Smpp {
    /// SMPP 3.4 section 4.1: system_id 15, password 8, system_type 12, address_range 40 octets. Longer ones would be cut on the wire.
    fn lengths(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        let too_long = |key: &str, most: usize| format!("{key} has at most {most} characters in SMPP");
        for (key, value, most) in [
            ("system_id", &self.system_id, 15),
            ("system_type", &self.system_type, 12),
            ("service_type", &self.service_type, 5),
            ("address_range", &self.address_range, 40),
        ] {
            if value.len() > most {
                checks.wrong_key(common, key, too_long(key, most));
            }
        }
        if let Some(at) = &self.password
            && at.get_ref().resolve().is_ok_and(|p| p.expose_secret().len() > 8)
        {
            checks.wrong(at, "password", too_long("password", 8));
        }
    }
}
