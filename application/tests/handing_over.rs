//! What waits to be handed over in the store goes as fast as its receiver takes it.
#![allow(missing_docs, reason = "a test")]

use application::{Gateway, Installation, Settings, World};
use domain::message::{Callback, Incarnation, MessageId, Told};
use fakes::{
    FakeDeliver, FakePasswords, ManualClock, MemoryNotices, MemoryQuarantine, MemoryStore, MemoryTraffic,
    SequentialIds, samples,
};
use ports::driven::{Clock as _, Dispatch as _, Outbox as _, Stores};
use std::sync::Arc;
use std::time::Duration;

/// Handoffs left by an earlier run: many times what is taken from the store in one go.
const LEFT: i64 = 5_000;

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_store_follows_at_once() {
    let (store, clock, link) =
        (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()), samples::link("TS0"));
    let (run, now) = (Incarnation(1), clock.now());
    let messages = (1..=LEFT).map(|id| {
        let mut message = samples::message(id, now);
        message.callback =
            Some(Callback::Json { url: "http://a.example/sent".to_owned(), told: Told::Every });
        samples::sending(message, &link, run)
    });
    store.accept(samples::acceptance(messages.collect())).await.expect("stored");
    let settlements = (1..=LEFT).map(|id| {
        let mut sent = samples::sent(MessageId(id), run, &link, now, &[&format!("a{id}")]);
        sent.tell = true;
        sent
    });
    store.settle(settlements.collect()).await.expect("stored");

    let http = Arc::new(FakeDeliver::default());
    let stores = Stores::of(&store);
    let world = World {
        clock,
        ids: Arc::new(SequentialIds::default()),
        passwords: Arc::new(FakePasswords::default()),
        traffic: Arc::new(MemoryTraffic::default()),
        quarantine: Arc::new(MemoryQuarantine::default()),
        notices: Arc::new(MemoryNotices::default()),
        http: http.clone(),
        mail: Arc::new(FakeDeliver::default()),
    };
    let gateway =
        Gateway::start(Settings::default(), Installation::default(), stores, world).await.expect("a gateway");
    // By looking twice a second it would take five.
    let all = tokio::time::timeout(Duration::from_secs(2), http.until(LEFT as usize)).await;
    assert_eq!(all.map(|tries| tries.len()).ok(), Some(LEFT as usize));
    gateway.stop(Duration::from_secs(1)).await;
}
