//! What operations staff look at: health, metrics, the traffic log, what was put in quarantine, and what people were told and not yet told the end of.
//!
//! Never changes anything of the gateway.

mod health;
mod measures;
mod quarantine;
mod told;
mod traffic;

pub use health::router;
pub use measures::Measures;
pub use quarantine::QuarantineDir;
pub use told::RememberedNotices;
pub use traffic::{TrafficLog, line};
