//! The UCP link against the simulated operator over real sockets, and the dialect frame by frame.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say so and stop")]

mod faults;
mod flow;
mod frames;
mod rig;
mod wire;
