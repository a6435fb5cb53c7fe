//! Text on the air: alphabets, folding, segments and user data headers (3GPP TS 23.038 and 23.040 section 9.2.3.24).
//!
//! Everything here is a pure function of its arguments and never panics, whatever octets arrive.
//! It never touches a PDU: the operator links put these septets and octets into their own frames.

pub mod alphabet;
pub mod ascii;
pub mod fold;
pub mod gsm7;
pub mod join;
pub mod latin1;
pub mod packing;
mod restrict;
pub mod segment;
mod tables;
pub mod ucs2;
pub mod udh;

pub use alphabet::{Alphabet, Chosen, Policy, TextError, choose};
pub use fold::{Change, Folded, fold};
pub use gsm7::NotInAlphabet;
pub use join::{Joined, Part, PartBody, join};
pub use restrict::{Restricted, restrict};
pub use segment::{Segment, SegmentBody, TooLong, count, split, split_binary};
pub use udh::{Concat, Element, Ports, Udh};
