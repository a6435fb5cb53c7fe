//! Small codes that several operator protocols share: hexadecimal, data coding schemes, relative validity.
//!
//! Everything here is a pure function of its arguments; no frame of any protocol is known.

mod dcs;
pub mod hex;
mod validity;

pub use dcs::Dcs;
pub use validity::{relative_code, relative_minutes};
