//! The doors: addresses to listen at, templates, senders of mail. By the rules of those that will use them, so that `serve` starts on what
//! passes here.

use super::Checks;
use super::address::{host_port, is_name, is_url};
use crate::config::{Config, Oms, Relay, Smtp};
use std::net::{IpAddr, Ipv4Addr};
use toml::Spanned;

impl Checks<'_> {
    fn mail(&mut self, smtp: &Smtp) {
        // A relay alone is no door; whoever says where to listen wants one.
        let relay_alone = smtp.relay.is_some() && smtp.listen == Smtp::default().listen;
        if !smtp.is_door() && !relay_alone {
            self.wrong_key("smtp.domains", "at least one domain whose mail becomes SMS");
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
        for sender in
            smtp.sender.iter().filter(|s| !domain::directory::User::is_mail_from(s.address.get_ref()))
        {
            self.wrong(&sender.address, "smtp.sender.address", "a mail address, or @ and a domain");
        }
        self.once(smtp.sender.iter().map(|s| &s.address), "smtp.sender.address", "senders");
        self.once(smtp.domain.iter().map(|d| &d.name), "smtp.domain.name", "domains");
        for domain in smtp.domains.iter().filter(|domain| !is_mail_domain(domain)) {
            self.wrong_key("smtp.domains", format!("{domain:?} is no mail domain"));
        }
        for domain in smtp.domain.iter().filter(|domain| !is_mail_domain(domain.name.get_ref())) {
            let what = format!("{:?} is no mail domain", domain.name.get_ref());
            self.wrong(&domain.name, "smtp.domain.name", what);
        }
        if let Some(relay) = &smtp.relay {
            self.host(&relay.host, "smtp.relay.host".to_owned());
            self.secret(relay.password.as_ref(), "smtp.relay.password".to_owned());
            self.senders_of_mail(relay);
            if !smtp.is_door() && relay.from_domain.is_none() {
                self.wrong_key(
                    "smtp.relay.from_domain",
                    "the domain our mail comes from: needed where smtp.domains has none",
                );
            }
            if relay.user.is_some() != relay.password.is_some() {
                self.wrong_key("smtp.relay.user", "a login is a user and a password");
            }
        }
    }

    /// Each is there once, whatever the case of its letters.
    fn once<'a>(&mut self, all: impl Iterator<Item = &'a Spanned<String>>, key: &str, what: &str) {
        let mut seen: Vec<&str> = Vec::new();
        for one in all {
            let name = one.get_ref();
            if seen.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                self.wrong(one, key, format!("there are two {what} called {name}"));
            }
            seen.push(name);
        }
    }

    /// What the relay makes its senders of, by its own rule: it refuses to start with one that is no address.
    fn senders_of_mail(&mut self, relay: &Relay) {
        let fits = |address: &str| smtp::relay::clean::address(address).is_some();
        // Those of the door are looked at with the door.
        if let Some(domain) = relay.from_domain.as_deref().filter(|domain| !is_mail_domain(domain)) {
            self.wrong_key("smtp.relay.from_domain", format!("{domain:?} is no mail domain"));
        }
        if let Some(sender) = relay.envelope_from.as_deref().filter(|sender| !fits(sender)) {
            self.wrong_key("smtp.relay.envelope_from", format!("{sender} is no mail address"));
        }
    }

    /// How we name ourselves to others.
    fn own_names(&mut self, config: &Config) {
        let (smtp, relay) = (config.smtp.as_ref(), config.smtp.as_ref().and_then(|smtp| smtp.relay.as_ref()));
        let hosts = [
            ("smtp.host", smtp.and_then(|smtp| smtp.host.as_ref())),
            ("smtp.relay.hello", relay.and_then(|relay| relay.hello.as_ref())),
            ("telnet.host", config.telnet.as_ref().map(|telnet| &telnet.host)),
        ];
        for (key, host) in hosts.into_iter().filter_map(|(key, host)| host.map(|host| (key, host))) {
            if !is_name(host) {
                self.wrong_key(key, format!("{host:?} is no name of a machine, such as sms.example.se"));
            }
        }
        let public = config.http.as_ref().and_then(|http| http.public_url.as_ref());
        if public.is_some_and(|url| !is_url(url)) {
            self.wrong_key("http.public_url", "a URL begins with https:// or http:// and has no ? and no #");
        }
    }

    fn oms(&mut self, oms: &Oms) {
        self.one_of(Some(&oms.other_code), "oms.other_code".to_owned(), &["other", "others"]);
        if let Some(uri) = oms.service_uri.as_ref().filter(|uri| url::Url::parse(uri.get_ref()).is_err()) {
            self.wrong(
                uri,
                "oms.service_uri",
                "a URI has a scheme: https://sms.example.se or urn:example:sms",
            );
        }
        if let Some(page) = oms.sign_up_page.as_ref().filter(|page| !is_url(page.get_ref())) {
            self.wrong(
                page,
                "oms.sign_up_page",
                "a URL begins with https:// or http:// and has no ? and no #",
            );
        }
    }

    pub(super) fn doors(&mut self, config: &Config) {
        self.oms(&config.oms);
        let has_relay = config.smtp.as_ref().is_some_and(|smtp| smtp.relay.is_some());
        for (link, at) in
            config.link.iter().filter_map(|l| l.alarm_to().map(|at| (l, at))).filter(|_| !has_relay)
        {
            self.wrong(at, format!("link.{}.alarm_to", link.name()), "needs a mail relay: [smtp.relay] host");
        }
        self.key_of_somebody(config.callbacks.secret.as_ref(), "callbacks.secret".to_owned());
        self.one_of(Some(&config.callbacks.received), "callbacks.received".to_owned(), &["json", "form"]);
        if let Some(smtp) = &config.smtp {
            self.mail(smtp);
            if smtp.relay.is_none() {
                let what = "there is no [smtp.relay]: who sends by mail is not told when a message fails";
                self.warnings.push(what.to_owned());
            }
        }
        if let Some(telnet) = &config.telnet {
            self.key_of_somebody(telnet.passcode_key.as_ref(), "telnet.passcode_key".to_owned());
            self.one_of(Some(&telnet.subject), "telnet.subject".to_owned(), &["prefix", "reference"]);
            if let Some(zone) = &telnet.time_zone
                && jiff::tz::TimeZone::get(zone.get_ref()).is_err()
            {
                self.wrong(zone, "telnet.time_zone", "a zone is a name like \"Europe/Stockholm\"");
            }
        }
        self.own_names(config);
        let listens = [
            ("http.listen", config.http.as_ref().map(|h| &h.listen)),
            ("http.ops_listen", config.http.as_ref().and_then(|h| h.ops_listen.as_ref())),
            ("smtp.listen", config.mail_door().map(|s| &s.listen)),
            ("telnet.listen", config.telnet.as_ref().map(|t| &t.listen)),
        ];
        let mut taken: Vec<(&str, &str, u16)> = Vec::new();
        for (key, listen) in listens.into_iter().filter_map(|(k, l)| l.map(|l| (k, l))) {
            let Some((host, port)) = host_port(listen) else {
                let what = format!("{listen:?} is not address:port, for example \"0.0.0.0:8080\"");
                self.wrong_key(key, what);
                continue;
            };
            // Port 0 is another free one each time.
            let same = |(_, other, at): &&(&str, &str, u16)| port != 0 && *at == port && overlap(host, other);
            match taken.iter().find(same) {
                Some((other, ..)) => self.wrong_key(key, format!("{listen} is taken by {other}")),
                None => taken.push((key, host, port)),
            }
        }
        if config.file.is_some() {
            self.warnings.push(
                "[file] is read but this version does not watch directories: files there are not sent"
                    .to_owned(),
            );
        }
        if config.http.is_none() && config.mail_door().is_none() && config.telnet.is_none() {
            self.warnings
                .push("no door is configured ([http], [smtp] or [telnet]): nothing can be sent".to_owned());
        }
    }
}

fn is_mail_domain(domain: &str) -> bool {
    smtp::relay::clean::address(&format!("x@{domain}")).is_some()
}

/// Whether who listens at one of these hosts is in the way of who would listen at the other, on the same port.
fn overlap(one: &str, other: &str) -> bool {
    let address = |host: &str| match host {
        "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        _ => host.parse().ok(),
    };
    match (address(one), address(other)) {
        (Some(one), Some(other)) if one == other => true,
        // `::` is everywhere, IPv4 too; `0.0.0.0` only there.
        (Some(IpAddr::V6(all)), _) | (_, Some(IpAddr::V6(all))) if all.is_unspecified() => true,
        (Some(IpAddr::V4(all)), Some(IpAddr::V4(_))) | (Some(IpAddr::V4(_)), Some(IpAddr::V4(all)))
            if all.is_unspecified() =>
        {
            true
        }
        (None, None) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_each_other_s_way() {
        for (one, other, wanted) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "localhost", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("0.0.0.0", "127.0.0.1", true),
            ("0.0.0.0", "::1", false),
            ("::", "127.0.0.1", true),
            ("::", "::1", true),
            ("::1", "0:0::1", true),
            ("a.example", "A.example", true),
            ("a.example", "b.example", false),
        ] {
            assert_eq!((overlap(one, other), overlap(other, one)), (wanted, wanted), "{one} {other}");
        }
    }
}
