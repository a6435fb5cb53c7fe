//! `omnigate link`: how links are doing, and orders to them. Orders stand in the store: every node that serves from it follows them within
//! seconds, and they hold over restarts.

mod drain;
mod list;

use crate::command::context::{Context, print, print_json};
use crate::command::live::{self, Served};
use crate::command::plan::Asked;
use crate::command::{block_on, exit, message, operators, store};
use crate::config::{Loaded, Period};
use crate::swedish;
use crate::wire::Machine;
use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use domain::directory::{LinkId, LinkMode, LinkOrder};
use domain::language::Language;
use domain::message::MessageId;
use domain::state::State;
use domain::words;
use ports::driven::MessageRecord;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// How often it is looked how far something has come.
const LOOK: Duration = Duration::from_millis(300);
/// How long a running gateway may take to follow an order.
const FOLLOWED: Duration = Duration::from_secs(10);

/// Look after links.
#[derive(Debug, Subcommand)]
pub enum Args {
    /// List links: state, orders, what waits, how long deliveries take
    #[command(after_help = "Example: omnigate link list")]
    List,
    /// Send nothing by a link until it is resumed; what waits for it goes by others where its routes have any
    #[command(after_help = "Example: omnigate link pause TS0")]
    Pause(Named),
    /// Send what waits for a link and take nothing new, until it is resumed
    #[command(after_help = "Example: omnigate link drain TS0 --timeout 10m")]
    Drain {
        /// Which
        #[command(flatten)]
        link: Named,
        /// How long to wait until it is empty
        #[arg(long, default_value = "10m", value_name = "TIME")]
        timeout: Period,
    },
    /// Let a paused or drained link go on
    #[command(after_help = "Example: omnigate link resume TS0")]
    Resume(Named),
    /// Send a message by one link and follow it to its end
    #[command(after_help = "Example: omnigate link test TS0 --to '070-123 45 67'")]
    Test(Test),
    /// List operator profiles, or show what one sets
    Operators(operators::Args),
}

/// A link by its name.
#[derive(Debug, Clone, clap::Args)]
pub struct Named {
    /// Its name in the configuration
    pub name: String,
}

/// `link test`
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Which
    #[command(flatten)]
    pub link: Named,
    /// Who gets it
    #[arg(long)]
    pub to: String,
    /// What it says
    #[arg(long, default_value = "Omnigate test")]
    pub text: String,
    /// Whose message it is
    #[arg(long)]
    pub user: Option<String>,
    /// How long to follow it
    #[arg(long, default_value = "2m", value_name = "TIME")]
    pub timeout: Period,
}

/// Does one of them.
///
/// # Errors
/// A link that is not there, a store that cannot be used.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let loaded = || context.load();
    match args {
        Args::Operators(args) => operators::run(args, context),
        Args::List => list::run(&loaded()?, context),
        Args::Pause(link) => order(&loaded()?, link, LinkMode::Paused, context),
        Args::Resume(link) => order(&loaded()?, link, LinkMode::Open, context),
        Args::Drain { link, timeout } => drain::run(&loaded()?, link, timeout.0, context),
        Args::Test(test) => follow(&loaded()?, test, context),
    }
}

impl Named {
    /// A link that the configuration has.
    fn known(&self, loaded: &Loaded) -> anyhow::Result<LinkId> {
        let all: Vec<LinkId> = ids(loaded);
        let found = all.iter().find(|id| id.as_str() == self.name);
        let names = || all.iter().map(LinkId::as_str).collect::<Vec<_>>().join(", ");
        found
            .cloned()
            .ok_or_else(|| anyhow!("there is no link called {:?}; there are: {}", self.name, names()))
    }
}

fn ids(loaded: &Loaded) -> Vec<LinkId> {
    loaded.config.installation(Vec::new()).links.into_iter().map(|l| l.id).collect()
}

/// Writes an order down, and waits until the gateway that runs here follows it.
async fn give(loaded: &Loaded, link: &LinkId, mode: LinkMode) -> anyhow::Result<Option<Followed>> {
    let machine = Machine::of();
    let opened = store::changing(loaded).await?;
    let order = LinkOrder { link: link.clone(), mode, since: machine.clock.now() };
    opened.stores.directory.order_link(&order).await.context("the order was not stored")?;
    opened.close().await;
    let until = machine.clock.monotonic() + FOLLOWED;
    loop {
        let Some(live) = live::links(loaded).await else {
            // One that runs and cannot be asked: nobody can say.
            return Ok(live::runs(loaded).then_some(Followed::Unknown));
        };
        let held = live.iter().any(|l| l.name == link.as_str() && l.state == "held");
        if held == (mode != LinkMode::Open) {
            return Ok(Some(Followed::Yes));
        }
        if machine.clock.monotonic() >= until {
            return Ok(Some(Followed::NotYet));
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn order(loaded: &Loaded, link: &Named, mode: LinkMode, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language(Some(loaded));
    let link = link.known(loaded)?;
    let followed = block_on(give(loaded, &link, mode))?;
    if context.json {
        let order = json!({ "name": link.as_str(), "order": mode.as_str(), "followed": followed == Some(Followed::Yes) });
        print_json(&order)?;
    } else {
        print(&format!("{link} {}; {}\n", said(mode, language), heard(followed, language)))?;
    }
    Ok(exit(followed != Some(Followed::NotYet)))
}

fn said(mode: LinkMode, language: Language) -> &'static str {
    match mode {
        LinkMode::Open => language.pick("är i gång igen", "is resumed"),
        LinkMode::Draining => language.pick("töms", "is drained"),
        LinkMode::Paused => language.pick("är pausad", "is paused"),
    }
}

/// Whether the gateway that runs here does as ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Followed {
    Yes,
    NotYet,
    /// Its page cannot be read: it is served by TLS alone, or closed to this machine.
    Unknown,
}

fn heard(followed: Option<Followed>, language: Language) -> &'static str {
    match followed {
        Some(Followed::Yes) => language.pick("servern följer det", "the server follows it"),
        Some(Followed::NotYet) => language.pick(
            "servern har inte följt det än (omnigate link list visar)",
            "the server has not followed it yet (omnigate link list shows)",
        ),
        Some(Followed::Unknown) => language.pick(
            "servern följer det inom två sekunder; dess sida kan inte läsas härifrån (se http.allow och http.ops_listen)",
            "the server follows it within two seconds; its page cannot be read from here (see http.allow and http.ops_listen)",
        ),
        None => language.pick(
            "ingen server svarar här; gäller när en startar",
            "no server answers here; in force when one starts",
        ),
    }
}

fn follow(loaded: &Loaded, test: &Test, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language(Some(loaded));
    let link = test.link.known(loaded)?;
    let asked = Asked {
        to: vec![test.to.clone()],
        text: test.text.clone(),
        user: test.user.clone(),
        from: None,
        priority: Some("high".to_owned()),
        at: None,
        valid_for: Some(test.timeout),
        flash: false,
        link: Some(link.to_string()),
        reference: Some(format!("link-test-{link}")),
    };
    let clock = Machine::of().clock;
    let began = clock.monotonic();
    let json = context.json;
    let stands_still = block_on(async {
        match live::served(loaded).await? {
            Served::Here => {}
            Served::Perhaps => eprintln!("{}", perhaps(language)),
            Served::Nobody => bail!("no server runs here, so nothing was sent: start one (omnigate serve)"),
        }
        standing(loaded, &link).await
    })?;
    if let Some((state, why)) = stands_still {
        // The routes' next link would send it, and that says nothing of this one.
        let words = stands(&state, &why, &link, language);
        if json {
            let report =
                json!({ "link": link.as_str(), "id": null, "state": state, "error": words, "well": false });
            print_json(&report)?;
        } else {
            print(&format!("{link}: {words}\n"))?;
        }
        return Ok(exit(false));
    }
    let last = block_on(async {
        let accepted = message::queue(loaded, &asked).await?;
        let id = accepted.messages().first().map(|m| m.id).context("nothing was accepted")?;
        let stores = store::reading(loaded).await?;
        let mut seen = None;
        loop {
            let record = stores.reports.message(id).await.context("the message could not be read")?;
            let record = record.ok_or_else(|| anyhow!("the message {id} is gone"))?;
            let took = clock.monotonic().saturating_sub(began);
            if seen.as_ref() != Some(&(record.state, record.link.clone(), record.error.clone())) {
                seen = Some((record.state, record.link.clone(), record.error.clone()));
                if !json {
                    print(&progress(id, &record, took))?;
                }
            }
            let moved = record.link != link;
            if record.state.is_final() || moved || took >= test.timeout.0 {
                if !record.state.is_final() {
                    // It must not go out long after anybody waits for it.
                    let opened = store::changing(loaded).await?;
                    let _ = opened.stores.dispatch.cancel(id, clock.now()).await;
                    opened.close().await;
                }
                return Ok((record, took));
            }
            tokio::time::sleep(LOOK).await;
        }
    })?;
    let (record, took) = last;
    let by = record.link == link;
    let well = by && record.state == State::Delivered;
    if json {
        print_json(&json!({
            "link": link.as_str(), "id": record.message.id.to_string(), "state": record.state.as_str(), "by": record.link.as_str(),
            "error": record.error, "seconds": took.as_secs_f64(), "well": well,
        }))?;
        return Ok(exit(well));
    }
    let word = match () {
        () if !by => language.pick("vägen kunde inte sända det", "the link could not send it"),
        () if well => language.pick("vägen fungerar", "the link works"),
        () if record.state == State::Sent => language.pick(
            "operatören har det, men inget kvitto kom i tid",
            "the operator has it, but no receipt came in time",
        ),
        () if record.state == State::Queued => language
            .pick("det sändes inte i tid och är återtaget", "it was not sent in time and is taken back"),
        () => language.pick("det kom inte fram", "it did not arrive"),
    };
    let why =
        if by && record.state == State::Queued { how_it_is(loaded, &link, language) } else { String::new() };
    print(&format!("{link}: {word}{why}\n"))?;
    Ok(exit(well))
}

/// How a link is that did not send, as it says itself.
fn how_it_is(loaded: &Loaded, link: &LinkId, language: Language) -> String {
    let live = block_on(async { Ok(live::links(loaded).await) }).ok().flatten().unwrap_or_default();
    let Some(live) = live.into_iter().find(|live| live.name == link.as_str()) else { return String::new() };
    let state = live::state(&live.state, language);
    format!(" ({state}: {})", swedish::of_link(&live.detail, language))
}

/// Why the link takes nothing new: `paused`, `draining` or `parked`, and the reason as the link says it. `None` when it may be tried.
async fn standing(loaded: &Loaded, link: &LinkId) -> anyhow::Result<Option<(String, String)>> {
    let stores = store::reading(loaded).await?;
    let orders = stores.directory.link_orders().await.context("the orders could not be read")?;
    let order = orders.into_iter().find(|order| order.link == *link && order.mode != LinkMode::Open);
    if let Some(order) = order {
        return Ok(Some((order.mode.as_str().to_owned(), String::new())));
    }
    let live = live::links(loaded).await.unwrap_or_default();
    let parked = live.into_iter().find(|live| live.name == link.as_str() && live.state == "parked");
    Ok(parked.map(|live| (live.state, live.detail)))
}

fn stands(state: &str, why: &str, link: &LinkId, language: Language) -> String {
    let why = swedish::of_link(why, language);
    if state == "parked" {
        return words!(
            "vägen är parkerad, så ingenting sändes: {why}",
            "the link is parked, so nothing was sent: {why}"
        )
        .in_language(language)
        .to_owned();
    }
    let mode = if state == "draining" { LinkMode::Draining } else { LinkMode::Paused };
    let (swedish, english) = (said(mode, Language::Swedish), said(mode, Language::English));
    words!(
        "vägen {swedish}, så ingenting sändes: omnigate link resume {link} låter den gå igen",
        "the link {english}, so nothing was sent: omnigate link resume {link} lets it go on"
    )
    .in_language(language)
    .to_owned()
}

/// That no gateway of this machine does what is asked for.
fn perhaps(language: Language) -> &'static str {
    language.pick(
        "Ingen server svarar här: en annan nod på samma lager måste sända det, eller en som startas.",
        "No server answers here: another node of the same store must send it, or one that is started.",
    )
}

/// One line of a message's way.
fn progress(id: MessageId, record: &MessageRecord, took: Duration) -> String {
    let error = if record.error.is_empty() { String::new() } else { format!("  ({})", record.error) };
    format!("{:>6.1} s  {id}  {:<9} {}{error}\n", took.as_secs_f64(), record.state.as_str(), record.link)
}
