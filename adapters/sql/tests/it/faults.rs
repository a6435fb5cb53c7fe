//! A store that is stopped or hurt at each of its fail points.
//!
//! Fail points belong to the process, and other tests run in this one: each case runs in a child, which is this very test binary
//! asked for one test, with the case named in the environment.

use crate::ports_of::options;
use domain::directory::UserName;
use domain::message::{Incarnation, Message, MessageId, Priority};
use domain::state::State;
use fakes::{ManualClock, samples};
use ports::driven::{Clock, Outcome, StoreError, Stores};
use sql::failpoints::{AFTER_ANSWER, AFTER_COMMIT, BEFORE_COMMIT, COMMIT};
use sql::{Opened, StoreOptions};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

const CASE: &str = "OMNIGATE_FAULT_CASE";
const PLACE: &str = "OMNIGATE_FAULT_PLACE";
const RUN: Incarnation = Incarnation(1);

/// Runs a case of a child test over a directory.
fn child(test: &str, case: &str, place: &Path) -> Output {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env(CASE, case).env(PLACE, place).output().expect("the child runs")
}

/// The store of a child and its case; `None` in a run that is no child.
async fn begun() -> Option<(Opened, String)> {
    begun_at(&ManualClock::default()).await
}

async fn begun_at(clock: &ManualClock) -> Option<(Opened, String)> {
    let case = std::env::var(CASE).ok()?;
    let place = std::env::var(PLACE).expect("a place");
    Some((open_at(Path::new(&place), 1 << 20, clock).await, case))
}

async fn open(place: &Path, reserve: u64) -> Opened {
    open_at(place, reserve, &ManualClock::default()).await
}

async fn open_at(place: &Path, reserve: u64, clock: &ManualClock) -> Opened {
    let url = format!("sqlite://{}/omnigate.db", place.display());
    let options = StoreOptions { reserve, ..options(clock) };
    sql::open(&url, options).await.expect("the store opens")
}

async fn accept(stores: &Stores, id: i64) -> Result<(), StoreError> {
    accept_of(stores, id, samples::user_name("crm"), Priority::Normal).await
}

async fn accept_of(stores: &Stores, id: i64, user: UserName, priority: Priority) -> Result<(), StoreError> {
    let now = ManualClock::default().now();
    let message = Message { user, priority, ..samples::message(id, now) };
    let mut new = samples::queued(message, &samples::link("TS0"));
    (new.state, new.lease) = (State::Sending, Some(RUN));
    stores.outbox.accept(samples::acceptance(vec![new])).await.map(|_| ())
}

async fn settle(stores: &Stores, id: i64) -> Result<(), StoreError> {
    let (link, now) = (samples::link("TS0"), ManualClock::default().now());
    stores
        .dispatch
        .settle(vec![samples::settlement(MessageId(id), RUN, &link, now, Outcome::Sent)])
        .await
        .map(drop)
}

/// Accepts until it is stopped, printing what the store says it has.
#[tokio::test]
async fn child_that_dies() {
    let Some((opened, point)) = begun().await else { return };
    static PASSED: AtomicUsize = AtomicUsize::new(0);
    let die = || {
        if PASSED.fetch_add(1, Ordering::Relaxed) == 25 {
            std::process::abort();
        }
    };
    fail::cfg_callback(point, die).expect("a fail point");
    println!();
    for id in 1..1_000 {
        accept(&opened.stores, id).await.expect("accepted");
        println!("accepted {id}");
    }
}

#[tokio::test]
async fn what_was_accepted_survives_a_death_anywhere() {
    for point in [BEFORE_COMMIT, AFTER_COMMIT, AFTER_ANSWER] {
        let place = tempfile::tempdir().expect("a directory");
        let output = child("faults::child_that_dies", point, place.path());
        assert!(!output.status.success(), "{point}: the child was to die");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let accepted: Vec<i64> =
            said.lines().filter_map(|line| line.strip_prefix("accepted ")?.parse().ok()).collect();
        assert!(accepted.len() >= 10, "{point}: {said}");
        let opened = open(place.path(), 0).await;
        for id in &accepted {
            let found = opened.stores.reports.message(MessageId(*id)).await.expect("it reads");
            assert!(found.is_some(), "{point}: {id} was accepted and is lost");
        }
        let audit = opened.stores.reports.audit().await.expect("it reads");
        assert_eq!(audit.wrong, Vec::<String>::new(), "{point}");
        assert!(audit.accepted - accepted.len() as u64 <= 1, "{point}: only the last may be there unsaid");
    }
}

/// The disk fails under one commit.
#[tokio::test]
async fn child_with_a_broken_disk() {
    let Some((opened, _)) = begun().await else { return };
    accept(&opened.stores, 1).await.expect("accepted");
    fail::cfg(COMMIT, "1*return(disk I/O error)->off").expect("a fail point");
    assert!(matches!(accept(&opened.stores, 2).await, Err(StoreError::Broken(_))));
    assert!(matches!(accept(&opened.stores, 3).await, Err(StoreError::Broken(_))), "for ever after");
    assert!(matches!(settle(&opened.stores, 1).await, Err(StoreError::Broken(_))));
    assert!(matches!(opened.stores.reports.ping().await, Err(StoreError::Broken(_))));
    assert!(matches!(opened.stores.reports.message(MessageId(1)).await, Err(StoreError::Broken(_))));
}

#[tokio::test]
async fn after_the_disk_failed_nothing_is_acknowledged() {
    let place = tempfile::tempdir().expect("a directory");
    let output = child("faults::child_with_a_broken_disk", "eio", place.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let opened = open(place.path(), 0).await;
    let audit = opened.stores.reports.audit().await.expect("it reads");
    assert_eq!((audit.accepted, audit.wrong), (1, Vec::new()));
}

/// The disk is full for two commits; the reserve lets what was taken on be settled.
#[tokio::test]
async fn child_with_a_full_disk() {
    let clock = ManualClock::default();
    let Some((opened, place)) = begun_at(&clock).await else { return };
    let reserve = Path::new(&place).join("omnigate.db.reserve");
    accept(&opened.stores, 1).await.expect("accepted");
    assert!(reserve.exists(), "the reserve is laid");
    fail::cfg(COMMIT, "1*return(database or disk is full)->off").expect("a fail point");
    settle(&opened.stores, 1).await.expect("settled out of the reserve");
    assert!(!reserve.exists(), "the reserve was given back");
    accept(&opened.stores, 2).await.expect("there is room again");
    assert!(reserve.exists(), "the reserve is laid again");
    fail::cfg(COMMIT, "2*return(database or disk is full)->off").expect("a fail point");
    assert_eq!(accept(&opened.stores, 3).await, Err(StoreError::Full));
    // Nothing can be laid where a directory stands: there is no room. What was taken on goes on, and nobody says that all is well.
    std::fs::create_dir(&reserve).expect("a directory");
    settle(&opened.stores, 2).await.expect("settled");
    assert_eq!(opened.stores.reports.ping().await, Err(StoreError::Full));
    assert_eq!(accept(&opened.stores, 4).await, Err(StoreError::Full));
    // Nothing new but what tells people of it.
    for (id, user, priority, expected) in [
        (5, samples::user_name("heartbeat"), Priority::Alarm, Err(StoreError::Full)),
        (6, UserName::gateway(), Priority::High, Err(StoreError::Full)),
        (7, UserName::gateway(), Priority::Alarm, Ok(())),
    ] {
        assert_eq!(accept_of(&opened.stores, id, user, priority).await, expected, "{id}");
    }
    std::fs::remove_dir(&reserve).expect("removed");
    clock.advance(std::time::Duration::from_secs(3));
    opened.stores.reports.ping().await.expect("there is room again");
    accept(&opened.stores, 8).await.expect("accepted");
}

#[tokio::test]
async fn a_full_disk_stops_what_is_new_and_not_what_is_taken_on() {
    let place = tempfile::tempdir().expect("a directory");
    let output = child("faults::child_with_a_full_disk", &place.path().display().to_string(), place.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
