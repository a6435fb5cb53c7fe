//! Nodes that share a store: who dies is taken over, who lives is left alone.
#![allow(missing_docs, reason = "a test")]

mod stage;

use domain::directory::{LinkMode, LinkOrder};
use domain::message::MessageId;
use domain::receipt::Verdict;
use domain::routing::Condition;
use domain::state::State;
use fakes::{Fault, MemoryStore, Turn, samples};
use ports::driven::{Clock as _, DirectoryStore as _, Link as _, Outbox as _, StoreError};
use stage::{Node, Plan, installation, seconds};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a dead run may go unnoticed: the silence and a sign of life of those who notice.
const NOTICED: Duration = Duration::from_secs(13);

/// Two nodes; the second holds a message whose operator has not answered. Their clocks differ by so many seconds.
async fn two_nodes(skew: i64) -> (Arc<MemoryStore>, Node, Node, MessageId) {
    let store = Arc::new(MemoryStore::new());
    let plan = Plan { name: "b", ids: 2_000_000, ahead_by: skew, ..Plan::default() };
    let b = Node::start(&store, plan).await;
    b.link("TS0").usually(Turn::Wait);
    let held = b.send().await;
    b.link("TS0").until_taken(1).await;
    let a = Node::start(&store, Plan::default()).await;
    (store, a, b, held)
}

/// Both live, and the message is where it was.
fn undisturbed(store: &MemoryStore, a: &Node, b: &Node, held: MessageId) {
    assert_eq!((a.gateway.fatal().reason(), b.gateway.fatal().reason()), (None, None));
    let record = store.record(held).expect("the message");
    assert_eq!((record.state, record.possible_duplicate), (State::Sending, false));
    assert!(a.link("TS0").taken().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_dies_of_a_database_that_was_away() {
    for away in [5, 15, 60] {
        let (store, a, b, held) = two_nodes(0).await;
        let gone = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&gone);
        let lost = || StoreError::Unavailable("the server is gone".to_owned());
        store.fail_by(move |_| watched.load(Ordering::Acquire).then(|| Fault::Refuse(lost())));
        for _ in 0..3 {
            tokio::time::sleep(seconds(20)).await;
            gone.store(true, Ordering::Release);
            b.wire.cut(true);
            tokio::time::sleep(seconds(away)).await;
            gone.store(false, Ordering::Release);
            // One is back before the other, and finds its sign as old as the outage.
            tokio::time::sleep(seconds(2)).await;
            b.wire.cut(false);
        }
        tokio::time::sleep(seconds(60)).await;
        undisturbed(&store, &a, &b, held);
        b.link("TS0").answer(&Turn::Accept);
        store.until(held, |r| r.state == State::Sent).await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_dies_of_a_wrong_clock() {
    for skew in [-60, -8, 8, 60] {
        let (store, a, b, held) = two_nodes(skew).await;
        tokio::time::sleep(seconds(120)).await;
        undisturbed(&store, &a, &b, held);
    }
}

#[tokio::test(start_paused = true)]
async fn who_dies_is_taken_over() {
    for skew in [-60, 0, 60] {
        let (store, a, b, held) = two_nodes(skew).await;
        tokio::time::sleep(seconds(30)).await;
        b.wire.cut(true);
        let taken = tokio::time::timeout(NOTICED + Duration::from_millis(500), a.link("TS0").until_taken(1));
        let taken = taken.await.expect("taken over in time");
        assert_eq!(
            taken.iter().map(|s| (s.message.id, s.possible_duplicate)).collect::<Vec<_>>(),
            [(held, true)]
        );
        assert_eq!(a.gateway.fatal().reason(), None);
        b.wire.cut(false);
        let reason = tokio::time::timeout(seconds(10), b.gateway.fatal().raised()).await;
        assert!(reason.is_ok_and(|r| r.contains("another run")), "it hears of it when it is back");
        store.until(held, |r| r.state == State::Sent).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_own_earlier_run_is_taken_over_at_once() {
    let (store, a, _b, held) = two_nodes(0).await;
    let again = Node::start(&store, Plan { name: "b", ids: 3_000_000, ..Plan::default() }).await;
    let taken = async {
        tokio::select! {
            taken = a.link("TS0").until_taken(1) => taken,
            taken = again.link("TS0").until_taken(1) => taken,
        }
    };
    let taken = tokio::time::timeout(seconds(1), taken).await.expect("at once");
    assert_eq!(taken.first().map(|s| (s.message.id, s.possible_duplicate)), Some((held, true)));
}

/// Under another name the earlier run is nobody one knows: where a lock says that it is gone, that is enough.
#[tokio::test(start_paused = true)]
async fn who_serves_alone_waits_for_nobody() {
    for (alone, limit) in [(true, seconds(1)), (false, NOTICED)] {
        let store = Arc::new(MemoryStore::new());
        let plan = Plan { name: "old", ids: 2_000_000, alone, ..Plan::default() };
        let old = Node::start(&store, plan).await;
        old.link("TS0").usually(Turn::Wait);
        let held = old.send().await;
        old.wire.cut(true);
        let new = Node::start(&store, Plan { name: "new", alone, ..Plan::default() }).await;
        let taken = tokio::time::timeout(limit + Duration::from_millis(500), new.link("TS0").until_taken(1));
        let taken = taken.await.expect("taken over in time");
        assert_eq!(taken.first().map(|s| s.message.id), Some(held), "alone: {alone}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_left_is_taken_over_by_the_next_look() {
    let (store, a, b, held) = two_nodes(0).await;
    b.link("TS0").forget();
    b.gateway.stop(seconds(1)).await;
    let waiting = samples::queued(samples::message(7, a.clock.now()), &samples::link("TS0"));
    store.accept(samples::acceptance(vec![waiting])).await.expect("accepted");
    let taken = tokio::time::timeout(seconds(4), a.link("TS0").until_taken(2)).await.expect("soon");
    assert!(taken.iter().any(|s| s.message.id == held && s.possible_duplicate));
    assert!(taken.iter().any(|s| s.message.id == MessageId(7) && !s.possible_duplicate));
}

#[tokio::test(start_paused = true)]
async fn who_is_not_heard_sends_nothing_until_it_is() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan::default()).await;
    tokio::time::sleep(seconds(30)).await;
    let link = node.link("TS0");
    assert!(link.health().is_up());
    node.wire.cut(true);
    // The last sign of life was up to three seconds ago, and is good for eight.
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    assert!(link.health().is_up());
    assert_eq!(link.recalls(), 0);
    tokio::time::sleep(Duration::from_millis(3_400)).await;
    assert_eq!((link.health().condition, link.recalls()), (Condition::Held, 1));
    let waiting = node.send().await;
    tokio::time::sleep(seconds(30)).await;
    assert_eq!(store.record(waiting).map(|r| r.state), Some(State::Queued));
    assert!(link.taken().is_empty());
    assert_eq!(link.recalls(), 1);
    node.wire.cut(false);
    // Cut, a call is answered after five seconds, and the next follows a second later.
    let sent = tokio::time::timeout(Duration::from_millis(6_500), link.until_taken(1)).await;
    assert_eq!(
        sent.expect("it goes on").first().map(|s| (s.message.id, s.possible_duplicate)),
        Some((waiting, false))
    );
    assert_eq!(node.gateway.fatal().reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_people_paused_stays_so() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan::default()).await;
    let order = LinkOrder { link: samples::link("TS0"), mode: LinkMode::Paused, since: node.clock.now() };
    store.order_link(&order).await.expect("ordered");
    tokio::time::sleep(seconds(5)).await;
    for cut in [true, false] {
        node.wire.cut(cut);
        tokio::time::sleep(seconds(30)).await;
        assert_eq!(node.link("TS0").health().condition, Condition::Held, "cut: {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_serves_alone_need_not_be_heard() {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, ..Plan::default() }).await;
    node.wire.cut(true);
    tokio::time::sleep(seconds(60)).await;
    assert!(node.link("TS0").health().is_up());
    node.send().await;
    tokio::time::timeout(seconds(1), node.link("TS0").until_taken(1)).await.expect("sent");
}

/// One node loses the database, and lives: it has stopped sending when the other begins.
#[tokio::test(start_paused = true)]
async fn who_lost_the_database_stops_before_another_begins() {
    let (store, a, b, _) = two_nodes(0).await;
    tokio::time::sleep(seconds(30)).await;
    b.wire.cut(true);
    let begun = tokio::time::timeout(NOTICED + Duration::from_millis(500), a.link("TS0").until_taken(1));
    let (held_at, begun_at) = tokio::join!(
        async {
            while b.link("TS0").health().condition != Condition::Held {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            a.clock.monotonic()
        },
        async {
            begun.await.expect("taken over in time");
            a.clock.monotonic()
        }
    );
    assert!(held_at + Duration::from_millis(1_500) < begun_at, "{held_at:?} {begun_at:?}");
    b.wire.cut(false);
    b.gateway.fatal().raised().await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(b.link("TS0").health().condition, Condition::Held, "the dead send nothing more");
    assert!(store.records().iter().all(|r| r.possible_duplicate));
}

/// What one node's routes say of a message whose delivery is looked at.
fn watched(links: &[&str], of_the_route: &[&str]) -> application::Installation {
    let mut all = installation(links);
    all.routes = installation(of_the_route).routes;
    all.routes[0].delivered_within = Some(seconds(60));
    all
}

/// Two nodes with these links, whose routes know the last of them or do not; the first takes messages.
async fn with_links_of_their_own(
    order: [usize; 2],
    plans: [(&'static [&'static str], &[&str]); 2],
) -> (Arc<MemoryStore>, HashMap<usize, Node>) {
    let store = Arc::new(MemoryStore::new());
    let mut nodes = HashMap::new();
    for at in order {
        let (links, of_the_route) = plans[at];
        let (name, ids) = [("a", 1_000_000), ("b", 2_000_000)][at];
        let node = Node::start(&store, Plan { name, ids, links, ..Plan::default() }).await;
        node.gateway.install(watched(links, of_the_route));
        nodes.insert(at, node);
    }
    // Long enough for both to have heard of each other.
    tokio::time::sleep(seconds(10)).await;
    (store, nodes)
}

/// A node whose file does not have the modem neither forgets that an alarm is to go by it nor ends the alarm.
#[tokio::test(start_paused = true)]
async fn a_way_that_only_one_node_knows_is_gone() {
    let with: (&[&str], &[&str]) = (&["TS0", "MODEM"], &["TS0", "MODEM"]);
    let without: (&[&str], &[&str]) = (&["TS0"], &["TS0"]);
    for order in [[0, 1], [1, 0]] {
        for bad_receipt in [false, true] {
            let (store, nodes) = with_links_of_their_own(order, [with, without]).await;
            let modem = nodes[&0].link("MODEM");
            // Its own way is not up at first: others still wait.
            modem.set_condition(Condition::Down { since: nodes[&0].clock.now() });
            let id = nodes[&0].send().await;
            store.until(id, |r| r.state == State::Sent).await;
            if bad_receipt {
                nodes[&0].link("TS0").report_receipts(id, Verdict::Failed).await;
            }
            tokio::time::sleep(seconds(150)).await;
            modem.set_condition(Condition::Up);
            let gone = tokio::time::timeout(seconds(5), modem.until_taken(1)).await;
            assert!(gone.is_ok(), "{order:?} {bad_receipt}: {:?}", store.record(id));
            // When it has failed everywhere, the other does not wait for a link that is used up.
            if bad_receipt {
                modem.report_receipts(id, Verdict::Failed).await;
                let ended = store.until(id, |r| r.state == State::Failed);
                tokio::time::timeout(seconds(2), ended).await.expect("it ends");
            }
        }
    }
}

/// Each has a link that the other does not know and that no route of theirs has: neither waits for the other for ever.
#[tokio::test(start_paused = true)]
async fn links_that_help_nobody_delay_an_end_for_a_moment() {
    let one: (&[&str], &[&str]) = (&["TS0", "TS1", "X"], &["TS0", "TS1"]);
    let other: (&[&str], &[&str]) = (&["TS0", "TS1", "Y"], &["TS0", "TS1"]);
    let (store, nodes) = with_links_of_their_own([0, 1], [one, other]).await;
    let id = nodes[&0].send().await;
    for link in ["TS0", "TS1"] {
        store.until(id, |r| r.state == State::Sent && r.link.as_str() == link).await;
        // Whichever node sent it.
        for node in nodes.values() {
            node.link(link).report_receipts(id, Verdict::Failed).await;
        }
    }
    let ended = store.until(id, |r| r.state == State::Failed);
    tokio::time::timeout(seconds(12), ended).await.expect("it ends");
}
