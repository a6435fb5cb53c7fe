//! `omnigate user`: users of the database. Those of the configuration file are shown and changed there.
//!
//! A password never stands on the command line, where every process of the machine could read it.

mod change;

pub use change::Change;

use crate::command::context::{Context, print, print_json};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use crate::wire::Machine;
use anyhow::{Context as _, anyhow, bail};
use change::{changed, password};
use clap::Subcommand;
use domain::directory::{KeyHash, User, UserName};
use domain::language::Language;
use domain::numbering::Country;
use ports::driven::DirectoryStore;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
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
        Args::Remove(named) => remove(&loaded, &named.name, context, language),
        Args::Key(key) => new_key(&loaded, key, context, language),
    }
}

fn country(loaded: &Loaded) -> Country {
    loaded.config.defaults.country()
}

/// A user, where he is kept, and whether he has a password.
struct Kept {
    user: User,
    place: &'static str,
    password: bool,
}

/// Users of the file, then those of the database; the latter come first where both have a name.
async fn everybody(loaded: &Loaded) -> anyhow::Result<Vec<Kept>> {
    let stored =
        store::reading(loaded).await?.directory.users().await.context("the users could not be read")?;
    let of_file = loaded.config.user.iter().filter_map(|section| {
        let user = section.to_domain(country(loaded))?;
        Some(Kept { user, place: "file", password: section.password.is_some() })
    });
    let hidden = |user: &User| stored.iter().any(|s| s.name == user.name);
    let mut all: Vec<_> = of_file.filter(|kept| !hidden(&kept.user)).collect();
    all.extend(stored.iter().cloned().map(|user| {
        let password = user.password.is_some();
        Kept { user, place: "database", password }
    }));
    all.sort_by(|a, b| a.user.name.cmp(&b.user.name));
    Ok(all)
}

fn list(loaded: &Loaded, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let all = block_on(everybody(loaded))?;
    if context.json {
        print_json(&all.iter().map(as_json).collect::<Vec<_>>())?;
    } else {
        print(&as_table(&all, language).to_string())?;
    }
    Ok(exit(true))
}

fn as_table(users: &[Kept], language: Language) -> Table {
    let headings = match language {
        Language::Swedish => ["NAMN", "FINNS I", "AVSÄNDARE", "KLASS", ">/S", "ADRESSER", "INLOGGNING"],
        Language::English => ["NAME", "KEPT IN", "ORIGINATOR", "CLASS", ">/S", "ADDRESSES", "LOGIN"],
    };
    let mut table = Table::new(&headings);
    for kept @ Kept { user, place, .. } in users {
        table.row([
            user.name.to_string(),
            language.pick(if *place == "file" { "filen" } else { "databasen" }, place).to_owned(),
            user.originator.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
            user.priority.to_string(),
            if user.rate == 0 { "–".to_owned() } else { user.rate.to_string() },
            joined(user.addresses.iter()),
            login(kept, language),
        ]);
    }
    table
}

fn joined<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let all: Vec<String> = items.map(|item| item.to_string()).collect();
    if all.is_empty() { "–".to_owned() } else { all.join(",") }
}

fn login(Kept { user, password, .. }: &Kept, language: Language) -> String {
    if !user.enabled {
        return language.pick("avstängd", "switched off").to_owned();
    }
    let mut ways = Vec::new();
    if *password {
        ways.push(language.pick("lösenord", "password").to_owned());
    }
    if !user.keys.is_empty() {
        ways.push(format!("{}: {}", language.pick("nycklar", "keys"), user.keys.len()));
    }
    if !user.mail_from.is_empty() {
        ways.push(language.pick("e-post", "mail").to_owned());
    }
    if user.administrator {
        ways.push(language.pick("administratör", "administrator").to_owned());
    }
    joined(ways.iter())
}

fn as_json(Kept { user, place, password }: &Kept) -> Value {
    let dimensions = &user.dimensions;
    json!({
        "name": user.name.as_str(), "kept_in": place, "enabled": user.enabled, "administrator": user.administrator,
        "password": password, "keys": user.keys.len(),
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
    let kept = all.iter().find(|kept| kept.user.name.as_str() == name).ok_or_else(|| nobody(name))?;
    if context.json {
        print_json(&as_json(kept))?;
    } else {
        print(&as_page(kept, language).to_string())?;
    }
    Ok(exit(true))
}

/// Everything about a user on a page.
fn as_page(kept: &Kept, language: Language) -> Table {
    let user = &kept.user;
    let mut table = Table::new(&["", ""]);
    let mut row = |swedish: &str, english: &str, value: String| {
        table.row([language.pick(swedish, english).to_owned(), value]);
    };
    let yes =
        |yes: bool| language.pick(if yes { "ja" } else { "nej" }, if yes { "yes" } else { "no" }).to_owned();
    let any = language.pick("alla", "all");
    let prefixes = |list: Option<&Vec<String>>, none: &str| match list {
        Some(list) if !list.is_empty() => list.join(","),
        _ => none.to_owned(),
    };
    let rules = user.allow.as_ref();
    let place = if kept.place == "file" { "filen" } else { "databasen" };
    row("namn", "name", user.name.to_string());
    row("finns i", "kept in", language.pick(place, kept.place).to_owned());
    row("påslagen", "switched on", yes(user.enabled));
    row("administratör", "administrator", yes(user.administrator));
    row("inloggning", "login", login(kept, language));
    row("adresser", "addresses", joined(user.addresses.iter()));
    row("e-post från", "mail from", joined(user.mail_from.iter()));
    row("avsändare", "originator", joined(user.originator.iter()));
    let others = user.originators.as_ref().map_or_else(|| any.to_owned(), |all| joined(all.iter()));
    row("andra avsändare", "other originators", others);
    row("får sända till", "may send to", prefixes(rules.map(|r| &r.allow), any));
    row("får inte sända till", "may not send to", prefixes(rules.map(|r| &r.deny), "–"));
    row("klass", "class", user.priority.to_string());
    row("högsta klass", "highest class", user.max_priority.to_string());
    row(
        "anrop per sekund",
        "requests a second",
        if user.rate == 0 { "–".to_owned() } else { user.rate.to_string() },
    );
    let units = &user.dimensions;
    for (swedish, english, unit) in [
        ("företag", "company", &units.company),
        ("avdelning", "department", &units.department),
        ("kostnadsställe", "cost centre", &units.cost_centre),
        ("projekt", "project", &units.project),
    ] {
        if !unit.is_empty() {
            row(swedish, english, unit.clone());
        }
    }
    table
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

/// Another user whose name differs in the case of letters only: nobody could tell the two apart.
async fn alike(
    directory: &dyn DirectoryStore,
    loaded: &Loaded,
    name: &UserName,
) -> anyhow::Result<Option<String>> {
    let stored = directory.users().await.context("the users could not be read")?;
    let of_file = loaded.config.user.iter().map(|section| section.name.get_ref().clone());
    let mut all = stored.iter().map(|user| user.name.to_string()).chain(of_file);
    let own = name.as_str().to_lowercase();
    Ok(all.find(|other| other != name.as_str() && other.to_lowercase() == own))
}

fn put(
    loaded: &Loaded,
    change: &Change,
    add: bool,
    context: &Context,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let name = change.name.clone();
    let user = block_on(async {
        let opened = store::changing(loaded).await?;
        let before = stored(opened.stores.directory.as_ref(), loaded, name.as_str()).await?;
        let user = match (before, add) {
            (Some(_), true) => bail!("{name} is there already (omnigate user set changes it)"),
            (None, false) => return Err(nobody(name.as_str())),
            (before, _) => before.unwrap_or_else(|| User::named(name.clone())),
        };
        if add && let Some(other) = alike(opened.stores.directory.as_ref(), loaded, &name).await? {
            bail!("{name} and {other} differ in the case of letters only");
        }
        let mut user = changed(user, change, country(loaded))?;
        if let Some(password) = password(change, add, language)? {
            user.password = Some(Machine::of().passwords.hash(&password).await);
        } else if change.no_password {
            user.password = None;
        }
        opened.stores.directory.put_user(&user).await.context("the user was not stored")?;
        opened.close().await;
        Ok(user)
    })?;
    if context.json {
        let password = user.password.is_some();
        print_json(&as_json(&Kept { user, place: "database", password }))?;
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

fn remove(loaded: &Loaded, name: &str, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    block_on(async {
        let opened = store::changing(loaded).await?;
        stored(opened.stores.directory.as_ref(), loaded, name).await?;
        let was_there =
            opened.stores.directory.remove_user(name).await.context("the user was not removed")?;
        opened.close().await;
        if was_there { Ok(()) } else { Err(nobody(name)) }
    })?;
    if context.json {
        print_json(&json!({ "name": name, "removed": true }))?;
    } else {
        print(&format!("{name} {}\n", language.pick("är borttagen", "is removed")))?;
    }
    Ok(exit(true))
}

fn new_key(loaded: &Loaded, args: &Key, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let key = block_on(async {
        let opened = store::changing(loaded).await?;
        let found = stored(opened.stores.directory.as_ref(), loaded, &args.name).await?;
        let mut user = found.ok_or_else(|| nobody(&args.name))?;
        let mut chance = [0_u8; 24];
        Machine::of().ids.fill(&mut chance);
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
        for flags in
            [["--originator", "Alldeles för långt namn"], ["--originators", "Alldeles för långt namn"]]
        {
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
        user.mail_from = vec!["@example.se".to_owned()];
        let kept = Kept { user, place: "database", password: true };
        insta::assert_snapshot!(as_page(&kept, Language::English).to_string());
        insta::assert_snapshot!(as_table(&[kept], Language::Swedish).to_string());
    }
}
