//! A GSM link and a simulated modem, over real pseudo-terminals and TCP.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod faults;
mod flow;
mod rig;
