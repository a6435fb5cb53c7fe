//! `omnigate user`: users of the database. Those of the configuration file are shown and changed there.
//!
//! A password never stands on the command line, where every process of the machine could read it.

use crate::command::context::{Context, print, print_json};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use crate::wire::Machine;
use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use domain::directory::{KeyHash, User, UserName};
use domain::language::Language;
use domain::message::Priority;
use domain::numbering::{AllowList, Country};
use domain::originator;
use ports::driven::DirectoryStore;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Look after users.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// Add a user
    #[command(after_help = "Example: omnigate user add crm --originator Example --addresses 10.1.0.0/16\n\
                            The password is asked for, or read from --password-file or --password-env.")]
    Add(Change),
    /// Change a user; what is not named stays
    #[command(after_help = "Example: omnigate user set crm --rate 50 --password-file /run/secrets/crm")]
    Set(Change),
    /// List users
    #[command(after_help = "Example: omnigate user list --json")]
    List,
    /// Show a user
    #[command(after_help = "Example: omnigate user show crm")]
    Show(Named),
    /// Remove a user; his messages stay
    #[command(after_help = "Example: omnigate user remove crm")]
    Remove(Named),
    /// Make a bearer key for a user; it is shown once
    #[command(after_help = "Example: omnigate user key crm\nThen: curl -H \"Authorization: Bearer ok_…\" …")]
    Key(Key),
}

/// A user by name.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The login name
    pub name: String,
}

/// `user key`
#[derive(Debug, clap::Args)]
pub struct Key {
    /// The login name
    pub name: String,
    /// Make all older keys of the user useless
    #[arg(long)]
    pub revoke_others: bool,
}

/// `user add`, `user set`
#[derive(Debug, clap::Args)]
pub struct Change {
    /// The login name: 1 to 64 letters, digits or . _ - @ +
    pub name: String,
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
    #[arg(long, value_delimiter = ',')]
    pub addresses: Option<Vec<String>>,
    /// Mail addresses the user sends from; @example.se = all of a domain
    #[arg(long, value_delimiter = ',')]
    pub mail_from: Option<Vec<String>>,
    /// The sender that messages show when they name none; "" = the link's
    #[arg(long)]
    pub originator: Option<String>,
    /// Other senders the user may name; "any" = all
    #[arg(long, value_delimiter = ',')]
    pub originators: Option<Vec<String>>,
    /// Prefixes the user may send to; "" = all
    #[arg(long, value_delimiter = ',')]
    pub allow: Option<Vec<String>>,
    /// Prefixes the user may not send to
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

/// Does one of them. A running server has the change in force within two seconds.
///
/// # Errors
/// A name that is not there (or is), a value that is wrong, a store that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    match args {
        Args::List => list(&loaded, context, language),
        Args::Show(named) => show(&loaded, &named.name, context, language),
        Args::Add(change) => put(&loaded, change, true, context, language),
        Args::Set(change) => put(&loaded, change, false, context, language),
        Args::Remove(named) => remove(&loaded, &named.name, language),
        Args::Key(key) => new_key(&loaded, key, context, language),
    }
}

fn country(loaded: &Loaded) -> Country {
    Country::parse(loaded.config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN)
}

/// Users of the file, then those of the database; the latter come first where both have a name.
async fn everybody(loaded: &Loaded) -> anyhow::Result<Vec<(User, &'static str)>> {
    let stored =
        store::reading(loaded).await?.directory.users().await.context("the users could not be read")?;
    let of_file = loaded.config.user.iter().filter_map(|section| section.to_domain(country(loaded)));
    let hidden = |user: &User| stored.iter().any(|s| s.name == user.name);
    let mut all: Vec<_> = of_file.filter(|user| !hidden(user)).map(|user| (user, "file")).collect();
    all.extend(stored.iter().cloned().map(|user| (user, "database")));
    all.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    Ok(all)
}

fn list(loaded: &Loaded, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let all = block_on(everybody(loaded))?;
    if context.json {
        print_json(&all.iter().map(|(user, place)| as_json(user, place)).collect::<Vec<_>>())?;
    } else {
        print(&as_table(&all, language).to_string())?;
    }
    Ok(exit(true))
}

fn as_table(users: &[(User, &'static str)], language: Language) -> Table {
    let headings = match language {
        Language::Swedish => ["NAMN", "FINNS I", "AVSÄNDARE", "KLASS", ">/S", "ADRESSER", "INLOGGNING"],
        Language::English => ["NAME", "KEPT IN", "ORIGINATOR", "CLASS", ">/S", "ADDRESSES", "LOGIN"],
    };
    let mut table = Table::new(&headings);
    for (user, place) in users {
        table.row([
            user.name.to_string(),
            language.pick(if *place == "file" { "filen" } else { "databasen" }, place).to_owned(),
            user.originator.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            user.priority.to_string(),
            if user.rate == 0 { "–".to_owned() } else { user.rate.to_string() },
            joined(user.addresses.iter()),
            login(user, *place == "file", language),
        ]);
    }
    table
}

fn joined<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let all: Vec<String> = items.map(|item| item.to_string()).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(",") }
}

fn login(user: &User, of_file: bool, language: Language) -> String {
    if !user.enabled {
        return language.pick("avstängd", "switched off").to_owned();
    }
    let mut ways = Vec::new();
    if user.password.is_some() || (of_file && user.addresses.is_empty() && user.mail_from.is_empty()) {
        ways.push(language.pick("lösenord", "password").to_owned());
    }
    if !user.keys.is_empty() {
        ways.push(format!("{}: {}", language.pick("nycklar", "keys"), user.keys.len()));
    }
    if user.administrator {
        ways.push(language.pick("administratör", "administrator").to_owned());
    }
    joined(ways.iter())
}

fn as_json(user: &User, place: &str) -> Value {
    let dimensions = &user.dimensions;
    json!({
        "name": user.name.as_str(), "kept_in": place, "enabled": user.enabled, "administrator": user.administrator,
        "password": user.password.is_some(), "keys": user.keys.len(),
        "addresses": user.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), "mail_from": user.mail_from,
        "originator": user.originator.as_ref().map(ToString::to_string),
        "originators": user.originators.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "allow": user.allow.as_ref().map(|a| a.allow.clone()), "deny": user.allow.as_ref().map(|a| a.deny.clone()),
        "priority": user.priority.as_str(), "max_priority": user.max_priority.as_str(), "rate": user.rate,
        "dimensions": { "company": dimensions.company, "department": dimensions.department,
                        "cost_centre": dimensions.cost_centre, "project": dimensions.project },
    })
}

fn show(loaded: &Loaded, name: &str, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let all = block_on(everybody(loaded))?;
    let found = all.iter().find(|(user, _)| user.name.as_str() == name);
    let (user, place) = found.ok_or_else(|| nobody(name))?;
    let value = as_json(user, place);
    if context.json {
        print_json(&value)?;
    } else {
        let mut table = Table::new(&["", ""]);
        for (key, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            table.row([key.clone(), text]);
        }
        let _ = language;
        print(&table.to_string())?;
    }
    Ok(exit(true))
}

fn nobody(name: &str) -> anyhow::Error {
    anyhow!("there is no user called {name:?} (omnigate user list shows all)")
}

/// The user of the database with this name, or why there is none.
async fn stored(directory: &dyn DirectoryStore, loaded: &Loaded, name: &str) -> anyhow::Result<Option<User>> {
    let users = directory.users().await.context("the users could not be read")?;
    let found = users.into_iter().find(|user| user.name.as_str() == name);
    let of_file = loaded.config.user.iter().any(|section| section.name.get_ref() == name);
    if found.is_none() && of_file {
        bail!("{name} stands in {}; change it there", loaded.file.display());
    }
    Ok(found)
}

fn put(
    loaded: &Loaded,
    change: &Change,
    add: bool,
    context: &Context,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let name = UserName::parse(&change.name).map_err(|e| anyhow!("{:?}: {e}", change.name))?;
    let user = block_on(async {
        let opened = store::changing(loaded).await?;
        let before = stored(opened.stores.directory.as_ref(), loaded, name.as_str()).await?;
        let user = match (before, add) {
            (Some(_), true) => bail!("{name} is there already (omnigate user set changes it)"),
            (None, false) => return Err(nobody(name.as_str())),
            (before, _) => before.unwrap_or_else(|| User::named(name.clone())),
        };
        let mut user = changed(user, change, country(loaded))?;
        if let Some(password) = password(change, add, language)? {
            user.password = Some(Machine::of(&loaded.config.node.name).passwords.hash(&password).await);
        } else if change.no_password {
            user.password = None;
        }
        opened.stores.directory.put_user(&user).await.context("the user was not stored")?;
        opened.close().await;
        Ok(user)
    })?;
    if context.json {
        print_json(&as_json(&user, "database"))?;
    } else {
        let done = if add {
            language.pick("finns nu", "is there now")
        } else {
            language.pick("är ändrad", "is changed")
        };
        print(&format!("{} {done}\n", user.name))?;
    }
    Ok(exit(true))
}

fn changed(mut user: User, change: &Change, country: Country) -> anyhow::Result<User> {
    let listed = |list: &Vec<String>| {
        list.iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect::<Vec<_>>()
    };
    let sender = |text: &str| {
        originator::parse(text, country).map_err(|refusal| anyhow!("{text:?}: {}", refusal.detail))
    };
    let priority = |text: &Option<String>| text.as_deref().and_then(Priority::parse);
    if let Some(list) = &change.addresses {
        let parse = |text: &String| text.parse().map_err(|e| anyhow!("--addresses {text:?}: {e}"));
        user.addresses = listed(list).iter().map(parse).collect::<anyhow::Result<_>>()?;
    }
    if let Some(list) = &change.mail_from {
        user.mail_from = listed(list);
    }
    if let Some(text) = &change.originator {
        user.originator = if text.is_empty() { None } else { Some(sender(text)?) };
    }
    if let Some(list) = &change.originators {
        let any = list.iter().any(|s| s == "any");
        user.originators = if any {
            None
        } else {
            Some(listed(list).iter().map(|s| sender(s)).collect::<anyhow::Result<_>>()?)
        };
    }
    if change.allow.is_some() || change.deny.is_some() {
        let old = user.allow.take().unwrap_or_default();
        let allow = change.allow.as_ref().map_or(old.allow, listed);
        let deny = change.deny.as_ref().map_or(old.deny, listed);
        let limited = !allow.is_empty() || !deny.is_empty();
        user.allow = limited.then_some(AllowList { allow, deny, short_codes_denied: old.short_codes_denied });
    }
    user.priority = priority(&change.priority).unwrap_or(user.priority);
    user.max_priority = priority(&change.max_priority).unwrap_or(user.max_priority);
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
fn password(change: &Change, add: bool, language: Language) -> anyhow::Result<Option<SecretString>> {
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

fn remove(loaded: &Loaded, name: &str, language: Language) -> anyhow::Result<ExitCode> {
    block_on(async {
        let opened = store::changing(loaded).await?;
        stored(opened.stores.directory.as_ref(), loaded, name).await?;
        let was_there =
            opened.stores.directory.remove_user(name).await.context("the user was not removed")?;
        opened.close().await;
        if was_there { Ok(()) } else { Err(nobody(name)) }
    })?;
    print(&format!("{name} {}\n", language.pick("är borttagen", "is removed")))?;
    Ok(exit(true))
}

fn new_key(loaded: &Loaded, args: &Key, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let key = block_on(async {
        let opened = store::changing(loaded).await?;
        let found = stored(opened.stores.directory.as_ref(), loaded, &args.name).await?;
        let mut user = found.ok_or_else(|| nobody(&args.name))?;
        let mut chance = [0_u8; 24];
        Machine::of(&loaded.config.node.name).ids.fill(&mut chance);
        let key = chance.iter().fold(String::from("ok_"), |text, octet| format!("{text}{octet:02x}"));
        if args.revoke_others {
            user.keys.clear();
        }
        user.keys.push(KeyHash(Sha256::digest(key.as_bytes()).into()));
        opened.stores.directory.put_user(&user).await.context("the key was not stored")?;
        opened.close().await;
        Ok(key)
    })?;
    if context.json {
        print_json(&json!({ "name": args.name, "key": key }))?;
    } else {
        print(&format!("{key}\n"))?;
        eprintln!("{}", language.pick("Visas bara nu: spara nyckeln.", "Shown only now: keep it."));
    }
    Ok(exit(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    fn change(flags: &[&str]) -> Change {
        let cli = Cli::try_parse_from(["omnigate", "user", "set", "crm"].iter().chain(flags)).expect("flags");
        match cli.command {
            Command::User(Args::Set(change)) => change,
            _ => unreachable!("user set was asked for"),
        }
    }

    fn crm() -> User {
        User::named(UserName::parse("crm").expect("name"))
    }

    #[test]
    fn what_is_not_named_stays() {
        let flags =
            ["--originator", "Example", "--addresses", "10.0.0.0/8,::1", "--rate", "5", "--company", "Acme"];
        let user = changed(crm(), &change(&flags), Country::SWEDEN).expect("a user");
        assert_eq!((user.addresses.len(), user.rate, user.dimensions.company.as_str()), (2, 5, "Acme"));
        let same = changed(user.clone(), &change(&[]), Country::SWEDEN).expect("a user");
        assert_eq!(user, same);
        let bare = changed(user, &change(&["--originator", "", "--addresses", ""]), Country::SWEDEN)
            .expect("a user");
        assert!(bare.originator.is_none() && bare.addresses.is_empty());
    }

    #[test]
    fn wrong_values_are_named() {
        for flags in [["--addresses", "x"], ["--originator", "Alldeles för långt namn"]] {
            assert!(changed(crm(), &change(&flags), Country::SWEDEN).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn passwords_come_from_files() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "korrekt häst\n").expect("written");
        let path = file.path().to_str().expect("a path");
        assert!(
            password(&change(&["--password-file", path]), false, Language::English).expect("read").is_some()
        );
        assert!(password(&change(&[]), false, Language::English).expect("nothing").is_none());
        std::fs::write(file.path(), "kort").expect("written");
        assert!(password(&change(&["--password-file", path]), false, Language::English).is_err());
    }

    #[test]
    fn a_list_for_people() {
        let mut user = crm();
        user.addresses = vec!["10.0.0.0/8".parse().expect("range")];
        insta::assert_snapshot!(as_table(&[(user, "database")], Language::Swedish).to_string());
    }
}
