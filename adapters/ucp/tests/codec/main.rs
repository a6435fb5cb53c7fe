//! The codec against random packets, random octets and random cuts.
#![allow(missing_docs, clippy::panic, reason = "tests")]

mod corpus;
mod round_trip;
