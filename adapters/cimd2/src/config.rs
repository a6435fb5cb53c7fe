//! The settings of a CIMD2 link. Plain values with sensible defaults; where they are read from is the caller's affair.

use domain::routing::FailureClass;
use jiff::tz::TimeZone;
use net::tls::TlsClient;
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// How long the operator may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidityForm {
    /// So long from now: immune to clocks and zones.
    #[default]
    Relative,
    /// Until a moment, in the operator's local time.
    Absolute,
    /// The operator's own default.
    None,
}

/// How the operator is told to send something again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refusal {
    /// By not answering; a new connection follows, on which it comes again.
    #[default]
    Silence,
    /// By error 710 (SMS Center 8 and later).
    Code,
}

/// A CIMD2 link.
#[derive(Debug, Clone)]
pub struct Cimd2Config {
    /// `host:port`, tried in order, around and around.
    pub hosts: Vec<String>,
    /// TLS from the first octet.
    pub tls: Option<TlsClient>,
    /// User identity, at most 32 octets.
    pub user: String,
    /// At most 32 octets.
    pub password: SecretString,
    /// Which instance of the application this is, 0 to 9, where the operator wants to know.
    pub subaddress: Option<u8>,
    /// Connections at the same time, 1 to 64.
    pub sessions: usize,
    /// Sessions begin at different hosts, so that the load is spread over them.
    pub spread: bool,
    /// Replies that may be on their way to the disk beyond the window before nothing new is written.
    pub replies_ahead: usize,
    /// Submits of one session that may wait for a reply, 1 to 100.
    pub window: usize,
    /// Whether the login names the window, when it is more than 1.
    pub announce_window: bool,
    /// Segments a second of all sessions; 0 = no limit.
    pub rate: u32,
    /// Log in only after the operator's line of greeting.
    pub wait_for_greeting: bool,
    /// Whether packets carry a checksum.
    pub checksum: bool,
    /// Whether octets above 7F survive the way to the operator.
    pub eight_bit: bool,
    /// Connecting, TLS included.
    pub connect_timeout: Duration,
    /// From login to its answer.
    pub login_timeout: Duration,
    /// Silence before an alive.
    pub alive: Duration,
    /// From alive to its answer.
    pub alive_timeout: Duration,
    /// After this a reply is late; after twice this, if later ones came, its place in the window is given to the next; after
    /// three times this the segment is in doubt.
    pub response_timeout: Duration,
    /// How long unsent messages wait for a link that is down before they may go another way.
    pub give_back_after: Duration,
    /// The same for alarms.
    pub give_back_alarms_after: Duration,
    /// The first pause before connecting again; doubles to a minute.
    pub first_pause: Duration,
    /// What stands before an international recipient: `+`, `00` or nothing.
    pub international_prefix: String,
    /// What stands before an international sender; usually nothing.
    pub originator_prefix: String,
    /// The account's own number: the operator puts it before a numeric sender, so it is taken off there.
    pub own_number: String,
    /// Validity.
    pub validity: ValidityForm,
    /// Which status reports are asked for when a receipt is wanted; 62 = all final ones.
    pub reports: u8,
    /// Whether all parts of a message but the last say that more will come.
    pub more_messages: bool,
    /// GSM TP-PID; 0 is not sent.
    pub protocol_id: u8,
    /// Priority of bulk, normal, high and alarm messages, 1 (highest) to 9; 0 is not sent.
    pub priorities: [u8; 4],
    /// Tariff class, 0 to 99.
    pub tariff: Option<u8>,
    /// Service description, 0 to 9.
    pub service: Option<u8>,
    /// How to say "not now" to the operator.
    pub refusal: Refusal,
    /// The zone of the operator's clock.
    pub zone: TimeZone,
    /// What this operator means by an error code; goes before the specification's meaning.
    pub errors: Vec<(u16, FailureClass)>,
}

impl Default for Cimd2Config {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            hosts: Vec::new(),
            tls: None,
            user: String::new(),
            password: SecretString::from(""),
            subaddress: None,
            sessions: 1,
            spread: false,
            replies_ahead: 0,
            window: 1,
            announce_window: true,
            rate: 0,
            wait_for_greeting: false,
            checksum: true,
            eight_bit: false,
            connect_timeout: seconds(10),
            login_timeout: seconds(60),
            alive: seconds(30),
            alive_timeout: seconds(10),
            response_timeout: seconds(60),
            give_back_after: seconds(10),
            give_back_alarms_after: seconds(3),
            first_pause: seconds(1),
            international_prefix: "+".to_owned(),
            originator_prefix: String::new(),
            own_number: String::new(),
            validity: ValidityForm::Relative,
            reports: 62,
            more_messages: true,
            protocol_id: 0,
            priorities: [0; 4],
            tariff: None,
            service: None,
            refusal: Refusal::Silence,
            zone: TimeZone::UTC,
            errors: Vec::new(),
        }
    }
}

/// A setting that CIMD2 has no room for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {allowed}")]
pub struct ConfigError {
    /// The field's name.
    pub key: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
}

impl Cimd2Config {
    /// Refuses what would be refused on the wire.
    ///
    /// # Errors
    /// The first field that is wrong, and what it may be.
    pub fn check(&self) -> Result<(), ConfigError> {
        let printable = |text: &str| text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
        let word = |text: &str| text.len() <= 32 && printable(text) && text.trim() == text;
        let address = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'+');
        let rules = [
            ("hosts", !self.hosts.is_empty(), "at least one host:port"),
            ("user", word(&self.user), "at most 32 ASCII characters without blanks around them"),
            (
                "password",
                word(self.password.expose_secret()),
                "at most 32 ASCII characters without blanks around them",
            ),
            ("subaddress", self.subaddress.is_none_or(|number| number <= 9), "0 to 9"),
            ("sessions", (1..=64).contains(&self.sessions), "1 to 64"),
            ("window", (1..=100).contains(&self.window), "1 to 100"),
            ("response_timeout", !self.response_timeout.is_zero(), "more than nothing"),
            ("alive", !self.alive.is_zero(), "more than nothing"),
            ("international_prefix", address(&self.international_prefix), "+, 00 or nothing"),
            ("originator_prefix", address(&self.originator_prefix), "+, 00 or nothing"),
            ("own_number", address(&self.own_number), "digits"),
            ("priorities", self.priorities.iter().all(|priority| *priority <= 9), "0 to 9"),
            ("tariff", self.tariff.is_none_or(|class| class <= 99), "0 to 99"),
            ("service", self.service.is_none_or(|service| service <= 9), "0 to 9"),
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
    fn what_would_be_refused_is() {
        let good = Cimd2Config { hosts: vec!["h:1".into()], ..Cimd2Config::default() };
        assert_eq!(good.check(), Ok(()));
        let key = |config: Cimd2Config| config.check().map_err(|e| e.key);
        assert_eq!(key(Cimd2Config::default()), Err("hosts"));
        assert_eq!(key(Cimd2Config { password: "a\tb".into(), ..good.clone() }), Err("password"));
        assert_eq!(key(Cimd2Config { user: " a".into(), ..good.clone() }), Err("user"));
        assert_eq!(key(Cimd2Config { window: 128, ..good.clone() }), Err("window"));
        assert_eq!(key(Cimd2Config { own_number: "46 70".into(), ..good.clone() }), Err("own_number"));
        assert!(!format!("{:?}", Cimd2Config { password: "hemligt".into(), ..good }).contains("hemligt"));
    }
}
