//! A gateway over a store in memory, with links that answer by script and a clock that goes with the runtime's.

use application::{Gateway, Installation, Settings, World};
use domain::directory::LinkId;
use domain::message::Body;
use domain::state::State;
use fakes::{
    FakeLink, FakePasswords, ManualClock, MemoryNotices, MemoryQuarantine, MemoryStore, MemoryTraffic,
    SequentialIds, samples,
};
use ports::driven::{Deliver, MessageRecord, Stores};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What outlives a run of the gateway, and the run.
pub struct Rig {
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub ids: Arc<SequentialIds>,
    pub notices: Arc<MemoryNotices>,
    pub gateway: Arc<Gateway>,
    links: HashMap<LinkId, Arc<FakeLink>>,
}

/// Starts a run over what there is.
async fn run(
    installation: &Installation,
    http: Arc<dyn Deliver>,
    store: &Arc<MemoryStore>,
    clock: &Arc<ManualClock>,
    ids: &Arc<SequentialIds>,
    notices: &Arc<MemoryNotices>,
) -> Arc<Gateway> {
    let stores = Stores::of(store);
    let world = World {
        clock: clock.clone(),
        ids: ids.clone(),
        passwords: Arc::new(FakePasswords::default()),
        traffic: Arc::new(MemoryTraffic::default()),
        quarantine: Arc::new(MemoryQuarantine::default()),
        notices: notices.clone(),
        mail: http.clone(),
        http,
    };
    Gateway::start(Settings::default(), installation.clone(), stores, world).await.expect("a gateway")
}

impl Rig {
    /// A gateway with these links, all up.
    pub async fn start(installation: &Installation, http: Arc<dyn Deliver>) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
        let (ids, notices) = (Arc::new(SequentialIds::default()), Arc::new(MemoryNotices::default()));
        let gateway = run(installation, http, &store, &clock, &ids, &notices).await;
        let mut links = HashMap::new();
        for profile in &installation.links {
            let link = FakeLink::new(profile.id.clone(), clock.clone());
            link.attach(Some(gateway.receive()));
            gateway.attach(link.clone());
            links.insert(profile.id.clone(), link);
        }
        Self { store, clock, ids, notices, gateway, links }
    }

    /// Stops it in good order and starts another over the same store.
    pub async fn restart(&mut self, installation: &Installation, http: Arc<dyn Deliver>) {
        self.gateway.stop(Duration::from_secs(1)).await;
        self.gateway = run(installation, http, &self.store, &self.clock, &self.ids, &self.notices).await;
    }

    /// A link.
    pub fn link(&self, name: &str) -> &Arc<FakeLink> {
        &self.links[&samples::link(name)]
    }

    /// Lets time pass, by the clock and for the tasks.
    pub async fn pass(&self, time: Duration) {
        for _ in 0..time.as_secs() {
            self.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Every message whose text holds these words.
    pub fn saying(&self, words: &str) -> Vec<MessageRecord> {
        let mut all = self.store.records();
        all.retain(|r| matches!(&r.message.body, Body::Text { text, .. } if text.contains(words)));
        all
    }

    /// By which links messages with these words were sent.
    pub fn sent_by(&self, words: &str) -> Vec<String> {
        let sent = |r: &MessageRecord| (r.state == State::Sent).then(|| r.link.to_string());
        self.saying(words).iter().filter_map(sent).collect()
    }
}
