//! Why a message gets a fault; [`crate::fault`] writes it.

use crate::understand::Name;
use crate::xml::XmlError;
use domain::Words;
use domain::refusal::{Code, Refusal};

/// Why a message gets a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A refusal with its code.
    Refused(Refusal),
    /// An envelope of neither version.
    VersionMismatch,
    /// Header blocks that must be understood and are not.
    NotUnderstood(Vec<Name>),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<XmlError> for Trouble {
    fn from(error: XmlError) -> Self {
        let code = if error.is_size() { Code::TooLarge } else { Code::Malformed };
        Self::Refused(Refusal::because(code, error.words()))
    }
}

/// A message that is not as SOAP wants it.
pub(crate) fn malformed(swedish: &'static str, english: &'static str) -> Trouble {
    Refusal::because(Code::Malformed, Words::new(swedish, english)).into()
}
