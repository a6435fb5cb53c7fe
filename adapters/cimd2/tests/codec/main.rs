//! The codec against the published vectors, generated packets and damage of all kinds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod round_trip;
mod stream;
mod vectors;
