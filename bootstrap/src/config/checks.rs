//! What the types alone cannot say: names that must exist, values that must be of a list, secrets that must be there.

use super::problem::Problem;
use super::{Config, Link, RouteSection, Smtp, UserSection};
use domain::directory::{LinkId, UserName};
use domain::language::Language;
use domain::message::Priority;
use domain::numbering::Country;
use domain::originator;
use std::collections::HashSet;
use toml::Spanned;

/// Problems that stop serving, and warnings that do not.
pub(super) fn check(
    config: &Config,
    text: &str,
    variables: &[(String, String)],
) -> (Vec<Problem>, Vec<String>) {
    let mut checks = Checks { text, variables, problems: Vec::new(), warnings: Vec::new() };
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
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Checks<'_> {
    pub(super) fn wrong<T>(&mut self, at: &Spanned<T>, key: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem::at(self.text, at.span().start, key, what));
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
        if let Some(secret) = secret
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
            self.problems.push(Problem::whole("node.name", "a name is 1 to 64 letters, digits or . _ - @ +"));
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
            self.problems.push(Problem::whole("minicall.length", "20 to 400 characters"));
        }
        if !(1..=99).contains(&minicall.pages) {
            self.problems.push(Problem::whole("minicall.pages", "1 to 99"));
        }
        if !(1..=100).contains(&minicall.numeric_length) {
            self.problems.push(Problem::whole("minicall.numeric_length", "1 to 100 characters"));
        }
        for prefix in
            minicall.numeric.iter().filter(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit()))
        {
            let what = format!("{prefix:?} is no beginning of an international number: 467400");
            self.problems.push(Problem::whole("minicall.numeric", what));
        }
        if defaults.max_segments == 0 {
            self.problems.push(Problem::whole("defaults.max_segments", "at least 1, at most 255"));
        }
        let url = config.database.url.as_ref();
        match url.map(super::Secret::resolve) {
            Some(Err(what)) => self.problems.push(Problem::whole("database.url", what)),
            Some(Ok(url)) => {
                use secrecy::ExposeSecret as _;
                let known = ["sqlite://", "postgres://", "postgresql://", "mysql://", "mariadb://"];
                if !known.iter().any(|k| url.expose_secret().starts_with(k)) {
                    self.problems.push(Problem::whole(
                        "database.url",
                        "it begins with sqlite://, postgres:// or mysql://",
                    ));
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
                self.wrong(originator, key("originator"), refusal.detail.to_string());
            }
        }
        for (value, k) in [(&user.priority, "priority"), (&user.max_priority, "max_priority")] {
            self.one_of(value.as_ref(), key(k), &Priority::ALL.map(Priority::as_str));
        }
        if user.password.is_none() && user.addresses.is_empty() && user.mail_from.is_empty() {
            self.wrong(
                &user.name,
                key("password"),
                "a user needs a password, addresses he is known by, or mail_from",
            );
        }
    }

    fn routes(&mut self, config: &Config) {
        for route in &config.route {
            self.route(config, route);
        }
        let routed = |link: &Link| {
            config.route.iter().any(|r| r.steps().iter().any(|(links, _)| links.contains(&link.name())))
        };
        let forgotten: Vec<_> =
            config.link.iter().filter(|l| !routed(l)).map(|l| l.name().to_owned()).collect();
        if config.route.is_empty() && !config.link.is_empty() {
            self.problems.push(Problem::whole("route", "there is no [[route]]: say which messages go by which links, for example to = \"*\" and links = [\"TS0\"]"));
        } else if !forgotten.is_empty() {
            self.warnings.push(format!("no [[route]] uses {}", forgotten.join(", ")));
        }
    }

    fn route(&mut self, config: &Config, route: &RouteSection) {
        let names: Vec<_> = config.link.iter().map(Link::name).collect();
        let steps = route.steps();
        for link in steps.iter().flat_map(|(links, _)| links.iter()) {
            if !names.contains(link) {
                self.wrong(
                    &route.links,
                    "route.links",
                    format!("there is no link called {link:?}; there are: {}", listed(&names)),
                );
            }
        }
        if steps.iter().all(|(links, _)| links.is_empty()) {
            self.problems
                .push(Problem::whole("route.links", format!("the route to {} names no link", route.to.0)));
        }
        for (links, weights) in &steps {
            if !weights.is_empty() && weights.len() != links.len() {
                self.problems.push(Problem::whole("route.links.weights", "as many weights as links"));
            }
        }
        for priority in &route.priorities {
            self.one_of(Some(priority), "route.priorities".to_owned(), &Priority::ALL.map(Priority::as_str));
        }
        self.times(route);
        if route.unknown_share() {
            self.wrong(&route.links, "route.links.by", "by is \"weight\" or \"free\"");
        }
        if route.doubt_policy().is_none() {
            self.one_of(route.doubt.as_ref(), "route.doubt".to_owned(), &["resend", "assume_sent", "fail"]);
        }
    }

    /// Fallback by time and by status.
    fn times(&mut self, route: &RouteSection) {
        let alone = route.steps().iter().map(|(links, _)| links.len()).sum::<usize>() < 2;
        let within = [
            (&route.fallback_after_time, "route.fallback_after_time"),
            (&route.delivered_within, "route.delivered_within"),
        ];
        for (time, key) in within {
            let Some(time) = time else { continue };
            if time.get_ref().0 < std::time::Duration::from_secs(1) {
                self.wrong(time, key, "at least 1 s: an operator needs some time to answer");
            } else if alone {
                self.wrong(time, key, "the route has one link only: name the next one in links");
            }
        }
        for code in &route.fallback_on {
            let word = code.get_ref().as_str();
            let words = ["permanent", "temporary", "throttled", "unanswered"];
            if !words.contains(&word) && !word.contains('-') {
                self.wrong(
                    code,
                    "route.fallback_on",
                    format!(
                        "{word:?} is no code of a link, such as smpp-0x00000008, and not one of {}",
                        words.join(", ")
                    ),
                );
            }
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

    fn received(&mut self, config: &Config) {
        let users: Vec<_> = config.user.iter().map(|u| u.name.get_ref().as_str()).collect();
        for rule in &config.mo {
            if let Some(number) = &rule.number
                && domain::address::Recipient::parse(number.get_ref().trim_start_matches('+')).is_err()
            {
                self.wrong(number, "mo.number", "an international number without +, or a short code");
            }
            if let Some(user) = &rule.user
                && !users.contains(&user.get_ref().as_str())
            {
                self.warnings.push(format!(
                    "mo.user: {:?} is not in this file; it must be in the database",
                    user.get_ref()
                ));
            }
            if rule.answers && rule.user.is_none() {
                self.problems
                    .push(Problem::whole("mo.answers", "an answer is sent by somebody: name a user"));
            }
            let mail = matches!(rule.to.as_ref().map(|d| &d.0), Some(domain::mo::Destination::Mail(_)));
            if mail && config.smtp.as_ref().is_none_or(|s| s.relay.is_none()) {
                self.problems.push(Problem::whole("mo.to", "mail leaves by a relay: set smtp.relay.host"));
            }
        }
    }

    fn alarm(&mut self, config: &Config) {
        let country = Country::parse(config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN);
        for number in &config.alarm.sms {
            if let Err(refusal) = domain::numbering::recipient(number.get_ref(), country, false) {
                self.wrong(number, "alarm.sms", refusal.detail.to_string());
            }
        }
        let has_relay = config.smtp.as_ref().is_some_and(|smtp| smtp.relay.is_some());
        for mailbox in &config.alarm.mail {
            if smtp::relay::clean::address(mailbox.get_ref()).is_none() {
                self.wrong(mailbox, "alarm.mail", format!("{} is no mail address", mailbox.get_ref()));
            } else if !has_relay {
                self.wrong(mailbox, "alarm.mail", "needs a mail relay: [smtp.relay] host");
            }
        }
    }

    fn mail(&mut self, smtp: &Smtp) {
        if smtp.domains.is_empty() && smtp.domain.is_empty() {
            self.problems.push(Problem::whole("smtp.domains", "at least one domain whose mail becomes SMS"));
        }
        self.one_of(Some(&smtp.from), "smtp.from".to_owned(), &["must_agree", "ignore"]);
        let templates = [(&smtp.template, "smtp.template")]
            .into_iter()
            .chain(
                smtp.domain.iter().filter_map(|d| d.template.as_ref()).map(|t| (t, "smtp.domain.template")),
            )
            .chain(smtp.sender.iter().map(|s| (&s.template, "smtp.sender.template")));
        for (template, key) in templates {
            if let Err(error) = template.get_ref().parse::<smtp::Template>() {
                self.wrong(template, key, error.to_string());
            }
        }
        for sender in smtp.sender.iter().filter(|s| !s.address.get_ref().contains('@')) {
            self.wrong(&sender.address, "smtp.sender.address", "a mail address, or @ and a domain");
        }
        if let Some(relay) = &smtp.relay {
            self.host(&relay.host, "smtp.relay.host".to_owned());
            self.secret(relay.password.as_ref(), "smtp.relay.password".to_owned());
        }
    }

    fn doors(&mut self, config: &Config) {
        let has_relay = config.smtp.as_ref().is_some_and(|smtp| smtp.relay.is_some());
        for (link, at) in
            config.link.iter().filter_map(|l| l.alarm_to().map(|at| (l, at))).filter(|_| !has_relay)
        {
            self.wrong(at, format!("link.{}.alarm_to", link.name()), "needs a mail relay: [smtp.relay] host");
        }
        self.secret(config.callbacks.secret.as_ref(), "callbacks.secret".to_owned());
        self.one_of(Some(&config.callbacks.received), "callbacks.received".to_owned(), &["json", "form"]);
        if let Some(smtp) = &config.smtp {
            self.mail(smtp);
        }
        if let Some(telnet) = &config.telnet {
            self.secret(telnet.passcode_key.as_ref(), "telnet.passcode_key".to_owned());
            self.one_of(Some(&telnet.subject), "telnet.subject".to_owned(), &["prefix", "reference"]);
            if let Some(zone) = &telnet.time_zone
                && jiff::tz::TimeZone::get(zone.get_ref()).is_err()
            {
                self.wrong(zone, "telnet.time_zone", "a zone is a name like \"Europe/Stockholm\"");
            }
        }
        let listens = [
            ("http.listen", config.http.as_ref().map(|h| &h.listen)),
            ("http.ops_listen", config.http.as_ref().and_then(|h| h.ops_listen.as_ref())),
            ("smtp.listen", config.smtp.as_ref().map(|s| &s.listen)),
            ("telnet.listen", config.telnet.as_ref().map(|t| &t.listen)),
        ];
        for (key, listen) in listens.into_iter().filter_map(|(k, l)| l.map(|l| (k, l))) {
            let fits = listen
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            if !fits {
                self.problems.push(Problem::whole(
                    key,
                    format!("{listen:?} is not address:port, for example \"0.0.0.0:8080\""),
                ));
            }
        }
        if config.file.is_some() {
            self.warnings.push(
                "[file] is read but this version does not watch directories: files there are not sent"
                    .to_owned(),
            );
        }
        if config.http.is_none() && config.smtp.is_none() && config.telnet.is_none() {
            self.warnings
                .push("no door is configured ([http], [smtp] or [telnet]): nothing can be sent".to_owned());
        }
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
