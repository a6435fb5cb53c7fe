//! What operations staff look at: health, metrics, and the traffic log.
//!
//! Never changes anything of the gateway.

mod health;
mod measures;
mod traffic;

pub use health::router;
pub use measures::Measures;
pub use traffic::{TrafficLog, line};
