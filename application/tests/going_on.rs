//! A message that goes on by another link: what it takes with it, and what begins anew.
#![allow(missing_docs, reason = "a test")]

mod stage;

use application::Installation;
use domain::routing::{Failure, FailureClass};
use fakes::{MemoryStore, Turn};
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

fn refusal(class: FailureClass) -> Turn {
    Turn::Refuse(Failure { class, code: "no".to_owned(), detail: String::new() })
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
    node.link("TS0").answer(&refusal(FailureClass::Temporary));
    tokio::time::sleep(seconds(9)).await;
    assert_eq!(taken(&node), [1, 1, 0], "half a second was left of the first one's");
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(taken(&node), [1, 1, 1]);
    assert!(node.link("TS2").taken()[0].possible_duplicate, "the second never answered");
}
