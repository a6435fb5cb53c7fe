//! What `omnigate user add` and `set` change: the flags, what they make of a user, and where the password comes from.

use crate::swedish::WrongUsage;
use anyhow::{Context as _, anyhow, bail};
use domain::directory::{AddressRange, RangeError, User, UserName};
use domain::language::{Language, Words};
use domain::message::Priority;
use domain::numbering::{self, AllowList, Country};
use domain::originator;
use domain::words;
use secrecy::SecretString;
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

/// `user add`, `user set`
#[derive(Debug, clap::Args)]
pub struct Change {
    /// The login name: 1 to 64 letters, digits or . _ - @ +
    #[arg(value_parser = UserName::of_user)]
    pub name: UserName,
    /// Read the password from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password_env", "no_password"])]
    pub password_file: Option<PathBuf>,
    /// Read the password from an environment variable
    #[arg(long, value_name = "NAME", conflicts_with = "no_password")]
    pub password_env: Option<String>,
    /// No password: only keys, addresses or mail let the user in
    #[arg(long)]
    pub no_password: bool,
    /// Ask for a new password (add always asks when none is given another way)
    #[arg(long)]
    pub password: bool,
    /// Where the user may come from: 10.1.0.0/16,192.0.2.7; "" = anywhere that the doors allow
    #[arg(long, value_delimiter = ',', value_parser = range)]
    pub addresses: Option<Vec<Range>>,
    /// Mail addresses the user sends from; @example.se = all of a domain
    #[arg(long, value_delimiter = ',')]
    pub mail_from: Option<Vec<String>>,
    /// The sender that messages show when they name none; "" = the link's
    #[arg(long)]
    pub originator: Option<String>,
    /// Other senders the user may name; "any" = all
    #[arg(long, value_delimiter = ',')]
    pub originators: Option<Vec<String>>,
    /// What numbers begin with that the user may send to: 070, +45; "" = all
    #[arg(long, value_delimiter = ',')]
    pub allow: Option<Vec<String>>,
    /// The same for numbers that the user may not send to
    #[arg(long, value_delimiter = ',')]
    pub deny: Option<Vec<String>>,
    /// The class of the user's messages
    #[arg(long, value_parser = ["bulk", "normal", "high", "alarm"])]
    pub priority: Option<String>,
    /// The highest class that the user may name
    #[arg(long, value_parser = ["bulk", "normal", "high", "alarm"])]
    pub max_priority: Option<String>,
    /// Requests a second; 0 = no limit
    #[arg(long)]
    pub rate: Option<u32>,
    /// May see and change what belongs to others
    #[arg(long)]
    pub administrator: Option<bool>,
    /// May do anything at all
    #[arg(long)]
    pub enabled: Option<bool>,
    /// What the cost is booked on
    #[arg(long)]
    pub company: Option<String>,
    /// See --company
    #[arg(long)]
    pub department: Option<String>,
    /// See --company
    #[arg(long)]
    pub cost_centre: Option<String>,
    /// See --company
    #[arg(long)]
    pub project: Option<String>,
}

/// An address range, or nothing: an empty list on the command line is a list of one empty text.
#[derive(Debug, Clone, Copy)]
pub struct Range(Option<AddressRange>);

fn range(text: &str) -> Result<Range, RangeError> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::parse).transpose().map(Range)
}

pub(super) fn changed(mut user: User, change: &Change, country: Country) -> anyhow::Result<User> {
    let listed = |list: &Vec<String>| {
        list.iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect::<Vec<_>>()
    };
    let sender = |text: &str| {
        originator::parse(text, country).map_err(|refusal| {
            let in_language = |language| format!("{text:?}: {}", refusal.detail.in_language(language));
            WrongUsage::new(Words::new(in_language(Language::Swedish), in_language(Language::English)))
        })
    };
    let priority = |text: &Option<String>| text.as_deref().and_then(Priority::parse);
    if let Some(list) = &change.addresses {
        user.addresses = list.iter().filter_map(|range| range.0).collect();
    }
    if let Some(list) = &change.mail_from {
        user.mail_from = listed(list);
        if let Some(odd) = user.mail_from.iter().find(|own| !User::is_mail_from(own)) {
            let what = |said: &str| format!("{odd:?}: {said}");
            return Err(WrongUsage::new(Words::new(
                what("en e-postadress, eller @ och en domän"),
                what("a mail address, or @ and a domain"),
            ))
            .into());
        }
    }
    if let Some(text) = &change.originator {
        user.originator = if text.is_empty() { None } else { Some(sender(text)?) };
    }
    if let Some(list) = &change.originators {
        let any = list.iter().any(|s| s == "any");
        user.originators =
            if any { None } else { Some(listed(list).iter().map(|s| sender(s)).collect::<Result<_, _>>()?) };
    }
    if change.allow.is_some() || change.deny.is_some() {
        let old = user.allow.take().unwrap_or_default();
        let prefix = |text: &String| {
            numbering::prefix(text, country).map_err(|_| {
                WrongUsage::new(words!(
                    "{text:?} är ingen början på ett nummer: 070, +46 70 eller 4670",
                    "{text:?} is no beginning of a number: 070, +46 70 or 4670"
                ))
            })
        };
        let read = |list: &Vec<String>| listed(list).iter().map(prefix).collect::<Result<Vec<_>, _>>();
        let allow = change.allow.as_ref().map_or(Ok(old.allow), read)?;
        let deny = change.deny.as_ref().map_or(Ok(old.deny), read)?;
        let limited = !allow.is_empty() || !deny.is_empty();
        user.allow = limited.then_some(AllowList { allow, deny, short_codes_denied: old.short_codes_denied });
    }
    user.priority = priority(&change.priority).unwrap_or(user.priority);
    user.max_priority = priority(&change.max_priority).unwrap_or(user.max_priority);
    if user.priority > user.max_priority {
        let (own, most) = (user.priority, user.max_priority);
        return Err(WrongUsage::new(words!(
            "--priority: {own} är över --max-priority, som är {most}",
            "--priority: {own} is above --max-priority, which is {most}"
        ))
        .into());
    }
    user.rate = change.rate.unwrap_or(user.rate);
    user.administrator = change.administrator.unwrap_or(user.administrator);
    user.enabled = change.enabled.unwrap_or(user.enabled);
    let units = [
        (&mut user.dimensions.company, &change.company),
        (&mut user.dimensions.department, &change.department),
        (&mut user.dimensions.cost_centre, &change.cost_centre),
        (&mut user.dimensions.project, &change.project),
    ];
    for (unit, new) in units {
        if let Some(new) = new {
            unit.clone_from(new);
        }
    }
    Ok(user)
}

/// The password given, from wherever it is not seen by others; `None` = leave it.
pub(super) fn password(
    change: &Change,
    add: bool,
    language: Language,
) -> anyhow::Result<Option<SecretString>> {
    let text = match (&change.password_file, &change.password_env) {
        (Some(file), _) => {
            std::fs::read_to_string(file).with_context(|| format!("the password file {}", file.display()))?
        }
        (None, Some(name)) => {
            std::env::var(name).map_err(|_| anyhow!("the environment variable {name} is not set"))?
        }
        (None, None) if change.no_password || !(add || change.password) => return Ok(None),
        (None, None) => ask(language)?,
    };
    let text = text.trim_end_matches(['\r', '\n']);
    match text.len() {
        0 => bail!("the password is empty (--no-password makes a user without one)"),
        1..=7 => bail!("the password is too short: at least 8 characters"),
        8..=1024 => Ok(Some(SecretString::from(text))),
        _ => bail!("the password is too long: at most 1,024 octets"),
    }
}

fn ask(language: Language) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut text = String::new();
        std::io::stdin().take(4096).read_to_string(&mut text)?;
        return Ok(text);
    }
    let terminal = console::Term::stderr();
    let read = |prompt: &str| -> anyhow::Result<String> {
        terminal.write_str(prompt)?;
        Ok(terminal.read_secure_line()?)
    };
    let first = read(language.pick("Lösenord: ", "Password: "))?;
    let second = read(language.pick("En gång till: ", "Once more: "))?;
    if first == second { Ok(first) } else { bail!("the two are not the same; nothing was changed") }
}
