//! A message that goes on by another link: what it takes with it, and what begins anew.
#![allow(missing_docs, reason = "a test")]

mod stage;

use application::Installation;
use domain::message::MessageId;
use domain::routing::{Condition, DoubtPolicy, Failure, FailureClass};
use domain::state::State;
use fakes::{MemoryStore, Turn};
use ports::driven::{Clock as _, PartReply, Shipment};
use stage::{Node, Plan, installation, seconds};
use std::sync::Arc;
use std::time::Duration;

const LINKS: &[&str] = &["TS0", "TS1", "TS2"];

/// A node with three links in a row whose operators say nothing yet, and this route over them.
async fn node(change: impl FnOnce(&mut domain::routing::Route)) -> (Arc<MemoryStore>, Node) {
    let store = Arc::new(MemoryStore::new());
    let node = Node::start(&store, Plan { alone: true, links: LINKS, ..Plan::default() }).await;
    let mut all: Installation = installation(LINKS);
    change(&mut all.routes[0]);
    node.gateway.install(all);
    LINKS.iter().for_each(|link| node.link(link).usually(Turn::Wait));
    (store, node)
}

fn failure(class: FailureClass) -> Failure {
    Failure { class, code: "no".to_owned(), detail: String::new() }
}

/// Which segments a shipment has.
fn seqs(shipment: &Shipment) -> Vec<u8> {
    shipment.segments.iter().map(|(seq, _)| *seq).collect()
}

/// How many messages each link has taken.
fn taken(node: &Node) -> Vec<usize> {
    LINKS.iter().map(|link| node.link(link).taken().len()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_link_has_all_its_time() {
    let (_store, node) = node(|route| {
        route.reply_within = Some(seconds(10));
        route.fallback_on = vec!["temporary".to_owned()];
    })
    .await;
    node.send().await;
    tokio::time::sleep(Duration::from_millis(9_500)).await;
    node.link("TS0").answer(&Turn::Refuse(failure(FailureClass::Temporary)));
    tokio::time::sleep(seconds(9)).await;
    assert_eq!(taken(&node), [1, 1, 0], "half a second was left of the first one's");
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(taken(&node), [1, 1, 1]);
    assert!(node.link("TS2").taken()[0].possible_duplicate, "the second never answered");
}

/// One segment of two was never answered, and the other was refused for now, or never left.
#[tokio::test(start_paused = true)]
async fn the_word_on_doubt_is_heard_also_when_another_segment_is_refused() {
    let refused = PartReply::Refused(failure(FailureClass::Temporary));
    for rest in [refused, PartReply::NotOffered] {
        let turn = Turn::Parts(vec![PartReply::Unanswered, rest]);

        let (store, node) = node(|route| route.doubt = DoubtPolicy::Fail).await;
        node.link("TS0").reply_with([turn.clone()]);
        let id = node.send_long().await;
        store.until(id, |r| r.state == State::Failed).await;
        tokio::time::sleep(seconds(120)).await;
        assert_eq!(taken(&node), [1, 0, 0], "nothing is sent twice");

        let (store, node) = self::node(|route| route.doubt = DoubtPolicy::AssumeSent).await;
        node.link("TS0").usually(Turn::Accept);
        node.link("TS0").reply_with([turn]);
        let id = node.send_long().await;
        store.until(id, |r| r.state == State::Sent).await;
        let shipments: Vec<_> = LINKS
            .iter()
            .flat_map(|link| node.link(link).taken())
            .map(|s| (seqs(&s), s.possible_duplicate))
            .collect();
        assert_eq!(shipments, [(vec![1, 2], false), (vec![2], false)], "the rest goes, and nothing twice");
    }
}

/// The operator took one segment of two, and its link dies: another sends both, and nobody has to join what two have sent.
#[tokio::test(start_paused = true)]
async fn what_is_begun_goes_by_another_link_whole() {
    for rest in [PartReply::NotOffered, PartReply::Refused(failure(FailureClass::Temporary))] {
        let (store, node, id) = begun(DoubtPolicy::Resend, rest.clone()).await;
        assert_eq!(taken(&node), [1, 1, 0]);
        let second = &node.link("TS1").taken()[0];
        assert_eq!((seqs(second), second.possible_duplicate), (vec![1, 2], true));
        let record = store.record(id).expect("the message");
        assert_eq!((record.state, record.link.as_str()), (State::Sent, "TS1"));
        assert_eq!(record.parts.past().len(), 1);

        let (store, node, id) = begun(DoubtPolicy::Fail, rest).await;
        assert_eq!(taken(&node), [1, 0, 0], "it waits for its own link");
        node.link("TS0").set_condition(Condition::Up);
        store.until(id, |r| r.state == State::Sent).await;
        let second = &node.link("TS0").taken()[1];
        assert_eq!((seqs(second), second.possible_duplicate), (vec![2], false));
    }
}

/// The first link took a segment, replied this to the other, and has been down for a minute.
async fn begun(doubt: DoubtPolicy, rest: PartReply) -> (Arc<MemoryStore>, Node, MessageId) {
    let (store, node) = node(|route| route.doubt = doubt).await;
    let first = node.link("TS0");
    let accepted = PartReply::Accepted { operator_id: "a1".to_owned() };
    LINKS.iter().for_each(|link| node.link(link).usually(Turn::Accept));
    first.reply_with([Turn::Parts(vec![accepted, rest])]);
    let id = node.send_long().await;
    first.until_taken(1).await;
    first.set_condition(Condition::Down { since: node.clock.now() });
    tokio::time::sleep(seconds(60)).await;
    (store, node, id)
}

/// What waits for a link that is down goes by what its route says now, also when that does not name the link any more.
#[tokio::test(start_paused = true)]
async fn a_route_that_leaves_out_its_link_takes_along_what_waits_for_it() {
    for parked in [false, true] {
        let (store, node) = node(|route| route.ways.truncate(1)).await;
        let since = node.clock.now();
        let down = if parked { Condition::Parked { since } } else { Condition::Down { since } };
        node.link("TS0").set_condition(down);
        let ids = [node.send().await, node.send().await];
        tokio::time::sleep(seconds(300)).await;
        assert_eq!(taken(&node), [0, 0, 0]);

        // The one it names is not up yet either.
        node.link("TS1").set_condition(Condition::Down { since });
        node.gateway.install(route_over("TS1"));
        tokio::time::sleep(seconds(60)).await;
        assert_eq!(taken(&node), [0, 0, 0]);

        node.link("TS1").usually(Turn::Accept);
        node.link("TS1").set_condition(Condition::Up);
        for id in ids {
            let sent = store.until(id, |r| r.state == State::Sent);
            tokio::time::timeout(seconds(2), sent).await.expect("sent by the other");
        }
        assert_eq!(taken(&node), [0, 2, 0]);
    }
}

/// All three links, and a route over one of them.
fn route_over(link: &str) -> Installation {
    let mut all = installation(LINKS);
    all.routes[0].ways.retain(|way| way.first().is_some_and(|first| first.as_str() == link));
    all
}

/// A link that wrote a message once more for silence says so, and the message is marked though it had one turn; where the route forbids it the
/// link is told.
#[tokio::test(start_paused = true)]
async fn what_its_link_wrote_twice_is_marked() {
    for (doubt, once) in
        [(DoubtPolicy::Resend, false), (DoubtPolicy::AssumeSent, true), (DoubtPolicy::Fail, true)]
    {
        let (store, node) = node(|route| route.doubt = doubt).await;
        let twice = [node.send().await, node.send().await];
        node.link("TS0").until_taken(2).await;
        assert!(node.link("TS0").taken().iter().all(|shipment| shipment.once == once), "{doubt:?}");
        node.link("TS0").repeat();
        node.link("TS0").answer(&Turn::Accept);
        for id in twice {
            assert!(store.until(id, |r| r.state == State::Sent).await.possible_duplicate);
        }
        let id = node.send().await;
        node.link("TS0").until_taken(3).await;
        node.link("TS0").answer(&Turn::Accept);
        assert!(!store.until(id, |r| r.state == State::Sent).await.possible_duplicate);
    }
}
