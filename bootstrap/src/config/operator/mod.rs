//! Operator profiles: what an operator decides, as data. `operator = "tele2"` on a `[[link]]` lays a profile's keys under the link's own.
//!
//! A profile is a file of `config/operators/`, a line of [`operators!`] below and a page of `docs/operators/`, which a test makes of the
//! data. It says what is confirmed and what is assumed; it holds no addresses and no secrets, for those come with a contract.
//! Never decides anything: a profile can set nothing that a link could not set itself.

#[cfg(test)]
mod pages;
mod underlay;

pub(super) use underlay::lay_under;
pub use underlay::{Changed, Taken};

use serde::Deserialize;
use toml::{Table, Value};

/// Makes [`FILES`] of one name for each profile.
macro_rules! operators {
    ($($name:literal,)*) => {
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../operators/", $name, ".toml"))),)*];
    };
}

operators! {
    "46elks",
    "advox",
    "cellsynt",
    "link-mobility",
    "pixie",
    "sinch",
    "tele2",
    "telenor-cimd2",
    "telenor-sms-pro",
    "telia-bulk",
    "telia-sms-foretag",
}

/// A text for people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Swedish.
    pub sv: String,
}

/// A profile's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    title: String,
    about: Words,
    needs: Vec<String>,
    confirmed: Vec<String>,
    assumed: Vec<String>,
    link: Table,
}

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The word for it in a configuration.
    pub name: &'static str,
    /// Its name.
    pub title: String,
    /// What it is.
    pub about: Words,
    /// Keys that come with the contract: a link without them is warned of.
    pub needs: Vec<String>,
    /// What is confirmed, and by what.
    pub confirmed: Vec<String>,
    /// What is not.
    pub assumed: Vec<String>,
    text: &'static str,
    link: Table,
}

impl Operator {
    /// All of them, by name.
    #[must_use]
    pub fn all() -> Vec<Self> {
        FILES.iter().filter_map(|(name, text)| Self::read(name, text)).collect()
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        FILES.iter().find(|(known, _)| *known == name).and_then(|(name, text)| Self::read(name, text))
    }

    /// The names, for who asks for another.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        FILES.iter().map(|(name, _)| *name).collect()
    }

    fn read(name: &'static str, text: &'static str) -> Option<Self> {
        let Sheet { title, about, needs, confirmed, assumed, link } = toml::from_str(text).ok()?;
        Some(Self { name, title, about, needs, confirmed, assumed, text, link })
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.link.get("protocol").and_then(Value::as_str).unwrap_or_default()
    }

    /// Everything it sets, as `numbering.name` and `[5, 0]`.
    #[must_use]
    pub fn keys(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        flat("", &self.link, &mut found);
        found
    }

    /// What it sets as TOML, for programs.
    #[must_use]
    pub fn link(&self) -> &Table {
        &self.link
    }
}

fn flat(before: &str, table: &Table, found: &mut Vec<(String, String)>) {
    for (key, value) in table {
        match value {
            Value::Table(inner) => flat(&format!("{before}{key}."), inner, found),
            other => found.push((format!("{before}{key}"), other.to_string())),
        }
    }
}
