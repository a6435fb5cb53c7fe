//! XML as this door reads and writes it: octets to text ([`charset`]), text to elements ([`Reader`]), values to text ([`Writer`]).
//!
//! XML 1.0 (fifth edition) and Namespaces in XML 1.0. No DTD is ever read, no entity beyond the five predefined and the numeric ones is
//! ever expanded, nothing outside the message is ever fetched. Nothing here knows SOAP.

pub(crate) mod charset;
mod error;
mod read;
mod write;

pub(crate) use error::XmlError;
pub(crate) use read::{Element, Limits, Reader};
pub(crate) use write::Writer;

/// Whether a character may stand in an XML 1.0 document at all (section 2.2, `Char`).
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
