//! `omnigate audit`: the conservation law. Every message ever accepted is in exactly one state or was removed by retention;
//! what does not add up is said and the command fails. Looks only; works beside a running server.

use crate::command::backup::spinner;
use crate::command::context::{Context, print, print_json};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::swedish;
use anyhow::Context as _;
use domain::language::Language;
use ports::driven::Audit;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// Count every message and hold the books against each other.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate audit --json | jq .wrong\n\
                  Fails with exit 1 when the books do not hold, with exit 3 when they could not be read.")]
pub struct Args {}

/// The books could not be read: nobody knows whether they hold, which is not the same as that they do not.
#[derive(Debug)]
pub struct Unread;

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the books could not be read")
    }
}

impl std::error::Error for Unread {}

impl Unread {
    /// The exit code.
    pub(super) const CODE: u8 = 3;
}

/// Counts; 1 when the law does not hold.
///
/// # Errors
/// [`Unread`]: a configuration or a store that cannot be read.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load().context(Unread)?;
    let language = context.language(Some(&loaded));
    let spinner = spinner(language.pick("räknar", "counting"));
    let audit = block_on(async {
        let stores = store::reading(&loaded).await.context(Unread)?;
        stores.reports.audit().await.context(Unread)
    });
    spinner.finish_and_clear();
    let audit = audit?;
    if context.json {
        print_json(&as_json(&audit))?
    } else {
        print(&as_text(&audit, language))?
    }
    Ok(exit(audit.wrong.is_empty()))
}

fn as_json(audit: &Audit) -> Value {
    let states: Map<String, Value> =
        audit.by_state.iter().map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect();
    json!({
        "accepted": audit.accepted,
        "removed": audit.removed,
        "by_state": states,
        "possible_duplicates": audit.possible_duplicates,
        "wrong": audit.wrong,
    })
}

fn as_text(audit: &Audit, language: Language) -> String {
    let mut table = Table::new(&["", ">"]);
    table.row([language.pick("mottagna", "accepted").to_owned(), audit.accepted.to_string()]);
    for (state, count) in audit.by_state.iter().filter(|(_, count)| *count > 0) {
        table.row([format!("  {}", state.name(language)), count.to_string()]);
    }
    table
        .row([format!("  {}", language.pick("gallrade", "removed by retention")), audit.removed.to_string()]);
    table.row([
        language.pick("möjliga dubbletter", "possible duplicates").to_owned(),
        audit.possible_duplicates.to_string(),
    ]);
    let mut text = table.to_string();
    if audit.wrong.is_empty() {
        text.push_str(language.pick("Böckerna stämmer.\n", "The books are right.\n"));
    }
    for wrong in &audit.wrong {
        let wrong = swedish::said(wrong, language);
        text.push_str(&format!("{}: {wrong}\n", language.pick("FEL", "WRONG")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::state::State;

    fn books(wrong: &[&str]) -> Audit {
        Audit {
            accepted: 1300,
            removed: 1000,
            by_state: vec![(State::Queued, 0), (State::Sent, 20), (State::Delivered, 280)],
            possible_duplicates: 2,
            wrong: wrong.iter().map(|w| (*w).to_owned()).collect(),
        }
    }

    #[test]
    fn for_people() {
        insta::assert_snapshot!(as_text(&books(&[]), Language::English));
        for (wrong, said) in [
            ("9 accepted, 8 accounted for", "FEL: 9 mottagna, 8 bokförda\n"),
            (
                "2 messages are sending and their holder or end does not fit",
                "FEL: 2 meddelanden är sending och deras hållare eller slut stämmer inte\n",
            ),
        ] {
            assert!(as_text(&books(&[wrong]), Language::Swedish).ends_with(said));
        }
    }

    #[test]
    fn for_programs() {
        let value = as_json(&books(&["x"]));
        assert_eq!(value["by_state"]["delivered"], 280);
        assert_eq!(value["wrong"][0], "x");
    }
}
