//! A GSM link and a simulated modem, a TAP link and a simulated central behind an analogue modem, over real pseudo-terminals and TCP.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod faults;
mod flow;
mod rig;
mod tap;
