//! Reading the command line in the caller's language: help in Swedish, and what is wrong with a line said so that he can mend it.
//!
//! The language is that of `--language`, else the configuration's, else the environment's; it is looked for before the line is
//! read, since the reader itself may have to speak.

use crate::cli::Cli;
use crate::command::context::{of_environment, program};
use crate::config;
use crate::swedish;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _};
use domain::language::Language;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// Reads a command line.
///
/// # Errors
/// The exit code after help was printed (0) or it was said what is wrong (2).
pub fn read(line: &[OsString]) -> Result<Cli, ExitCode> {
    let language = language(line);
    let command = match language {
        Language::English => Cli::command(),
        Language::Swedish => swedish::help(Cli::command()),
    };
    let read = command.try_get_matches_from(line).and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| {
        let wrong = error.use_stderr();
        match said(&error, language) {
            Some(text) => eprintln!("{text}"),
            None if wrong => eprint!("{}", help(&error, false)),
            // Whoever reads help may go away; that is no failure.
            None => drop(std::io::stdout().write_all(help(&error, in_colours()).as_bytes())),
        }
        if wrong { ExitCode::from(2) } else { ExitCode::SUCCESS }
    })
}

/// Help as it is shown.
fn help(error: &clap::Error, colours: bool) -> String {
    let text = error.render();
    if colours { text.ansi().to_string() } else { text.to_string() }
}

fn in_colours() -> bool {
    cfg!(unix) && std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// The language asked for in the line, else that of the configuration it names, else the environment's.
fn language(line: &[OsString]) -> Language {
    let value = |flag: &str| {
        let mut words = line.iter().filter_map(|word| word.to_str());
        while let Some(word) = words.next() {
            match word.strip_prefix(flag) {
                Some("") => return words.next(),
                Some(rest) if rest.starts_with('=') => return rest.get(1..),
                _ => {}
            }
        }
        None
    };
    let asked = value("--language").and_then(Language::parse);
    let file = value("--config").unwrap_or(config::DEFAULT_FILE);
    asked
        .or_else(|| config::peek_language(Path::new(file)))
        .unwrap_or_else(|| of_environment(|name| std::env::var(name).ok()))
}

/// What is wrong with a line; `None` for what the reader itself says best (help, version).
fn said(error: &clap::Error, language: Language) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        Some(ContextValue::StyledStr(text)) => Some(text.to_string()),
        _ => None,
    };
    let argument = || text(ContextKind::InvalidArg).unwrap_or_default();
    let value = || text(ContextKind::InvalidValue).unwrap_or_default();
    let (swedish, english, help) = match error.kind() {
        ErrorKind::InvalidSubcommand => return Some(unknown_command(error, language)),
        ErrorKind::MissingSubcommand => {
            let all = text(ContextKind::ValidSubcommand).unwrap_or_default();
            let all = all.split(", ").filter(|name| *name != "help").collect::<Vec<_>>().join(", ");
            (
                format!("ett kommando saknas; det finns: {all}"),
                format!("a command is missing; there are: {all}"),
                false,
            )
        }
        ErrorKind::UnknownArgument => {
            let (argument, near) = (argument(), text(ContextKind::SuggestedArg));
            let near =
                |words: &str| near.as_ref().map(|near| format!(" ({words} {near}?)")).unwrap_or_default();
            (
                format!("{argument} finns inte{}", near("menades")),
                format!("there is no {argument}{}", near("was it")),
                true,
            )
        }
        ErrorKind::MissingRequiredArgument => {
            let argument = argument();
            (format!("{argument} saknas"), format!("{argument} is missing"), true)
        }
        ErrorKind::InvalidValue => {
            let (argument, value) = (argument(), value());
            let allowed = text(ContextKind::ValidValue).unwrap_or_default();
            match (value.is_empty(), allowed.is_empty()) {
                (true, _) => {
                    (format!("{argument} behöver ett värde"), format!("{argument} needs a value"), true)
                }
                (false, true) => return None,
                (false, false) => (
                    format!("{argument}: {value:?} är inget av {allowed}"),
                    format!("{argument}: {value:?} is not one of {allowed}"),
                    false,
                ),
            }
        }
        ErrorKind::ValueValidation => {
            let (argument, value) = (argument(), value());
            let why = |language| {
                std::error::Error::source(error).map(|why| swedish::cause(why, language)).unwrap_or_default()
            };
            (
                format!("{argument}: {value:?} duger inte: {}", why(Language::Swedish)),
                format!("{argument}: {value:?} will not do: {}", why(Language::English)),
                false,
            )
        }
        ErrorKind::ArgumentConflict => {
            let (argument, other) = (argument(), text(ContextKind::PriorArg).unwrap_or_default());
            (
                format!("{argument} går inte ihop med {other}"),
                format!("{argument} does not go with {other}"),
                true,
            )
        }
        _ => return None,
    };
    let hint = match (help, text(ContextKind::Usage)) {
        (true, Some(usage)) => {
            let usage = usage.trim_start_matches("Usage:").trim().to_owned();
            format!("\n{} {usage}", language.pick("skrivs:", "written:"))
        }
        _ => String::new(),
    };
    let more = language.pick("--help visar mer", "--help shows more");
    Some(format!("omnigate: {}{hint}\n{more}", language.pick(&swedish, &english)))
}

/// A command that does not exist: what there is instead.
fn unknown_command(error: &clap::Error, language: Language) -> String {
    let Some(ContextValue::String(asked)) = error.get(ContextKind::InvalidSubcommand) else {
        return error.to_string();
    };
    // Whether it is a command of commands is told by the usage: `omnigate user …`.
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words: Vec<&str> = usage.split_whitespace().skip_while(|word| *word != "omnigate").skip(1).collect();
    let mut command = Cli::command();
    let parent = words.first().and_then(|first| command.find_subcommand_mut(first));
    let names: Vec<String> = match parent {
        Some(parent) => parent.get_subcommands().map(|c| c.get_name().to_owned()).collect(),
        None => command.get_subcommands().map(|c| c.get_name().to_owned()).collect(),
    };
    let near = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(near)) if !near.is_empty() => {
            format!(" ({} {}?)", language.pick("menades", "was it"), near.join(", "))
        }
        _ => String::new(),
    };
    format!(
        "omnigate: {} {asked:?}{near}\n{} {}\n{} {} KOMMANDO --help",
        language.pick("det finns inget kommando", "there is no command"),
        language.pick("det finns:", "there are:"),
        names.join(", "),
        language.pick("mer om ett:", "more about one:"),
        program()
    )
    .replace("KOMMANDO", language.pick("KOMMANDO", "COMMAND"))
}

/// The words this process was called with.
#[must_use]
pub fn line() -> Vec<OsString> {
    let mut line: Vec<OsString> = std::env::args_os().collect();
    if line.is_empty() {
        line.push(OsStr::new("omnigate").to_owned());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(words: &[&str], language: Language) -> String {
        let line = std::iter::once("omnigate").chain(words.iter().copied());
        let command = match language {
            Language::English => Cli::command(),
            Language::Swedish => swedish::help(Cli::command()),
        };
        let error = command.try_get_matches_from(line).expect_err("a wrong line");
        said(&error, language)
            .unwrap_or_else(|| error.to_string())
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn wrong_lines_in_both_languages() {
        let cases: [(&[&str], &str, &str); 8] = [
            (
                &["user", "--json"],
                "omnigate: a command is missing; there are: add, set, list, show, remove, key",
                "omnigate: ett kommando saknas; det finns: add, set, list, show, remove, key",
            ),
            (
                &["route", "list"],
                "omnigate: there is no command \"route\"",
                "omnigate: det finns inget kommando \"route\"",
            ),
            (
                &["serv"],
                "omnigate: there is no command \"serv\" (was it user, serve?)",
                "omnigate: det finns inget kommando \"serv\" (menades user, serve?)",
            ),
            (&["explain"], "omnigate: --to <TO> is missing", "omnigate: --to <TO> saknas"),
            (&["check", "--frob"], "omnigate: there is no --frob", "omnigate: --frob finns inte"),
            (
                &["explain", "--to"],
                "omnigate: --to <TO> needs a value",
                "omnigate: --to <TO> behöver ett värde",
            ),
            (
                &["--language", "xx", "check"],
                "omnigate: --language <LANGUAGE>: \"xx\" is not one of sv, en",
                "omnigate: --language <LANGUAGE>: \"xx\" är inget av sv, en",
            ),
            (
                &["message", "list", "--limit", "x"],
                "omnigate: --limit <LIMIT>: \"x\" will not do: invalid digit found in string",
                "omnigate: --limit <LIMIT>: \"x\" duger inte: ingen siffra där en ska stå",
            ),
        ];
        for (words, english, swedish) in cases {
            assert_eq!(wrong(words, Language::English), english);
            assert_eq!(wrong(words, Language::Swedish), swedish);
        }
    }

    /// The widest line of help.
    const WIDTH: usize = 80;

    /// Every help of every command fits a terminal of eighty columns, and is all in its language.
    #[test]
    fn help_is_narrow_and_in_one_language() {
        fn paths(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
            all.push(path.to_vec());
            for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
                paths(child, &[path, &[child.get_name().to_owned()]].concat(), all);
            }
        }
        const ENGLISH: [&str; 24] = [
            "the", "of", "and", "or", "with", "that", "is", "are", "from", "which", "who", "when", "names",
            "by", "it", "not", "a", "an", "alone", "then", "for", "refuses", "print", "more",
        ];
        const SWEDISH: [&str; 12] =
            ["och", "eller", "som", "inte", "ett", "den", "det", "på", "av", "visa", "annars", "värden"];
        let mut all = Vec::new();
        paths(&Cli::command(), &[], &mut all);
        assert!(all.len() > 40, "{}", all.len());
        let mut wrong = Vec::new();
        for path in &all {
            for (language, other) in [(Language::English, &SWEDISH[..]), (Language::Swedish, &ENGLISH[..])] {
                for flag in ["--help", "-h"] {
                    let command = match language {
                        Language::English => Cli::command(),
                        Language::Swedish => swedish::help(Cli::command()),
                    };
                    let line =
                        std::iter::once("omnigate").chain(path.iter().map(String::as_str)).chain([flag]);
                    let shown = help(&command.try_get_matches_from(line).expect_err("help"), false);
                    for line in shown.lines() {
                        let foreign = prose(line).any(|word| other.contains(&word.as_str()));
                        if foreign || line.chars().count() > WIDTH {
                            wrong.push(format!("{path:?} {language:?} {flag}: {line}"));
                        }
                    }
                }
            }
        }
        wrong.dedup();
        assert_eq!(wrong, Vec::<String>::new());
    }

    /// The words of a line that are no example, no name of a flag and no list of names.
    fn prose(line: &str) -> impl Iterator<Item = String> {
        let example = line.contains("omnigate ") || line.trim_end().ends_with('\\') || line.contains('`');
        let words = line.split_whitespace().filter(move |_| !example);
        words
            .map(|word| {
                word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-' && c != '<').to_lowercase()
            })
            .filter(|word| word.chars().all(char::is_alphabetic))
    }

    #[test]
    fn the_language_of_a_line() {
        let of = |words: &[&str]| language(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["omnigate", "--language", "sv", "--help"]), Language::Swedish);
        assert_eq!(of(&["omnigate", "--language=en", "--help"]), Language::English);
    }
}
