//! What operations staff look at: health, metrics, the traffic log, and what was put in quarantine.
//!
//! Never changes anything of the gateway.

mod health;
mod measures;
mod quarantine;
mod traffic;

pub use health::router;
pub use measures::Measures;
pub use quarantine::QuarantineDir;
pub use traffic::{TrafficLog, line};
