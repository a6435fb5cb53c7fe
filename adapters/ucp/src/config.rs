//! The settings of a UCP link. Plain values with sensible defaults; where they are read from is the caller's affair.

use crate::alphabet::Alphabet;
use crate::codec::{Submission, five};
use domain::routing::FailureClass;
use jiff::tz::TimeZone;
use net::tls::TlsClient;
use secrecy::{ExposeSecret as _, SecretString};
use session::OnDemand;
use std::time::Duration;

/// Keys of a session: the transaction numbers 00 to 99.
pub const TRNS: usize = 100;
/// Of these, as many are kept back for a keep-alive.
const MOST_WINDOW: usize = TRNS - 2;
/// Longest number in AdC and OAdC.
pub(crate) const LONGEST_NUMBER: usize = 16;

/// How a message that is shown at once (class 0) is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlashForm {
    /// By class 0 in MCLs and by data coding in XSer.
    #[default]
    Both,
    /// By MCLs alone.
    Class,
    /// By XSer alone.
    Coding,
}

/// A UCP link.
#[derive(Debug, Clone)]
pub struct UcpConfig {
    /// Places, tried in order, around and around: `host:port`, or what the given dialler calls, a telephone number.
    pub hosts: Vec<String>,
    /// TLS from the first octet.
    pub tls: Option<TlsClient>,
    /// The account: a number of at most 16 digits. It logs in and is named in keep-alives.
    pub account: String,
    /// Whether to log in (operation 60). Some accounts are known by their address alone.
    pub login: bool,
    /// At most 16 characters.
    pub password: SecretString,
    /// Type of number of the account: 1 international, 2 national, 6 abbreviated.
    pub account_ton: u8,
    /// Numbering plan of the account: 1 E.164, 3 X.121, 5 private.
    pub account_npi: u8,
    /// Connections at the same time, 1 to 64.
    pub sessions: usize,
    /// Sessions begin at different hosts, so that the load is spread over them.
    pub spread: bool,
    /// Replies that may be on their way to the disk beyond the window before nothing new is written.
    pub replies_ahead: usize,
    /// Submits of one session that may wait for a result, 1 to 98.
    pub window: usize,
    /// Segments a second of all sessions; 0 = no limit.
    pub rate: u32,
    /// Connecting, TLS included.
    pub connect_timeout: Duration,
    /// From login to its result.
    pub login_timeout: Duration,
    /// Silence before a keep-alive (operation 31); zero = never.
    pub keep_alive: Duration,
    /// From keep-alive to its result; any result proves life.
    pub keep_alive_timeout: Duration,
    /// After this a result is late; after twice this, if later ones came, its place in the window is given to the next; after
    /// three times this the segment is in doubt and its TRN is not used again on the connection.
    pub response_timeout: Duration,
    /// How long unsent messages wait for a link that is down before they may go another way.
    pub give_back_after: Duration,
    /// The same for alarms.
    pub give_back_alarms_after: Duration,
    /// The first pause before connecting again; doubles to `longest_pause`.
    pub first_pause: Duration,
    /// The longest pause before connecting again.
    pub longest_pause: Duration,
    /// A connection costs something: it is made when it is needed. `None` = always connected.
    pub on_demand: Option<OnDemand>,
    /// With which operation messages are submitted.
    pub submission: Submission,
    /// What the octets of a text mean.
    pub alphabet: Alphabet,
    /// What stands before the international number of a recipient: `00` as a rule, or nothing.
    pub recipient_prefix: String,
    /// The same for a number as sender; without a prefix it is marked as international (OTOA 1139).
    pub originator_prefix: String,
    /// Flash messages.
    pub flash_form: FlashForm,
    /// Message class of texts in UCS-2 and of binary messages, which some centres demand.
    pub transparent_class: Option<u8>,
    /// Which notifications to ask for when a receipt is wanted: 1 delivered, 2 not delivered, 4 buffered, added up.
    pub notifications: u8,
    /// Where notifications go (NAdC) when the centre cannot tell: a number, or address and port as digits. Usually empty.
    pub notification_address: String,
    /// What kind of address that is (NPID): `0539` is a PC over TCP/IP.
    pub notification_pid: String,
    /// What kind of place keep-alives come from (PID).
    pub keep_alive_pid: String,
    /// Where the centre's clock stands. Without it no validity is sent, and its times are taken for UTC.
    pub time_zone: Option<TimeZone>,
    /// What this operator means by an error code; goes before the specification's meaning.
    pub statuses: Vec<(u8, FailureClass)>,
    /// Fields of each submit by their place in operation 51, over what would stand there.
    pub extra_fields: Vec<(usize, String)>,
}

impl Default for UcpConfig {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            hosts: Vec::new(),
            tls: None,
            account: String::new(),
            login: true,
            password: SecretString::from(""),
            account_ton: 6,
            account_npi: 5,
            sessions: 1,
            spread: false,
            replies_ahead: 0,
            window: 10,
            rate: 0,
            connect_timeout: seconds(10),
            login_timeout: seconds(30),
            keep_alive: seconds(50),
            keep_alive_timeout: seconds(10),
            response_timeout: seconds(60),
            give_back_after: seconds(10),
            give_back_alarms_after: seconds(3),
            first_pause: seconds(1),
            longest_pause: seconds(60),
            on_demand: None,
            submission: Submission::Submit,
            alphabet: Alphabet::Gsm,
            recipient_prefix: "00".to_owned(),
            originator_prefix: String::new(),
            flash_form: FlashForm::Both,
            transparent_class: Some(1),
            notifications: 3,
            notification_address: String::new(),
            notification_pid: String::new(),
            keep_alive_pid: "0539".to_owned(),
            time_zone: None,
            statuses: Vec::new(),
            extra_fields: Vec::new(),
        }
    }
}

/// A setting that UCP has no room for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {allowed}")]
pub struct ConfigError {
    /// The field's name.
    pub key: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
}

impl UcpConfig {
    /// Refuses what would be cut off or refused on the wire.
    ///
    /// # Errors
    /// The first field that is wrong, and what it may be.
    pub fn check(&self) -> Result<(), ConfigError> {
        let digits = |text: &str, most: usize| text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
        let printable = |text: &str| text.bytes().all(|b| (0x20..0x7F).contains(&b) && b != b'/');
        let password = self.password.expose_secret();
        let extra = self.extra_fields.iter().all(|(place, text)| *place < five::COUNT && printable(text));
        let account = !self.login || !self.account.is_empty();
        let rules = [
            ("hosts", !self.hosts.is_empty(), "at least one host:port"),
            ("account", digits(&self.account, LONGEST_NUMBER), "at most 16 digits"),
            ("account", account, "needed to log in"),
            ("password", password.chars().count() <= 16, "at most 16 characters"),
            ("account_ton", self.account_ton <= 9, "0 to 9"),
            ("account_npi", self.account_npi <= 9, "0 to 9"),
            ("sessions", (1..=64).contains(&self.sessions), "1 to 64"),
            ("window", (1..=MOST_WINDOW).contains(&self.window), "1 to 98"),
            ("response_timeout", !self.response_timeout.is_zero(), "more than nothing"),
            ("recipient_prefix", digits(&self.recipient_prefix, 4), "at most 4 digits"),
            ("originator_prefix", digits(&self.originator_prefix, 4), "at most 4 digits"),
            ("transparent_class", self.transparent_class.is_none_or(|class| class <= 3), "0 to 3"),
            ("notifications", (1..=7).contains(&self.notifications), "1 to 7"),
            ("notification_address", digits(&self.notification_address, LONGEST_NUMBER), "at most 16 digits"),
            ("notification_pid", digits(&self.notification_pid, 4), "4 digits"),
            ("keep_alive_pid", digits(&self.keep_alive_pid, 4), "4 digits"),
            ("fields", extra, "fields of operation 51, printable and without a slash"),
        ];
        match rules.into_iter().find(|(_, right, _)| !right) {
            Some((key, _, allowed)) => Err(ConfigError { key, allowed }),
            None => Ok(()),
        }
    }

    /// The zone that the centre's times are read in.
    pub(crate) fn zone(&self) -> TimeZone {
        self.time_zone.clone().unwrap_or(TimeZone::UTC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_cut_is_refused() {
        let good = UcpConfig { hosts: vec!["h:1".into()], account: "12345".into(), ..UcpConfig::default() };
        assert_eq!(good.check(), Ok(()));
        let key = |config: UcpConfig| config.check().map_err(|e| e.key);
        assert_eq!(key(UcpConfig::default()), Err("hosts"));
        assert_eq!(key(UcpConfig { account: String::new(), ..good.clone() }), Err("account"));
        assert_eq!(key(UcpConfig { account: String::new(), login: false, ..good.clone() }), Ok(()));
        assert_eq!(key(UcpConfig { account: "name".into(), ..good.clone() }), Err("account"));
        assert_eq!(key(UcpConfig { window: 99, ..good.clone() }), Err("window"));
        assert_eq!(key(UcpConfig { extra_fields: vec![(33, "x".into())], ..good.clone() }), Err("fields"));
        assert_eq!(key(UcpConfig { extra_fields: vec![(2, "a/b".into())], ..good.clone() }), Err("fields"));
        assert!(!format!("{:?}", UcpConfig { password: "hemligt".into(), ..good }).contains("hemligt"));
    }
}
