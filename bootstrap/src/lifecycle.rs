//! The life of a serving process: open the store, take over, attach links, open doors, say ready; reload; drain and stop.

mod reload;

use crate::config::{Loaded, Marks};
use crate::doors::{self, OpenDoors};
use crate::platform::{Asked, Signals};
use crate::telemetry::Telemetry;
use crate::threads::LinkThread;
use crate::wire::{self, LinkSetup, Machine};
use anyhow::Context as _;
use application::{Gateway, Installation, Settings, World};
use domain::directory::{Directory, LinkId};
use ops::{Measures, QuarantineDir, TrafficLog};
use ports::driven::{Link as OperatorLink, StoreError, Stores};
use smtp::relay::MailRelay;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a start waits before it looks again whether a full disk has room.
const FULL: Duration = Duration::from_secs(2);

/// A gateway that runs.
pub struct Running {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Where the doors are, by name: `http`, `smtp`, `telnet`, `ops`.
    pub addresses: BTreeMap<&'static str, SocketAddr>,
    file: PathBuf,
    /// What it was started with, which is what is in force of the keys that are only read then.
    started: Marks,
    drain: Mutex<Duration>,
    links: Mutex<BTreeMap<LinkId, LinkSetup>>,
    doors: Mutex<Option<OpenDoors>>,
    measures: Measures,
    machine: Machine,
    thread: LinkThread,
    relay: Option<Arc<MailRelay>>,
    upkeep: tokio::task::JoinHandle<()>,
    store: Mutex<Option<sql::Opened>>,
}

/// Starts everything a configuration says. When this returns, every door is open and `listening.json` in the data directory says where. A
/// link that cannot be started is named in the log, stands still and is tried again by the next reload.
///
/// # Errors
/// What cannot be opened; nothing is left running then.
pub async fn start(loaded: Loaded) -> anyhow::Result<Running> {
    net::tls::install_provider();
    let config = &loaded.config;
    let data_dir = config.node.data_dir.clone();
    std::fs::create_dir_all(&data_dir)
        .with_context(|| format!("the data directory {} cannot be made", data_dir.display()))?;
    let measures = Measures::install();
    let machine = Machine::of();
    let (stores, store) = wire::open_stores(&loaded, Arc::clone(&machine.clock)).await?;
    // Only now, with the store's lock: before, it may be that of a gateway that runs.
    let _ = std::fs::remove_file(data_dir.join("listening.json"));
    let machine = machine.numbered(&config.node.name, stores.cluster.as_ref()).await?;
    let relay = wire::relay(&loaded)?;
    let users = wire::users(&loaded, &Directory::default(), machine.passwords.as_ref()).await?;
    let mut links = link_setups(&loaded)?;
    let zone = jiff::tz::TimeZone::system();
    let traffic_dir = config.log.traffic_dir.clone().unwrap_or_else(|| data_dir.join("traffic"));
    let world = World {
        clock: Arc::clone(&machine.clock),
        ids: Arc::clone(&machine.ids),
        passwords: Arc::clone(&machine.passwords),
        traffic: Arc::new(TrafficLog::start(traffic_dir, zone)),
        quarantine: Arc::new(QuarantineDir::new(config.node.quarantine())),
        notices: wire::of_alarms(&loaded, relay.as_ref())?,
        http: wire::http(&loaded, &machine)?,
        mail: wire::mail(relay.as_ref()),
    };
    let settings = Settings {
        node: config.node.name.clone(),
        retention: config.retention.messages.0,
        mo_patience: config.retention.mo_parts.0,
        alone: wire::serves_alone(&loaded)?,
        of_link: crate::swedish::of_link,
    };
    let installation = || config.installation(users.clone());
    let gateway = begin(&settings, installation, &stores, &world).await?;
    // What ends the store waits until nobody has it.
    drop((stores, world));
    let thread = LinkThread::start().context("the thread of the links cannot be started")?;
    measures.name_links(links.keys());
    for failed in attach(links.values(), &gateway, &machine, &thread, relay.as_ref()) {
        measures.stands_still(&failed);
        links.remove(&failed);
    }
    let opened = doors::open(&loaded, &gateway, &machine, measures.clone(), relay.clone()).await;
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            gateway.stop(Duration::from_secs(2)).await;
            return Err(error);
        }
    };
    let addresses = opened.addresses.clone();
    write_addresses(&data_dir, &addresses)?;
    let collector = measures.clone();
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            collector.upkeep();
        }
    });
    Ok(Running {
        gateway,
        addresses,
        links: Mutex::new(links),
        doors: Mutex::new(Some(opened)),
        measures,
        machine,
        thread,
        relay,
        upkeep,
        store: Mutex::new(Some(store)),
        started: loaded.marks.clone(),
        drain: Mutex::new(loaded.config.node.drain.0),
        file: loaded.file,
    })
}

/// Begins the application's work. With a full disk it waits until there is room: what is queued goes on by itself then.
async fn begin(
    settings: &Settings,
    installation: impl Fn() -> Installation,
    stores: &Stores,
    world: &World,
) -> anyhow::Result<Arc<Gateway>> {
    loop {
        match Gateway::start(settings.clone(), installation(), stores.clone(), world.clone()).await {
            Err(StoreError::Full) => tracing::error!("the disk is full: the start waits until there is room"),
            other => return other.context("the store refused the start"),
        }
        tokio::time::sleep(FULL).await;
    }
}

fn start_link(
    setup: &LinkSetup,
    gateway: &Gateway,
    machine: &Machine,
    thread: &LinkThread,
    relay: Option<&Arc<MailRelay>>,
) -> anyhow::Result<Arc<dyn OperatorLink>> {
    let _on_it = thread.enter();
    setup.start(gateway.receive(), machine, relay)
}

/// Starts links and has the gateway feed them. Those that cannot be started hold back no other: they are named in the log and given back,
/// so that they do not stand among those in force and the next reload takes them for new.
fn attach<'a>(
    setups: impl IntoIterator<Item = &'a LinkSetup>,
    gateway: &Gateway,
    machine: &Machine,
    thread: &LinkThread,
    relay: Option<&Arc<MailRelay>>,
) -> Vec<LinkId> {
    let mut failed = Vec::new();
    for setup in setups {
        match start_link(setup, gateway, machine, thread, relay) {
            Ok(link) => gateway.attach(link),
            Err(error) => {
                tracing::error!(
                    "a link stands still until it is put right and the configuration read again: {error:#}"
                );
                failed.push(setup.id.clone());
            }
        }
    }
    failed
}

fn link_setups(loaded: &Loaded) -> anyhow::Result<BTreeMap<LinkId, LinkSetup>> {
    loaded
        .config
        .link
        .iter()
        .map(|section| {
            LinkSetup::of(section, &loaded.config.node.data_dir).map(|setup| (setup.id.clone(), setup))
        })
        .collect()
}

/// Tells programs where the doors are: written whole, then renamed into place.
fn write_addresses(data_dir: &Path, addresses: &BTreeMap<&'static str, SocketAddr>) -> anyhow::Result<()> {
    let texts: BTreeMap<_, _> =
        addresses.iter().map(|(name, address)| (*name, address.to_string())).collect();
    let (path, draft) = (data_dir.join("listening.json"), data_dir.join("listening.json.new"));
    std::fs::write(&draft, serde_json::to_vec(&texts)?)?;
    std::fs::rename(&draft, &path)?;
    Ok(())
}

impl Running {
    /// How long stopping may take, as the configuration says now.
    fn drain(&self) -> Duration {
        *self.drain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops in good order within about `limit`: doors first, then links with their windows, then the rest.
    pub async fn stop(&self, limit: Duration) {
        self.gateway.close();
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(doors) = doors {
            doors.close(limit / 3).await;
        }
        self.gateway.stop(limit / 2).await;
        self.upkeep.abort();
    }

    /// Lets go of everything and returns when the database is closed, or after a few seconds. To be called after [`Running::stop`].
    pub async fn close(self) {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(self);
        if let Some(store) = store {
            let _ = tokio::time::timeout(Duration::from_secs(5), store.closed()).await;
        }
    }
}

/// Serves until told to stop. SIGTERM (or Ctrl-C) drains, a second one stops at once; SIGHUP reloads.
///
/// # Errors
/// What kept it from starting.
pub async fn serve(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let telemetry = Telemetry::start(&loaded.config.log);
    let mut signals = Signals::listen()?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let Some((running, reload_wanted)) = started(loaded, &mut signals).await? else {
        return Ok(ExitCode::SUCCESS);
    };
    for (door, address) in &running.addresses {
        tracing::info!(door, %address, "listening");
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    beat();
    tracing::info!("ready");
    let failed = until_end(&running, &mut signals, reload_wanted).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping: doors close, links finish what is under way");
    tokio::select! {
        () = running.stop(running.drain()) => {}
        () = asked_to_stop(&mut signals) => {
            tracing::warn!("stopping at once");
            return Ok(ExitCode::from(1));
        }
    }
    running.close().await;
    tracing::info!(log_lines_lost = telemetry.lost(), "stopped");
    Ok(if failed.is_some() { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Tells systemd that the program lives, where its unit asks for that (`WatchdogSec`): from where the doors' work runs, three times as often as it must.
fn beat() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        loop {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            tokio::time::sleep(limit / 3).await;
        }
    });
}

/// Starts, unless told to stop meanwhile. A reload asked for meanwhile is remembered: the file may have changed after it was read.
async fn started(loaded: Loaded, signals: &mut Signals) -> anyhow::Result<Option<(Running, bool)>> {
    let mut reload_wanted = false;
    let starting = start(loaded);
    tokio::pin!(starting);
    loop {
        tokio::select! {
            running = &mut starting => return Ok(Some((running?, reload_wanted))),
            asked = signals.next() => match asked {
                Asked::Stop => return Ok(None),
                Asked::Reload => reload_wanted = true,
            },
        }
    }
}

/// Reloads as often as asked to, until told to stop, also in the middle of a reload; or until something is wrong that only an end helps against: what it is.
async fn until_end(running: &Running, signals: &mut Signals, mut wanted: bool) -> Option<String> {
    let fatal = running.gateway.fatal();
    loop {
        let now = wanted;
        let reload = async move {
            match now {
                true => reload(running).await,
                false => std::future::pending().await,
            }
        };
        tokio::pin!(reload);
        let mut again = false;
        loop {
            tokio::select! {
                () = &mut reload => break,
                asked = signals.next() => match asked {
                    Asked::Stop => return None,
                    Asked::Reload if now => again = true,
                    Asked::Reload => {
                        again = true;
                        break;
                    }
                },
                reason = fatal.raised() => return Some(reason),
            }
        }
        wanted = again;
    }
}

async fn asked_to_stop(signals: &mut Signals) {
    while signals.next().await != Asked::Stop {}
}

async fn reload(running: &Running) {
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Reloading]);
    match running.reload().await {
        Ok(said) => tracing::info!("reloaded: {said}"),
        Err(error) => tracing::error!("not reloaded, the old settings stay in force: {error:#}"),
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
}
