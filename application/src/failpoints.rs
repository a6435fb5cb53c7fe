//! Where a test may stop or hurt the use cases: every name there is. Without the feature `fail/failpoints` they are nothing.
//!
//! A test of the whole program reads this list and walks it: a new point without a place in its story fails it.

/// What was accepted is on disk; its link does not know of it and the caller has no answer.
pub const SUBMIT_STORED: &str = "submit.stored";
/// Messages are taken from a queue and not yet offered to their link.
pub const LANE_LEASED: &str = "lane.leased";
/// The operator has answered and nothing is written down.
pub const REPLIES_BEFORE: &str = "replies.before";
/// It is written down, and nobody was told.
pub const REPLIES_AFTER: &str = "replies.after";
/// A receipt came and is not applied.
pub const RECEIPTS_BEFORE: &str = "receipts.before";
/// It is applied, and the operator has no answer.
pub const RECEIPTS_AFTER: &str = "receipts.after";
/// A received part came and is not stored.
pub const MO_BEFORE: &str = "mo.before";
/// It is stored, and the operator has no answer.
pub const MO_AFTER: &str = "mo.after";
/// Somebody outside is about to be told.
pub const HANDOFF_BEFORE: &str = "handoff.before";
/// He has been told, and it is not written down.
pub const HANDOFF_AFTER: &str = "handoff.after";
/// The task that hands over begins a turn.
pub const TASK_HANDING_OVER: &str = "task.handing_over";
/// The task of a lane begins a turn.
pub const TASK_LANE: &str = "task.lane";
/// Housekeeping begins a turn.
pub const TASK_HOUSEKEEPING: &str = "task.housekeeping";
/// The sign of life is about to be given.
pub const TASK_SIGN_OF_LIFE: &str = "task.sign_of_life";
/// What went astray is about to be looked for.
pub const TASK_ASTRAY: &str = "task.astray";

/// Passes a point. `return(die)` ends the process as kill -9 does; `panic` panics.
pub(crate) fn pass(point: &str) {
    fail::fail_point!(point, |how| {
        if how.as_deref() == Some("die") {
            std::process::abort();
        }
    });
    // The name is of no use without the feature.
    let _ = point;
}
