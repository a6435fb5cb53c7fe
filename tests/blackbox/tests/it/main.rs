//! The promises of the gateway, each in a file named after it, kept against the real binary.
#![allow(missing_docs, clippy::panic, reason = "tests")]

mod a10_refusals;
mod a1_kill;
mod a2_fsync;
mod a2_power_cut;
mod a3_failing_sync;
mod a5_again;
mod a6_all_or_stated;
mod b10_validity;
mod b11_alarm_first;
mod b1_operator_faults;
mod b2_window_and_rate;
mod b3_throttle;
mod b4_half_open;
mod b6_no_blocking;
mod b7_reconnect;
mod b8_poison;
mod b9_order;
mod c1_early_receipts;
mod c3_received;
mod c4_sinks;
mod c5_parts;
mod clients;
mod e11_fail_points;
mod e1_disk_full;
mod e3_descriptors;
mod e4_database_down;
mod e5_logs;
mod e6_clock;
mod e7_overload;
mod e8_start_and_stop;
mod e9_configuration;
mod h_seeing;
mod s5_slow_clients;
mod soap;
mod story;
