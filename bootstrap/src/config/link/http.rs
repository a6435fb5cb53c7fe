//! The keys that only links to HTTP operators have. What the operator's interface is stands in his profile.

use super::{Common, Keys, LinkChecks};
use crate::config::checks::address::is_url;
use crate::config::problem::for_people;
use crate::config::values::{Parsed, Secret};
use crate::swedish;
use domain::directory::AddressRange;
use domain::language::{Language, Words};
use http_door::operator::{Flaw, Profile, SHIPPED, shipped};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `[[link]] protocol = "http"`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// What the operator's interface is: `46elks`, `telenor-sms-pro`, `link-mobility`, `cellsynt`, `pixie`, `sinch`, `kannel`, `omnigate`, or a file of
    /// one's own, `profiles/own.toml` (`docs/protocols/http-operators.md`).
    pub profile: Spanned<String>,
    /// The operator's address, `https://api.example.se`; the profile's own when absent.
    pub url: Option<Spanned<String>>,
    /// Our name there.
    #[serde(default)]
    pub user: String,
    /// Our password there, or the token.
    pub password: Option<Spanned<Secret>>,
    /// What else the profile asks for: `{ customer_id = "4711" }`.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The same for what nobody may see: `{ xml_password = { env = "XML_PASSWORD" } }`.
    #[serde(default)]
    pub secrets: BTreeMap<String, Spanned<Secret>>,
    /// How the operator reaches our HTTP door, `https://sms.example.se`. He calls `/operator/<link>/receipt/<secret>`, `…/mo/<secret>` or, for both,
    /// `…/call/<secret>`.
    pub callback_url: Option<Spanned<String>>,
    /// The secret at the end of those paths: 16 letters and digits or more.
    pub callback_secret: Option<Spanned<Secret>>,
    /// Where his calls come from; from anywhere when absent, which needs a secret.
    #[serde(default)]
    pub callback_from: Vec<Parsed<AddressRange>>,
}

/// The text of a profile: a shipped one, or a file.
///
/// # Errors
/// What to do about it.
fn text_of(name: &str) -> Result<String, String> {
    if let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == name) {
        return Ok((*text).to_owned());
    }
    let names: Vec<&str> = SHIPPED.iter().map(|(known, _)| *known).collect();
    if std::path::Path::new(name).extension().is_none_or(|e| e != "toml") {
        return Err(format!(
            "there is no profile {name:?}; there are {}, or a file that ends with .toml",
            names.join(", ")
        ));
    }
    std::fs::read_to_string(name).map_err(|error| format!("the profile {name} cannot be read: {error}"))
}

/// A profile by its name or file.
///
/// # Errors
/// Everything that is wrong with it, each with its line.
pub(crate) fn profile(name: &str) -> Result<Profile, Vec<Words>> {
    if let Some(profile) = shipped(name) {
        return Ok(profile);
    }
    let text = text_of(name).map_err(|what| vec![what.into()])?;
    let said = |Flaw { line, key, what }: Flaw| {
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let key = if key.is_empty() { key } else { format!("{key}: ") };
        let what = for_people(&what);
        let swedish = swedish::said(&what, Language::Swedish);
        Words::new(format!("{name}{line}: {key}{swedish}"), format!("{name}{line}: {key}{what}"))
    };
    Profile::read(&text).map_err(|flaws| flaws.into_iter().map(said).collect())
}

impl Http {
    fn has(&self, need: &str) -> bool {
        match need.split_once('.') {
            Some(("values", name)) => self.values.get(name).is_some_and(|value| !value.is_empty()),
            Some(("secrets", name)) => self.secrets.contains_key(name),
            _ => match need {
                "user" => !self.user.is_empty(),
                "password" => self.password.is_some(),
                "url" => self.url.is_some(),
                _ => true,
            },
        }
    }

    fn check_profile(&self, profile: &Profile, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        let title = &profile.title;
        for need in profile.needs.iter().filter(|need| !self.has(need)) {
            let key = need.split('.').next().unwrap_or(need);
            checks.wrong(&self.profile, key, format!("{title} needs {need}"));
        }
        if self.url.is_none() && profile.url.is_none() {
            checks.wrong(
                &self.profile,
                "url",
                format!("{title} has no address of its own: give the operator's"),
            );
        }
        for name in self.values.keys() {
            let known = profile.uses(&format!("values.{name}")) || profile.values().any(|v| v == name);
            if !known {
                checks.wrong_key(common, "values", format!("{title} has no use for values.{name}"));
            }
        }
        for name in self.secrets.keys() {
            let signed = name == "callback" && profile.is_signed();
            if !signed && !profile.uses(&format!("secrets.{name}")) {
                checks.wrong_key(common, "secrets", format!("{title} has no use for secrets.{name}"));
            }
        }
        let receipts = common.receipts && profile.has_receipts();
        if receipts && self.callback_secret.is_none() && self.callback_from.is_empty() {
            let what =
                "receipts come by calls to us: set callback_secret, or callback_from, or receipts = false";
            checks.wrong(&self.profile, "callback_secret", what);
        }
        if receipts && self.callback_url.is_none() && profile.uses("receipt_url") {
            let what = "the operator is told where receipts go: set callback_url, or receipts = false";
            checks.wrong(&self.profile, "callback_url", what);
        }
        if receipts && profile.is_signed() && !self.secrets.contains_key("callback") {
            let what =
                "calls are signed: set secrets.callback to what they are signed with, or receipts = false";
            checks.wrong(&self.profile, "secrets", what);
        }
    }
}

impl Keys for Http {
    const WITHOUT: &'static [&'static str] = &["hosts", "sessions"];

    fn check(&self, common: &Common, checks: &mut LinkChecks<'_, '_>) {
        for (url, key) in [(&self.url, "url"), (&self.callback_url, "callback_url")] {
            if let Some(url) = url.as_ref().filter(|url| !is_url(url.get_ref())) {
                checks.wrong(url, key, "a URL begins with https:// or http:// and has no ? and no #");
            }
        }
        checks.secret(self.password.as_ref(), "password");
        checks.secret(self.callback_secret.as_ref(), "callback_secret");
        for (name, secret) in &self.secrets {
            checks.secret(Some(secret), &format!("secrets.{name}"));
        }
        if let Some(at) = &self.callback_secret
            && at
                .get_ref()
                .resolve()
                .is_ok_and(|secret| !is_secret(secrecy::ExposeSecret::expose_secret(&secret)))
        {
            checks.wrong(at, "callback_secret", "at least 16 letters, digits, - or _");
        }
        match profile(self.profile.get_ref()) {
            Ok(profile) => self.check_profile(&profile, common, checks),
            Err(flaws) => flaws.into_iter().for_each(|flaw| checks.wrong(&self.profile, "profile", flaw)),
        }
    }

    fn hosts<'a>(&'a self, _: &'a Common) -> Vec<&'a str> {
        Vec::new()
    }

    fn whole(&self) -> bool {
        profile(self.profile.get_ref()).is_ok_and(|profile| profile.is_whole())
    }

    fn whole_octets(&self) -> bool {
        profile(self.profile.get_ref()).is_ok_and(|profile| profile.is_whole_for_octets())
    }

    fn place(&self, _: &Common) -> String {
        let url = self.url.as_ref().map(|url| url.get_ref().clone());
        let own = || profile(self.profile.get_ref()).ok().and_then(|profile| profile.url);
        url.or_else(own).unwrap_or_default()
    }
}

fn is_secret(text: &str) -> bool {
    text.len() >= 16 && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile is written by the customer: what is wrong with his is said in his language, every sentence of it.
    #[test]
    fn what_is_wrong_with_a_profile_in_swedish() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("own.toml");
        let name = file.display().to_string();
        let said = |text: &str, language| {
            std::fs::write(&file, text).expect("written");
            let flaws = profile(&name).expect_err("a flaw");
            let lines = flaws.iter().map(|flaw| flaw.in_language(language).replace(&name, "own.toml"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let head = "title = \"Own\"\nanswers = \"yaml\"\ntime_zone = \"Europe/Stokholm\"\nurl = \"ftp://x\"\nneeds = [\"passwrd\"]\n";
        let send = "[send]\nurl = \"{urll}/x\"\nrecipients = 0\nmethod = \"GET\"\nheaders = { X = \"{text}\" }\n\
                    form = [{ name = \"a\", value = \"{to|hexx}\" }, { name = \"b\", value = \"{text\" }, { name = \"c\", value = \"}\" }, \
                    { name = \"d\", value = \"d\", when = \"flsh\" }, { name = \"e\", value = \"{now|time:%Q}\" }]\n\
                    json = '{ \"text\": {text} }'\n";
        let answers = "[[answer]]\nstatus = [\"2xx\"]\npattern = \"{idd}\"\nmeans = \"okay\"\n[[answer]]\npattern = \"{id}{code}\"\nmeans = \"limited\"\n";
        let calls = "[receipt]\nid = \"id\"\nstate = \"s\"\nstates = {}\nat_format = \"iso\"\nreply = { status = 500 }\n";
        let all = format!("{head}{send}{answers}{calls}");
        for text in [
            all.as_str(),
            "title = \"Own\"\n[send]\nurl = \"{url}/x\"\n",
            "title = \"Own\"\n[send]\nrecipients = \"x\"\n",
        ] {
            let (english, swedish) = (said(text, Language::English), said(text, Language::Swedish));
            assert_eq!(english.lines().count(), swedish.lines().count());
            for (english, swedish) in english.lines().zip(swedish.lines()) {
                assert_ne!(english, swedish, "write its Swedish into bootstrap/src/swedish/said.rs");
            }
            assert!(!english.contains(": : "), "{english}");
        }
        let swedish = said(&all, Language::Swedish);
        assert!(swedish.contains("own.toml:2: answers: \"yaml\" är inget av "), "{swedish}");
        assert!(swedish.lines().count() > 17, "{swedish}");
    }
}
