//! The keys of a modem and its telephone line, for links that may be dialled.

use super::{Common, LinkChecks};
use crate::config::checks::address::host_port;
use crate::config::values::Period;
use ::modem::call::{self, CallSettings, Script};
use ::modem::port::{Flow, SerialOptions, TCP};
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// What a modem is told when nothing else is said.
const USUAL: [&str; 3] = ["ATZ", "ATE0V1Q0", "ATX4"];

/// `[link.line]`: the serial port and the modem of a `tap` or `ucp` link that has a `port`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineKeys {
    /// Bits a second between us and the modem.
    pub speed: u32,
    /// Data bits, parity and stop bits: `7E1` or `8N1`; for `tap` `7E1` when absent, for `ucp` `8N1`.
    pub form: Option<Spanned<String>>,
    /// Whether the cable has the lines for a hardware handshake (RTS and CTS).
    pub handshake: bool,
    /// What the modem is told before each call; `ATZ`, `ATE0V1Q0` and `ATX4` when empty. Behind a switchboard `ATX3` instead of the last:
    /// it then does not wait for a dial tone.
    pub init: Vec<Spanned<String>>,
    /// What stands before the number: `ATDT` (tone) or `ATDP` (pulse).
    pub dial_command: String,
    /// How long the other side may take to answer.
    pub dial_timeout: Period,
}

impl Default for LineKeys {
    fn default() -> Self {
        Self {
            speed: 9_600,
            form: None,
            handshake: true,
            init: Vec::new(),
            dial_command: "ATDT".to_owned(),
            dial_timeout: Period(Duration::from_secs(60)),
        }
    }
}

/// The keys by which a link is dialled, wherever they stand.
pub(super) struct Dialled<'a> {
    pub(super) port: Option<&'a Spanned<String>>,
    pub(super) dial: &'a [Spanned<String>],
    pub(super) line: Option<&'a LineKeys>,
}

impl Dialled<'_> {
    /// Hosts, or a port; numbers with a port only, and such as a modem can dial.
    pub(super) fn check(&self, common: &Common, may_be_cable: bool, checks: &mut LinkChecks<'_, '_>) {
        let Some(port) = self.port else {
            if let Some(number) = self.dial.first() {
                checks.wrong(number, "dial", "to dial there must be a modem: port = \"/dev/ttyS0\"");
            }
            if self.line.is_some() {
                checks.wrong_key(common, "line", "a line belongs to a port: port = \"/dev/ttyS0\"");
            }
            return checks.some_host(common);
        };
        if port.get_ref().trim().is_empty() {
            checks.wrong(port, "port", "the name of a device, or tcp://host:port");
        }
        if let Some(host) = port.get_ref().strip_prefix(TCP)
            && host_port(host).is_none_or(|(_, port)| port == 0)
        {
            checks.wrong(port, "port", format!("tcp://{host} is not tcp://host:port"));
        }
        if let Some(host) = common.hosts.first() {
            checks.wrong(host, "hosts", "a link has hosts or a port, not both");
        }
        if common.tls.is_some() {
            checks.wrong_key(common, "tls", "there is no TLS over a modem");
        }
        if self.dial.is_empty() && !may_be_cable {
            checks.wrong(port, "dial", "the numbers that the modem is to call: dial = [\"08-123 45 67\"]");
        }
        for number in self.dial.iter().filter(|number| !call::is_number(number.get_ref())) {
            let what = format!("{:?} cannot be dialled: digits, and * # + , W T P ! @", number.get_ref());
            checks.wrong(number, "dial", what);
        }
        let Some(line) = self.line else { return };
        checks.one_of(line.form.as_ref(), "line.form", &["7E1", "8N1"]);
        let command = |text: &str| {
            text.len() <= 80
                && text.get(..2).is_some_and(|at| at.eq_ignore_ascii_case("AT"))
                && text.bytes().all(|octet| (0x20..0x7F).contains(&octet))
        };
        for init in line.init.iter().filter(|init| !command(init.get_ref())) {
            checks.wrong(init, "line.init", format!("{:?} is no command: ATZ, ATX3", init.get_ref()));
        }
        if !command(&line.dial_command) {
            checks.wrong_key(common, "line.dial_command", "ATDT or ATDP");
        }
    }
}

impl LineKeys {
    /// How the serial port is set.
    pub(crate) fn serial(&self, default_form: &str) -> SerialOptions {
        let form = self.form.as_ref().map_or(default_form, |form| form.get_ref());
        let flow = if self.handshake { Flow::Hardware } else { Flow::None };
        SerialOptions { baud: self.speed, flow, seven_even: form == "7E1" }
    }

    /// The modem and whom it calls.
    pub(crate) fn call(&self, port: &str, dial: &[Spanned<String>], default_form: &str) -> CallSettings {
        CallSettings {
            port: port.to_owned(),
            serial: self.serial(default_form),
            numbers: dial.iter().map(|number| number.get_ref().clone()).collect(),
            script: Script {
                init: if self.init.is_empty() {
                    USUAL.map(str::to_owned).to_vec()
                } else {
                    self.init.iter().map(|init| init.get_ref().clone()).collect()
                },
                dial: self.dial_command.clone(),
                patience: self.dial_timeout.0,
            },
        }
    }
}

/// Where a dialled link goes, for people: `/dev/ttyS0 dials 08-123 45 67`.
pub(super) fn place(port: Option<&Spanned<String>>, dial: &[Spanned<String>]) -> Option<String> {
    let port = port?.get_ref();
    let numbers: Vec<&str> = dial.iter().map(|number| number.get_ref().as_str()).collect();
    Some(if numbers.is_empty() { port.clone() } else { format!("{port} dials {}", numbers.join(", ")) })
}
