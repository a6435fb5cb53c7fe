//! The harness of the blackbox tests: the real binary, real sockets, other people's clients, and a checker that judges
//! a recorded history. Knows the gateway by its outer surface alone and names no crate of the house.
#![allow(clippy::panic, reason = "a harness tells by panicking what a test was missing")]

pub mod certificates;
pub mod checker;
pub mod clock;
pub mod database;
pub mod disk;
pub mod doors;
pub mod false_clock;
pub mod gateway;
pub mod history;
pub mod http;
pub mod journal;
pub mod mail_sink;
pub mod merged;
pub mod network;
pub mod peers;
pub mod process;
pub mod proxy;
pub mod random;
pub mod readback;
pub mod serial_tap;
pub mod settings;
pub mod simulator;
pub mod web_sink;
pub mod wiretap;
