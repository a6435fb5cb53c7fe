//! `omnigate subscription`: what programs asked to be told of by Parlay X. Programs make them and end them; an operator looks, and ends what a program
//! left behind.

use crate::command::context::{Context, print, print_json};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use domain::directory::UserName;
use domain::language::Language;
use domain::mo::Subscription;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Look after what programs asked to be told of.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// List what programs asked to be told of
    #[command(after_help = "Example: omnigate subscription list --json")]
    List,
    /// End one: its messages go where the number's rule says
    #[command(after_help = "Example: omnigate subscription remove crm 4711")]
    Remove(Named),
}

/// A subscription by name.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The user whose program asked
    #[arg(value_parser = UserName::parse)]
    pub user: UserName,
    /// The program's own name for it
    pub correlator: String,
}

/// Does one of them. A running server has the change in force within two seconds.
///
/// # Errors
/// A subscription that is not there, a store that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    match args {
        Args::List => list(&loaded, context, language),
        Args::Remove(named) => remove(&loaded, named, context, language),
    }
}

fn list(loaded: &Loaded, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let all = block_on(async {
        let stores = store::reading(loaded).await?;
        stores.directory.subscriptions().await.context("the subscriptions could not be read")
    })?;
    if context.json {
        print_json(&all.iter().map(as_json).collect::<Vec<_>>())?;
    } else {
        print(&as_text(&all, language))?;
    }
    Ok(exit(true))
}

fn as_json(wish: &Subscription) -> Value {
    json!({
        "user": wish.user.as_str(), "correlator": wish.reference.correlator(), "number": wish.number.to_string(),
        "word": wish.word, "endpoint": wish.reference.endpoint(), "edition": wish.reference.edition().as_str(),
    })
}

fn as_text(all: &[Subscription], language: Language) -> String {
    if all.is_empty() {
        return format!("{}\n", language.pick("inget program prenumererar", "no program has asked"));
    }
    let mut table = Table::new(if language == Language::Swedish {
        &["ANVÄNDARE", "CORRELATOR", "NUMMER", "ORD", "TILL"]
    } else {
        &["USER", "CORRELATOR", "NUMBER", "WORD", "TO"]
    });
    for wish in all {
        table.row([
            wish.user.to_string(),
            wish.reference.correlator().to_owned(),
            wish.number.to_string(),
            wish.word.clone().unwrap_or_else(|| "–".to_owned()),
            wish.reference.endpoint().to_owned(),
        ]);
    }
    table.to_string()
}

fn remove(loaded: &Loaded, named: &Named, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let Named { user, correlator } = named;
    let was_there = block_on(async {
        let opened = store::changing(loaded).await?;
        let ended = opened.stores.directory.unsubscribe(user, correlator).await;
        opened.close().await;
        ended.context("the subscription was not ended")
    })?;
    if !was_there {
        bail!("{user} has no subscription {correlator:?} (omnigate subscription list shows all)");
    }
    if context.json {
        print_json(&json!({ "user": user.as_str(), "correlator": correlator, "removed": true }))?;
    } else {
        print(&format!("{correlator} {}\n", language.pick("är avslutad", "is ended")))?;
    }
    Ok(exit(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::address::Recipient;
    use domain::message::{Edition, SimpleReference};

    #[test]
    fn for_people() {
        assert_eq!(as_text(&[], Language::English), "no program has asked\n");
        let one = Subscription {
            user: UserName::parse("crm").expect("name"),
            number: Recipient::parse("71234").expect("number"),
            word: None,
            reference: SimpleReference::new("https://crm/x", "7", Edition::V2_2).expect("reference"),
        };
        let text = as_text(std::slice::from_ref(&one), Language::Swedish);
        let cells: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(cells, ["crm", "7", "71234", "–", "https://crm/x"]);
        assert_eq!(as_json(&one)["endpoint"], "https://crm/x");
    }
}
