//! The SMPP link against the simulated operator over real sockets: the fault matrix, row by row.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say so and stop")]

mod faults;
mod flow;
mod rig;
mod session;
mod wire;
