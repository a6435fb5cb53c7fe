//! A node that stands still, or is gone without a word, in the middle of a transaction: it holds the others up for seconds, not for ever.
//!
//! The one that stands still is a child, as in `faults`: this very test binary, asked for one test.

use crate::ports_of::options;
use crate::{mysql, postgres};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, AsyncPgConnection, SimpleAsyncConnection};
use domain::message::{Incarnation, MessageId};
use domain::state::State;
use fakes::{ManualClock, samples};
use ports::driven::{Clock, HandoffKey, HandoffOutcome, StoreError, Stores};
use sql::failpoints::BEFORE_COMMIT;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PLACE: &str = "OMNIGATE_STUCK_STORE";
const OLD: Incarnation = Incarnation(7);
const NEW: Incarnation = Incarnation(8);
const HELD: HandoffKey = HandoffKey { subject: 1, event: 3 };

/// The server gives a transaction five seconds without a statement; a call may have to be repeated once after that.
const PATIENCE: Duration = Duration::from_secs(12);

/// A handoff of message 1 that a run holds.
fn handoff(run: Incarnation) -> String {
    format!(
        "INSERT INTO handoff (subject, event, target, due_at, state, lease, tries, error, created_at) \
         VALUES ({}, {}, 'http://crm', 0, 1, {}, 0, '', 0)",
        HELD.subject, HELD.event, run.0
    )
}

async fn accept(stores: &Stores, id: i64) -> Result<(), StoreError> {
    let now = ManualClock::default().now();
    let mut new = samples::queued(samples::message(id, now), &samples::link("TS0"));
    (new.state, new.lease) = (State::Sending, Some(OLD));
    stores.outbox.accept(samples::acceptance(vec![new])).await.map(|_| ())
}

/// Stops all that this process does between the changes of a batch and their commit.
#[tokio::test]
async fn child_that_stands_still() {
    let Ok(url) = std::env::var(PLACE) else { return };
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("the store opens");
    let (stores, now) = (&opened.stores, ManualClock::default().now());
    fail::cfg_callback(BEFORE_COMMIT, || {
        println!("\nstands still");
        std::thread::sleep(Duration::from_secs(120));
    })
    .expect("a fail point");
    let again = HandoffOutcome::Again { due_at: now, error: String::new(), counts: false };
    // All of one batch: nothing else of this thread runs before each has asked.
    let _ = tokio::join!(
        accept(stores, 2),
        stores.handoffs.settle(vec![(HELD, again)], OLD),
        stores.cluster.beat(OLD, now, &[]),
        stores.reports.ping(),
    );
}

/// Ends a child, whatever became of the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn stands_still(url: &str) -> Ended {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "stuck::child_that_stands_still", "--nocapture", "--test-threads=1"]);
    let child = command.env(PLACE, url).stdout(Stdio::piped()).spawn().expect("the child runs");
    let mut child = Ended(child);
    let said = BufReader::new(child.0.stdout.take().expect("its words"));
    assert!(said.lines().map_while(Result::ok).any(|line| line == "stands still"), "it was to stand still");
    child
}

/// The same call until it succeeds.
async fn until_done(what: &str, mut call: impl AsyncFnMut() -> bool) {
    let done = tokio::time::timeout(PATIENCE, async { while !call().await {} }).await;
    assert!(done.is_ok(), "{what}: held up for {PATIENCE:?}");
}

async fn the_next_run_goes_on<C: AsyncConnection + SimpleAsyncConnection>(url: String) {
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("the store opens");
    let (stores, now) = (&opened.stores, ManualClock::default().now());
    stores.cluster.join("a", OLD, now).await.expect("joined");
    accept(stores, 1).await.expect("accepted");
    C::establish(&url).await.expect("it connects").batch_execute(&handoff(OLD)).await.expect("a handoff");
    let _still = stands_still(&url);
    // Its computer starts again, and so does it, under the same name.
    until_done("join", async || stores.cluster.join("a", NEW, now).await.is_ok()).await;
    let mut taken = Vec::new();
    until_done("take over", async || {
        let call = stores.cluster.take_over(NEW, now, &[], 10).await;
        taken.extend(call.into_iter().flatten().map(|leased| leased.message.id));
        taken.contains(&MessageId(1))
    })
    .await;
    until_done("accept", async || accept(stores, 3).await.is_ok()).await;
    until_done("ping", async || stores.reports.ping().await.is_ok()).await;
    let found = stores.reports.message(MessageId(2)).await.expect("it reads");
    assert!(found.is_none(), "what it had not committed is not there");
    let audit = stores.reports.audit().await.expect("it counts");
    assert_eq!((audit.accepted, audit.wrong), (2, Vec::new()));
}

/// Somebody's hands on one handoff keep neither the burial of a run nor its messages waiting.
async fn a_handoff_in_other_hands<C: AsyncConnection + SimpleAsyncConnection>(url: String, begin: &str) {
    let opened = sql::open(&url, options(&ManualClock::default())).await.expect("the store opens");
    let (stores, now) = (&opened.stores, ManualClock::default().now());
    stores.cluster.join("a", OLD, now).await.expect("joined");
    accept(stores, 1).await.expect("accepted");
    stores.cluster.join("a", NEW, now).await.expect("joined");
    let mut other = C::establish(&url).await.expect("it connects");
    other.batch_execute(&handoff(OLD)).await.expect("a handoff");
    other.batch_execute(begin).await.expect("a transaction");
    other.batch_execute("UPDATE handoff SET error = 'mine'").await.expect("its hands on it");
    let taken =
        tokio::time::timeout(Duration::from_secs(2), stores.cluster.take_over(NEW, now, &[], 10)).await;
    let taken = taken.expect("at once").expect("taken over");
    assert_eq!(taken.iter().map(|l| l.message.id).collect::<Vec<_>>(), [MessageId(1)]);
    other.batch_execute("ROLLBACK").await.expect("let go of");
    stores.cluster.take_over(NEW, now, &[], 10).await.expect("taken over");
    let held = stores.cluster.held(OLD, 10).await.expect("it reads");
    assert_eq!((held.messages, held.handoffs), (Vec::new(), Vec::new()), "free the next time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_and_a_node_that_stands_still() {
    if let Some(url) = postgres::empty().await {
        the_next_run_goes_on::<AsyncPgConnection>(url).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_and_a_node_that_stands_still() {
    if let Some(url) = mysql::empty().await {
        the_next_run_goes_on::<AsyncMysqlConnection>(url).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_and_a_handoff_in_other_hands() {
    if let Some(url) = postgres::empty().await {
        a_handoff_in_other_hands::<AsyncPgConnection>(url, "BEGIN").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mysql_and_a_handoff_in_other_hands() {
    if let Some(url) = mysql::empty().await {
        a_handoff_in_other_hands::<AsyncMysqlConnection>(url, "START TRANSACTION").await;
    }
}
