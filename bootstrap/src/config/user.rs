//! `[[user]]`: a person or program.

use super::sections::prefixes;
use super::values::{Parsed, Secret};
use domain::address::Originator;
use domain::directory::{AddressRange, User, UserName};
use domain::message::{Dimensions, Priority};
use domain::numbering::{AllowList, Country};
use domain::originator;
use serde::Deserialize;
use toml::Spanned;

/// `[[user]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSection {
    /// The login name.
    pub name: Spanned<String>,
    /// The password; without one (and without keys) his addresses alone let him in.
    pub password: Option<Spanned<Secret>>,
    /// Where he may come from; empty = the doors' own lists.
    #[serde(default)]
    pub addresses: Vec<Parsed<AddressRange>>,
    /// Mail addresses he sends from; `@example.se` = all of a domain.
    #[serde(default)]
    pub mail_from: Vec<String>,
    /// The sender his messages show when they name none.
    pub originator: Option<Spanned<String>>,
    /// Other senders he may name; absent = any.
    pub originators: Option<Vec<Spanned<String>>>,
    /// What numbers begin with that he may send to: `070`, `+46 70` or `4670`; empty = all that `defaults` allow.
    #[serde(default)]
    pub allow: Vec<String>,
    /// The same for numbers that he may not.
    #[serde(default)]
    pub deny: Vec<String>,
    /// The class of his messages: `bulk`, `normal`, `high`, `alarm`.
    pub priority: Option<Spanned<String>>,
    /// The highest class he may name.
    pub max_priority: Option<Spanned<String>>,
    /// Requests a second; 0 = no limit.
    #[serde(default)]
    pub rate: u32,
    /// The key of `Omnigate-Signature` in calls to him; `callbacks.secret` when absent.
    pub callback_secret: Option<Spanned<Secret>>,
    /// May see and change what is not his.
    #[serde(default)]
    pub administrator: bool,
    /// What his cost is booked on.
    #[serde(default)]
    pub company: String,
    /// See `company`.
    #[serde(default)]
    pub department: String,
    /// See `company`.
    #[serde(default)]
    pub cost_centre: String,
    /// See `company`.
    #[serde(default)]
    pub project: String,
}

impl UserSection {
    /// The user, without his password.
    #[must_use]
    pub fn to_domain(&self, country: Country) -> Option<User> {
        let parse = |text: &Spanned<String>| -> Option<Originator> {
            originator::parse(text.get_ref(), country).ok()
        };
        let priority = |p: &Option<Spanned<String>>| p.as_ref().and_then(|p| Priority::parse(p.get_ref()));
        let limited = !self.allow.is_empty() || !self.deny.is_empty();
        Some(User {
            addresses: self.addresses.iter().map(|a| a.0).collect(),
            mail_from: self.mail_from.clone(),
            originator: self.originator.as_ref().and_then(parse),
            originators: self.originators.as_ref().map(|list| list.iter().filter_map(parse).collect()),
            allow: limited.then(|| AllowList {
                allow: prefixes(&self.allow, country),
                deny: prefixes(&self.deny, country),
                short_codes_denied: false,
            }),
            priority: priority(&self.priority).unwrap_or_default(),
            max_priority: priority(&self.max_priority).unwrap_or(Priority::Alarm),
            rate: self.rate,
            administrator: self.administrator,
            dimensions: Dimensions {
                company: self.company.clone(),
                department: self.department.clone(),
                cost_centre: self.cost_centre.clone(),
                project: self.project.clone(),
            },
            ..User::named(UserName::of_user(self.name.get_ref()).ok()?)
        })
    }
}
