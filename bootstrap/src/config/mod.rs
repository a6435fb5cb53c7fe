//! The configuration: one TOML file, every key also as an environment variable, every secret also from a file or the environment.
//!
//! Reading has no side effects. What is wrong is said with file, line, key and what is allowed, all of it at once where possible.

mod checks;
mod class;
mod environment;
mod link;
mod marks;
mod operator;
mod place;
mod problem;
mod sections;
mod user;
mod values;

pub use class::ClassSection;
pub use link::{
    Cimd2 as Cimd2Keys, Common, Http as HttpKeys, Link, LinkTls, Modem as ModemKeys, Own, Protocol,
    Smpp as SmppKeys, Tap as TapKeys, Ucp as UcpKeys,
};
pub(crate) use link::{http_profile, ucp_field, ucp_status};
pub use marks::Marks;
pub use operator::{Changed, Operator, Taken};
pub use problem::{ConfigError, Problem};
pub use sections::{
    AlarmSection, Callbacks, Database, DefaultsSection, FileDoor, Http, Log, LogFormat, Minicall, MoSection,
    Node, Oms, Relay, RelayTls, Retention, RouteSection, Smtp, SmtpDomain, SmtpSender, Telnet, Tls,
};
pub use user::UserSection;
pub use values::{Parsed, Period, Secret};

use application::Installation;
use checks::Secrets;
use domain::directory::Defaults;
use domain::language::{Language, Words};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "omnigate.toml";

/// Everything the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// This node.
    pub node: Node,
    /// Where messages are kept.
    pub database: Database,
    /// What holds where nothing else is said.
    pub defaults: DefaultsSection,
    /// JSON, forms, SOAP, health and metrics.
    pub http: Option<Http>,
    /// What Outlook Mobile Service tells of itself, on the same listener.
    pub oms: Oms,
    /// Mail in, and the relay for mail out.
    pub smtp: Option<Smtp>,
    /// Telnet and SNPP.
    pub telnet: Option<Telnet>,
    /// Directories; read, and not served by this version.
    pub file: Option<FileDoor>,
    /// Reports of states to senders.
    pub callbacks: Callbacks,
    /// Pagers.
    pub minicall: Minicall,
    /// How long things are kept.
    pub retention: Retention,
    /// The program's own log.
    pub log: Log,
    /// Ways to operators. Which keys one may have depends on its protocol, so `link::read` reads them.
    #[serde(deserialize_with = "elsewhere")]
    pub link: Vec<Link>,
    /// Users.
    pub user: Vec<UserSection>,
    /// Which messages go by which links.
    pub route: Vec<RouteSection>,
    /// How patient classes are.
    pub class: Vec<ClassSection>,
    /// Where received messages go.
    pub mo: Vec<MoSection>,
    /// Who is told of links that are ill.
    pub alarm: AlarmSection,
}

impl Config {
    /// The mail door, where there is one: `[smtp]` may also be there for its relay alone.
    #[must_use]
    pub fn mail_door(&self) -> Option<&Smtp> {
        self.smtp.as_ref().filter(|smtp| smtp.is_door())
    }
}

/// A configuration that may be served.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file it came from.
    pub file: PathBuf,
    /// What it says.
    pub config: Config,
    /// What a person should know though it stops nothing.
    pub warnings: Vec<String>,
    /// What it says key by key, to be compared when it is read again.
    pub marks: Marks,
}

impl Loaded {
    /// Something wrong with it that shows only when it is put to use; `path` names the key or its section, `link.TS0.tls`.
    #[must_use]
    pub fn wrong(&self, path: &str, what: impl Into<Words>) -> Problem {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        match place::near(&text, path) {
            Some(offset) => Problem::at(&text, offset, path, what),
            None => Problem::whole(path, what),
        }
    }
}

/// Reads a file with the process's environment over it and checks everything that can be checked without touching the world.
///
/// # Errors
/// [`ConfigError`] with every problem found.
pub fn load(file: &Path) -> Result<Loaded, ConfigError> {
    load_with(file, Secrets::Needed)
}

/// The same for a command beside a server: the secrets of links, users and callbacks may be missing, as where only the service knows them.
///
/// # Errors
/// As [`load`].
pub fn load_without_secrets(file: &Path) -> Result<Loaded, ConfigError> {
    load_with(file, Secrets::Spared)
}

fn load_with(file: &Path, secrets: Secrets) -> Result<Loaded, ConfigError> {
    let variables = environment::readable(std::env::vars_os())
        .map_err(|name| ConfigError::whole(file, format!("the environment variable {name} is not UTF-8")))?;
    let octets = std::fs::read(file).map_err(|e| {
        let hint = if e.kind() == std::io::ErrorKind::NotFound {
            " (name one with --config, or begin with `omnigate demo`)"
        } else {
            ""
        };
        ConfigError::whole(file, format!("cannot be read: {e}{hint}"))
    })?;
    let text = String::from_utf8(octets).map_err(|e| {
        let (start, octets) = (e.utf8_error().valid_up_to(), e.into_bytes());
        let line = octets.iter().take(start).filter(|octet| **octet == b'\n').count() + 1;
        let what = "this line is not UTF-8: save the file in that encoding";
        ConfigError::new(file, vec![Problem { line: Some(line), key: String::new(), what: what.into() }])
    })?;
    read_with(file, &text, &variables, secrets)
}

/// What language a file (or the variable that comes over it) names, also when the rest of it cannot be served: for what is said
/// to the person at the command line.
#[must_use]
pub fn peek_language(file: &Path) -> Option<Language> {
    let named = std::env::var("OMNIGATE__DEFAULTS__LANGUAGE").ok();
    if let Some(language) = named.as_deref().and_then(Language::parse) {
        return Some(language);
    }
    let table: toml::Table = std::fs::read_to_string(file).ok()?.parse().ok()?;
    table.get("defaults")?.get("language")?.as_str().and_then(Language::parse)
}

/// Reads a text as if it stood in `file`, with these environment variables over it.
///
/// # Errors
/// [`ConfigError`] with every problem found.
pub fn read(file: &Path, text: &str, variables: &[(String, String)]) -> Result<Loaded, ConfigError> {
    read_with(file, text, variables, Secrets::Needed)
}

fn read_with(
    file: &Path,
    text: &str,
    variables: &[(String, String)],
    secrets: Secrets,
) -> Result<Loaded, ConfigError> {
    let config = parse(text).map_err(|problems| ConfigError::new(file, problems))?;
    let mut overrides = environment::overrides(variables);
    if overrides.is_empty() {
        return judge(file, config, text, (variables, secrets), |problem| problem);
    }
    loop {
        // The merged text is ours: its lines are not those of the file.
        let merged = environment::merge(file, text, &overrides)?;
        let problems = match parse(&merged) {
            Ok(config) => {
                let shown = |problem| environment::shown(problem, text, &merged, &overrides);
                return judge(file, config, &merged, (variables, secrets), shown);
            }
            Err(problems) => problems,
        };
        // Each variable becomes text at most once, so this ends.
        if !environment::as_text(&merged, &problems, &mut overrides) {
            let shown = |problem| environment::unread(problem, text, &merged, &overrides);
            return Err(ConfigError::new(file, problems.into_iter().map(shown).collect()));
        }
    }
}

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    let mut config: Config = toml::from_str(text).map_err(|e| vec![Problem::of_toml(text, &e)])?;
    config.link = link::read(text)?;
    Ok(config)
}

fn judge(
    file: &Path,
    config: Config,
    text: &str,
    (variables, secrets): (&[(String, String)], Secrets),
    shown: impl Fn(Problem) -> Problem,
) -> Result<Loaded, ConfigError> {
    let (problems, warnings) = checks::check(&config, text, variables, secrets);
    if problems.is_empty() {
        Ok(Loaded { file: file.to_owned(), config, warnings, marks: Marks::of(text) })
    } else {
        Err(ConfigError::new(file, problems.into_iter().map(shown).collect()))
    }
}

/// Passes over what another reader reads.
fn elsewhere<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Link>, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| Vec::new())
}

impl Config {
    /// What the application needs to know of it. `users` come with their passwords hashed.
    #[must_use]
    pub fn installation(&self, users: Vec<domain::directory::User>) -> Installation {
        Installation {
            defaults: Defaults {
                pager: self.minicall.to_domain(self.defaults.country()),
                ..self.defaults.to_domain(self.retention.receipt_grace, &self.class)
            },
            users,
            links: Link::profiles(&self.link),
            routes: self.route.iter().map(|route| route.to_route(&self.class)).collect(),
            mo_rules: self.mo.iter().map(|rule| rule.to_domain(self.defaults.country())).collect(),
            alarm: self.alarm.to_domain(),
        }
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
