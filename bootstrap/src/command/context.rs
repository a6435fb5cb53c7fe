//! What every command is told: which file, for whom to print, in which language. Reads the configuration when asked.

use crate::config::{self, ConfigError, Loaded};
use anyhow::anyhow;
use domain::language::Language;
use serde::Serialize;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

/// The words common to all commands.
#[derive(Debug, Clone)]
pub struct Context {
    /// The configuration file.
    pub config: PathBuf,
    /// For programs instead of people.
    pub json: bool,
    /// The language asked for.
    pub language: Option<Language>,
}

impl Context {
    /// Reads and checks the configuration, to serve it: every secret must be there, and every certificate.
    ///
    /// # Errors
    /// Everything that is wrong with it, with lines and keys.
    pub fn load_to_serve(&self) -> anyhow::Result<Loaded> {
        config::load(&self.config).and_then(super::check::certificates).map_err(|error| self.shown(&error))
    }

    /// Reads and checks the configuration for work beside a server; of its secrets only that of the database is needed, and asked for when it is.
    ///
    /// # Errors
    /// Everything that is wrong with it, with lines and keys.
    pub fn load(&self) -> anyhow::Result<Loaded> {
        config::load_without_secrets(&self.config).map_err(|error| self.shown(&error))
    }

    fn shown(&self, error: &ConfigError) -> anyhow::Error {
        anyhow!("{}", error.in_language(self.language_now()))
    }

    /// The language for people: asked for, else the one that the configuration names, else the environment's. `loaded`: the
    /// configuration when it is another than the one of the command line.
    #[must_use]
    pub fn language(&self, loaded: Option<&Loaded>) -> Language {
        let file = loaded.map_or(self.config.as_path(), |loaded| loaded.file.as_path());
        let named = || config::peek_language(file);
        self.language.or_else(named).unwrap_or_else(|| of_environment(|name| std::env::var(name).ok()))
    }

    /// The same when there may be no configuration that can be read.
    #[must_use]
    pub fn language_now(&self) -> Language {
        self.language(None)
    }
}

/// The language of the environment: the first of LC_ALL, LC_MESSAGES and LANG that is set; English unless it is Swedish.
pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let value = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
    value.and_then(|value| Language::parse(&value)).unwrap_or(Language::English)
}

/// This program as it was called: what people can copy works also where it is not installed.
#[must_use]
pub fn program() -> String {
    let called =
        std::env::args().next().filter(|called| !called.is_empty() && !called.contains(char::is_whitespace));
    called.unwrap_or_else(|| "omnigate".to_owned())
}

/// Prints text; a reader that went away is an error that nobody needs to hear of.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints a value as JSON, for people who look at it too.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Whether standard output may be coloured: a terminal whose owner did not say no (no-color.org).
#[must_use]
pub fn coloured() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !refused && !dumb && io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_environment() {
        let of = |set: &[(&str, &str)]| {
            of_environment(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("LANG", "sv_SE.UTF-8")]), Language::Swedish);
        assert_eq!(of(&[("LANG", "C.UTF-8")]), Language::English);
        assert_eq!(of(&[("LC_ALL", ""), ("LANG", "sv")]), Language::Swedish);
        assert_eq!(of(&[("LC_ALL", "en_GB"), ("LANG", "sv")]), Language::English);
        assert_eq!(of(&[]), Language::English);
    }
}
