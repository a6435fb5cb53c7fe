//! `omnigate message`: what became of messages; taking back, sending, and sending reports again. Works beside a running server.

mod recall;
mod shown;

use crate::command::context::{Context, print, print_json};
use crate::command::plan::{self, Asked};
use crate::command::table::Table;
use crate::command::{block_on, exit, explain, store};
use crate::config::Loaded;
use crate::swedish::{self, WrongUsage};
use crate::wire::Machine;
use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use domain::access::Sender;
use domain::address::Recipient;
use domain::directory::{Directory, UserName};
use domain::language::{Language, Words};
use domain::message::{Message, MessageId, SubmissionId};
use domain::numbering;
use domain::state::State;
use domain::submission::{self, Accepted, Request};
use domain::text::Change;
use domain::trace::Trace;
use domain::words;
use jiff::tz::TimeZone;
use ports::driven::{Acceptance, Filter, GivenUp, HandoffKey, MessageRecord, NewMessage, Page, StoreError};
use serde_json::json;
use shown::{as_json, as_table, life};
use std::process::ExitCode;
use std::sync::Arc;

/// How often a message is stored that met another one's name.
const TRIES: u32 = 3;

/// The most pages looked through for one list: pages may be short.
const MOST_PAGES: usize = 10_000;

/// Look at messages.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// List messages, newest first
    #[command(after_help = "Example: omnigate message list --state failed --limit 20")]
    List(List),
    /// Show everything that is known of a message
    #[command(after_help = "Example: omnigate message show 4711")]
    Show(Named),
    /// Take a message back that has not left
    #[command(after_help = "Example: omnigate message cancel 4711")]
    Cancel {
        /// Which
        #[command(flatten)]
        named: Named,
        /// Ask the operator to take it back if he has it and has not delivered it; a running server asks him
        #[arg(long)]
        recall: bool,
    },
    /// Put a message into the queue; a running server sends it at once, otherwise it waits for one
    #[command(after_help = "Example: omnigate message send --to 0701234567 --user crm --text 'Prov'")]
    Send(Asked),
    /// List reports and received messages that could not be handed over and were given up
    #[command(after_help = "Example: omnigate message dead")]
    Dead {
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Hand given-up reports over again
    #[command(after_help = "Example: omnigate message resend --all")]
    Resend {
        /// Which: as `dead` names it
        #[arg(required_unless_present = "all", conflicts_with = "all", value_parser = read_key)]
        key: Option<HandoffKey>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// A message by its id.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The id that the door answered
    pub id: MessageId,
}

/// `message list`
#[derive(Debug, clap::Args)]
pub struct List {
    /// In this state
    #[arg(long, value_parser = state)]
    pub state: Option<State>,
    /// To this number
    #[arg(long)]
    pub to: Option<String>,
    /// Of this user
    #[arg(long, value_parser = UserName::parse)]
    pub user: Option<UserName>,
    /// With this reference
    #[arg(long)]
    pub reference: Option<String>,
    /// Older than this id
    #[arg(long)]
    pub after: Option<MessageId>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

fn state(name: &str) -> Result<State, WrongUsage> {
    State::parse(name).ok_or_else(|| {
        let all = State::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
        WrongUsage::new(words!("ett tillstånd är något av {all}", "a state is one of {all}"))
    })
}

/// Does one of them.
///
/// # Errors
/// A message that is not there, a state that does not allow it, a store that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let language = context.language(Some(&loaded));
    match args {
        Args::List(args) => list(&loaded, args, context, language),
        Args::Show(named) => show(&loaded, named.id, context, language),
        Args::Cancel { named, recall: true } => recall::run(&loaded, named.id, context, language),
        Args::Cancel { named, .. } => cancel(&loaded, named.id, context, language),
        Args::Send(asked) => send(&loaded, asked, context, language),
        Args::Dead { limit } => dead(&loaded, *limit, context, language),
        Args::Resend { key, .. } => resend(&loaded, *key, context, language),
    }
}

fn list(loaded: &Loaded, args: &List, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let page = block_on(find(loaded, args))?;
    if context.json {
        let messages: Vec<_> = page.items.iter().map(as_json).collect();
        print_json(&json!({ "messages": messages, "next": page.next.map(|n| n.to_string()) }))?;
        return Ok(exit(true));
    }
    print(&as_table(&page.items, language, &TimeZone::system()).to_string())?;
    if let Some(next) = page.next {
        eprintln!("{} --after {next}", language.pick("Fler:", "More:"));
    }
    Ok(exit(true))
}

async fn find(loaded: &Loaded, args: &List) -> anyhow::Result<Page<MessageRecord>> {
    let country = loaded.config.defaults.country();
    let number = |text: &String| -> anyhow::Result<Recipient> {
        Ok(numbering::recipient(text, country, false).map_err(|refusal| {
            let in_language = |language| format!("--to {text:?}: {}", refusal.detail.in_language(language));
            WrongUsage::new(Words::new(in_language(Language::Swedish), in_language(Language::English)))
        })?)
    };
    let mut filter = Filter {
        user: args.user.clone(),
        reference: args.reference.clone(),
        state: args.state,
        to: args.to.as_ref().map(number).transpose()?,
        after: args.after,
        limit: args.limit.clamp(1, 1_000),
    };
    let stores = store::reading(loaded).await?;
    let mut all = Page { items: Vec::new(), next: None };
    for _ in 0..MOST_PAGES {
        let page = stores.reports.messages(&filter).await.context("the messages could not be read")?;
        all.items.extend(page.items);
        all.next = page.next;
        filter.after = page.next.map(MessageId);
        filter.limit = args.limit.saturating_sub(all.items.len()).min(1_000);
        if filter.limit == 0 || page.next.is_none() {
            break;
        }
    }
    Ok(all)
}

fn unknown(id: MessageId) -> anyhow::Error {
    anyhow!("there is no message {id} (it may have been removed by retention)")
}

fn show(loaded: &Loaded, id: MessageId, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let (record, recalls) = block_on(async {
        let stores = store::reading(loaded).await?;
        let found = stores.reports.message(id).await.context("the message could not be read")?;
        let recalls = stores.recalls.recall_answers(id).await.context("the message could not be read")?;
        Ok::<_, anyhow::Error>((found.ok_or_else(|| unknown(id))?, recalls))
    })?;
    if context.json {
        let mut all = as_json(&record);
        if let Some(all) = all.as_object_mut().filter(|_| !recalls.is_empty()) {
            all.insert("recall".to_owned(), recall::as_json(&recalls));
        }
        print_json(&all)?;
        return Ok(exit(true));
    }
    let mut text = life(&record, language, &TimeZone::system());
    if record.state == State::Sent && !recalls.is_empty() {
        text += &format!("\n{}\n", recall::stand(&recalls).in_language(language));
    }
    print(&text)?;
    Ok(exit(true))
}

fn cancel(loaded: &Loaded, id: MessageId, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let now = Machine::of().clock.now();
    let answer = block_on(async {
        let opened = store::changing(loaded).await?;
        let answer =
            opened.stores.dispatch.cancel(id, now).await.context("the message was not taken back")?;
        opened.close().await;
        answer.ok_or_else(|| unknown(id))
    })?;
    let (well, state) = match answer {
        Ok(state) => (true, state),
        Err(state) => (false, state),
    };
    if context.json {
        print_json(&json!({ "id": id.to_string(), "cancelled": well, "state": state.as_str() }))?;
    } else if well {
        print(&format!("{id} {}\n", language.pick("är återtaget", "is taken back")))?;
    } else {
        bail!("{id} is {}: it cannot be taken back any more", state.name(language));
    }
    Ok(exit(well))
}

fn send(loaded: &Loaded, asked: &Asked, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let accepted = block_on(queue(loaded, asked))?;
    if context.json {
        let one = |m: &submission::AcceptedMessage| json!({ "id": m.id.to_string(), "to": m.to, "state": m.state.as_str(), "segments": m.segments });
        let refused =
            accepted.refused().iter().map(|r| json!({ "to": r.input, "code": r.refusal.code.as_str() }));
        let changes = accepted.changes().iter().map(|c| json!({ "at": c.at, "from": c.from, "to": c.to }));
        let (messages, changes) =
            (accepted.messages().iter().map(one).collect::<Vec<_>>(), changes.collect::<Vec<_>>());
        print_json(
            &json!({ "messages": messages, "refused": refused.collect::<Vec<_>>(), "changes": changes }),
        )?;
        return Ok(exit(true));
    }
    for message in accepted.messages() {
        print(&format!("OK {} {}\n", message.to, message.id))?;
    }
    for refused in accepted.refused() {
        print(&format!(
            "ERR {} {} {}\n",
            refused.input,
            refused.refusal.code,
            refused.refusal.text(language)
        ))?;
    }
    for change in accepted.changes() {
        let changed = language.pick("ÄNDRAT", "CHANGED");
        print(&format!("{changed} {}\n", explain::changed(change, language)))?;
    }
    Ok(exit(true))
}

/// The same decision as at a door; the message waits in the queue for the server, which looks there twice a second.
pub(super) async fn queue(loaded: &Loaded, asked: &Asked) -> anyhow::Result<Accepted> {
    let opened = store::changing(loaded).await?;
    let directory = plan::directory(loaded, Some(opened.stores.directory.as_ref())).await?;
    let (sender, request) = (asked.sender(&directory)?, asked.request());
    let machine = Machine::of().beside(&loaded.config.node.name, opened.stores.cluster.as_ref()).await?;
    let mut tries = TRIES;
    let accepted = loop {
        tries -= 1;
        let (acceptance, changes) = decided(&directory, &sender, &request, &machine)?;
        match opened.stores.outbox.accept(acceptance).await {
            // Another command may have made the same name in the same moment.
            Err(StoreError::Data(_)) if tries > 0 => {}
            other => break other.context("the message was not stored")?.telling(changes),
        }
    };
    opened.close().await;
    Ok(accepted)
}

/// What is to be stored, with new names; and what was changed of its text.
fn decided(
    directory: &Directory,
    sender: &Sender,
    request: &Request,
    machine: &Machine,
) -> anyhow::Result<(Acceptance, Vec<Change>)> {
    let ids = &machine.ids;
    let (now, healths) = (machine.clock.now(), plan::all_up(directory));
    let submission = SubmissionId(ids.next());
    let spread = submission.0.unsigned_abs();
    let plan = submission::plan(directory, sender, request, &healths, spread, now, &mut Trace::silent())
        .context("refused")?;
    let decided = &plan.decided;
    let changes = decided.changes.clone();
    let messages = plan.recipients.into_iter().map(|planned| {
        let (body, segments) = planned.content(decided);
        let message = Arc::new(Message {
            id: MessageId(ids.next()),
            submission,
            user: sender.name().clone(),
            asked_by: None,
            door: sender.door(),
            recipient: planned.recipient,
            originator: decided.originator.clone(),
            body,
            flash: request.flash && planned.pages.is_none(),
            segments,
            priority: decided.priority,
            accepted_at: now,
            due_at: decided.due_at,
            expires_at: decided.expires_at,
            reference: request.reference.clone(),
            callback: None,
            dimensions: decided.dimensions.clone(),
        });
        let (state, deadlines) = (decided.state, planned.deadlines);
        NewMessage { message, link: planned.link, state, lease: None, deadlines }
    });
    let acceptance =
        Acceptance { submission, messages: messages.collect(), refused: plan.refused, once: None };
    Ok((acceptance, changes))
}

fn dead(loaded: &Loaded, limit: usize, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let dead = block_on(async {
        let found = store::reading(loaded).await?.handoffs.dead(limit.clamp(1, 10_000)).await;
        found.context("the given-up reports could not be read")
    })?;
    if context.json {
        let one = |one: &GivenUp| json!({ "key": written(one.key), "to": one.target, "error": one.error });
        print_json(&dead.iter().map(one).collect::<Vec<_>>())?;
        return Ok(exit(true));
    }
    if dead.is_empty() {
        print(language.pick("inget är uppgivet\n", "nothing was given up\n"))?;
        return Ok(exit(true));
    }
    let mut table = Table::new(&[
        language.pick("NYCKEL", "KEY"),
        language.pick("HÄNDELSE", "EVENT"),
        language.pick("MOTTAGARE", "RECEIVER"),
        language.pick("FEL", "ERROR"),
    ]);
    for one in &dead {
        let received = language.pick("mottaget", "received");
        let event = State::from_code(one.key.event).map_or(received, |state| state.name(language));
        let error = swedish::of_link(&one.error, language);
        table.row([written(one.key), event.to_owned(), one.target.clone(), error]);
    }
    print(&table.to_string())?;
    eprintln!(
        "{}",
        language.pick(
            "När mottagaren tar emot igen: omnigate message resend NYCKEL, eller --all",
            "When the receiver takes messages again: omnigate message resend KEY, or --all"
        )
    );
    Ok(exit(true))
}

fn resend(
    loaded: &Loaded,
    key: Option<HandoffKey>,
    context: &Context,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let now = Machine::of().clock.now();
    let count = block_on(async {
        let opened = store::changing(loaded).await?;
        let count = opened.stores.handoffs.resend(key, now).await.context("nothing was made due again")?;
        opened.close().await;
        Ok(count)
    })?;
    if context.json {
        print_json(&json!({ "resent": count }))?;
    } else if let Some(key) = key.filter(|_| count == 0) {
        bail!("nothing was given up under {} (omnigate message dead lists what was)", written(key));
    } else {
        print(&format!("{count} {}\n", language.pick("lämnas över igen", "are handed over again")))?;
    }
    Ok(exit(count > 0 || key.is_none()))
}

/// A handoff's name as people copy it: `4711:4`.
fn written(key: HandoffKey) -> String {
    format!("{}:{}", key.subject, key.event)
}

fn read_key(text: &str) -> Result<HandoffKey, WrongUsage> {
    let parts =
        text.split_once(':').and_then(|(subject, event)| Some((subject.parse().ok()?, event.parse().ok()?)));
    let (subject, event) = parts.ok_or_else(|| {
        WrongUsage::new(Words::new(
            "ingen nyckel; omnigate message dead listar dem",
            "no key; omnigate message dead lists them",
        ))
    })?;
    Ok(HandoffKey { subject, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back() {
        let key = HandoffKey { subject: 4711, event: HandoffKey::MO };
        assert_eq!(read_key(&written(key)).expect("a key"), key);
        for bad in ["", "1", "1:", ":1", "x:1", "1:99999"] {
            assert!(read_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn states_by_name() {
        assert_eq!(state("failed"), Ok(State::Failed));
        assert!(state("gone").is_err_and(|error| error.to_string().contains("delivered")));
    }
}
