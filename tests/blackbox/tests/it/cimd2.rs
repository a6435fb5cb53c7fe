//! CIMD2: Kannel's driver logs in to our simulator; our link keeps the promises towards our simulator through kill -9, resets,
//! silence, throttling, damage and noise; tshark reads every packet of both.

use crate::rough::Line;
use blackbox::wiretap::Framing;
use serde_json::json;

const CIMD2: Line =
    Line { protocol: "cimd2", quick: "alive = \"1s\"\nresponse_timeout = \"2s\"", system_id: "omnigate" };

#[test]
fn throttles_and_refuses_for_a_while() {
    CIMD2.under(&json!({ "throttle_every": 3, "status": 6, "status_every": 5 }));
    CIMD2.throttled();
}

#[test]
fn speaks_nonsense_twice_late_damaged_or_not_at_all() {
    CIMD2.under(
        &json!({ "garbage_every": 3, "duplicate_every": 4, "unknown_every": 5, "out_of_order": true }),
    );
    CIMD2.under(&json!({ "damage_every": 9, "no_answer_every": 11 }));
}

#[test]
fn drops_in_the_middle_of_a_packet() {
    CIMD2.under(&json!({ "drop_every": 8 }));
}

#[test]
fn killed_again_and_again() {
    CIMD2.killed();
}

#[test]
fn lost_with_a_full_window_and_half_open() {
    CIMD2.lost();
}

#[test]
fn kannel_logs_in_submits_and_gets_receipts_and_messages() {
    CIMD2.kannel("smsc = cimd2\nkeepalive = 5\n", "12345");
}

#[test]
fn tshark_reads_every_packet() {
    let Some(seen) = CIMD2.dissected(&["--no-greeting"], "cimd", 9971, Framing::End(3)) else { return };
    for operation in ["1", "3", "20", "23"] {
        assert!(seen.contains(&format!("Operation Code: {operation}\n")), "no {operation}:\n{seen}");
    }
}
