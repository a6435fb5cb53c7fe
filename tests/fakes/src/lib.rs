//! Stand-ins for everything the gateway needs of the world: a store in memory, links that answer by script, a clock that is set by hand.
//!
//! They keep the ports' promises exactly (`tests/contract` is run on them), so that use cases are tested with them and not with
//! mocks of stores. They never touch a disk or a socket, and only [`MachineClock`] reads the machine's clock.

mod clock;
mod deliver;
mod link;
mod notices;
mod passwords;
mod quarantine;
mod receiver;
pub mod samples;
mod store;
mod traffic;

pub use clock::{MachineClock, ManualClock, RuntimeClock, SequentialIds};
pub use deliver::FakeDeliver;
pub use link::{FakeLink, Turn};
pub use notices::MemoryNotices;
pub use passwords::FakePasswords;
pub use quarantine::MemoryQuarantine;
pub use receiver::{PATIENCE, Recorder};
pub use store::{Call, Fault, MemoryStore};
pub use traffic::MemoryTraffic;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock, also after a test has failed while it held it: the failure itself is what should be read.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
