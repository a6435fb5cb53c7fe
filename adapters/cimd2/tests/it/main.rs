//! The link against a simulated centre and against a centre that the test plays itself, over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod faults;
mod flow;
mod rig;
mod wire;
