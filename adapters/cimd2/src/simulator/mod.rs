//! A simulated CIMD2 operator: an SMS centre for rehearsals, demonstrations and tests.
//!
//! What operators of all protocols do is in the rehearsal crate; here stands how this one says it in packets.

mod options;
mod speech;
mod stamps;

pub use options::SimulatorOptions;
pub use rehearsal::{Command, CommandError, Faults, MoOptions, ReceiptOptions, Simulator, Stats, faults};
pub use speech::{CentreSpeech, To};
pub use stamps::Stamps;
