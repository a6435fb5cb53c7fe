//! `omnigate explain`: the decision about a message, step by step, as the server would make it. Sends and stores nothing.

use crate::command::context::{Context, print, print_json};
use crate::command::live::{self, LiveLink};
use crate::command::plan::{self, Asked};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::swedish;
use crate::wire::Machine;
use domain::directory::Directory;
use domain::language::{Language, Words};
use domain::message::Body;
use domain::originator;
use domain::refusal::Refusal;
use domain::submission::pager::PAGE_BREAK;
use domain::submission::{self, Plan};
use domain::text::Change;
use domain::trace::Trace;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Say what would happen to a message, and why.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: omnigate explain --to '070-123 45 67' --user crm \\\n    --text 'Driftstopp kl. 12' --priority alarm"
)]
pub struct Args {
    /// The message
    #[command(flatten)]
    pub message: Asked,
}

/// 0 when it would be taken, 1 when it would be refused.
///
/// # Errors
/// A configuration or a user that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    let (directory, stored) = block_on(async {
        // Before the first start there is no store, and the file says it all.
        let stores = store::reading(&loaded).await.ok();
        let directory = plan::directory(&loaded, stores.as_ref().map(|s| s.directory.as_ref())).await?;
        Ok((directory, stores.is_some()))
    })?;
    let sender = args.message.sender(&directory)?;
    let request = args.message.request();
    let now = Machine::of().clock.now();
    let mut trace = Trace::new();
    let live = block_on(async { Ok(live::links(&loaded).await) })?;
    let healths = live.as_deref().map_or_else(|| plan::all_up(&directory), live::healths);
    for link in live.iter().flatten() {
        trace.note("links", || Words::new(said(link, Language::Swedish), said(link, Language::English)));
    }
    let decision = submission::plan(&directory, &sender, &request, &healths, 0, now, &mut trace);
    let well = decision.is_ok();
    if context.json {
        print_json(&as_json(&decision, &trace, &directory))?;
    } else {
        print(&as_text(&decision, &trace, &directory, language, &TimeZone::system()))?;
        if live.is_none() {
            let unknown = match live::runs(&loaded) {
                true => language.pick(
                    "Serverns sida kan inte läsas härifrån (se http.allow och http.ops_listen): alla vägar antas vara uppe.",
                    "The server's page cannot be read from here (see http.allow and http.ops_listen): all links are taken to be up.",
                ),
                false => language.pick(
                    "Ingen server svarar här: alla vägar antas vara uppe.",
                    "No server answers here: all links are taken to be up.",
                ),
            };
            eprintln!("{unknown}");
        }
        if !stored {
            let no_store = language.pick(
                "Lagret kunde inte läsas: bara filens användare är kända.",
                "The store could not be read: only the users of the file are known.",
            );
            eprintln!("{no_store}");
        }
    }
    Ok(exit(well))
}

/// A link as the server sees it: `TS0 is up: bound to 10.0.0.1:2775`.
fn said(link: &LiveLink, language: Language) -> String {
    let (state, detail) = (live::state(&link.state, language), swedish::of_link(&link.detail, language));
    format!("{} {} {state}: {detail}", link.name, language.pick("är", "is"))
}

fn as_json(decision: &Result<Plan, Refusal>, trace: &Trace, directory: &Directory) -> Value {
    let found = |s: &domain::trace::Step| s.found.in_language(Language::English).to_owned();
    let steps: Vec<_> = trace.steps().iter().map(|s| json!({ "rule": s.rule, "found": found(s) })).collect();
    match decision {
        Err(refusal) => json!({
            "accepted": false, "code": refusal.code.as_str(), "field": refusal.field, "detail": refusal.text(Language::English), "trace": steps,
        }),
        Ok(plan) => {
            let decided = &plan.decided;
            let shown = |link| {
                directory.link(link).and_then(|link| originator::on_link(decided.originator.as_ref(), link))
            };
            let to = plan.recipients.iter().map(|r| {
                let (_, segments) = r.content(decided);
                json!({
                    "to": r.recipient.to_string(), "link": r.link.as_str(), "segments": segments,
                    "pager": !r.recipient.has_receipts(), "from": shown(&r.link).map(ToString::to_string),
                })
            });
            json!({
                "accepted": true, "messages": to.collect::<Vec<_>>(), "segments": decided.segments,
                "state": decided.state.as_str(), "priority": decided.priority.as_str(),
                "due_at": decided.due_at.to_string(), "expires_at": decided.expires_at.to_string(),
                "changes": decided.changes.iter().map(|c| json!({ "at": c.at, "from": c.from, "to": c.to })).collect::<Vec<_>>(),
                "refused": plan.refused.iter().map(|r| json!({ "to": r.input, "code": r.refusal.code.as_str() })).collect::<Vec<_>>(),
                "trace": steps,
            })
        }
    }
}

fn as_text(
    decision: &Result<Plan, Refusal>,
    trace: &Trace,
    directory: &Directory,
    language: Language,
    zone: &TimeZone,
) -> String {
    let mut text: String = trace
        .steps()
        .iter()
        .map(|step| format!("{:<11} {}\n", step.name(language), step.found.in_language(language)))
        .collect();
    text.push('\n');
    let plan = match decision {
        Ok(plan) => plan,
        Err(refusal) => {
            let field = refusal.field.map(|field| format!(" ({field})")).unwrap_or_default();
            return format!(
                "{text}{} {}{field}: {}\n",
                language.pick("AVVISAS", "REFUSED"),
                refusal.code,
                refusal.text(language)
            );
        }
    };
    let decided = &plan.decided;
    let when = |at: domain::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let mut table = Table::new(&["", ""]);
    for planned in &plan.recipients {
        let link = directory.link(&planned.link);
        let from = link.and_then(|link| originator::on_link(decided.originator.as_ref(), link));
        let own = language.pick("vägens egen avsändare", "the link's own sender");
        let from = from.map_or_else(|| own.to_owned(), ToString::to_string);
        table.row([
            language.pick("TAS EMOT", "ACCEPTED").to_owned(),
            format!(
                "{} {} {} {} {from}",
                planned.recipient,
                language.pick("via", "by"),
                planned.link,
                language.pick("från", "from")
            ),
        ]);
        if let Some(pages) = planned.pages.as_ref().filter(|_| !planned.recipient.has_receipts()) {
            let text = match &pages.body {
                Body::Text { text, .. } => text.replace(PAGE_BREAK, " | "),
                Body::Binary { .. } => String::new(),
            };
            let count = pages.segments.to_string();
            let said = language.pick("{n} sida/sidor, inga kvitton: {t}", "{n} page(s), no receipts: {t}");
            table.row(["Minicall".to_owned(), said.replace("{n}", &count).replace("{t}", &text)]);
        }
    }
    for refused in &plan.refused {
        let why = format!("{}: {}", refused.input, refused.refusal.text(language));
        table.row([language.pick("AVVISAS", "REFUSED").to_owned(), why]);
    }
    table.row([language.pick("delar", "segments").to_owned(), decided.segments.to_string()]);
    table.row([language.pick("klass", "class").to_owned(), decided.priority.to_string()]);
    table.row([language.pick("tidigast", "not before").to_owned(), when(decided.due_at)]);
    table.row([language.pick("senast", "not after").to_owned(), when(decided.expires_at)]);
    for change in &decided.changes {
        table.row([language.pick("ändrat", "changed").to_owned(), changed(change, language)]);
    }
    text.push_str(&table.to_string());
    text
}

/// A character that is changed: what was written, what is read, and where.
pub(super) fn changed(change: &Change, language: Language) -> String {
    let to = if change.to.is_empty() { "∅" } else { &change.to };
    format!("{} → {to} ({} {})", change.from, language.pick("tecken", "character"), change.at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;
    use domain::Timestamp;
    use std::path::Path;

    fn ask(flags: &[&str]) -> (Result<Plan, Refusal>, Trace, std::sync::Arc<Directory>) {
        let secrets = ["TS0_PASSWORD", "CRM_PASSWORD"].map(|n| (n.to_owned(), "x".to_owned()));
        let text = include_str!("../config/example.toml").replace("{ env = \"CRM_PASSWORD\" }", "\"x\"");
        let loaded = crate::config::read(Path::new("omnigate.toml"), &text, &secrets).expect("the example");
        let directory = block_on(plan::directory(&loaded, None)).expect("a directory");
        let cli = Cli::try_parse_from(["omnigate", "explain"].iter().chain(flags)).expect("flags");
        let Command::Explain(args) = cli.command else { unreachable!("explain was asked for") };
        let (sender, request) = (args.message.sender(&directory).expect("a user"), args.message.request());
        let mut trace = Trace::new();
        let healths = plan::all_up(&directory);
        let at = Timestamp::from_second(1_800_000_000).expect("a time");
        let decision = submission::plan(&directory, &sender, &request, &healths, 0, at, &mut trace);
        (decision, trace, directory)
    }

    #[test]
    fn accepted_and_why() {
        let (decision, trace, directory) =
            ask(&["--to", "070-123 45 67,anna", "--user", "crm", "--text", "“Hej” Zoë"]);
        insta::assert_snapshot!(as_text(&decision, &trace, &directory, Language::English, &TimeZone::UTC));
        assert_eq!(as_json(&decision, &trace, &directory)["messages"][0]["link"], "TS0");
    }

    #[test]
    fn refused_and_why() {
        let (decision, trace, directory) = ask(&["--to", "anna"]);
        let text = as_text(&decision, &trace, &directory, Language::Swedish, &TimeZone::UTC);
        assert!(text.contains("AVVISAS invalid_number (to)"), "{text}");
    }
}
