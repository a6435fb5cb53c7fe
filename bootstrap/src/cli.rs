//! The command line: names, flags and help of every command. Decides nothing; what a command does stands in `command/`.

use crate::command::{
    audit, backup, bench, check, codec, demo, doctor, explain, link, message, migrate, quarantine, serve,
    simulate, subscription, user,
};
use clap::{Parser, Subcommand, ValueEnum};
use domain::language::Language;
use std::path::PathBuf;

/// Where help lists the flags of every command.
const COMMON: &str = "For every command";

/// An SMS centre: takes messages from programs, mail and people, and carries them to the mobile operators and back
#[derive(Debug, Parser)]
#[command(
    name = "omnigate",
    version,
    arg_required_else_help = true,
    max_term_width = 80,
    after_help = "Begin with `omnigate demo`: the whole gateway with a simulated operator, no set-up.\n\
                  Exit codes: 0 done, 1 failed, 2 wrong usage."
)]
pub struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = crate::config::DEFAULT_FILE, help_heading = COMMON)]
    pub config: PathBuf,
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true, help_heading = COMMON)]
    pub json: bool,
    /// Language of text for people; otherwise the configuration's, else that of LANG
    #[arg(long, global = true, value_enum, help_heading = COMMON)]
    pub language: Option<Tongue>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// A language by its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    /// Svenska
    Sv,
    /// English
    En,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Sv => Self::Swedish,
            Tongue::En => Self::English,
        }
    }
}

/// Everything `omnigate` does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway until told to stop
    Serve(serve::Args),
    /// Show the whole gateway at work, with a simulated operator and no set-up
    Demo(demo::Args),
    /// Read the configuration and say what is wrong with it; changes nothing
    Check(check::Args),
    /// Bring the database's tables up to date
    Migrate(migrate::Args),
    /// Say what would happen to a message, and why; sends nothing
    Explain(explain::Args),
    /// Look over everything the gateway stands on and say what to do about what is wrong
    Doctor(doctor::Args),
    /// Look after users in the database
    #[command(subcommand)]
    User(user::Args),
    /// Look after what programs asked to be told of (Parlay X)
    #[command(subcommand)]
    Subscription(subscription::Args),
    /// Look after links: how they are, pause, drain, resume, test
    #[command(subcommand)]
    Link(link::Args),
    /// Look at messages, take them back, send reports again
    #[command(subcommand)]
    Message(message::Args),
    /// Be an operator, for rehearsals
    #[command(subcommand)]
    Simulate(simulate::Args),
    /// Look into a protocol
    #[command(subcommand)]
    Codec(codec::Args),
    /// Copy a SQLite store to a file, also while the gateway runs
    Backup(backup::Args),
    /// Measure how fast the gateway is on this machine
    Bench(bench::Args),
    /// Show what links reported and nobody could take
    Quarantine(quarantine::Args),
    /// Count every message and hold the books against each other
    Audit(audit::Args),
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_reads_well() {
        let mut command = Cli::command().term_width(80);
        let mut text = command.render_help().to_string();
        command.build();
        let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        for name in names.iter().filter(|name| *name != "help") {
            if let Some(sub) = command.find_subcommand_mut(name) {
                text.push_str(&format!("\n──── {name}\n{}", sub.render_help()));
            }
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn every_command_has_an_example() {
        fn lacking(command: &clap::Command, path: &str, found: &mut Vec<String>) {
            let children: Vec<_> = command.get_subcommands().filter(|c| c.get_name() != "help").collect();
            if children.is_empty() && command.get_after_help().is_none() {
                found.push(path.to_owned());
            }
            for child in children {
                lacking(child, &format!("{path} {}", child.get_name()), found);
            }
        }
        let mut found = Vec::new();
        lacking(&Cli::command(), "omnigate", &mut found);
        assert_eq!(found, Vec::<String>::new(), "commands without an example in their help");
    }
}
