//! The session by virtual time and the link over pipes, both with a toy protocol: what is common to all operators.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say so and stop")]

mod link;
mod session;
mod toy;
mod withdraw;
