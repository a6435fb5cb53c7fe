//! A link that cannot send: what can goes by another, what cannot keeps its place and is left alone.
#![allow(missing_docs, reason = "a test")]

mod stage;

use application::Installation;
use domain::Timestamp;
use domain::routing::{Condition, Pattern, Route, Way};
use domain::state::State;
use fakes::{Call, MemoryStore, samples};
use ports::driven::{Clock as _, Outbox as _};
use stage::{Node, Plan, seconds};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Messages that no other link can take.
const STUCK: i64 = 2_300;

fn by(links: &[&str]) -> Vec<Way> {
    links.iter().map(|name| Way::Link(samples::link(name))).collect()
}

/// One number may go by either link, all others by the first alone.
fn installation() -> Installation {
    Installation {
        routes: vec![
            Route::new(Pattern::Prefix("46709".to_owned()), by(&["A", "B"])),
            Route::new(Pattern::Any, by(&["A"])),
        ],
        ..stage::installation(&["A", "B"])
    }
}

async fn queue(store: &MemoryStore, ids: impl Iterator<Item = i64>, to: Option<&str>, now: Timestamp) {
    let messages = ids.map(|id| {
        let mut message = samples::message(id, now);
        if let Some(to) = to {
            message.recipient = samples::recipient(to);
        }
        samples::queued(message, &samples::link("A"))
    });
    store.accept(samples::acceptance(messages.collect())).await.expect("accepted");
}

fn taken(node: &Node, link: &str) -> Vec<i64> {
    node.link(link).taken().iter().map(|s| s.message.id.0).collect()
}

/// Counts calls that change messages.
fn counted(store: &MemoryStore) -> Arc<AtomicUsize> {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    store.fail_by(move |call| {
        if call == Call::Settle {
            count.fetch_add(1, Ordering::Relaxed);
        }
        None
    });
    calls
}

#[tokio::test(start_paused = true)]
async fn what_can_goes_by_another_and_the_rest_keeps_its_place() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { links: &["A", "B"], ..Plan::default() }).await;
    node.gateway.install(installation());
    node.link("A").set_condition(Condition::Held);
    node.link("B").set_condition(Condition::Held);
    queue(&store, 1..=STUCK, None, node.clock.now()).await;
    queue(&store, 5_000..=5_001, Some("46709000001"), node.clock.now()).await;
    let calls = counted(&store);
    node.link("B").set_condition(Condition::Up);
    let moved = tokio::time::timeout(seconds(3), node.link("B").until_taken(2)).await;
    moved.expect("they are found behind the others");
    tokio::time::sleep(seconds(60)).await;
    assert_eq!(taken(&node, "B"), [5_000, 5_001]);
    let once = calls.load(Ordering::Relaxed);
    assert!(once < 40, "{once} calls: looked at once");

    tokio::time::sleep(seconds(240)).await;
    assert_eq!(calls.load(Ordering::Relaxed), once, "and left alone");
    let left: Vec<_> = store.records().into_iter().filter(|r| r.message.id.0 <= STUCK).collect();
    assert!(left.iter().all(|r| r.state == State::Queued && r.link == samples::link("A")));

    // What comes meanwhile is looked at too.
    queue(&store, 6_000..=6_000, Some("46709000001"), node.clock.now()).await;
    tokio::time::timeout(seconds(1), node.link("B").until_taken(3)).await.expect("it goes");

    // And what comes as it goes on does not overtake.
    let recipient = Some("46700000001");
    queue(&store, 7_000..=7_000, recipient, node.clock.now()).await;
    node.link("A").set_condition(Condition::Up);
    tokio::time::timeout(seconds(5), node.link("A").until_taken(STUCK as usize + 1)).await.expect("all");
    let order: Vec<i64> = (1..=STUCK).chain([7_000]).collect();
    assert_eq!(taken(&node, "A"), order);
}

#[tokio::test(start_paused = true)]
async fn another_link_or_another_route_is_a_reason_to_look_again() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { links: &["A", "B"], ..Plan::default() }).await;
    node.gateway.install(installation());
    node.link("A").set_condition(Condition::Held);
    queue(&store, 1..=700, None, node.clock.now()).await;
    tokio::time::sleep(seconds(60)).await;
    assert!(taken(&node, "B").is_empty());
    node.gateway.install(stage::installation(&["A", "B"]));
    tokio::time::timeout(seconds(3), node.link("B").until_taken(700)).await.expect("all go by the other");
    assert_eq!(taken(&node, "B"), (1..=700).collect::<Vec<_>>());
}
