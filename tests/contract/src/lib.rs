//! What every store must do, one named case a sentence of the ports' documentation.
//!
//! The fakes and the three databases run the same list through [`contract_tests!`], so that a use case tested on the fakes holds on
//! a disk. A case never knows which store it looks at, and never looks past the ports.

mod list;
mod stores;

pub mod directory;
pub mod ends;
pub mod handoffs;
pub mod inbox;
pub mod lease;
pub mod outbox;
pub mod recalls;
pub mod receipts;
pub mod receipts_lost;
pub mod reports;
pub mod runs;
pub mod settle;
pub mod ways;

pub use stores::{LINK, OTHER_LINK, RUN, RUN_B, Stores, minutes, seconds};
