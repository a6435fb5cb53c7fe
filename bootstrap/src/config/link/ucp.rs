//! The keys that only UCP links have (EMI/UCP 3.5 and 4.x).

use super::line::{Dialled, LineKeys};
use super::{Common, Keys, LinkChecks};
use crate::config::values::{Period, Secret};
use ::ucp::alphabet::Alphabet;
use domain::directory::Letters;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use toml::Spanned;

/// The widest window that the transaction numbers 00 to 99 carry.
const MOST_IN_FLIGHT: u16 = 98;

/// `[[link]] protocol = "ucp"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ucp {
    /// The port of a modem that calls the operator, instead of `hosts`: a device, or `tcp://host:port` of a terminal server.
    pub port: Option<Spanned<String>>,
    /// The telephone numbers of the operator, tried in turn. A dialled link calls when there is something to send.
    #[serde(default)]
    pub dial: Vec<Spanned<String>>,
    /// The serial port and the modem.
    pub line: Option<LineKeys>,
    /// How long a call with nothing to do is kept; 20 s when absent. Receipts and messages come only during calls.
    pub idle: Option<Period>,
    /// How often the operator is called although there is nothing to send, so that it can deliver; never when absent.
    pub call_every: Option<Period>,
    /// The pause after a call that failed; it doubles to 15 min. 30 s when absent.
    pub redial: Option<Period>,
    /// The account, a number of at most 16 digits: logs in, and is named in keep-alives.
    pub system_id: Option<Spanned<String>>,
    /// The password, at most 16 characters.
    pub password: Option<Spanned<Secret>>,
    /// Whether to log in (operation 60); `false` where the operator knows the address alone.
    #[serde(default = "super::yes")]
    pub login: bool,
    /// Type of number of the account: 1 international, 2 national, 6 short (when absent).
    pub account_ton: Option<Spanned<u16>>,
    /// Numbering plan of the account: 1 E.164, 3 X.121, 5 private (when absent).
    pub account_npi: Option<Spanned<u16>>,
    /// The operation that submits: `51` (when absent), or `30` or `01` for simple centres, which carry plain texts only.
    pub operation: Option<Spanned<String>>,
    /// What the octets of a text mean there: `gsm` (when absent), `gsm-swapped` ($ and ¤), `ascii`, `german` or `swedish`.
    pub alphabet: Option<Spanned<String>>,
    /// What stands before an international recipient: `00` when absent.
    pub recipient_prefix: Option<Spanned<String>>,
    /// What stands before a numeric sender; when absent nothing, and it is marked as international.
    pub originator_prefix: Option<Spanned<String>>,
    /// How a flash message is marked: by message class and data coding (`both`, when absent), by `class` or by `coding`.
    pub flash: Option<Spanned<String>>,
    /// Message class of texts in UCS-2 and of binary messages, 0 to 3; 1 when absent, 9 for none.
    pub transparent_class: Option<Spanned<u16>>,
    /// Which receipts are asked for, as the sum of 1 delivered, 2 not delivered, 4 buffered; 3 when absent.
    pub notifications: Option<Spanned<u16>>,
    /// Where receipts go (NAdC), as digits, when the operator cannot tell by himself.
    pub notification_address: Option<Spanned<String>>,
    /// What kind of address that is (NPID); `0539` is a computer over TCP/IP.
    pub notification_pid: Option<Spanned<String>>,
    /// How long the line may be silent before it is tested (operation 31); 50 s when absent, `0s` = never. Else, while an alarm is under
    /// way, 10 s at most, with 5 s for the answer.
    pub keep_alive: Option<Period>,
    /// What kind of place keep-alives come from (PID); `0539` when absent.
    pub keep_alive_pid: Option<Spanned<String>>,
    /// The zone of the operator's clock, as `Europe/Stockholm`. When absent no validity is sent, since it is a local time.
    pub time_zone: Option<Spanned<String>>,
    /// What this operator means by an error code: `04=permanent`; also `temporary`, `limited` (three tries), `throttled`.
    #[serde(default)]
    pub statuses: Vec<Spanned<String>>,
    /// Fields of each submit that the operator wants otherwise, by their names in the specification: `RPID=0000`.
    #[serde(default)]
    pub fields: Vec<Spanned<String>>,
}

impl Keys for Ucp {
    fn account(&self) -> Option<(&str, Option<&Spanned<Secret>>)> {
        Some((self.system_id.as_ref()?.get_ref(), self.password.as_ref()))
    }

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        let dialled = Dialled { port: self.port.as_ref(), dial: &self.dial, line: self.line.as_ref() };
        dialled.check(common, false, checks);
        if self.port.is_some() && common.sessions.as_ref().is_some_and(|sessions| *sessions.get_ref() > 1) {
            checks.wrong_key(common, "sessions", "a modem has one call at a time: sessions = 1");
        }
        checks.range(common.window.as_ref(), "window", MOST_IN_FLIGHT);
        checks.secret(self.password.as_ref(), "password");
        if self.login && self.system_id.as_ref().is_none_or(|account| account.get_ref().is_empty()) {
            checks.wrong_key(
                common,
                "system_id",
                "a login needs the account, a number (login = false where there is none)",
            );
        }
        if let Some(at) = &self.password
            && at.get_ref().resolve().is_ok_and(|p| p.expose_secret().chars().count() > 16)
        {
            checks.wrong(at, "password", "password has at most 16 characters in UCP");
        }
        self.digits(checks);
        checks.one_of(self.operation.as_ref(), "operation", &["51", "30", "01"]);
        let alphabets = ["gsm", "gsm-swapped", "ascii", "german", "swedish"];
        checks.one_of(self.alphabet.as_ref(), "alphabet", &alphabets);
        checks.one_of(self.flash.as_ref(), "flash", &["both", "class", "coding"]);
        checks.range(self.notifications.as_ref(), "notifications", 7);
        let most = [
            ("account_ton", &self.account_ton, 9),
            ("account_npi", &self.account_npi, 9),
            ("transparent_class", &self.transparent_class, 9),
        ];
        for (key, value, most) in most {
            if let Some(value) = value.as_ref().filter(|v| *v.get_ref() > most) {
                checks.wrong(value, key, format!("{} is not between 0 and {most}", value.get_ref()));
            }
        }
        if let Some(zone) = self.time_zone.as_ref().filter(|zone| TimeZone::get(zone.get_ref()).is_err()) {
            checks.wrong(zone, "time_zone", format!("no time zone {:?}", zone.get_ref()));
        }
        for text in self.statuses.iter().filter(|text| status(text.get_ref()).is_none()) {
            checks.wrong(
                text,
                "statuses",
                "a code of two digits, = and permanent, temporary, limited or throttled",
            );
        }
        for text in self.fields.iter().filter(|text| field(text.get_ref()).is_none()) {
            checks.wrong(text, "fields", "a field of operation 51, = and a value without slashes");
        }
    }

    /// The simple operations carry texts of the link's alphabet and nothing else; 51 carries UCS-2 besides.
    fn letters(&self) -> Option<Letters> {
        let simple = self
            .operation
            .as_ref()
            .is_some_and(|operation| matches!(operation.get_ref().as_str(), "30" | "01"));
        let named = self.alphabet.as_ref().map_or("", |alphabet| alphabet.get_ref().as_str());
        let alphabet = Alphabet::named(named);
        (simple || alphabet.is_narrow()).then(|| Letters { all: alphabet.letters().into(), ucs2: !simple })
    }

    fn hosts<'a>(&'a self, common: &'a Common) -> Vec<&'a str> {
        match &self.port {
            Some(port) => port.get_ref().strip_prefix(::modem::port::TCP).into_iter().collect(),
            None => common.hosts.iter().map(|h| h.get_ref().as_str()).collect(),
        }
    }

    fn place(&self, common: &Common) -> String {
        super::line::place(self.port.as_ref(), &self.dial).unwrap_or_else(|| self.hosts(common).join(" "))
    }
}

impl Ucp {
    fn digits(&self, checks: &mut LinkChecks<'_, '_>) {
        for (key, value, most) in [
            ("system_id", &self.system_id, 16),
            ("recipient_prefix", &self.recipient_prefix, 4),
            ("originator_prefix", &self.originator_prefix, 4),
            ("notification_address", &self.notification_address, 16),
            ("notification_pid", &self.notification_pid, 4),
            ("keep_alive_pid", &self.keep_alive_pid, 4),
        ] {
            let wrong = |text: &str| text.len() > most || !text.bytes().all(|b| b.is_ascii_digit());
            if let Some(at) = value.as_ref().filter(|at| wrong(at.get_ref())) {
                checks.wrong(at, key, format!("{key} is at most {most} digits in UCP"));
            }
        }
    }
}

/// `04=permanent` as a code and what it means.
pub(crate) fn status(text: &str) -> Option<(u8, &str)> {
    let (code, class) = text.split_once('=')?;
    let known = ["permanent", "temporary", "limited", "throttled"].contains(&class);
    (known && code.len() <= 2).then(|| code.parse().ok()).flatten().map(|code| (code, class))
}

/// `RPID=0000` as the place of a field and its value.
pub(crate) fn field(text: &str) -> Option<(usize, &str)> {
    let (name, value) = text.split_once('=')?;
    let printable = value.bytes().all(|octet| (0x20..0x7F).contains(&octet) && octet != b'/');
    ucp::codec::index_of(name).filter(|_| printable).map(|place| (place, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_fields() {
        assert_eq!(status("04=permanent"), Some((4, "permanent")));
        assert_eq!(field("rpid=0000"), Some((13, "0000")));
        for wrong in ["", "04", "04=never", "x=permanent", "123=permanent"] {
            assert_eq!(status(wrong), None, "{wrong}");
        }
        for wrong in ["", "RPID", "NOPE=1", "RPID=0/0"] {
            assert_eq!(field(wrong), None, "{wrong}");
        }
    }
}
