//! Swedish for what the commands say: catalogues from English sentences, in which `{}` stands for anything.
//!
//! English stands where it is said, so that code reads by itself; its Swedish stands here. What a catalogue does not have stays
//! English: `help` is complete (a test walks every command), `said` has what people meet first.

mod codec;
mod help;
mod links;
mod receivers;
mod said;

use clap::{Arg, ArgAction, Command};
use domain::language::{Language, Words};
use domain::refusal::Refusal;
use std::fmt;

/// One sentence in both languages.
type Entry = (&'static str, &'static str);

/// An error or a finding in a language; several lines are looked up one by one.
#[must_use]
pub fn said(english: &str, language: Language) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Swedish => {
            english.lines().map(|line| sentence(said::SAID, line)).collect::<Vec<_>>().join("\n")
        }
    }
}

/// What a link says of itself, or why a receiver did not take something, in a language: its parts are looked up one by one, and what nobody has foreseen stays
/// as it is.
#[must_use]
pub fn of_link(detail: &str, language: Language) -> String {
    fn part(english: &str) -> String {
        let swedish = match sentence(links::LINKS, english) {
            same if same == english => sentence(receivers::RECEIVERS, english),
            swedish => swedish,
        };
        match english.split_once(": ") {
            Some((before, after)) if swedish == english => format!("{}: {}", part(before), part(after)),
            _ => swedish,
        }
    }
    match language {
        Language::English => detail.to_owned(),
        Language::Swedish => detail.split("; ").map(part).collect::<Vec<_>>().join("; "),
    }
}

/// Why something could not be decoded or encoded, in a language; what is said of it behind a colon stays as it is.
#[must_use]
pub fn of_codec(english: &str, language: Language) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Swedish => sentence(codec::CODEC, english),
    }
}

/// What carries both languages itself is said in one of them; what is said in English alone is looked up.
#[must_use]
pub fn words(words: &Words, language: Language) -> String {
    let (swedish, english) = (words.in_language(Language::Swedish), words.in_language(Language::English));
    if swedish == english { said(english, language) } else { words.in_language(language).to_owned() }
}

/// Something that somebody asked for in a way that will not do, said in both languages. A command that fails with it ends as it does for
/// any wrong line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongUsage(Words);

impl WrongUsage {
    /// What will not do, and what would.
    #[must_use]
    pub fn new(what: impl Into<Words>) -> Self {
        Self(what.into())
    }
}

/// In English, as logs are.
impl fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for WrongUsage {}

/// The chain of an error in a language, each cause said by itself.
#[must_use]
pub fn error(error: &anyhow::Error, language: Language) -> String {
    let (mut causes, mut before) = (Vec::new(), String::new());
    for cause in error.chain() {
        let english = cause.to_string();
        // Some errors of libraries say their cause themselves.
        if causes.is_empty() || !before.ends_with(&english) {
            causes.push(self::cause(cause, language));
        }
        before = english;
    }
    causes.join(": ")
}

/// One cause in a language: what carries both is asked, everything else is looked up.
#[must_use]
pub fn cause(cause: &(dyn std::error::Error + 'static), language: Language) -> String {
    if let Some(WrongUsage(what)) = cause.downcast_ref() {
        return words(what, language);
    }
    if let Some(refusal) = cause.downcast_ref::<Refusal>() {
        return format!("{}: {}", refusal.code, refusal.text(language));
    }
    said(&cause.to_string(), language)
}

/// The commands with all their help in Swedish.
#[must_use]
pub fn help(command: Command) -> Command {
    let mut command = command;
    command.build();
    command_help(command)
}

fn command_help(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    let usage = usage
        .trim_start_matches("Usage:")
        .trim()
        .replace("[OPTIONS]", "[FLAGGOR]")
        .replace("<COMMAND>", "<KOMMANDO>");
    let about = command.get_about().map(ToString::to_string);
    let after = command.get_after_help().map(ToString::to_string);
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let mut command = command
        .help_template("{about-with-newline}\nAnvändning: {usage}\n\n{all-args}{after-help}\n")
        .subcommand_help_heading("Kommandon")
        .override_usage(usage)
        .subcommand_value_name("KOMMANDO")
        .mut_args(argument);
    if let Some(about) = about {
        command = command.about(sentence(help::HELP, &about)).long_about(None);
    }
    if let Some(after) = after {
        command =
            command.after_help(after.lines().map(|l| sentence(help::HELP, l)).collect::<Vec<_>>().join("\n"));
    }
    for name in names {
        command = command.mut_subcommand(name, command_help);
    }
    command
}

fn argument(arg: Arg) -> Arg {
    let heading = match arg.get_help_heading() {
        Some(english) => {
            help::HELP.iter().find(|(known, _)| *known == english).map_or("Flaggor", |(_, swedish)| *swedish)
        }
        None if arg.is_positional() => "Argument",
        None => "Flaggor",
    };
    let mut text = arg.get_help().map(|help| sentence(help::HELP, &help.to_string())).unwrap_or_default();
    let takes = !matches!(
        arg.get_action(),
        ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count | ArgAction::Help | ArgAction::Version
    );
    if takes {
        let shown: Vec<_> =
            arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect();
        if !shown.is_empty() && !arg.is_hide_default_value_set() {
            text.push_str(&format!(" [annars: {}]", shown.join(" ")));
        }
        let values: Vec<_> = arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
        if !values.is_empty() && !arg.is_hide_possible_values_set() {
            text.push_str(&format!(" [värden: {}]", values.join(", ")));
        }
    }
    arg.help_heading(heading).help(text).long_help(None).hide_default_value(true).hide_possible_values(true)
}

/// A sentence by the first entry that fits; itself when none does.
fn sentence(catalogue: &[Entry], english: &str) -> String {
    let found = catalogue.iter().find_map(|(pattern, swedish)| Some((holes(pattern, english)?, *swedish)));
    let Some((values, swedish)) = found else { return english.to_owned() };
    let mut values = values.into_iter();
    let mut pieces = swedish.split("{}");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(values.next().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

/// What stands at the places `{}` of a pattern; `None` when the text does not fit it.
fn holes<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = pattern.split("{}").peekable();
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut found = Vec::new();
    while let Some(piece) = pieces.next() {
        let at = if pieces.peek().is_none() {
            // The last piece ends the text.
            rest.len().checked_sub(piece.len()).filter(|_| rest.ends_with(piece))?
        } else {
            rest.find(piece)?
        };
        let (value, after) = rest.split_at_checked(at)?;
        found.push(value);
        rest = after.get(piece.len()..)?;
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn patterns() {
        let catalogue = &[("{} is {}: gone", "{} är {}: borta"), ("a", "b")];
        for (english, swedish) in
            [("x is y: gone", "x är y: borta"), ("a", "b"), ("ab", "ab"), ("x is y", "x is y")]
        {
            assert_eq!(sentence(catalogue, english), swedish);
        }
    }

    #[test]
    fn why_receivers_take_nothing() {
        for (english, swedish) in [
            ("HTTP 500", "HTTP 500"),
            (
                "no connection: Connection refused (os error 111)",
                "ingen anslutning: anslutningen avvisades (os error 111)",
            ),
            ("permanent error (550): 5.1.1 no such user", "avvisat för gott (550): 5.1.1 no such user"),
            ("the mail relay did not answer in time", "e-postreläet svarade inte i tid"),
            (
                "network error: invalid peer certificate: UnknownIssuer",
                "fel i nätet: motpartens certifikat duger inte: okänd utfärdare",
            ),
        ] {
            assert_eq!(of_link(english, Language::Swedish), swedish);
            assert_eq!(of_link(english, Language::English), english);
        }
    }

    #[test]
    fn both_languages_have_the_same_places() {
        for (english, swedish) in help::HELP
            .iter()
            .chain(said::SAID)
            .chain(links::LINKS)
            .chain(receivers::RECEIVERS)
            .chain(codec::CODEC)
        {
            assert_eq!(english.matches("{}").count(), swedish.matches("{}").count(), "{english}");
        }
    }

    /// Every sentence of the help is in the catalogue: a new flag comes with its Swedish.
    #[test]
    fn all_help_is_there_in_swedish() {
        fn walk(command: &Command, lacking: &mut Vec<String>) {
            let mut look = |text: String| {
                // Examples are indented; what begins with a small letter or a brace goes on with a list of names.
                let said =
                    |line: &&str| line.starts_with(|c: char| !c.is_lowercase() && c != ' ' && c != '{');
                for line in text.lines().filter(said) {
                    let known = help::HELP.iter().any(|(pattern, _)| holes(pattern, line).is_some());
                    if !known && !lacking.contains(&line.to_owned()) {
                        lacking.push(line.to_owned());
                    }
                }
            };
            command.get_about().into_iter().chain(command.get_after_help()).for_each(|t| look(t.to_string()));
            for arg in command.get_arguments() {
                arg.get_help().into_iter().for_each(|text| look(text.to_string()));
                arg.get_help_heading().into_iter().for_each(|text| look(text.to_owned()));
            }
            command.get_subcommands().for_each(|child| walk(child, lacking));
        }
        let mut command = Cli::command();
        command.build();
        let mut lacking = Vec::new();
        walk(&command, &mut lacking);
        assert_eq!(lacking, Vec::<String>::new(), "write their Swedish into bootstrap/src/swedish/help.rs");
    }

    #[test]
    fn swedish_help_reads_well() {
        let mut command = help(Cli::command()).term_width(80);
        let mut text = command.render_help().to_string();
        for name in ["demo", "explain", "user", "codec"] {
            if let Some(sub) = command.find_subcommand_mut(name) {
                text.push_str(&format!("\n──── {name}\n{}", sub.render_help()));
            }
        }
        insta::assert_snapshot!(text);
    }
}
