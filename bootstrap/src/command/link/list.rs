//! `omnigate link list`: what the store and a running gateway know of the links.

use super::ids;
use crate::command::context::{Context, print, print_json};
use crate::command::live::{self, LiveLink};
use crate::command::table::Table;
use crate::command::{block_on, exit, store};
use crate::config::Loaded;
use crate::swedish;
use crate::wire::Machine;
use anyhow::Context as _;
use domain::Timestamp;
use domain::directory::{LinkId, LinkMode, LinkOrder};
use domain::language::Language;
use ports::driven::Backlog;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::process::ExitCode;

/// Everything there is to say of the links.
pub(super) struct Seen {
    orders: HashMap<LinkId, LinkOrder>,
    backlog: HashMap<LinkId, Backlog>,
    live: Option<Vec<LiveLink>>,
}

impl Seen {
    /// How it is now.
    pub(super) async fn look(loaded: &Loaded) -> anyhow::Result<Self> {
        Self::until(loaded, Machine::of().clock.now()).await
    }

    /// The same with what waits until then: scheduled messages, and those that are tried again later.
    pub(super) async fn until(loaded: &Loaded, due: Timestamp) -> anyhow::Result<Self> {
        let stores = store::reading(loaded).await?;
        let orders = stores.directory.link_orders().await.context("the orders could not be read")?;
        let backlog = stores.dispatch.backlog(due).await.context("the queues could not be read")?;
        Ok(Self {
            orders: orders.into_iter().map(|o| (o.link.clone(), o)).collect(),
            backlog: backlog.into_iter().map(|b| (b.link.clone(), b)).collect(),
            live: live::links(loaded).await,
        })
    }

    fn live(&self, link: &LinkId) -> Option<&LiveLink> {
        self.live.iter().flatten().find(|l| l.name == link.as_str())
    }

    fn mode(&self, link: &LinkId) -> LinkMode {
        self.orders.get(link).map_or(LinkMode::Open, |o| o.mode)
    }

    /// What waits in the store.
    pub(super) fn queued(&self, link: &LinkId) -> usize {
        self.backlog.get(link).map_or(0, |b| b.waiting.iter().sum())
    }

    /// What has been taken on and has not been answered by the operator.
    pub(super) fn under_way(&self, link: &LinkId) -> usize {
        self.live(link).map_or(0, |l| l.in_flight + l.waiting)
    }
}

/// Prints them, and whether a server could be asked.
///
/// # Errors
/// A store that cannot be read.
pub(super) fn run(loaded: &Loaded, context: &Context) -> anyhow::Result<ExitCode> {
    let language = context.language(Some(loaded));
    let seen = block_on(Seen::look(loaded))?;
    let ids = ids(loaded);
    if context.json {
        let links: Vec<_> = ids.iter().map(|id| as_json(&seen, id)).collect();
        print_json(&json!({ "running": seen.live.is_some(), "links": links }))?;
        return Ok(exit(true));
    }
    print(&as_table(&seen, &ids, language).to_string())?;
    if seen.live.is_none() {
        let text = match live::runs(loaded) {
            true => language.pick(
                "Serverns sida kan inte läsas härifrån (se http.allow och http.ops_listen): vägarnas tillstånd är inte känt.",
                "The server's page cannot be read from here (see http.allow and http.ops_listen): how the links are doing is not known.",
            ),
            false => language.pick(
                "Ingen server svarar här: vägarnas tillstånd är inte känt.",
                "No server answers here: how the links are doing is not known.",
            ),
        };
        eprintln!("{text}");
    }
    Ok(exit(true))
}

fn as_json(seen: &Seen, id: &LinkId) -> Value {
    let live = seen.live(id);
    let order = seen.orders.get(id);
    let oldest = seen.backlog.get(id).and_then(|b| b.oldest_due_at);
    json!({
        "name": id.as_str(), "state": live.map(|l| &l.state), "detail": live.map(|l| &l.detail),
        "next_try_seconds": live.and_then(|l| l.next_try_seconds),
        "order": seen.mode(id).as_str(), "ordered_at": order.map(|o| o.since.to_string()),
        "sessions": live.map(|l| l.sessions), "in_flight": live.map(|l| l.in_flight),
        "waiting": live.map(|l| l.waiting), "queued": seen.queued(id),
        "oldest_due_at": oldest.map(|at| at.to_string()),
        "receipt_ids": live.and_then(|l| l.receipt_ids.as_ref()),
        "delivery_p50_seconds": live.and_then(|l| l.delivery_seconds).map(|t| t.p50),
        "delivery_p95_seconds": live.and_then(|l| l.delivery_seconds).map(|t| t.p95),
    })
}

fn as_table(seen: &Seen, ids: &[LinkId], language: Language) -> Table {
    let headings = match language {
        Language::Swedish => {
            ["VÄG", "TILLSTÅND", "ORDER", ">KÖ", ">UTE", ">LEV. 50 %", ">95 %", "KVITTO-ID", "DETALJ"]
        }
        Language::English => {
            ["LINK", "STATE", "ORDER", ">QUEUED", ">OUT", ">DELIV. 50 %", ">95 %", "RECEIPT IDS", "DETAIL"]
        }
    };
    let mut table = Table::new(&headings);
    let seconds = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), |s| format!("{s:.1} s"));
    for id in ids {
        let live = seen.live(id);
        let times = live.and_then(|l| l.delivery_seconds);
        let order = seen.mode(id);
        table.row([
            id.to_string(),
            live.map_or("?", |l| live::state(&l.state, language)).to_owned(),
            ordered(order, language).to_owned(),
            seen.queued(id).to_string(),
            seen.under_way(id).to_string(),
            seconds(times.map(|t| t.p50)),
            seconds(times.map(|t| t.p95)),
            live.and_then(|l| l.receipt_ids.clone()).unwrap_or_else(|| "–".to_owned()),
            live.map(|l| detail(l, language)).unwrap_or_default(),
        ]);
    }
    table
}

fn ordered(order: LinkMode, language: Language) -> &'static str {
    match order {
        LinkMode::Open => "–",
        LinkMode::Draining => language.pick("töms", "draining"),
        LinkMode::Paused => language.pick("pausad", "paused"),
    }
}

/// What it is doing, and when it tries again.
fn detail(link: &LiveLink, language: Language) -> String {
    let mut text = swedish::of_link(&link.detail, language);
    if let Some(seconds) = link.next_try_seconds {
        let pause =
            if seconds >= 120.0 { format!("{:.0} min", seconds / 60.0) } else { format!("{seconds:.1} s") };
        text.push_str(&format!(", {} {pause}", language.pick("nytt försök om", "next try in")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_in_both_languages() {
        let link = |detail: &str, next_try_seconds| {
            let page = json!({ "name": "TS0", "state": "down", "detail": detail, "sessions": 0, "in_flight": 0, "waiting": 0,
                "next_try_seconds": next_try_seconds });
            serde_json::from_value::<LiveLink>(page).expect("a link")
        };
        for (english, pause, swedish) in [
            ("bound to 10.0.0.1:2775", None, "inloggad hos 10.0.0.1:2775"),
            (
                "paused; held; 10.0.0.1:1: Connection refused (os error 111)",
                Some(3.7),
                "pausad; hålls; 10.0.0.1:1: anslutningen avvisades (os error 111), nytt försök om 3.7 s",
            ),
            (
                "10.0.0.1:1: bind refused: ESME_RINVPASWD (0x0E)",
                Some(300.0),
                "10.0.0.1:1: inloggningen avvisades: ESME_RINVPASWD (0x0E), nytt försök om 5 min",
            ),
            ("/dev/ttyUSB0: registered, signal -71 dBm", None, "/dev/ttyUSB0: registrerad, signal -71 dBm"),
            (
                "/dev/ttyUSB0: the SIM asks for SIM PUK: a person must see to it",
                None,
                "/dev/ttyUSB0: SIM-kortet ber om SIM PUK: en människa måste se till det",
            ),
            ("46elks: no request yet", None, "46elks: inget anrop än"),
            ("parked: smpp-0x00000400 no credit; held", None, "parkerad: smpp-0x00000400 no credit; hålls"),
            (
                "ready: connects when there is something to send",
                None,
                "redo: ansluter när det finns något att sända",
            ),
        ] {
            let link = link(english, pause);
            assert_eq!(detail(&link, Language::Swedish), swedish);
            assert!(detail(&link, Language::English).starts_with(english), "{english}");
        }
        assert_eq!(live::state("parked", Language::Swedish), "parkerad");
    }
}
