//! The keys that only TAP links have (TAP 1.8: paging centrals, and SMS centres that speak like them).

use super::line::{Dialled, LineKeys};
use super::{Common, Keys, LinkChecks};
use crate::config::values::{Period, Secret};
use ::modem::port::TCP;
use ::modem::tap::codec::{Charset, LONGEST_PASSWORD};
use domain::directory::Letters;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use toml::Spanned;

/// `[[link]] protocol = "tap"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
    /// The port of a modem (with `dial`) or of a cable to the central: a device, or `tcp://host:port` of a terminal server. Without one,
    /// `hosts` listen on TCP.
    pub port: Option<Spanned<String>>,
    /// The telephone numbers of the central, tried in turn.
    #[serde(default)]
    pub dial: Vec<Spanned<String>>,
    /// The serial port and the modem.
    pub line: Option<LineKeys>,
    /// The password of the log-on, at most 6 characters; some centrals want `000000`.
    pub password: Option<Spanned<Secret>>,
    /// What the central's seven bits mean: `ascii` (when absent; å becomes a) or `646-se` (å is `}`).
    pub charset: Option<Spanned<String>>,
    /// Whether the central knows the escapes of TAP 1.8 for control characters; else a line feed becomes a space.
    #[serde(default)]
    pub escapes: bool,
    /// The longest block in octets, 40 to 256 (when absent); old centrals take 80 to 230.
    pub block: Option<Spanned<u16>>,
    /// The longest page in characters; 240 when absent. A longer one is refused. (How Minicall messages are divided: `[minicall]`.)
    pub length: Option<Spanned<u16>>,
    /// How recipients are written: `national` (0740123456, when absent), `international` (46740123456) or `plus` (+46740123456).
    pub numbers: Option<Spanned<String>>,
    /// The country that `national` leaves out; 46 when absent.
    pub country: Option<Spanned<String>>,
    /// Pages in a call before a new one is made; 10 when absent, 0 = no limit.
    pub pages_per_call: Option<u32>,
    /// How long a call may take before a new one is made; 5 min when absent.
    pub longest_call: Option<Period>,
    /// How long a call with nothing to send is kept; 4 s when absent.
    pub idle: Option<Period>,
    /// How long the central may take to answer a log-on or a block (T3); 10 s when absent.
    pub answer_timeout: Option<Period>,
    /// The pause after a call that failed; it doubles to 15 min. 30 s when absent (1 s with `hosts`, to 1 min).
    pub redial: Option<Period>,
}

impl Keys for Tap {
    const WITHOUT: &'static [&'static str] = &["sessions", "window", "receipts", "response_timeout"];
    const RECEIPTS: bool = false;

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        let dialled = Dialled { port: self.port.as_ref(), dial: &self.dial, line: self.line.as_ref() };
        dialled.check(common, true, checks);
        checks.secret(self.password.as_ref(), "password");
        let fits = |password: &str| {
            password.len() <= LONGEST_PASSWORD && password.bytes().all(|octet| (0x21..0x7F).contains(&octet))
        };
        if let Some(at) = &self.password
            && at.get_ref().resolve().is_ok_and(|password| !fits(password.expose_secret()))
        {
            checks.wrong(at, "password", "a password has at most 6 letters and digits in TAP");
        }
        checks.one_of(self.charset.as_ref(), "charset", &["ascii", "646-se"]);
        checks.one_of(self.numbers.as_ref(), "numbers", &["national", "international", "plus"]);
        if let Some(block) = self.block.as_ref().filter(|block| !(40..=256).contains(block.get_ref())) {
            checks.wrong(block, "block", format!("{} is not between 40 and 256", block.get_ref()));
        }
        checks.range(self.length.as_ref(), "length", 2_000);
        if let Some(at) =
            self.country.as_ref().filter(|at| domain::numbering::Country::parse(at.get_ref()).is_err())
        {
            checks.wrong(at, "country", "a country code: 46");
        }
    }

    /// A central knows seven bits and nothing else.
    fn letters(&self) -> Option<Letters> {
        let named = self.charset.as_ref().map_or("", |charset| charset.get_ref().as_str());
        Some(Letters::only(Charset::named(named).letters()))
    }

    fn hosts<'a>(&'a self, common: &'a Common) -> Vec<&'a str> {
        match &self.port {
            Some(port) => port.get_ref().strip_prefix(TCP).into_iter().collect(),
            None => common.hosts.iter().map(|h| h.get_ref().as_str()).collect(),
        }
    }

    fn place(&self, common: &Common) -> String {
        super::line::place(self.port.as_ref(), &self.dial).unwrap_or_else(|| self.hosts(common).join(" "))
    }
}
