//! The whole gateway without its doors and links: made from ports, offering ports, with the tasks that keep it moving.

mod offered;

use crate::access::Access;
use crate::administer::Administration;
use crate::alarms::Alarms;
use crate::astray::Astray;
use crate::directory::{CurrentDirectory, Installation};
use crate::dispatch::Pump;
use crate::elsewhere::Elsewhere;
use crate::fatal::Fatal;
use crate::handoff::{GivenUp, HandOver, HandoffQueue, Patience};
use crate::heartbeat::{Beats, Heartbeats};
use crate::housekeeping::Housekeeping;
use crate::jumps::Jumps;
use crate::lanes::Lanes;
use crate::meters::Meters;
use crate::observe::Watch;
use crate::orphans::Orphans;
use crate::poison::Guarded;
use crate::pulse::{Heard, Pulse};
use crate::query::Query;
use crate::receive::Receive;
use crate::search::Search;
use crate::settling::Settling;
use crate::shares::Shares;
use crate::storekeeper::Storekeeper;
use crate::submit::{Submit, Uses};
use crate::subscribe::Subscriptions;
use crate::supervise::{Background, supervise};
use crate::takeover::Takeover;
use crate::tenure::{Restraint, Tenure};
use crate::vigil::Watchman;
use crate::ways::Ways;
use crate::withdrawals::Withdrawals;
use crate::world::{Settings, World};
use domain::directory::{Directory, LinkId};
use domain::message::Incarnation;
use futures_util::future::BoxFuture;
use ports::driven::{Link, StoreError, Stores};
use ports::driving::ReceiveMessages;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The gateway.
pub struct Gateway {
    directory: Arc<CurrentDirectory>,
    lanes: Arc<Lanes>,
    access: Arc<Access>,
    administration: Administration,
    subscriptions: Subscriptions,
    submit: Submit,
    query: Query,
    receive: Arc<dyn ReceiveMessages>,
    watch: Watch,
    pump: Pump,
    fatal: Fatal,
    stores: Stores,
    incarnation: Incarnation,
    closed: Arc<AtomicBool>,
    background: Background,
    pumps: Mutex<HashMap<LinkId, CancellationToken>>,
    pump_tasks: TaskTracker,
}

impl Gateway {
    /// Begins a run: reads the users, joins the cluster, takes over what earlier runs left in doubt, starts the background tasks. No link is
    /// attached yet and no door is open.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub fn start(
        settings: Settings,
        installation: Installation,
        stores: Stores,
        world: World,
    ) -> BoxFuture<'static, Result<Arc<Self>, StoreError>> {
        // An `async fn` is compiled again in every crate that awaits it, as that crate is optimised, with all the tasks it starts.
        Box::pin(Self::begin(settings, installation, stores, world))
    }

    async fn begin(
        settings: Settings,
        installation: Installation,
        stores: Stores,
        world: World,
    ) -> Result<Arc<Self>, StoreError> {
        let incarnation = Incarnation(world.ids.next());
        let tenure = Arc::new(Tenure::new(Arc::clone(&world.clock), settings.alone));
        let last = stores.cluster.join(&settings.node, incarnation, world.clock.now()).await?;
        let directory = Arc::new(CurrentDirectory::new(installation));
        directory.set_stored_users(stores.directory.users().await?);
        directory.set_subscriptions(stores.directory.subscriptions().await?);
        stores.receipts.one_account(accounts(&directory.current()));
        let lanes = Arc::new(Lanes::new(Arc::clone(&tenure)));
        lanes.order(stores.directory.link_orders().await?);
        let fatal = Fatal::default();
        let jumps = Arc::new(Jumps::new(Arc::clone(&world.clock), last));
        let closed = Arc::new(AtomicBool::new(false));
        let (queue, handing_over) = HandoffQueue::new();
        let settling = Settling::new(Arc::clone(&stores.dispatch), fatal.clone());
        let meters = Arc::new(Meters::default());
        let submit = Submit::new(Uses {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            outbox: Arc::clone(&stores.outbox),
            settling: settling.clone(),
            handoffs: queue.clone(),
            shares: Shares::default(),
            clock: Arc::clone(&world.clock),
            ids: Arc::clone(&world.ids),
            incarnation,
            fatal: fatal.clone(),
            closed: Arc::clone(&closed),
            meters: Arc::clone(&meters),
        });
        let heard = Arc::new(Heard::default());
        let pulse = Pulse {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            cluster: Arc::clone(&stores.cluster),
            clock: Arc::clone(&world.clock),
            incarnation,
            fatal: fatal.clone(),
            tenure: Arc::clone(&tenure),
            heard: Arc::clone(&heard),
        };
        let orphans = Orphans {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            dispatch: Arc::clone(&stores.dispatch),
            settling: settling.clone(),
            clock: Arc::clone(&world.clock),
            incarnation,
            fatal: fatal.clone(),
            tenure: Arc::clone(&tenure),
            // Alone, nobody but ourselves could still want the link.
            heard: (!settings.alone).then(|| Arc::clone(&heard)),
        };
        let elsewhere = Elsewhere::new((!settings.alone).then(|| Arc::clone(&heard)));
        let restraint = Restraint { tenure, lanes: Arc::clone(&lanes) };
        let takeover = Takeover {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            cluster: Arc::clone(&stores.cluster),
            settling: settling.clone(),
            jumps: Arc::clone(&jumps),
            incarnation,
            heard,
        };
        let others = pulse.begin().await?;
        // Who serves alone need not wait to see that the others are silent: an earlier run under another name is one of them.
        let silent = if settings.alone { others } else { Vec::new() };
        let taken = takeover.take_over(&silent).await?;
        if taken > 0 {
            tracing::warn!(taken, "messages were in doubt after the last run");
        }
        let alarms = Alarms {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            submit: submit.clone(),
            reports: Arc::clone(&stores.reports),
            clock: Arc::clone(&world.clock),
            notices: Arc::clone(&world.notices),
            untold: Arc::default(),
            of_link: settings.of_link,
        };
        let hand_over = HandOver {
            directory: Arc::clone(&directory),
            handoffs: Arc::clone(&stores.handoffs),
            http: Arc::clone(&world.http),
            mail: Arc::clone(&world.mail),
            submit: submit.clone(),
            clock: Arc::clone(&world.clock),
            jumps: Arc::clone(&jumps),
            incarnation,
            queue: queue.clone(),
            fatal: fatal.clone(),
            meters: Arc::clone(&meters),
            patience: Patience::default(),
            alarms: alarms.clone(),
            given_up: GivenUp::default(),
        };
        let ways = Ways {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            deadlines: Arc::clone(&stores.deadlines),
            jumps: Arc::clone(&jumps),
            fatal: fatal.clone(),
            hurry: Arc::default(),
            elsewhere: Arc::new(elsewhere),
        };
        let housekeeping = Housekeeping {
            directory: Arc::clone(&directory),
            directory_store: Arc::clone(&stores.directory),
            dispatch: Arc::clone(&stores.dispatch),
            handoffs: Arc::clone(&stores.handoffs),
            receipts: Arc::clone(&stores.receipts),
            inbox: Arc::clone(&stores.inbox),
            reports: Arc::clone(&stores.reports),
            clock: Arc::clone(&world.clock),
            fatal: fatal.clone(),
            lanes: Arc::clone(&lanes),
            jumps: Arc::clone(&jumps),
            ways: ways.clone(),
            retention: settings.retention,
            mo_patience: settings.mo_patience,
        };
        let astray = Astray {
            cluster: Arc::clone(&stores.cluster),
            lanes: Arc::clone(&lanes),
            settling: settling.clone(),
            handoffs: queue.clone(),
            incarnation,
            fatal: fatal.clone(),
        };
        let hurry = Arc::clone(&ways.hurry);
        let beats = Arc::new(Beats::default());
        let watchman = Watchman { alarms: alarms.clone() };
        let storekeeper = Storekeeper {
            alarms: alarms.clone(),
            reports: Arc::clone(&stores.reports),
            node: settings.node.clone(),
        };
        let quarantined = alarms.clone();
        let heartbeats = Heartbeats {
            directory: Arc::clone(&directory),
            submit: submit.clone(),
            reports: Arc::clone(&stores.reports),
            inbox: Arc::clone(&stores.inbox),
            alarms,
            clock: Arc::clone(&world.clock),
            ids: Arc::clone(&world.ids),
            beats: Arc::clone(&beats),
        };
        let withdrawals = Withdrawals {
            directory: Arc::clone(&directory),
            lanes: Arc::clone(&lanes),
            recalls: Arc::clone(&stores.recalls),
            clock: Arc::clone(&world.clock),
            fatal: fatal.clone(),
            bell: Arc::default(),
            answered: Arc::default(),
            in_hand: Arc::default(),
        };
        let bell = Arc::clone(&withdrawals.bell);
        let answered = Arc::clone(&withdrawals.answered);
        let background = Background::default();
        let (hand_over, handing_over) =
            (Arc::new(hand_over), Arc::new(tokio::sync::Mutex::new(handing_over)));
        background
            .keep("handing over", move |stop| Arc::clone(&hand_over).run(Arc::clone(&handing_over), stop));
        background.keep("housekeeping", move |stop| housekeeping.clone().run(stop));
        background.keep("astray", move |stop| astray.clone().run(stop));
        background.keep("heartbeats", move |stop| heartbeats.clone().run(stop));
        background.keep("the store's vigil", move |stop| storekeeper.clone().run(stop));
        background.keep("vigil", move |stop| watchman.clone().run(stop));
        background.keep("ways", move |stop| ways.clone().run(stop));
        background.keep("sign of life", move |stop| pulse.clone().run(stop));
        background.keep("orphans", move |stop| orphans.clone().run(stop));
        background.keep("withdrawals", move |stop| withdrawals.clone().run(stop));
        background.keep("restraint", move |stop| restraint.clone().run(stop));
        background.keep("taking over", move |stop| takeover.clone().run(stop));
        Ok(Arc::new(Self {
            access: Arc::new(Access::new(
                Arc::clone(&directory),
                Arc::clone(&world.passwords),
                Arc::clone(&world.clock),
                world.ids.as_ref(),
            )),
            subscriptions: Subscriptions {
                directory: Arc::clone(&directory),
                store: Arc::clone(&stores.directory),
            },
            administration: Administration {
                directory: Arc::clone(&directory),
                store: Arc::clone(&stores.directory),
                passwords: world.passwords,
                ids: Arc::clone(&world.ids),
            },
            query: Query {
                reports: Arc::clone(&stores.reports),
                search: Arc::new(Search::new(Arc::clone(&stores.reports), Arc::clone(&world.clock))),
                dispatch: Arc::clone(&stores.dispatch),
                recalls: Arc::clone(&stores.recalls),
                bell,
                answered,
                inbox: Arc::clone(&stores.inbox),
                clock: Arc::clone(&world.clock),
                fatal: fatal.clone(),
            },
            receive: Arc::new(Guarded {
                inner: Arc::new(Receive {
                    directory: Arc::clone(&directory),
                    lanes: Arc::clone(&lanes),
                    settling: settling.clone(),
                    receipts: Arc::clone(&stores.receipts),
                    inbox: Arc::clone(&stores.inbox),
                    handoffs: queue,
                    hurry,
                    beats,
                    traffic: world.traffic,
                    clock: Arc::clone(&world.clock),
                    jumps: Arc::clone(&jumps),
                    ids: Arc::clone(&world.ids),
                    incarnation,
                    fatal: fatal.clone(),
                    meters,
                }),
                quarantine: world.quarantine,
                clock: Arc::clone(&world.clock),
                tell: Box::new(move |alarm| quarantined.raise(alarm, &[])),
                told: GivenUp::default(),
            }),
            watch: Watch {
                lanes: Arc::clone(&lanes),
                reports: Arc::clone(&stores.reports),
                fatal: fatal.clone(),
                closed: Arc::clone(&closed),
            },
            pump: Pump {
                directory: Arc::clone(&directory),
                lanes: Arc::clone(&lanes),
                settling: settling.clone(),
                clock: world.clock,
                incarnation,
            },
            directory,
            lanes,
            submit,
            fatal,
            stores,
            incarnation,
            closed,
            background,
            pumps: Mutex::default(),
            pump_tasks: TaskTracker::new(),
        }))
    }

    /// Attaches a link and begins to feed it. One that has the same name is replaced (stop it first).
    pub fn attach(&self, link: Arc<dyn Link>) {
        let lane = self.lanes.insert(link);
        lane.give_few(self.directory.current().is_for_once(lane.link.id()));
        let stop = self.background.stop.child_token();
        let mut pumps = self.pumps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = pumps.insert(lane.link.id().clone(), stop.clone()) {
            old.cancel();
        }
        lane.wake.notify_one();
        let pump = self.pump.clone();
        self.pump_tasks.spawn(supervise("lane", stop.clone(), move || {
            pump.clone().run(Arc::clone(&lane), stop.clone())
        }));
    }

    /// Detaches a link: it gets nothing more and is stopped within a limit; what waits for it stays queued under its name until
    /// it is attached again, or, when no configuration has it any more, goes by its routes.
    pub fn detach<'a>(&'a self, link: &'a LinkId, limit: Duration) -> BoxFuture<'a, ()> {
        Box::pin(self.without(link, limit))
    }

    async fn without(&self, link: &LinkId, limit: Duration) {
        let stop = self.pumps.lock().unwrap_or_else(PoisonError::into_inner).remove(link);
        if let Some(stop) = stop {
            stop.cancel();
        }
        if let Some(lane) = self.lanes.get(link) {
            lane.link.stop(limit).await;
        }
        self.lanes.remove(link);
    }

    /// Puts a new configuration in force.
    pub fn install(&self, installation: Installation) {
        self.directory.install(installation);
        let directory = self.directory.current();
        self.stores.receipts.one_account(accounts(&directory));
        for lane in self.lanes.all() {
            lane.give_few(directory.is_for_once(lane.link.id()));
            lane.add_backlog();
        }
    }

    /// Takes no more messages (doors answer `busy`); everything else goes on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Stops in good order within about `limit`: takes nothing more, lets links finish their windows and say goodbye, ends background tasks, ends the run.
    pub fn stop(&self, limit: Duration) -> BoxFuture<'_, ()> {
        Box::pin(self.end(limit))
    }

    async fn end(&self, limit: Duration) {
        self.close();
        let pumps: Vec<_> = self.pumps.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        pumps.iter().for_each(|(_, stop)| stop.cancel());
        self.pump_tasks.close();
        let _ = tokio::time::timeout(limit, self.pump_tasks.wait()).await;
        let mut stopping = tokio::task::JoinSet::new();
        for lane in self.lanes.all() {
            stopping.spawn(async move { lane.link.stop(limit).await });
        }
        while stopping.join_next().await.is_some() {}
        self.background.stop.cancel();
        self.background.tasks.close();
        let _ = tokio::time::timeout(limit, self.background.tasks.wait()).await;
        if let Err(error) = self.stores.cluster.leave(self.incarnation).await {
            tracing::warn!(%error, "the run could not be ended in the store");
        }
        // A link and its lane know each other: the store is closed when nobody has it, so that circle is opened.
        self.lanes.clear();
    }

    /// The snapshot of users, links and routes now in force.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.current()
    }

    /// A link, to hold it or look at it.
    #[must_use]
    pub fn link(&self, link: &LinkId) -> Option<Arc<dyn Link>> {
        self.lanes.get(link).map(|lane| Arc::clone(&lane.link))
    }

    /// Tells when the process must stop.
    #[must_use]
    pub fn fatal(&self) -> Fatal {
        self.fatal.clone()
    }
}

/// Each link with the others of its account.
fn accounts(directory: &Directory) -> Vec<(LinkId, Vec<LinkId>)> {
    let shared = directory.links.iter().filter(|link| !link.same_account.is_empty());
    shared.map(|link| (link.id.clone(), link.same_account.clone())).collect()
}
