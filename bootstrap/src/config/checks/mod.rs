//! What the types alone cannot say: names that must exist, values that must be of a list, secrets that must be there.

pub(super) mod address;
mod bounds;
mod doors;
mod received;
mod routes;

use super::place;
use super::problem::Problem;
use super::{Config, UserSection};
use domain::directory::{LinkId, User, UserName};
use domain::language::{Language, Words};
use domain::message::Priority;
use domain::numbering::{self, Country};
use domain::originator;
use std::collections::HashSet;
use toml::Spanned;

/// Whether what is read is to be served, with every secret in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    /// All must be there.
    Needed,
    /// They may be missing: for a command that only looks, or that changes the store, whose URL it asks for itself.
    Spared,
}

/// Problems that stop serving, and warnings that do not.
pub(super) fn check(
    config: &Config,
    text: &str,
    variables: &[(String, String)],
    secrets: Secrets,
) -> (Vec<Problem>, Vec<String>) {
    let mut checks = Checks { text, variables, secrets, problems: Vec::new(), warnings: Vec::new() };
    checks.bounds();
    checks.node(config);
    checks.links(config);
    checks.users(config);
    checks.routes(config);
    checks.classes(config);
    checks.received(config);
    checks.alarm(config);
    checks.doors(config);
    (checks.problems, checks.warnings)
}

/// What has been found so far.
pub(super) struct Checks<'a> {
    text: &'a str,
    variables: &'a [(String, String)],
    secrets: Secrets,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Checks<'_> {
    pub(super) fn wrong<T>(&mut self, at: &Spanned<T>, key: impl Into<String>, what: impl Into<Words>) {
        self.problems.push(Problem::at(self.text, at.span().start, key, what));
    }

    /// Something wrong with the key at a path: `node.name`, `mo.0.answers`. Its line, or that of the section it is missing from, is looked up.
    pub(super) fn wrong_at(&mut self, path: &str, key: impl Into<String>, what: impl Into<Words>) {
        let problem = match place::near(self.text, path) {
            Some(offset) => Problem::at(self.text, offset, key, what),
            None => Problem::whole(key, what),
        };
        self.problems.push(problem);
    }

    /// The same where the key is shown as its path.
    pub(super) fn wrong_key(&mut self, path: &str, what: impl Into<Words>) {
        self.wrong_at(path, path, what);
    }

    /// Something wrong with a key of a section, or with that it is not there: by its path, else where the section is named.
    pub(super) fn wrong_or<T>(
        &mut self,
        path: &str,
        section: &Spanned<T>,
        key: impl Into<String>,
        what: impl Into<Words>,
    ) {
        let offset = place::exact(self.text, path).unwrap_or(section.span().start);
        self.problems.push(Problem::at(self.text, offset, key, what));
    }

    pub(super) fn one_of(&mut self, value: Option<&Spanned<String>>, key: String, allowed: &[&str]) {
        if let Some(value) = value
            && !allowed.contains(&value.get_ref().as_str())
        {
            let what = format!("{:?} is not one of {}", value.get_ref(), allowed.join(", "));
            self.wrong(value, key, what);
        }
    }

    pub(super) fn secret(&mut self, secret: Option<&Spanned<super::Secret>>, key: String) {
        if self.secrets == Secrets::Needed
            && let Some(secret) = secret
            && let Err(what) = secret.get_ref().check(self.variables)
        {
            self.wrong(secret, key, what);
        }
    }

    /// A secret that opens a door or signs: an empty one would let everybody in.
    pub(super) fn key_of_somebody(&mut self, secret: Option<&Spanned<super::Secret>>, key: String) {
        use secrecy::ExposeSecret as _;
        let empty = |secret: &super::Secret| secret.resolve().is_ok_and(|s| s.expose_secret().is_empty());
        match secret.filter(|secret| self.secrets == Secrets::Needed && empty(secret.get_ref())) {
            Some(secret) => self.wrong(secret, key, "it is empty"),
            None => self.secret(secret, key),
        }
    }

    /// `host:port` of somebody whom we call.
    pub(super) fn host(&mut self, host: &Spanned<String>, key: String) {
        if address::host_port(host.get_ref()).is_none_or(|(_, port)| port == 0) {
            self.wrong(host, key, format!("{:?} is not host:port", host.get_ref()));
        }
    }

    fn node(&mut self, config: &Config) {
        let defaults = &config.defaults;
        if UserName::parse(&config.node.name).is_err() {
            self.wrong_key("node.name", "a name is 1 to 64 letters, digits or . _ - @ +");
        }
        if Country::parse(defaults.country.get_ref()).is_err() {
            self.wrong(
                &defaults.country,
                "defaults.country",
                "a country code is 1 to 3 digits without + or leading zero: \"46\"",
            );
        }
        if Language::parse(defaults.language.get_ref()).is_none() {
            self.wrong(&defaults.language, "defaults.language", "a language is \"sv\" or \"en\"");
        }
        self.one_of(Some(&defaults.text), "defaults.text".to_owned(), &["auto", "keep", "fold", "reject"]);
        let minicall = &config.minicall;
        for (prefixes, key) in [
            (&minicall.numeric, "minicall.numeric"),
            (&defaults.allow, "defaults.allow"),
            (&defaults.deny, "defaults.deny"),
        ] {
            if let Some(what) = no_prefix(prefixes, defaults.country()) {
                self.wrong_key(key, what);
            }
        }
        if config.node.data_dir.as_os_str().is_empty() {
            self.wrong_key("node.data_dir", "the name of a directory");
        }
        if !log_level(&config.log.level) {
            let what = format!(
                "{:?} is no level: error, warn, info, debug or trace; parts of the program may follow, as in \"info,smpp=debug\"",
                config.log.level
            );
            self.wrong_key("log.level", what);
        }
        let url = config.database.url.as_ref();
        match url.map(super::Secret::resolve) {
            Some(Err(what)) => self.wrong_key("database.url", what),
            Some(Ok(url)) => {
                use secrecy::ExposeSecret as _;
                let known = ["sqlite://", "postgres://", "postgresql://", "mysql://", "mariadb://"];
                if !known.iter().any(|k| url.expose_secret().starts_with(k)) {
                    self.wrong_key("database.url", "it begins with sqlite://, postgres:// or mariadb://");
                }
            }
            None => {}
        }
    }

    fn links(&mut self, config: &Config) {
        let mut seen = Vec::new();
        for link in &config.link {
            let (name, at) = (link.name().to_owned(), &link.common.name);
            if LinkId::parse(&name).is_err() {
                self.wrong(at, "link.name", "a name is 1 to 64 letters, digits or . _ - @ +");
            }
            self.named_once(at, "link.name", &mut seen, |name| format!("there are two links called {name}"));
            link.check(self);
            if let Some(taken) = link.taken.as_ref().filter(|taken| !taken.missing.is_empty()) {
                let (operator, missing) = (taken.operator, taken.missing.join(", "));
                self.warnings.push(format!(
                    "link.{name}: {operator} usually wants {missing}: see the operator's letter"
                ));
            }
        }
        if config.link.is_empty() {
            self.warnings.push("there is no [[link]]: messages cannot leave".to_owned());
        }
    }

    fn users(&mut self, config: &Config) {
        let country = config.defaults.country();
        let mut seen = Vec::new();
        for user in &config.user {
            let name = user.name.get_ref();
            if let Err(why) = UserName::of_user(name) {
                self.wrong(&user.name, "user.name", why.words());
            }
            self.named_once(&user.name, "user.name", &mut seen, |name| {
                format!("there are two users called {name}")
            });
            self.user(name, user, country);
        }
        let owners: Vec<_> = config
            .user
            .iter()
            .flat_map(|user| user.mail_from.iter().map(move |own| (own, user.name.get_ref())))
            .collect();
        for (place, (address, name)) in owners.iter().enumerate() {
            let other = owners.iter().take(place).find(|(a, n)| a.eq_ignore_ascii_case(address) && n != name);
            if let Some((_, other)) = other {
                let first = other.min(name);
                self.warnings.push(format!(
                    "mail_from: {address} stands with both {other} and {name}: mail from there is taken for {first}'s"
                ));
            }
        }
    }

    /// Names that differ in the case of letters only are told apart by no person, no file system of the Windows kind and no environment variable.
    fn named_once(
        &mut self,
        name: &Spanned<String>,
        key: &str,
        seen: &mut Vec<String>,
        said: impl Fn(&str) -> String,
    ) {
        let own = name.get_ref();
        match seen.iter().find(|other| other.to_lowercase() == own.to_lowercase()) {
            Some(other) if other == own => self.wrong(name, key, said(own)),
            Some(other) => {
                self.wrong(name, key, format!("{own} and {other} differ in the case of letters only"));
            }
            None => {}
        }
        seen.push(own.clone());
    }

    fn user(&mut self, name: &str, user: &UserSection, country: Country) {
        let key = |k: &str| format!("user.{name}.{k}");
        self.key_of_somebody(user.password.as_ref(), key("password"));
        self.key_of_somebody(user.callback_secret.as_ref(), key("callback_secret"));
        for (prefixes, k) in [(&user.allow, "allow"), (&user.deny, "deny")] {
            if let Some(what) = no_prefix(prefixes, country) {
                self.wrong_or(&key(k), &user.name, key(k), what);
            }
        }
        for originator in user.originator.iter().chain(user.originators.iter().flatten()) {
            if let Err(refusal) = originator::parse(originator.get_ref(), country) {
                self.wrong(originator, key("originator"), refusal.detail);
            }
        }
        for (value, k) in [(&user.priority, "priority"), (&user.max_priority, "max_priority")] {
            self.one_of(value.as_ref(), key(k), &Priority::ALL.map(Priority::as_str));
        }
        let class = |value: &Option<Spanned<String>>| Priority::parse(value.as_ref()?.get_ref());
        if let (Some(own), Some(at), Some(most)) =
            (class(&user.priority), &user.priority, class(&user.max_priority))
            && own > most
        {
            self.wrong(at, key("priority"), format!("{own} is above his max_priority, which is {most}"));
        }
        if user.mail_from.iter().any(|own| !User::is_mail_from(own)) {
            self.wrong_or(
                &key("mail_from"),
                &user.name,
                key("mail_from"),
                "a mail address, or @ and a domain",
            );
        }
        if user.password.is_none() && user.addresses.is_empty() && user.mail_from.is_empty() {
            self.wrong(
                &user.name,
                key("password"),
                "a user needs a password, addresses he is known by, or mail_from",
            );
        }
    }

    fn classes(&mut self, config: &Config) {
        let mut seen = HashSet::new();
        for class in &config.class {
            self.one_of(Some(&class.name), "class.name".to_owned(), &Priority::ALL.map(Priority::as_str));
            if !seen.insert(class.name.get_ref().clone()) {
                self.wrong(
                    &class.name,
                    "class.name",
                    format!("there are two classes called {}", class.name.get_ref()),
                );
            }
        }
    }
}

/// What is wrong with prefixes of international numbers: one with a plus or a leading zero would never fit.
fn no_prefix(prefixes: &[String], country: Country) -> Option<String> {
    let wrong = prefixes.iter().find(|prefix| numbering::prefix(prefix, country).is_err())?;
    Some(format!("{wrong:?} is no beginning of a number: 070, +46 70 or 4670"))
}

/// Whether the log says something with this level: one of the five for the program as a whole, and perhaps others for its parts. (The filter itself
/// takes an unknown word for the name of a part, and is silent about all the others.)
fn log_level(text: &str) -> bool {
    let known = |word: &str| ["error", "warn", "info", "debug", "trace"].contains(&word);
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let fits = |part: &&str| match part.split_once('=') {
        Some((target, level)) => !target.is_empty() && (known(level) || level == "off"),
        None => known(part),
    };
    parts.iter().all(fits) && parts.iter().any(|part| known(part))
}
