//! Where received messages go, and who is told of links that are ill.

use super::Checks;
use crate::config::Config;
use domain::language::Words;
use domain::mo::Destination;
use domain::numbering;

impl Checks<'_> {
    pub(super) fn received(&mut self, config: &Config) {
        let country = config.defaults.country();
        let users: Vec<_> = config.user.iter().map(|u| u.name.get_ref().as_str()).collect();
        for (place, rule) in config.mo.iter().enumerate() {
            if let Some(number) = &rule.number
                && let Err(why) = numbering::receiving(number.get_ref(), country)
            {
                self.wrong(number, "mo.number", why);
            }
            let number = rule.to_domain(country).number;
            if config.mo.iter().take(place).any(|other| other.to_domain(country).number == number) {
                let what = match &rule.number {
                    Some(number) => {
                        format!("there are two rules for {}: the first one counts", number.get_ref())
                    }
                    None => "there are two rules for every other number: the first one counts".to_owned(),
                };
                self.wrong_at(&format!("mo.{place}.number"), "mo.number", what);
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
                let what = "an answer is sent by somebody: name a user";
                self.wrong_at(&format!("mo.{place}.answers"), "mo.answers", what);
            }
            let has_relay = config.smtp.as_ref().is_some_and(|smtp| smtp.relay.is_some());
            let wrong = match rule.to.as_ref().map(|d| &d.0) {
                Some(Destination::Mail(address)) if smtp::relay::clean::address(address).is_none() => {
                    Some(Words::from(format!("{address} is no mail address")))
                }
                Some(Destination::Mail(_)) if !has_relay => {
                    Some(Words::from("mail leaves by a relay: set smtp.relay.host"))
                }
                Some(Destination::Url(url)) if url::Url::parse(url).is_err() => Some(Words::from(
                    "a destination is mailto:address, an http:// or https:// URL, or parlayx:v2_2 URL correlator",
                )),
                _ => None,
            };
            if let Some(what) = wrong {
                self.wrong_at(&format!("mo.{place}.to"), "mo.to", what);
            }
        }
    }

    pub(super) fn alarm(&mut self, config: &Config) {
        let country = config.defaults.country();
        for number in &config.alarm.sms {
            if let Err(refusal) = numbering::recipient(number.get_ref(), country, false) {
                self.wrong(number, "alarm.sms", refusal.detail);
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
}
