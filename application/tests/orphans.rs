//! What waits for a link that nobody has any more goes by its routes.
#![allow(missing_docs, reason = "a test")]

mod stage;

use domain::Timestamp;
use domain::message::{MessageId, Priority};
use domain::routing::Condition;
use domain::state::State;
use fakes::{MemoryStore, samples};
use ports::driven::{Clock as _, Outbox as _};
use stage::{Node, Plan, installation, seconds};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// How long a link is left alone that another node may bring back.
const GRACE: Duration = Duration::from_secs(15);

/// A little more.
fn and_a_little(time: Duration) -> Duration {
    time + Duration::from_millis(600)
}

/// Messages that wait for a link.
async fn waiting(store: &MemoryStore, link: &str, ids: std::ops::RangeInclusive<i64>, now: Timestamp) {
    let link = samples::link(link);
    let messages = ids.map(|id| samples::queued(samples::message(id, now), &link)).collect();
    store.accept(samples::acceptance(messages)).await.expect("accepted");
}

/// The names of what a link has taken, in order; none may be marked.
fn taken(node: &Node, link: &str) -> Vec<i64> {
    let taken = node.link(link).taken();
    assert!(taken.iter().all(|s| !s.possible_duplicate));
    taken.iter().map(|s| s.message.id.0).collect()
}

#[tokio::test(start_paused = true)]
async fn a_link_is_replaced_by_another() {
    let store = Arc::new(MemoryStore::new());
    let mut node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    node.link("TS0").set_condition(Condition::Down { since: node.clock.now() });
    waiting(&store, "TS0", 1..=1_200, node.clock.now()).await;
    tokio::time::sleep(seconds(60)).await;

    node.gateway.install(installation(&["TS1"]));
    node.gateway.detach(&samples::link("TS0"), seconds(1)).await;
    node.attach("TS1");
    let new = node.send().await;
    let all = tokio::time::timeout(and_a_little(LOOK), node.link("TS1").until_taken(1_201)).await;
    all.expect("all go by the new link");
    let old: Vec<i64> = taken(&node, "TS1").into_iter().filter(|id| *id != new.0).collect();
    assert_eq!(old, (1..=1_200).collect::<Vec<_>>(), "in their order");
    for id in 1..=1_200 {
        store.until(MessageId(id), |r| r.state == State::Sent).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_no_way_is_up_it_waits_for_the_first() {
    let store = Arc::new(MemoryStore::new());
    let links: &[&str] = &["TS1", "TS2"];
    let node = Node::start(&store, Plan { alone: true, links, ..Plan::default() }).await;
    for link in links {
        node.link(link).set_condition(Condition::Down { since: node.clock.now() });
    }
    waiting(&store, "GONE", 1..=3, node.clock.now()).await;
    let moved = store.until(MessageId(3), |r| r.link == samples::link("TS1"));
    tokio::time::timeout(and_a_little(LOOK), moved).await.expect("moved");
    node.link("TS1").set_condition(Condition::Up);
    tokio::time::timeout(seconds(1), node.link("TS1").until_taken(3)).await.expect("sent");
    assert_eq!(taken(&node, "TS1"), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_no_route_has_a_link_for_waits_until_one_has() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, links: &["TS1"], ..Plan::default() }).await;
    let mut without = installation(&["TS1"]);
    without.routes.clear();
    node.gateway.install(without);
    waiting(&store, "GONE", 1..=700, node.clock.now()).await;
    tokio::time::sleep(seconds(70 * 60)).await;
    let left = |r: &ports::driven::MessageRecord| (r.link.as_str() == "GONE", r.state, r.tries.total);
    assert!(store.records().iter().all(|r| left(r) == (true, State::Queued, 0)));

    let new = node.clock.now();
    node.gateway.install(installation(&["TS1"]));
    let all = tokio::time::timeout(and_a_little(LOOK), node.link("TS1").until_taken(700)).await;
    all.expect("they go when there is a route");
    assert_eq!(taken(&node, "TS1"), (1..=700).collect::<Vec<_>>(), "in their order");
    assert!(node.link("TS1").taken().iter().all(|s| s.message.due_at < new), "their places are the old ones");
}

/// One that has no way must not hold back another that is due only later.
#[tokio::test(start_paused = true)]
async fn what_becomes_due_behind_one_without_a_route_goes() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, links: &["TS1"], ..Plan::default() }).await;
    let mut some = installation(&["TS1"]);
    some.routes[0].priorities = vec![Priority::Alarm];
    node.gateway.install(some);
    waiting(&store, "GONE", 1..=1, node.clock.now()).await;
    let mut later = samples::message(2, samples::later(node.clock.now(), seconds(60)));
    later.priority = Priority::Alarm;
    let later = samples::queued(later, &samples::link("GONE"));
    store.accept(samples::acceptance(vec![later])).await.expect("accepted");
    tokio::time::sleep(seconds(50)).await;
    assert_eq!(taken(&node, "TS1"), Vec::<i64>::new());
    let due = tokio::time::timeout(seconds(16), node.link("TS1").until_taken(1)).await;
    due.expect("it goes when it is due");
    assert_eq!(taken(&node, "TS1"), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_another_node_has_is_left_alone() {
    let store = Arc::new(MemoryStore::new());
    let plan = Plan { name: "b", ids: 2_000_000, links: &["MODEM"], ..Plan::default() };
    let b = Node::start(&store, plan).await;
    b.link("MODEM").set_condition(Condition::Down { since: b.clock.now() });
    let a = Node::start(&store, Plan::default()).await;
    waiting(&store, "MODEM", 1..=3, a.clock.now()).await;
    tokio::time::sleep(seconds(600)).await;
    assert!(taken(&a, "TS0").is_empty());
    b.link("MODEM").set_condition(Condition::Up);
    tokio::time::timeout(seconds(1), b.link("MODEM").until_taken(3)).await.expect("by its own node");

    // The node dies, and comes back before its patience is over; then for good.
    b.link("MODEM").set_condition(Condition::Down { since: b.clock.now() });
    waiting(&store, "MODEM", 4..=6, a.clock.now()).await;
    b.gateway.stop(seconds(1)).await;
    tokio::time::sleep(seconds(12)).await;
    let plan = Plan { name: "b", ids: 3_000_000, links: &["MODEM"], ..Plan::default() };
    let b = Node::start(&store, plan).await;
    b.link("MODEM").set_condition(Condition::Down { since: b.clock.now() });
    tokio::time::sleep(seconds(600)).await;
    assert!(taken(&a, "TS0").is_empty(), "a restart takes a moment");

    b.wire.cut(true);
    // Noticed, left alone for a while, and looked at.
    let limit = and_a_little(seconds(13) + GRACE + 2 * LOOK);
    tokio::time::timeout(limit, a.link("TS0").until_taken(3)).await.expect("its messages go by another");
    assert_eq!(taken(&a, "TS0"), [4, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn two_nodes_at_once_send_each_message_once() {
    let store = Arc::new(MemoryStore::new());
    let a = Node::start(&store, Plan::default()).await;
    let b = Node::start(&store, Plan { name: "b", ids: 2_000_000, ..Plan::default() }).await;
    waiting(&store, "GONE", 1..=3_000, a.clock.now()).await;
    tokio::time::sleep(GRACE - seconds(1)).await;
    assert!(taken(&a, "TS0").is_empty() && taken(&b, "TS0").is_empty());
    tokio::time::sleep(and_a_little(2 * LOOK)).await;
    let all: Vec<i64> = taken(&a, "TS0").into_iter().chain(taken(&b, "TS0")).collect();
    assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (3_000, 3_000));
    assert!(store.records().iter().all(|r| r.state == State::Sent && !r.possible_duplicate));
}
