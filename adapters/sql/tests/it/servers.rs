//! Where the servers of the tests are, and an empty place on one for each case.

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
