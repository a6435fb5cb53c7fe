//! EMI/UCP: Kannel's driver logs in to our simulator; our link keeps the promises towards our simulator through kill -9, resets, silence,
//! throttling, damage and noise; tshark reads every frame of both.

use crate::rough::Line;
use blackbox::wiretap::Framing;
use serde_json::json;

const UCP: Line =
    Line { protocol: "ucp", quick: "keep_alive = \"1s\"\nresponse_timeout = \"2s\"", system_id: "71234" };

#[test]
fn throttles_and_refuses_for_a_while() {
    UCP.under(&json!({ "throttle_every": 3, "status": 55, "status_every": 5 }));
    UCP.throttled();
}

#[test]
fn speaks_nonsense_twice_late_damaged_or_not_at_all() {
    UCP.under(&json!({ "garbage_every": 3, "duplicate_every": 4, "unknown_every": 5, "out_of_order": true }));
    UCP.under(&json!({ "damage_every": 9, "no_answer_every": 11 }));
}

#[test]
fn drops_in_the_middle_of_a_frame() {
    UCP.under(&json!({ "drop_every": 8 }));
}

#[test]
fn killed_again_and_again() {
    UCP.killed();
}

#[test]
fn lost_with_a_full_window_and_half_open() {
    UCP.lost();
}

#[test]
fn kannel_logs_in_submits_and_gets_receipts_and_messages() {
    UCP.kannel("smsc = emi\nkeepalive = 5\nmy-number = 12345\n", "12345");
}

#[test]
fn tshark_reads_every_frame() {
    let Some(seen) = UCP.dissected(&[], "ucp", 5000, Framing::End(3)) else { return };
    for operation in
        ["Session management", "Submit short message", "Deliver short message", "Deliver notification"]
    {
        assert!(seen.contains(operation), "no {operation}:\n{seen}");
    }
}
