//! `omnigate message`: what became of messages; taking back, sending, and sending reports again. Works beside a running server.

use crate::command::context::{Context, print, print_json};
use crate::command::plan::{self, Asked};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use crate::wire::Machine;
use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use domain::address::Recipient;
use domain::directory::UserName;
use domain::language::Language;
use domain::message::{Message, MessageId, PastWay, SubmissionId};
use domain::numbering::{self, Country};
use domain::state::State;
use domain::submission::{self, Accepted};
use domain::trace::Trace;
use jiff::tz::TimeZone;
use ports::driven::{Acceptance, Filter, HandoffKey, MessageRecord, NewMessage, Page};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;

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
    Cancel(Named),
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
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        key: Option<String>,
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
    #[arg(long)]
    pub user: Option<String>,
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

fn state(name: &str) -> Result<State, String> {
    State::parse(name).ok_or_else(|| {
        let all: Vec<_> = State::ALL.iter().map(|s| s.as_str()).collect();
        format!("a state is one of {}", all.join(", "))
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
        Args::Cancel(named) => cancel(&loaded, named.id, context, language),
        Args::Send(asked) => send(&loaded, asked, context, language),
        Args::Dead { limit } => dead(&loaded, *limit, context, language),
        Args::Resend { key, .. } => resend(&loaded, key.as_deref(), context, language),
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
    let country = Country::parse(loaded.config.defaults.country.get_ref()).unwrap_or(Country::SWEDEN);
    let number = |text: &String| -> anyhow::Result<Recipient> {
        numbering::recipient(text, country, false)
            .map_err(|refusal| anyhow!("--to {text:?}: {}", refusal.detail))
    };
    let user = |name: &String| UserName::parse(name).map_err(|e| anyhow!("--user {name:?}: {e}"));
    let mut filter = Filter {
        user: args.user.as_ref().map(user).transpose()?,
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

fn as_table(records: &[MessageRecord], language: Language, zone: &TimeZone) -> Table {
    let headings = match language {
        Language::Swedish => ["ID", "MOTTAGEN", "ANVÄNDARE", "TILL", "TILLSTÅND", "VÄG", ">DELAR", "FEL"],
        Language::English => ["ID", "ACCEPTED", "USER", "TO", "STATE", "LINK", ">PARTS", "ERROR"],
    };
    let mut table = Table::new(&headings);
    for record in records {
        let message = &record.message;
        let duplicate = if record.possible_duplicate { " (×2?)" } else { "" };
        table.row([
            message.id.to_string(),
            message.accepted_at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            message.user.to_string(),
            message.recipient.to_string(),
            format!("{}{duplicate}", record.state),
            record.link.to_string(),
            message.segments.to_string(),
            record.error.clone(),
        ]);
    }
    table
}

/// Everything about a message but its text, which belongs to its sender alone.
fn as_json(record: &MessageRecord) -> Value {
    let message = &record.message;
    let time = |at: Option<domain::Timestamp>| at.map(|at| at.to_string());
    let parts = record.parts.as_slice().iter().map(|part| {
        json!({ "seq": part.seq, "state": part.state.as_str(), "operator_id": part.operator_id, "error": part.error })
    });
    json!({
        "id": message.id.to_string(), "submission": message.submission.to_string(), "user": message.user.as_str(),
        "asked_by": message.asked_by, "door": message.door.as_str(), "to": message.recipient.to_string(),
        "from": message.originator.as_ref().map(ToString::to_string), "state": record.state.as_str(),
        "segments": message.segments, "priority": message.priority.as_str(), "flash": message.flash,
        "link": record.link.as_str(), "reference": message.reference, "tries": record.tries.total,
        "possible_duplicate": record.possible_duplicate, "error": record.error,
        "accepted_at": message.accepted_at.to_string(), "due_at": message.due_at.to_string(),
        "expires_at": message.expires_at.to_string(), "sent_at": time(record.sent_at), "final_at": time(record.final_at),
        "ways": record.parts.past().iter().map(|way| way_json(way, message.segments)).collect::<Vec<_>>(),
        "callback": message.callback.as_ref().map(ToString::to_string), "parts": parts.collect::<Vec<_>>(),
    })
}

/// A way that the message left for another.
fn way_json(way: &PastWay, total: u8) -> Value {
    json!({
        "link": way.link.as_str(), "state": way.state(total).as_str(), "left": way.why.as_str(), "left_at": way.left_at.to_string(),
        "sent_at": way.sent_at.map(|at| at.to_string()), "in_doubt": way.in_doubt,
    })
}

fn unknown(id: MessageId) -> anyhow::Error {
    anyhow!("there is no message {id} (it may have been removed by retention)")
}

fn show(loaded: &Loaded, id: MessageId, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let record = block_on(async {
        let found = store::reading(loaded).await?.reports.message(id).await;
        found.context("the message could not be read")?.ok_or_else(|| unknown(id))
    })?;
    if context.json {
        print_json(&as_json(&record))?;
        return Ok(exit(true));
    }
    print(&life(&record, language, &TimeZone::system()))?;
    Ok(exit(true))
}

/// A state for people, with its own name beside it where that is another: `--state` wants that one.
fn named(state: State, language: Language) -> String {
    match (state.name(language), state.as_str()) {
        (name, own) if name == own => own.to_owned(),
        (name, own) => format!("{name} ({own})"),
    }
}

/// A message's life on one page.
fn life(record: &MessageRecord, language: Language, zone: &TimeZone) -> String {
    let message = &record.message;
    let time =
        |at: domain::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
    let or_dash = |text: Option<String>| text.filter(|t| !t.is_empty()).unwrap_or_else(|| "–".to_owned());
    let mut table = Table::new(&["", ""]);
    let mut row = |swedish: &str, english: &str, value: String| {
        table.row([language.pick(swedish, english).to_owned(), value])
    };
    let doubt = if record.possible_duplicate {
        language.pick(" (möjlig dubblett)", " (possible duplicate)")
    } else {
        ""
    };
    row("id", "id", message.id.to_string());
    row("tillstånd", "state", format!("{}{doubt}", named(record.state, language)));
    row("fel", "error", or_dash(Some(record.error.clone())));
    row("användare", "user", message.user.to_string());
    row("beställd av", "asked by", or_dash(message.asked_by.clone()));
    row("dörr", "door", message.door.as_str().to_owned());
    row("till", "to", message.recipient.to_string());
    row("från", "from", or_dash(message.originator.as_ref().map(ToString::to_string)));
    row("klass", "class", message.priority.to_string());
    row("referens", "reference", or_dash(message.reference.clone()));
    row("rapport till", "reports to", or_dash(message.callback.as_ref().map(ToString::to_string)));
    row("väg", "link", record.link.to_string());
    row("misslyckade försök", "failed tries", record.tries.total.to_string());
    row("mottaget", "accepted", time(message.accepted_at));
    row("tidigast", "not before", time(message.due_at));
    row("senast", "not after", time(message.expires_at));
    row("sänt", "sent", or_dash(record.sent_at.map(time)));
    row("slut", "ended", or_dash(record.final_at.map(time)));
    for way in record.parts.past() {
        let fate = [way.state(message.segments).as_str(), way.why.as_str()].join(", ");
        let doubled = match (way.was_used(), way.in_doubt) {
            (true, true) => language.pick("; operatören kan ha tagit det", "; the operator may have it"),
            (true, false) => language.pick("; operatören har det", "; the operator has it"),
            (false, _) => "",
        };
        let value = format!("{fate}, {}{doubled}", time(way.left_at));
        row(&format!("lämnade {}", way.link), &format!("left {}", way.link), value);
    }
    for part in record.parts.as_slice() {
        let fate = [part.state.as_str(), &part.operator_id, &part.error].join(" ");
        row(&format!("del {}", part.seq), &format!("part {}", part.seq), fate.trim_end().to_owned());
    }
    table.to_string()
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
        bail!("{id} is {state}: it cannot be taken back any more");
    }
    Ok(exit(well))
}

fn send(loaded: &Loaded, asked: &Asked, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let accepted = block_on(queue(loaded, asked))?;
    if context.json {
        let one = |m: &submission::AcceptedMessage| json!({ "id": m.id.to_string(), "to": m.to, "state": m.state.as_str(), "segments": m.segments });
        let refused =
            accepted.refused().iter().map(|r| json!({ "to": r.input, "code": r.refusal.code.as_str() }));
        print_json(
            &json!({ "messages": accepted.messages().iter().map(one).collect::<Vec<_>>(), "refused": refused.collect::<Vec<_>>() }),
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
    Ok(exit(true))
}

/// The same decision as at a door; the message waits in the queue for the server, which looks there twice a second.
pub(super) async fn queue(loaded: &Loaded, asked: &Asked) -> anyhow::Result<Accepted> {
    let opened = store::changing(loaded).await?;
    let directory = plan::directory(loaded, Some(opened.stores.directory.as_ref())).await?;
    let (sender, request) = (asked.sender(&directory)?, asked.request()?);
    // Not the server's own number: it makes ids at the same time.
    let name = format!("{}/command", loaded.config.node.name);
    let machine = Machine::of().numbered(&name, opened.stores.cluster.as_ref()).await?;
    let ids = &machine.ids;
    let (now, healths) = (machine.clock.now(), plan::all_up(&directory));
    let submission = SubmissionId(ids.next());
    let spread = submission.0.unsigned_abs();
    let plan = submission::plan(&directory, &sender, &request, &healths, spread, now, &mut Trace::silent())
        .map_err(|refusal| anyhow!("refused: {refusal}"))?;
    let decided = &plan.decided;
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
    let accepted = opened.stores.outbox.accept(acceptance).await.context("the message was not stored")?;
    opened.close().await;
    Ok(accepted)
}

fn dead(loaded: &Loaded, limit: usize, context: &Context, language: Language) -> anyhow::Result<ExitCode> {
    let dead = block_on(async {
        let found = store::reading(loaded).await?.handoffs.dead(limit.clamp(1, 10_000)).await;
        found.context("the given-up reports could not be read")
    })?;
    if context.json {
        let one = |(key, error): &(HandoffKey, String)| json!({ "key": written(*key), "error": error });
        print_json(&dead.iter().map(one).collect::<Vec<_>>())?;
        return Ok(exit(true));
    }
    let mut table = Table::new(&[
        language.pick("NYCKEL", "KEY"),
        language.pick("HÄNDELSE", "EVENT"),
        language.pick("FEL", "ERROR"),
    ]);
    for (key, error) in &dead {
        let event = State::from_code(key.event).map_or("received", State::as_str);
        table.row([written(*key), event.to_owned(), error.clone()]);
    }
    print(&table.to_string())?;
    Ok(exit(true))
}

fn resend(
    loaded: &Loaded,
    key: Option<&str>,
    context: &Context,
    language: Language,
) -> anyhow::Result<ExitCode> {
    let key = key.map(read_key).transpose()?;
    let now = Machine::of().clock.now();
    let count = block_on(async {
        let opened = store::changing(loaded).await?;
        let count = opened.stores.handoffs.resend(key, now).await.context("nothing was made due again")?;
        opened.close().await;
        Ok(count)
    })?;
    if context.json {
        print_json(&json!({ "resent": count }))?;
    } else {
        print(&format!("{count} {}\n", language.pick("lämnas över igen", "are handed over again")))?;
    }
    Ok(exit(count > 0 || key.is_none()))
}

/// A handoff's name as people copy it: `4711:4`.
fn written(key: HandoffKey) -> String {
    format!("{}:{}", key.subject, key.event)
}

fn read_key(text: &str) -> anyhow::Result<HandoffKey> {
    let parts =
        text.split_once(':').and_then(|(subject, event)| Some((subject.parse().ok()?, event.parse().ok()?)));
    let (subject, event) =
        parts.ok_or_else(|| anyhow!("{text:?} is no key; omnigate message dead lists them"))?;
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
        assert!(state("gone").is_err_and(|text| text.contains("delivered")));
    }
}
