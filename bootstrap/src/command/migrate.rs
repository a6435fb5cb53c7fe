//! `omnigate migrate`: brings the database's tables up to date, which `serve` also does at its start.

use crate::command::block_on;
use crate::command::context::{Context, print, print_json};
use crate::command::exit;
use crate::wire;
use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::process::ExitCode;

/// Bring the database's tables up to date.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate migrate && systemctl restart omnigate\n\
                        A SQLite store that holds anything is copied beside itself first.")]
pub struct Args {}

/// May be repeated; what was broken off goes on where it was.
///
/// # Errors
/// A store that cannot be reached or is newer than this version.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    let url = wire::database_url(&loaded)?;
    let applied = block_on(bring_up_to_date(url.expose_secret()))?;
    if context.json {
        print_json(&json!({ "applied": applied }))?;
    } else if applied.is_empty() {
        print(language.pick("Lagret är redan aktuellt.\n", "The store is up to date already.\n"))?;
    } else {
        for name in &applied {
            print(&format!("{} {name}\n", language.pick("infört", "applied")))?;
        }
    }
    Ok(exit(true))
}

/// A store that is up to date is left alone, also when a server holds it.
async fn bring_up_to_date(url: &str) -> anyhow::Result<Vec<String>> {
    if sql::check(url).await.is_ok_and(|checked| checked.pending == 0) {
        return Ok(Vec::new());
    }
    sql::migrate(url).await.context("the store was not migrated (if a server runs, stop it first)")
}
