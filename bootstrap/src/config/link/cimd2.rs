//! The keys that only CIMD2 links have (Nokia's interface to its SMS centres).

use super::{Common, Keys, LinkChecks};
use crate::config::values::{Period, Secret};
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

/// The widest window that the protocol's numbers carry.
const MOST_IN_FLIGHT: u16 = 100;

/// `[[link]] protocol = "cimd2"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cimd2 {
    /// The user identity to log in with, at most 32 characters.
    #[serde(default)]
    pub system_id: String,
    /// The password, at most 32 characters.
    pub password: Option<Spanned<Secret>>,
    /// Which instance of the application this is, 0 to 9, where the operator wants to know.
    pub subaddress: Option<Spanned<u16>>,
    /// Whether the login names the window when it is more than 1. (The window of a CIMD2 link is 1 when absent, 100 at most.)
    #[serde(default = "super::yes")]
    pub announce_window: bool,
    /// Log in only after the operator's line of greeting; otherwise at once, and a greeting is passed over.
    #[serde(default)]
    pub wait_for_greeting: bool,
    /// Whether packets carry a checksum.
    #[serde(default = "super::yes")]
    pub checksum: bool,
    /// Whether octets above 7F survive on the way, so that å, ä and ö may stand as themselves; else they are escaped.
    #[serde(default)]
    pub eight_bit: bool,
    /// How long the line may be silent before it is tested; 30 s when absent. While an alarm is under way 10 s at
    /// most, with 5 s for the answer.
    pub alive: Option<Period>,
    /// What stands before an international recipient: `+` (when absent), `00` or an empty text.
    pub international: Option<Spanned<String>>,
    /// The account's own number, which the operator puts before a numeric sender: it is taken off there.
    #[serde(default)]
    pub own_number: String,
    /// How long the operator may try: `relative` (when absent), `absolute` or `none`.
    pub validity: Option<Spanned<String>>,
    /// Which status reports are asked for, as the sum of 2 expired, 4 failed, 8 delivered, 16 cancelled, 32 deleted; 62 when absent.
    pub reports: Option<Spanned<u16>>,
    /// Tariff class, 0 to 99.
    pub tariff: Option<Spanned<u16>>,
    /// Service description, 0 to 9.
    pub service: Option<Spanned<u16>>,
    /// How the operator is told to deliver again later: by `silence` (when absent) or by error `code` 710 (centres of level 8).
    pub refusal: Option<Spanned<String>>,
    /// The zone of the operator's clock, as `Europe/Stockholm`; UTC when absent.
    pub time_zone: Option<Spanned<String>>,
}

impl Keys for Cimd2 {
    fn account(&self) -> Option<(&str, Option<&Spanned<Secret>>)> {
        Some((&self.system_id, self.password.as_ref()))
    }

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        checks.some_host(common);
        checks.range(common.window.as_ref(), "window", MOST_IN_FLIGHT);
        checks.secret(self.password.as_ref(), "password");
        if self.system_id.len() > 32 {
            checks.wrong_key(common, "system_id", "system_id has at most 32 characters in CIMD2");
        }
        let address = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'+');
        if !address(&self.own_number) {
            checks.wrong_key(common, "own_number", "own_number is digits");
        }
        checks.one_of(self.international.as_ref(), "international", &["+", "00", ""]);
        checks.one_of(self.validity.as_ref(), "validity", &["relative", "absolute", "none"]);
        checks.one_of(self.refusal.as_ref(), "refusal", &["silence", "code"]);
        let most = [
            ("subaddress", &self.subaddress, 9),
            ("reports", &self.reports, 127),
            ("tariff", &self.tariff, 99),
            ("service", &self.service, 9),
        ];
        for (key, value, most) in most {
            if let Some(value) = value.as_ref().filter(|v| *v.get_ref() > most) {
                checks.wrong(value, key, format!("{} is not between 0 and {most}", value.get_ref()));
            }
        }
        if let Some(zone) = self.time_zone.as_ref().filter(|zone| TimeZone::get(zone.get_ref()).is_err()) {
            checks.wrong(zone, "time_zone", format!("no time zone {:?}", zone.get_ref()));
        }
    }
}
