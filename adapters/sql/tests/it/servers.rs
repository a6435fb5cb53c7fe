//! Where the servers of the tests are, and an empty place on one for each case.

use fakes::ManualClock;
use ports::driven::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
        matches!(&refused, Some(StoreError::Unavailable(why)) if why.contains("run migrate first")),
        "{refused:?}"
    );
    assert_eq!(sql::check(url).await.map(|checked| checked.pending), Ok(6));
    sql::migrate(url).await.expect("it migrates");
    let opened = sql::open(url, changing()).await.expect("it opens");
    opened.stores.reports.ping().await.expect("it writes");
}
