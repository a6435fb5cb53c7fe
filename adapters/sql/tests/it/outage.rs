//! A server that goes away and comes back: callers are told in time, nothing accepted is lost, and work goes on by itself.

use crate::ports_of::options;
use crate::wire::Wire;
use crate::{mysql, postgres};
use domain::message::MessageId;
use fakes::{ManualClock, samples};
use ports::driven::{Clock, StoreError, Stores};

use std::time::Duration;

/// How long callers may have to wait for an answer, and the store to find the server again.
const PATIENCE: Duration = Duration::from_secs(10);

async fn accept(stores: &Stores, id: i64) -> Result<(), StoreError> {
    let now = ManualClock::default().now();
    let new = samples::queued(samples::message(id, now), &samples::link("TS0"));
    let answer = stores.outbox.accept(samples::acceptance(vec![new]));
    tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time").map(|_| ())
}

async fn goes_away_and_comes_back(url: String) {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (before, place) = rest.split_once('@').expect("a user");
    let (server, database) = place.split_once('/').expect("a database");
    let wire = Wire::to(server.to_owned()).await;
    let url = format!("{scheme}://{before}@{}/{database}", wire.address);
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("the store opens");
    let stores = &opened.stores;
    accept(stores, 1).await.expect("accepted");
    wire.set(false);
    for id in 2..5 {
        assert!(matches!(accept(stores, id).await, Err(StoreError::Unavailable(_))), "{id}");
    }
    assert!(matches!(stores.reports.ping().await, Err(StoreError::Unavailable(_))));
    wire.set(true);
    let mut id = 10;
    let again = async {
        while accept(stores, id).await.is_err() {
            id += 1;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("it finds the server again");
    for known in [1, id] {
        let read = async {
            loop {
                // Connections that read notice one after another that they are of no use any more.
                if let Ok(found) = stores.reports.message(MessageId(known)).await {
                    return found;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, read).await.expect("it reads again");
        assert!(found.is_some(), "{known} is there");
    }
    let audit = stores.reports.audit().await.expect("it counts");
    assert_eq!((audit.accepted, audit.wrong), (2, Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_goes_away() {
    if let Some(url) = postgres::empty().await {
        goes_away_and_comes_back(url).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_goes_away() {
    if let Some(url) = mysql::empty().await {
        goes_away_and_comes_back(url).await;
    }
}
