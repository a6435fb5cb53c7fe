//! An open store as the contract's cases want it.

use contract::Stores;
use fakes::ManualClock;
use sql::{Opened, StoreOptions};
use std::any::Any;
use std::sync::Arc;

/// Options of a serving store without a reserve: hundreds of stores are opened.
pub fn options(clock: &ManualClock) -> StoreOptions {
    StoreOptions { reserve: 0, ..StoreOptions::serving("a", Arc::new(clock.clone())) }
}

/// The ports, and what must live as long.
pub fn stores(opened: Opened, clock: ManualClock, keep: impl Any + Send + Sync) -> Stores {
    Stores { ports: opened.stores.clone(), clock, keep: Box::new((opened, keep)) }
}
