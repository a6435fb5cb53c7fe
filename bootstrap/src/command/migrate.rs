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
    let applied = block_on(async {
        sql::migrate(url.expose_secret())
            .await
            .context("the store was not migrated (may a server be running? stop it first)")
    })?;
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
