//! Where a test may stop or hurt the store: every name there is. Without the feature `failpoints` they are nothing.

/// After the changes of a batch were made and before they are committed.
pub const BEFORE_COMMIT: &str = "store.before_commit";
/// After the commit and before any caller is answered.
pub const AFTER_COMMIT: &str = "store.after_commit";
/// After the callers were answered.
pub const AFTER_ANSWER: &str = "store.after_answer";
/// Instead of the commit: `return(text)` fails it with that text, as a database would.
pub const COMMIT: &str = "store.commit";

/// Passes a point. `return(die)` ends the process as kill -9 does; `panic` panics.
pub fn pass(point: &str) {
    fail::fail_point!(point, |how| {
        if how.as_deref() == Some("die") {
            std::process::abort();
        }
    });
    // The name is of no use without the feature.
    let _ = point;
}

/// The error that a test put in place of a commit.
pub fn instead_of_commit() -> diesel::QueryResult<()> {
    fail::fail_point!(COMMIT, |text| Err(diesel::result::Error::DatabaseError(
        diesel::result::DatabaseErrorKind::Unknown,
        Box::new(text.unwrap_or_else(|| "disk I/O error".to_owned()))
    )));
    Ok(())
}
