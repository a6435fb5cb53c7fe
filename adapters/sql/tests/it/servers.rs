//! Where the servers of the tests are, and an empty place on one for each case.

use crate::ports_of::options;
use fakes::{ManualClock, samples};
use ports::driven::{Clock as _, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The URL of a server; `None` when only what needs no server is to be tested.
///
/// # Panics
/// When there should be one and is not: a test that did not run must not look as if it had passed.
pub fn url(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(url) => Some(url),
        Err(_) if std::env::var("OMNIGATE_TEST_FAST").is_ok() => {
            eprintln!("skipped: {variable} is not set");
            None
        }
        Err(_) => {
            panic!("{variable} is not set (./test sets it; OMNIGATE_TEST_FAST=1 leaves these tests out)")
        }
    }
}

/// A name that no other test on the server has.
pub fn name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A command that changes something small beside nodes that serve, perhaps of the version before, must not bring their tables up to date.
pub async fn a_command_changes_no_tables(url: &str) {
    let changing = || sql::StoreOptions::changing(Arc::new(ManualClock::default()));
    let refused = sql::open(url, changing()).await.err();
    assert!(
        matches!(&refused, Some(StoreError::Unavailable(why)) if why.contains("run omnigate migrate")),
        "{refused:?}"
    );
    assert_eq!(sql::check(url).await.map(|checked| checked.pending), Ok(crate::MIGRATIONS));
    sql::migrate(url).await.expect("it migrates");
    let opened = sql::open(url, changing()).await.expect("it opens");
    opened.stores.reports.ping().await.expect("it writes");
}

/// A server that refuses one message in words nobody here knows, as one that speaks another language says everything it says: only that message is
/// refused, whatever came with it, and a store that refuses what is new is not called able to write.
pub async fn one_is_refused_in_other_words(url: &str) {
    let clock = ManualClock::default();
    let opened = sql::open(url, options(&clock)).await.expect("it opens");
    let stores = &opened.stores;
    let accept = async |id: i64| {
        let new = samples::queued(samples::message(id, ManualClock::default().now()), &samples::link("TS0"));
        stores.outbox.accept(samples::acceptance(vec![new])).await.map(|_| ())
    };
    let answers = futures_util::future::join_all((1..=40).map(accept)).await;
    for (answer, id) in answers.iter().zip(1..) {
        match answer {
            Err(StoreError::Unavailable(why)) if id == 13 => assert!(why.contains("enheten"), "{why}"),
            other => assert_eq!((id == 13, other), (false, &Ok(())), "{id}"),
        }
    }
    stores.reports.ping().await.expect("others were taken since");
    assert!(accept(13).await.is_err());
    let asked = stores.reports.ping().await;
    assert!(matches!(&asked, Err(StoreError::Unavailable(why)) if why.contains("enheten")), "{asked:?}");
    accept(50).await.expect("taken");
    stores.reports.ping().await.expect("it writes");

    // A full disk is known by its words. It is tried with what is new now and then, and by nothing else.
    let full = Err(StoreError::Full);
    assert_eq!((accept(60).await, accept(61).await), (full.clone(), full.clone()));
    clock.advance(Duration::from_secs(3));
    assert_eq!(stores.reports.ping().await, full);
    accept(62).await.expect("there is room");
    stores.reports.ping().await.expect("it writes");
    assert_eq!(accept(60).await, full);
    clock.advance(Duration::from_secs(61));
    stores.reports.ping().await.expect("nobody has tried for a minute");
}
