//! Telling a story: runs of the gateway one after the other, each in a runtime of its own that a kill drops with everything in it.

use crate::clients;
use crate::clock::StoryClock;
use crate::judge::{self, Judge};
use crate::link::SimLink;
use crate::plan::{DELIVERED_WITHIN, END, GRACE, Mode, Plan, STORM};
use crate::sink::Sink;
use crate::world::{Event, World, link_id};
use application::{Gateway, Installation, Settings};
use domain::directory::{Defaults, LinkId, LinkProfile};
use domain::message::Priority;
use domain::mo::{Destination, MoRule};
use domain::routing::{Pattern, Route, Way};
use fakes::{FakePasswords, MemoryTraffic, samples};
use ports::driven::{Clock, Deliver, Link, Stores};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::runtime::Builder;

/// How long the judge rests when nothing happens.
const LOOK: Duration = Duration::from_secs(5);
/// More runs than any story has.
const MOST_RUNS: u32 = 40;

/// What a story was about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages accepted.
    pub messages: u64,
    /// Segments written to operators.
    pub segments: usize,
    /// Messages marked as possible duplicates.
    pub marked: u64,
    /// Times the gateway was started.
    pub runs: u32,
    /// Received messages.
    pub received: u64,
}

impl Summary {
    /// Adds another story.
    pub fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.segments += other.segments;
        self.marked += other.marked;
        self.runs += other.runs;
        self.received += other.received;
    }
}

enum End {
    Killed,
    Over,
}

/// Tells the story of a seed.
///
/// # Errors
/// What did not hold, in words.
pub fn simulate(seed: u64, mode: Mode) -> Result<Summary, String> {
    let world = World::new(Plan::of(seed, mode));
    let mut judge = Judge::default();
    for _ in 0..MOST_RUNS {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|e| e.to_string())?;
        let end = runtime.block_on(run(&world, &mut judge));
        let told = world.state_told();
        let mut state = world.state();
        state.told = told;
        state.clock = None;
        drop(state);
        drop(runtime);
        match end {
            End::Killed => world.after_kill(),
            End::Over => break,
        }
    }
    if world.state().wrong.is_empty() {
        judge::end(&world);
    }
    verdict(&world)
}

fn verdict(world: &World) -> Result<Summary, String> {
    let audit = world.store.audit_now();
    let state = world.state();
    if !state.wrong.is_empty() {
        let mut wrong = state.wrong.clone();
        let count = wrong.len();
        wrong.truncate(10);
        return Err(format!(
            "{count} things are wrong, first:\n{}\nplan: {:?}",
            wrong.join("\n"),
            world.plan
        ));
    }
    Ok(Summary {
        messages: audit.accepted,
        segments: state.wires.len(),
        marked: audit.possible_duplicates,
        runs: state.run,
        received: world.plan.received,
    })
}

fn installation(plan: &Plan) -> Installation {
    let mut route = Route::new(Pattern::Any, vec![Way::Link(link_id(0)), Way::Link(link_id(1))]);
    route.fallback_after = 2;
    // The outcome of alarms is looked at: once by each link.
    let mut alarms = route.clone();
    alarms.priorities = vec![Priority::Alarm];
    alarms.reply_within = Some(Duration::from_secs(8));
    alarms.delivered_within = Some(DELIVERED_WITHIN);
    let destination = Some(Destination::Url("http://mo/".to_owned()));
    Installation {
        defaults: Defaults { receipt_grace: GRACE, ..Defaults::default() },
        users: vec![samples::user("crm")],
        links: vec![samples::profile("TS0"), LinkProfile { whole: plan.whole, ..samples::profile("TS1") }],
        routes: vec![alarms, route],
        mo_rules: vec![MoRule { number: None, user: None, destination, answers: false }],
        ..Installation::default()
    }
}

/// One run of the gateway, from its start to the kill or the end of the story.
async fn run(world: &Arc<World>, judge: &mut Judge) -> End {
    let clock = {
        let mut state = world.state();
        state.run += 1;
        let clock = StoryClock::after(state.told);
        state.clock = Some(clock.clone());
        clock
    };
    let gateway = tokio::select! {
        gateway = start(world, &clock) => gateway,
        () = killed(world) => return End::Killed,
    };
    let links: Vec<_> = [0, 1].map(|index| SimLink::new(index, world, gateway.receive())).into();
    links.iter().for_each(|link| gateway.attach(Arc::clone(link) as Arc<dyn Link>));
    loop {
        let next = world.state().next_at();
        let until = next.unwrap_or(END).min(clock.told() + LOOK);
        let mut happened = tokio::select! {
            () = world.changed.notified() => false,
            () = tokio::time::sleep_until(clock.when(until)) => true,
        };
        if world.state().killed {
            judge.step(world);
            return End::Killed;
        }
        if clock.told() >= STORM {
            world.state().calm = true;
        }
        loop {
            let due = world.state().due();
            let Some(event) = due else { break };
            happened = true;
            happen(world, &gateway, &links, event);
        }
        if !happened {
            continue;
        }
        judge.step(world);
        let failed = !world.state().wrong.is_empty();
        if failed || clock.told() >= END || (clock.told() > STORM + LOOK && judge::is_over(world)) {
            return End::Over;
        }
    }
}

async fn killed(world: &World) {
    while !world.state().killed {
        world.changed.notified().await;
    }
}

/// A start that fails is tried again, as a service manager does.
async fn start(world: &Arc<World>, clock: &StoryClock) -> Arc<Gateway> {
    loop {
        let stores = Stores::of(&world.store);
        let sink: Arc<dyn Deliver> = Arc::new(Sink { world: Arc::clone(world), tries: AtomicU64::new(0) });
        let outside = application::World {
            clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
            ids: Arc::clone(&world.ids) as _,
            passwords: Arc::new(FakePasswords::default()),
            traffic: Arc::new(MemoryTraffic::default()),
            quarantine: Arc::new(fakes::MemoryQuarantine::default()),
            notices: Arc::new(fakes::MemoryNotices::default()),
            http: Arc::clone(&sink),
            mail: sink,
        };
        match Gateway::start(Settings::default(), installation(&world.plan), stores, outside).await {
            Ok(gateway) => return gateway,
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

fn happen(world: &Arc<World>, gateway: &Arc<Gateway>, links: &[Arc<SimLink>], event: Event) {
    match event {
        Event::Submit(n) => drop(tokio::spawn(clients::submit(Arc::clone(world), Arc::clone(gateway), n))),
        Event::Cancel(n) => drop(tokio::spawn(clients::cancel(Arc::clone(world), Arc::clone(gateway), n))),
        Event::Reply { link, run, shipment } if run == world.state().run => {
            links.get(link).into_iter().for_each(|l| l.answer(shipment));
        }
        Event::Reply { .. } => {}
        Event::Die(link) => links.get(link).into_iter().for_each(|l| l.die()),
        Event::Up(link) => links.get(link).into_iter().for_each(|l| l.up()),
        Event::Kill { after } => world.state().kill = Some(after),
        Event::Receipt(n) => bring(world, gateway, links, n, event),
        Event::Mo(n) => bring(world, gateway, links, n, event),
    }
}

/// The operator brings a receipt or a received part; what is not taken comes again.
fn bring(world: &Arc<World>, gateway: &Arc<Gateway>, links: &[Arc<SimLink>], n: usize, event: Event) {
    let (world, receiver) = (Arc::clone(world), gateway.receive());
    let up = |name: &LinkId| links.iter().any(|l| l.id() == name && l.is_up());
    let (receipt, part) = {
        let state = world.state();
        let receipt =
            state.receipts.get(n).filter(|_| matches!(event, Event::Receipt(_))).map(|k| k.what.clone());
        let part = state.parts.get(n).filter(|_| matches!(event, Event::Mo(_))).map(|k| k.what.clone());
        (receipt, part)
    };
    let link = receipt.as_ref().map(|r| r.link.clone()).or(part.as_ref().map(|p| p.link.clone()));
    if link.is_some_and(|l| !up(&l)) {
        return world.at(world.state_told() + Duration::from_secs(1), event);
    }
    drop(tokio::spawn(async move {
        let taken = match (receipt, part) {
            (Some(receipt), _) => receiver.receipts(vec![receipt]).await.iter().all(Result::is_ok),
            (_, Some(part)) => receiver.mo(part).await.is_ok(),
            (None, None) => true,
        };
        if !taken {
            return world.at(world.state_told() + Duration::from_secs(2), event);
        }
        let mut state = world.state();
        match event {
            Event::Receipt(_) => state.receipts.get_mut(n).into_iter().for_each(|k| k.taken = true),
            _ => state.parts.get_mut(n).into_iter().for_each(|k| k.taken = true),
        }
    }));
}
