//! `omnigate demo`: the whole gateway with no set-up and no service of others. A simulated operator, every front door on
//! loopback, and a first message through each of them with a real client of that door, shown as it happens.
//!
//! Nothing here is a shortcut: what is shown is the gateway that `serve` runs, on a store that is synced to disk.

mod clients;
mod life;
mod screen;
mod sink;
mod stage;

use crate::command::context::{Context, coloured};
use crate::command::exit;
use crate::platform::{Asked, Signals};
use crate::telemetry::Telemetry;
use anyhow::Context as _;
use domain::language::Language;
use life::Ended;
use screen::Screen;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// How long stopping may take.
const STOPPING: Duration = Duration::from_secs(5);

/// Show the whole gateway at work.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  omnigate demo\n  omnigate demo --once && echo everything was delivered")]
pub struct Args {
    /// End after the show: 0 when everything was delivered, 1 when not
    #[arg(long)]
    pub once: bool,
    /// Where it keeps what it stores
    #[arg(long, value_name = "DIRECTORY", default_value = "omnigate-data")]
    pub data: PathBuf,
}

/// Runs the show, then stays until told to stop.
///
/// # Errors
/// What kept the gateway from starting.
pub fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    std::fs::create_dir_all(&args.data).with_context(|| format!("{} cannot be made", args.data.display()))?;
    let language = context.language(None);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(play(args, language));
    // Standard input may be read still; nothing of the gateway is left by now.
    runtime.shutdown_background();
    done
}

async fn play(args: &Args, language: Language) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let screen = Screen::new(language, coloured());
    let prepared = stage::prepare(&args.data, language).await?;
    let log = std::fs::File::create(args.data.join("demo.log")).context("demo.log cannot be made")?;
    let _telemetry = Telemetry::to(&prepared.loaded.config.log, log);
    screen.title()?;
    screen.taken_ports(&prepared.taken)?;
    let stage = prepared.start().await?;
    screen.stage(&stage)?;
    let well = tokio::select! {
        well = show(&stage, &screen) => well?,
        _ = signals.next() => {
            stage.stop(STOPPING).await;
            return Ok(exit(false));
        }
    };
    if args.once {
        stage.stop(STOPPING).await;
        return Ok(exit(well));
    }
    screen.invitation(&stage)?;
    stay(&stage, &screen, &mut signals).await?;
    screen.farewell()?;
    stage.stop(STOPPING).await;
    Ok(exit(true))
}

/// A message through each door, and one from a phone. Whether all of it arrived.
async fn show(stage: &Stage, screen: &Screen) -> anyhow::Result<bool> {
    stage.link_is_up().await?;
    screen.doors_heading()?;
    let (mut delivered, mut doors) = (0, 0);
    for door in clients::DOORS {
        doors += 1;
        let number = clients::number(doors);
        screen.begins(door, &number)?;
        let since = stage.now();
        let ended = match clients::send(*door, &number, stage).await {
            Ok(()) => {
                life::follow(stage, &number, since, |state, after| screen.reached(state, after)).await?
            }
            Err(error) => Ended::Never(format!("{error:#}")),
        };
        delivered += usize::from(ended == Ended::Delivered);
        screen.ends(&ended)?;
    }
    let told = stage.sink.callbacks(clients::CALLBACKS, life::PATIENCE).await;
    screen.callbacks(&told)?;
    screen.received_heading()?;
    let received = life::receive(stage, clients::phone_text(stage.language)).await?;
    screen.received(&received)?;
    let well = delivered == doors && received.url.is_some() && received.inbox.is_some();
    screen.verdict(delivered, doors, well, &stage.log())?;
    Ok(well)
}

/// Shows what comes, and sends what is typed from a phone, until told to stop.
async fn stay(stage: &Stage, screen: &Screen, signals: &mut Signals) -> anyhow::Result<()> {
    let mut typed = BufReader::new(tokio::io::stdin()).lines();
    let mut reading = true;
    let mut feed = life::Feed::from_now(stage).await?;
    let mut look = tokio::time::interval(life::LOOK);
    loop {
        tokio::select! {
            asked = signals.next() => if asked == Asked::Stop { return Ok(()) },
            line = typed.next_line(), if reading => match line {
                Ok(Some(line)) if !line.trim().is_empty() => stage.phone(line.trim()),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => reading = false,
            },
            _ = look.tick() => {
                for news in feed.news(stage).await? {
                    screen.news(&news)?;
                }
            }
            reason = stage.failed() => anyhow::bail!("the gateway stopped itself: {reason} (see {})", stage.log()),
        }
    }
}
