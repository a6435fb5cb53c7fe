//! What the types alone cannot say: names that must exist, values that must be of a list, secrets that must be there.

mod doors;
mod received;
mod routes;

use super::place;
use super::problem::Problem;
use super::{Config, UserSection};
use domain::directory::{LinkId, User, UserName};
use domain::language::{Language, Words};
use domain::message::Priority;
use domain::numbering::Country;
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

    pub(super) fn host(&mut self, host: &Spanned<String>, key: String) {
        let port = host
            .get_ref()
            .rsplit_once(':')
            .and_then(|(name, port)| (!name.is_empty()).then(|| port.parse::<u16>().ok()).flatten());
        if port.is_none() {
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
        if !(20..=400).contains(&minicall.length) {
            self.wrong_key("minicall.length", "20 to 400 characters");
        }
        if !(1..=99).contains(&minicall.pages) {
            self.wrong_key("minicall.pages", "1 to 99");
        }
        if !(1..=100).contains(&minicall.numeric_length) {
            self.wrong_key("minicall.numeric_length", "1 to 100 characters");
        }
        for prefix in
            minicall.numeric.iter().filter(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit()))
        {
            let what = format!("{prefix:?} is no beginning of an international number: 467400");
            self.wrong_key("minicall.numeric", what);
        }
        if defaults.max_segments == 0 {
            self.wrong_key("defaults.max_segments", "at least 1, at most 255");
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
        let mut seen = HashSet::new();
        for link in &config.link {
            let (name, at) = (link.name().to_owned(), &link.common.name);
            if LinkId::parse(&name).is_err() {
                self.wrong(at, "link.name", "a name is 1 to 64 letters, digits or . _ - @ +");
            }
            if !seen.insert(name.clone()) {
                self.wrong(at, "link.name", format!("there are two links called {name}"));
            }
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
        let country = Country::parse(config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN);
        let mut seen = HashSet::new();
        for user in &config.user {
            let name = user.name.get_ref();
            if UserName::parse(name).is_err() {
                self.wrong(&user.name, "user.name", "a name is 1 to 64 letters, digits or . _ - @ +");
            }
            if !seen.insert(name.clone()) {
                self.wrong(&user.name, "user.name", format!("there are two users called {name}"));
            }
            self.user(name, user, country);
        }
    }

    fn user(&mut self, name: &str, user: &UserSection, country: Country) {
        let key = |k: &str| format!("user.{name}.{k}");
        self.secret(user.password.as_ref(), key("password"));
        self.secret(user.callback_secret.as_ref(), key("callback_secret"));
        for originator in user.originator.iter().chain(user.originators.iter().flatten()) {
            if let Err(refusal) = originator::parse(originator.get_ref(), country) {
                self.wrong(originator, key("originator"), refusal.detail);
            }
        }
        for (value, k) in [(&user.priority, "priority"), (&user.max_priority, "max_priority")] {
            self.one_of(value.as_ref(), key(k), &Priority::ALL.map(Priority::as_str));
        }
        if user.mail_from.iter().any(|own| !User::is_mail_from(own)) {
            self.wrong(&user.name, key("mail_from"), "a mail address, or @ and a domain");
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
