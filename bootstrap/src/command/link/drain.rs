//! `omnigate link drain`: the order, and the wait until the link has nothing left.

use super::list::Seen;
use super::{LOOK, Named, give};
use crate::command::context::{Context, print, print_json};
use crate::command::live::{self, Served};
use crate::command::{backup, block_on, exit};
use crate::config::Loaded;
use crate::wire::Machine;
use anyhow::bail;
use domain::Timestamp;
use domain::directory::LinkMode;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// Orders it, and waits until it is empty or the time is over.
///
/// # Errors
/// A link that is not there; messages that are left when the time is over.
pub(super) fn run(
    loaded: &Loaded,
    link: &Named,
    limit: Duration,
    context: &Context,
) -> anyhow::Result<ExitCode> {
    let language = context.language(Some(loaded));
    let link = link.known(loaded)?;
    let bar = backup::spinner(language.pick("tömmer", "draining"));
    let (left, later, served) = block_on(async {
        give(loaded, &link, LinkMode::Draining).await?;
        let served = live::served(loaded).await?;
        if served == Served::Perhaps {
            bar.suspend(|| eprintln!("{}", super::perhaps(language)));
        }
        let machine = Machine::of();
        let until = machine.clock.monotonic() + limit;
        // What is tried again before the time is over is waited for; what rests longer is only told of.
        let due = machine.clock.now().checked_add(limit).unwrap_or(Timestamp::MAX);
        loop {
            let seen = Seen::until(loaded, due).await?;
            let left = seen.queued(&link) + seen.under_way(&link);
            bar.set_message(format!("{link}: {left}"));
            // Where nobody sends, nothing gets less.
            if left == 0 || served == Served::Nobody || machine.clock.monotonic() >= until {
                let all = Seen::until(loaded, Timestamp::MAX).await?;
                return Ok((left, all.queued(&link).saturating_sub(seen.queued(&link)), served));
            }
            tokio::time::sleep(LOOK).await;
        }
    })?;
    bar.finish_and_clear();
    if context.json {
        print_json(&json!({
            "name": link.as_str(), "order": LinkMode::Draining.as_str(), "left": left, "later": later,
            "served": served == Served::Here,
        }))?;
    } else if left > 0 && served == Served::Nobody {
        bail!(
            "{link} still has {left} messages and no server runs here to send them: the order is in force when one starts (omnigate serve)"
        );
    } else if left > 0 {
        bail!("{link} still has {left} messages; it goes on sending them and takes nothing new");
    } else if later > 0 {
        let text = language.pick(
            "har inget kvar att sända nu och tar inget nytt; meddelanden som väntar på en senare tid (schemalagda, eller nya försök)",
            "has nothing left to send now and takes nothing new; messages that wait for a later time (scheduled, or to be tried again)",
        );
        print(&format!("{link} {text}: {later}\n"))?;
    } else {
        print(&format!(
            "{link} {}\n",
            language.pick(
                "är tom och tar inget nytt (omnigate link resume)",
                "is empty and takes nothing new (omnigate link resume)"
            )
        ))?;
    }
    Ok(exit(left == 0))
}
