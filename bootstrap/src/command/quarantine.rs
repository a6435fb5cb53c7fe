//! `omnigate quarantine`: what links reported and nobody could take. Looks only.

use crate::command::context::{Context, print, print_json};
use crate::command::exit;
use crate::command::table::Table;
use anyhow::Context as _;
use domain::language::Language;
use ops::QuarantineDir;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show what links reported and nobody could take.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: omnigate quarantine --json\nIt lies in `quarantine` in the data directory of the node; remove a file when it is dealt with."
)]
pub struct Args {}

/// Prints everything that is kept, oldest first.
///
/// # Errors
/// A directory that cannot be read.
pub fn run(_: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let directory = loaded.config.node.quarantine();
    let kept = QuarantineDir::list(&directory).with_context(|| directory.display().to_string())?;
    if context.json {
        let all: Vec<Value> =
            kept.into_iter().map(|(file, what)| json!({ "file": file, "what": what })).collect();
        print_json(&json!({ "directory": directory.display().to_string(), "quarantine": all }))?;
    } else {
        print(&as_text(&kept, context.language(Some(&loaded))))?;
    }
    Ok(exit(true))
}

fn as_text(kept: &[(String, Value)], language: Language) -> String {
    if kept.is_empty() {
        return format!("{}\n", language.pick("karantänen är tom", "the quarantine is empty"));
    }
    let mut table = Table::new(if language == Language::Swedish {
        &["fil", "slag", "väg", "varför"]
    } else {
        &["file", "kind", "link", "why"]
    });
    for (file, what) in kept {
        let text = |key: &str| what.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        table.row([file.clone(), text("kind"), text("link"), text("why")]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people() {
        assert_eq!(as_text(&[], Language::English), "the quarantine is empty\n");
        let one = json!({ "kind": "mo", "link": "TS0", "why": "its handler panicked", "octets": "68656a" });
        let text = as_text(&[("1-000000.json".to_owned(), one)], Language::English);
        assert!(
            text.contains("TS0") && text.contains("its handler panicked") && !text.contains("68656a"),
            "{text}"
        );
    }
}
