//! The whole gateway in one process with virtual time, everything that can go wrong going wrong, and a judge that looks after every step.
//!
//! The application is the real one; the store is `fakes::MemoryStore` (it survives "kill -9", which drops the runtime and everything in
//! it), operators, sinks and clients are written here. Every decision is drawn from the seed and the thing it is about, so that a
//! seed tells the same story again as far as the scheduler lets it.

mod chance;
mod clients;
mod clock;
mod judge;
mod link;
mod plan;
mod run;
mod sink;
mod world;

pub use plan::Mode;
pub use run::{Summary, simulate};
