//! The keys that only GSM terminals have (3GPP TS 27.005 and 27.007).

use super::{Common, Keys, LinkChecks};
use crate::config::checks::address::host_port;
use crate::config::values::{Period, Secret};
use ::modem::profile;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use toml::Spanned;

/// `[[link]] protocol = "modem"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modem {
    /// The modem's port: a device, best by its lasting name (`/dev/serial/by-id/…`, `COM3`), or `tcp://host:port` of a terminal server.
    pub port: Spanned<String>,
    /// Bits a second of a serial port.
    #[serde(default = "baud")]
    pub baud: u32,
    /// Whether the cable has the lines for a hardware handshake (RTS and CTS).
    #[serde(default = "super::yes")]
    pub handshake: bool,
    /// The make: `generic`, `cinterion`, `sierra`, `telit`, `huawei`, `simcom`, `quectel` or `premicell`; as the modem names itself when absent.
    pub modem: Option<Spanned<String>>,
    /// The SIM's PIN, tried once. A PIN that the SIM has refused is never sent again, also not after a restart.
    pub pin: Option<Spanned<Secret>>,
    /// The SIM's own number, to which received messages were sent: `46701234567`.
    #[serde(default)]
    pub number: String,
    /// The service centre, `+46…`; the SIM's own when absent.
    pub service_centre: Option<Spanned<String>>,
    /// Where the modem keeps received messages: `SM`, `ME` or `MT`; as its make says when absent.
    pub storage: Option<Spanned<String>>,
    /// Messages in a minute; 0 = no limit.
    #[serde(default)]
    pub per_minute: u32,
    /// Messages in a day, local time; 0 = no limit. When they are sent the link counts as down until midnight.
    #[serde(default)]
    pub per_day: u32,
    /// How often coverage, signal and memory are looked at; 60 s when absent.
    pub poll: Option<Period>,
    /// A signal below this is weak: 0 to 31, 2 dB each, from -113 dBm.
    #[serde(default = "weak_signal")]
    pub weak_signal: u8,
    /// Whether incoming calls are hung up.
    #[serde(default = "super::yes")]
    pub hang_up: bool,
    /// The mailbox that is told of lost coverage, a vanished port, a SIM that is missing or locked, a weak signal, a full memory, and when it
    /// is well again. Needs `[smtp.relay]`.
    pub alarm_to: Option<Spanned<String>>,
    /// How long something is wrong before it is told; 60 s when absent.
    pub alarm_after: Option<Period>,
}

fn baud() -> u32 {
    115_200
}

fn weak_signal() -> u8 {
    5
}

impl Keys for Modem {
    const WITHOUT: &'static [&'static str] =
        &["hosts", "tls", "sessions", "window", "spread", "replies_ahead"];

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        if self.port.get_ref().trim().is_empty() {
            checks.wrong(&self.port, "port", "the name of a device, or tcp://host:port");
        }
        if let Some(host) = self.port.get_ref().strip_prefix(::modem::port::TCP)
            && host_port(host).is_none_or(|(_, port)| port == 0)
        {
            checks.wrong(&self.port, "port", format!("tcp://{host} is not tcp://host:port"));
        }
        let makes: Vec<&str> = profile::PROFILES.iter().map(|profile| profile.name).collect();
        checks.one_of(self.modem.as_ref(), "modem", &makes);
        checks.one_of(self.storage.as_ref(), "storage", &["SM", "ME", "MT"]);
        checks.secret(self.pin.as_ref(), "pin");
        if let Some(at) = &self.pin
            && at.get_ref().resolve().is_ok_and(|pin| !is_pin(pin.expose_secret()))
        {
            checks.wrong(at, "pin", "a PIN is 4 to 8 digits");
        }
        if !self.number.bytes().all(|octet| octet.is_ascii_digit()) {
            checks.wrong_key(common, "number", "digits with country code and no plus sign");
        }
        if let Some(at) = &self.service_centre
            && !at.get_ref().strip_prefix('+').unwrap_or(at.get_ref()).bytes().all(|o| o.is_ascii_digit())
        {
            checks.wrong(at, "service_centre", "digits, with + before a country code");
        }
        if let Some(at) =
            self.alarm_to.as_ref().filter(|at| smtp::relay::clean::address(at.get_ref()).is_none())
        {
            checks.wrong(at, "alarm_to", format!("{} is no mail address", at.get_ref()));
        }
    }

    fn hosts<'a>(&'a self, _: &'a Common) -> Vec<&'a str> {
        self.port.get_ref().strip_prefix(::modem::port::TCP).into_iter().collect()
    }

    fn place(&self, _: &Common) -> String {
        self.port.get_ref().clone()
    }
}

fn is_pin(pin: &str) -> bool {
    (4..=8).contains(&pin.len()) && pin.bytes().all(|octet| octet.is_ascii_digit())
}
