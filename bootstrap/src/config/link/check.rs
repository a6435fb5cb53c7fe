//! The checks that links of several protocols share.

use super::Common;
use crate::config::Secret;
use crate::config::checks::Checks;
use crate::config::checks::address::is_name;
use domain::language::Words;
use toml::Spanned;

/// The checks of one link; keys get its name before them.
pub(super) struct LinkChecks<'c, 't> {
    pub(super) name: &'c str,
    pub(super) checks: &'c mut Checks<'t>,
}

impl LinkChecks<'_, '_> {
    fn key(&self, key: &str) -> String {
        format!("link.{}.{key}", self.name)
    }

    pub(super) fn wrong<T>(&mut self, at: &Spanned<T>, key: &str, what: impl Into<Words>) {
        self.checks.wrong(at, self.key(key), what);
    }

    /// Something wrong with a key whose value does not carry its place, or with that it is missing: then it is said where the link is named.
    pub(super) fn wrong_key(&mut self, common: &Common, key: &str, what: impl Into<Words>) {
        self.checks.wrong_or(&self.key(key), &common.name, self.key(key), what);
    }

    pub(super) fn one_of(&mut self, value: Option<&Spanned<String>>, key: &str, allowed: &[&str]) {
        self.checks.one_of(value, self.key(key), allowed);
    }

    pub(super) fn secret(&mut self, secret: Option<&Spanned<Secret>>, key: &str) {
        self.checks.secret(secret, self.key(key));
    }

    pub(super) fn range(&mut self, value: Option<&Spanned<u16>>, key: &str, most: u16) {
        if let Some(value) = value.filter(|v| !(1..=most).contains(v.get_ref())) {
            self.wrong(value, key, format!("{} is not between 1 and {most}", value.get_ref()));
        }
    }

    /// Each is `host:port`.
    pub(super) fn hosts(&mut self, hosts: &[Spanned<String>], key: &str) {
        for host in hosts {
            self.checks.host(host, self.key(key));
        }
    }

    /// There is at least one host: for protocols that have hosts.
    pub(super) fn some_host(&mut self, common: &Common) {
        if common.hosts.is_empty() {
            self.wrong_key(common, "hosts", "at least one host:port");
        }
    }

    pub(super) fn common(&mut self, common: &Common) {
        self.hosts(&common.hosts, "hosts");
        self.range(common.window.as_ref(), "window", 1_000);
        self.range(common.sessions.as_ref(), "sessions", 64);
        if let Some(name) =
            common.tls.as_ref().and_then(|tls| tls.name.as_ref()).filter(|name| !is_name(name))
        {
            let what = format!("{name:?} is no name of a machine, such as sms.example.se");
            self.wrong_key(common, "tls", what);
        }
        for code in common.park_on.iter().filter(|code| !code.contains('-')) {
            let what = format!("{code:?} is no code of a link, such as smpp-0x00000400");
            self.wrong_key(common, "park_on", what);
        }
        if let (Some(at), Err(what)) = (&common.originator, common.own_originator()) {
            self.wrong(at, "originator", what);
        }
    }
}
