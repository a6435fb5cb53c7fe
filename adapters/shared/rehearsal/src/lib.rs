//! A simulated operator for rehearsals, demonstrations and tests: what is common to all protocols.
//!
//! It takes logins and submits, gives ids, sends receipts and messages from phones, keeps a journal, and misbehaves on
//! request in the ways real operators do. How one protocol says all this is a [`Speech`]; nothing here knows SMPP, UCP or
//! CIMD2. It is no SMS centre: it forgets everything when it stops.

mod control;
mod hub;
mod journal;
mod lines;
mod options;
mod peer;
mod simulator;
mod speech;

pub use control::{Command, CommandError, faults};
pub use hub::{Delivery, Report, Stats};
pub use journal::{Journal, Line};
pub use options::{Faults, MoOptions, ReceiptOptions, SimulatorOptions};
pub use simulator::Simulator;
pub use speech::{Codes, Heard, Kind, Login, Lost, Operator, Reply, Speech, Submitted};
