//! The settings of an SMPP link. Plain values with sensible defaults; where they are read from is the caller's affair.

use domain::routing::FailureClass;
use jiff::tz::Offset;
use net::tls::TlsClient;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BindMode {
    /// One connection for both ways.
    #[default]
    Transceiver,
    /// A transmitter and a receiver, for operators without transceivers.
    Pair,
    /// A transmitter only.
    Transmitter,
    /// A receiver only.
    Receiver,
}

/// How characters of data_coding 0 stand on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultAlphabet {
    /// GSM 03.38, one septet an octet.
    #[default]
    Gsm,
    /// ISO-8859-1; what it does not hold becomes `?`.
    Latin1,
    /// ASCII; accents are dropped.
    Ascii,
}

/// How the parts of a long message are tied together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongForm {
    /// A user data header in short_message.
    #[default]
    Header,
    /// The optional parameters sar_*.
    Sar,
    /// The whole text in message_payload: the operator cuts it.
    Payload,
}

/// How a message that is shown at once (class 0) is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlashForm {
    /// data_coding 0x10, for UCS-2 0x18.
    #[default]
    Coding,
    /// data_coding 0xF0, for UCS-2 0x18.
    Class,
    /// dest_addr_subunit 1.
    Subunit,
}

/// How long the operator may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidityForm {
    /// So long from now: immune to clocks and zones.
    #[default]
    Relative,
    /// Until a moment, in UTC.
    Absolute,
    /// The operator's own default.
    None,
}

/// Characters of an alphanumeric sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameCharset {
    /// ASCII; accents are dropped.
    #[default]
    Ascii,
    /// ISO-8859-1.
    Latin1,
    /// UTF-8.
    Utf8,
}

/// Type of number and numbering plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan indicator.
    pub npi: u8,
}

/// An SMPP link.
#[derive(Debug, Clone)]
pub struct SmppConfig {
    /// `host:port`, tried in order, around and around.
    pub hosts: Vec<String>,
    /// Where receivers connect in [`BindMode::Pair`]; empty = `hosts`.
    pub receiver_hosts: Vec<String>,
    /// TLS from the first octet.
    pub tls: Option<TlsClient>,
    /// At most 15 octets.
    pub system_id: String,
    /// At most 8 octets.
    pub password: SecretString,
    /// At most 12 octets; usually empty.
    pub system_type: String,
    /// How to bind.
    pub mode: BindMode,
    /// 0x34 or 0x50 (0x33 for very old peers).
    pub interface_version: u8,
    /// Of the bind.
    pub address_numbering: Numbering,
    /// Which receiving numbers; at most 40 octets, usually empty.
    pub address_range: String,
    /// Binds (pairs of binds) at the same time, 1 to 64.
    pub sessions: usize,
    /// Sessions begin at different hosts, so that the load is spread over them.
    pub spread: bool,
    /// Submits of one session that may wait for a reply, 1 to 10,000.
    pub window: usize,
    /// How many replies may be on their way to the disk beyond the window before nothing new is sent; 0 = after a crash at most a window
    /// can be sent twice.
    pub replies_ahead: usize,
    /// Segments a second of all sessions; 0 = no limit.
    pub rate: u32,
    /// Connecting, TLS included.
    pub connect_timeout: Duration,
    /// From bind to its answer.
    pub bind_timeout: Duration,
    /// Silence before an enquire_link.
    pub enquire_link: Duration,
    /// From enquire_link to its answer.
    pub enquire_link_timeout: Duration,
    /// After this a reply is late; after twice this, if later ones came, its place in the window is given to the next; after
    /// three times this the segment is in doubt.
    pub response_timeout: Duration,
    /// How long unsent messages wait for a link that is down before they may go another way.
    pub give_back_after: Duration,
    /// The same for alarms.
    pub give_back_alarms_after: Duration,
    /// The first pause before connecting again; doubles to a minute.
    pub first_pause: Duration,
    /// What data_coding 0 means.
    pub default_alphabet: DefaultAlphabet,
    /// data_coding of text in the default alphabet.
    pub text_coding: u8,
    /// data_coding of UCS-2.
    pub ucs2_coding: u8,
    /// data_coding of binary messages.
    pub binary_coding: u8,
    /// Long messages.
    pub long_form: LongForm,
    /// Flash messages.
    pub flash_form: FlashForm,
    /// Validity.
    pub validity: ValidityForm,
    /// Characters of names.
    pub name_charset: NameCharset,
    /// Of international numbers, as recipient and sender.
    pub international: Numbering,
    /// Of short codes.
    pub short_code: Numbering,
    /// Of names.
    pub name: Numbering,
    /// At most 5 octets; usually empty.
    pub service_type: String,
    /// esm_class without flags; 0, or 3 where the operator wants it.
    pub esm_class: u8,
    /// GSM TP-PID.
    pub protocol_id: u8,
    /// priority_flag of bulk, normal, high and alarm messages.
    pub priority_flags: [u8; 4],
    /// registered_delivery when a receipt is wanted.
    pub registered_delivery: u8,
    /// Also take a message with esm_class 0 for a receipt when its text is one.
    pub receipts_by_text: bool,
    /// The zone of the dates in receipts.
    pub receipt_offset: Offset,
    /// What this operator means by a status; goes before the standard's meaning.
    pub statuses: Vec<(u32, FailureClass)>,
    /// Optional parameters of each submit: tag and octets.
    pub extra_parameters: Vec<(u16, Vec<u8>)>,
}

impl Default for SmppConfig {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let international = Numbering { ton: 1, npi: 1 };
        Self {
            hosts: Vec::new(),
            receiver_hosts: Vec::new(),
            tls: None,
            system_id: String::new(),
            password: SecretString::from(""),
            system_type: String::new(),
            mode: BindMode::Transceiver,
            interface_version: 0x34,
            address_numbering: Numbering { ton: 0, npi: 0 },
            address_range: String::new(),
            sessions: 1,
            spread: false,
            window: 10,
            replies_ahead: 0,
            rate: 0,
            connect_timeout: seconds(10),
            bind_timeout: seconds(30),
            enquire_link: seconds(30),
            enquire_link_timeout: seconds(10),
            response_timeout: seconds(60),
            give_back_after: seconds(10),
            give_back_alarms_after: seconds(3),
            first_pause: seconds(1),
            default_alphabet: DefaultAlphabet::Gsm,
            text_coding: 0,
            ucs2_coding: 8,
            binary_coding: 4,
            long_form: LongForm::Header,
            flash_form: FlashForm::Coding,
            validity: ValidityForm::Relative,
            name_charset: NameCharset::Ascii,
            international,
            short_code: Numbering { ton: 3, npi: 0 },
            name: Numbering { ton: 5, npi: 0 },
            service_type: String::new(),
            esm_class: 0,
            protocol_id: 0,
            priority_flags: [0; 4],
            registered_delivery: 1,
            receipts_by_text: false,
            receipt_offset: Offset::UTC,
            statuses: Vec::new(),
            extra_parameters: Vec::new(),
        }
    }
}

/// A setting that SMPP has no room for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {allowed}")]
pub struct ConfigError {
    /// The field's name.
    pub key: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
}

impl SmppConfig {
    /// Refuses what would be cut off or refused on the wire.
    ///
    /// # Errors
    /// The first field that is wrong, and what it may be.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fits = |text: &str, most: usize| text.len() <= most && !text.contains('\0');
        let version = matches!(self.interface_version, 0x33 | 0x34 | 0x50);
        let rules = [
            ("hosts", !self.hosts.is_empty(), "at least one host:port"),
            ("system_id", fits(&self.system_id, 15), "at most 15 octets"),
            ("password", fits(self.password.expose_secret(), 8), "at most 8 octets"),
            ("system_type", fits(&self.system_type, 12), "at most 12 octets"),
            ("address_range", fits(&self.address_range, 40), "at most 40 octets"),
            ("service_type", fits(&self.service_type, 5), "at most 5 octets"),
            ("interface_version", version, "3.3, 3.4 or 5.0"),
            ("sessions", (1..=64).contains(&self.sessions), "1 to 64"),
            ("window", (1..=10_000).contains(&self.window), "1 to 10000"),
            ("response_timeout", !self.response_timeout.is_zero(), "more than nothing"),
            ("enquire_link", !self.enquire_link.is_zero(), "more than nothing"),
        ];
        match rules.into_iter().find(|(_, right, _)| !right) {
            Some((key, _, allowed)) => Err(ConfigError { key, allowed }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_cut_is_refused() {
        let good = SmppConfig { hosts: vec!["h:1".into()], ..SmppConfig::default() };
        assert_eq!(good.check(), Ok(()));
        let key = |config: SmppConfig| config.check().map_err(|e| e.key);
        assert_eq!(key(SmppConfig::default()), Err("hosts"));
        assert_eq!(key(SmppConfig { password: "123456789".into(), ..good.clone() }), Err("password"));
        assert_eq!(
            key(SmppConfig { system_id: "0123456789abcdef".into(), ..good.clone() }),
            Err("system_id")
        );
        assert_eq!(key(SmppConfig { window: 0, ..good.clone() }), Err("window"));
        assert!(!format!("{:?}", SmppConfig { password: "hemligt".into(), ..good }).contains("hemligt"));
    }
}
