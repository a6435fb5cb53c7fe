//! `omnigate backup`: a whole copy of a SQLite store, verified, also while the gateway runs.

use crate::command::block_on;
use crate::command::context::{Context, print, print_json};
use crate::command::exit;
use crate::wire;
use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use ports::driven::StoreError;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Copy a SQLite store to a file.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: omnigate backup /var/backups/omnigate-$(date +%F).db\n\
                  For PostgreSQL use pg_dump, for MariaDB mariadb-dump --single-transaction.")]
pub struct Args {
    /// The file to make; it must not exist yet
    #[arg(value_name = "TO")]
    pub to: PathBuf,
}

/// Copies, syncs and checks the copy.
///
/// # Errors
/// What the store says; a file that is there already.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    let url = wire::database_url(&loaded)?;
    let spinner = spinner(language.pick("kopierar", "copying"));
    let made = block_on(async { Ok(sql::backup(url.expose_secret(), &args.to).await) });
    let done = made.and_then(|made| match made {
        // Not what the words of a store mean elsewhere: nothing was to be stored.
        Err(StoreError::Data(why)) => Err(anyhow!(why)),
        other => other.map_err(anyhow::Error::from),
    });
    let done = done.context("no backup was made");
    spinner.finish_and_clear();
    done?;
    let bytes = std::fs::metadata(&args.to).map_or(0, |m| m.len());
    if context.json {
        print_json(&json!({ "file": args.to, "bytes": bytes }))?;
    } else {
        let (copied, checked) =
            (language.pick("Kopierat till", "Copied to"), language.pick("kontrollerad", "verified"));
        print(&format!(
            "{copied} {} ({:.1} MiB, {checked})\n",
            args.to.display(),
            bytes as f64 / 1_048_576.0
        ))?;
    }
    Ok(exit(true))
}

/// Something that turns while work goes on; only on a terminal.
pub(super) fn spinner(text: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(text.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
