//! Delivery receipts (Appendix B of the specification, and what operators really send).
//!
//! Reads a receipt out of a deliver_sm or data_sm: optional parameters win over the text, the text is searched for
//! labels in any order. Which message an id means, and what to do with a state, is decided by the domain; here
//! stand only the forms an id can take.

mod date;
mod id;
mod labels;
mod parsed;
mod state;

pub use date::{ReceiptDate, parse_date};
pub use id::{as_decimal, as_hex, id_keys};
pub use labels::{LabelledFields, parse};
pub use parsed::{Detect, ParsedReceipt};
pub use state::{ReceiptState, StateClass};
