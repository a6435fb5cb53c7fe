//! A gateway over a store that it may share, in the time of a paused runtime.
#![allow(dead_code, reason = "each story needs some of it")]

use application::{Gateway, Installation, Settings, World};
use async_trait::async_trait;
use domain::Timestamp;
use domain::access::Sender;
use domain::directory::LinkId;
use domain::message::{Door, Incarnation, MessageId};
use domain::routing::{Pattern, Route, Way};
use domain::submission::Request;
use fakes::{
    FakeDeliver, FakeLink, FakePasswords, MemoryNotices, MemoryQuarantine, MemoryStore, MemoryTraffic,
    RuntimeClock, SequentialIds, samples,
};
use ports::driven::{Clock, Cluster, Held, Leased, Neighbour, StoreError, Stores};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// So many seconds.
pub fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A node.
pub struct Node {
    pub gateway: Arc<Gateway>,
    pub clock: RuntimeClock,
    pub wire: Arc<Wire>,
    pub links: Vec<Arc<FakeLink>>,
}

/// How a node is begun.
pub struct Plan {
    pub name: &'static str,
    /// Names of what it makes begin after this.
    pub ids: i64,
    /// How wrong its clock is.
    pub ahead_by: i64,
    pub links: &'static [&'static str],
    pub alone: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { name: "a", ids: 1_000_000, ahead_by: 0, links: &["TS0"], alone: false }
    }
}

/// A route for everybody over these links, in their order.
pub fn installation(links: &[&str]) -> Installation {
    let ways = links.iter().map(|name| Way::Link(samples::link(name))).collect();
    Installation {
        users: vec![samples::user("crm")],
        links: links.iter().map(|name| samples::profile(name)).collect(),
        routes: vec![Route::new(Pattern::Any, ways)],
        ..Installation::default()
    }
}

impl Node {
    /// Starts a node and attaches its links.
    pub async fn start(store: &Arc<MemoryStore>, plan: Plan) -> Self {
        let clock = RuntimeClock::ahead_by(plan.ahead_by);
        let wire = Arc::new(Wire { store: Arc::clone(store), cut: AtomicBool::new(false) });
        let stores = Stores { cluster: wire.clone(), ..Stores::of(store) };
        let world = World {
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SequentialIds::after(plan.ids)),
            passwords: Arc::new(FakePasswords::default()),
            traffic: Arc::new(MemoryTraffic::default()),
            quarantine: Arc::new(MemoryQuarantine::default()),
            notices: Arc::new(MemoryNotices::default()),
            http: Arc::new(FakeDeliver::default()),
            mail: Arc::new(FakeDeliver::default()),
        };
        let settings = Settings { node: plan.name.to_owned(), alone: plan.alone, ..Settings::default() };
        let gateway =
            Gateway::start(settings, installation(plan.links), stores, world).await.expect("a gateway");
        let mut node = Self { gateway, clock, wire, links: Vec::new() };
        for name in plan.links {
            node.attach(name);
        }
        node
    }

    /// Attaches another link.
    pub fn attach(&mut self, name: &str) {
        let link = FakeLink::new(samples::link(name), Arc::new(self.clock.clone()) as Arc<dyn Clock>);
        link.attach(Some(self.gateway.receive()));
        self.gateway.attach(link.clone());
        self.links.push(link);
    }

    /// A link of its own.
    pub fn link(&self, name: &str) -> &Arc<FakeLink> {
        let id: LinkId = samples::link(name);
        self.links.iter().rev().find(|link| *ports::driven::Link::id(link.as_ref()) == id).expect("the link")
    }

    /// Sends a message; its name.
    pub async fn send(&self) -> MessageId {
        self.send_text("Hej!").await
    }

    /// Sends a message of two segments; its name.
    pub async fn send_long(&self) -> MessageId {
        self.send_text(&"Hej! ".repeat(40)).await
    }

    async fn send_text(&self, text: &str) -> MessageId {
        let directory = self.gateway.directory();
        let user = directory.users.values().next().expect("a user");
        let sender = Sender::internal(Arc::clone(user), Door::Http);
        let request = Request::text(vec!["+46701234567".to_owned()], text.to_owned());
        let accepted = self.gateway.submit().submit(&sender, request).await.expect("accepted");
        accepted.messages().first().expect("a message").id
    }
}

/// What a node's signs of life go over. Cut, nothing is ever answered: for everybody else the node is dead.
pub struct Wire {
    store: Arc<MemoryStore>,
    cut: AtomicBool,
}

impl Wire {
    /// Cuts it or mends it.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Release);
    }

    async fn carry<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if self.cut.load(Ordering::Acquire) {
            tokio::time::sleep(seconds(5)).await;
            return Err(StoreError::Unavailable("no answer from the database in time".to_owned()));
        }
        call.await
    }
}

#[async_trait]
impl Cluster for Wire {
    async fn number(&self, node: &str, wish: u16) -> Result<u16, StoreError> {
        self.carry(self.store.number(node, wish)).await
    }

    async fn join(
        &self,
        node: &str,
        run: Incarnation,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.carry(self.store.join(node, run, now)).await
    }

    async fn beat(
        &self,
        run: Incarnation,
        now: Timestamp,
        links: &[LinkId],
    ) -> Result<Option<Vec<Neighbour>>, StoreError> {
        self.carry(self.store.beat(run, now, links)).await
    }

    async fn take_over(
        &self,
        by: Incarnation,
        now: Timestamp,
        silent: &[Neighbour],
        limit: usize,
    ) -> Result<Vec<Leased>, StoreError> {
        self.carry(self.store.take_over(by, now, silent, limit)).await
    }

    async fn held(&self, by: Incarnation, limit: usize) -> Result<Held, StoreError> {
        self.carry(self.store.held(by, limit)).await
    }

    async fn let_go(&self, by: Incarnation, what: Held, in_doubt: bool) -> Result<usize, StoreError> {
        self.carry(self.store.let_go(by, what, in_doubt)).await
    }

    async fn leave(&self, run: Incarnation) -> Result<(), StoreError> {
        self.carry(self.store.leave(run)).await
    }
}
