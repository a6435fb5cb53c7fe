//! A simulated SMPP operator: an SMSC for rehearsals, demonstrations and tests.
//!
//! What operators of all protocols do is in the rehearsal crate; here stands how this one says it in PDUs.

mod compose;
mod options;
mod speech;

pub use options::{IdForm, ReceiptForm, ReceiptIdForm, ReceiptOptions, SimulatorOptions};
pub use rehearsal::{Command, CommandError, Faults, MoOptions, Simulator, Stats, faults};
