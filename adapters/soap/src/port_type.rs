//! What differs behind the envelope, in WSDL a port type (WSDL 1.1 section 2.4): our own, Outlook's, Parlay X. Each reads its operations, answers
//! them, and words its faults.

use crate::config::Config;
use crate::door::Doors;
use crate::login::Shown;
use crate::trouble::Trouble;
use crate::version::Version;
use crate::xml::{Element, Reader, Writer};
use domain::Language;
use domain::refusal::Refusal;

/// How a call came, as far as an answer depends on it.
pub(crate) struct Asker<'a> {
    /// What the caller showed of himself outside the operation.
    pub shown: Shown<'a>,
    /// The version of SOAP that is spoken.
    pub version: Version,
    /// The language of texts for people.
    pub language: Language,
}

/// A port type: a set of operations.
pub(crate) trait PortType: Send + Sync + 'static {
    /// An operation that was read, with a value in it that may be wrong: that is told when the caller has been let in.
    type Call: Send;

    /// Reads the operation whose wrapper element was just opened. What is wrong with the document itself is a fault at once.
    ///
    /// # Errors
    /// Not an operation of this port type, or not in its shape.
    fn read(reader: &mut Reader<'_>, operation: &Element, config: &Config) -> Result<Self::Call, Trouble>;

    /// Lets the caller in and does what is asked. `anonymous` is set when he showed nothing to be let in by.
    ///
    /// # Errors
    /// Why there is a fault instead of an answer.
    fn serve(
        doors: &Doors,
        call: Self::Call,
        asker: Asker<'_>,
        anonymous: &mut bool,
    ) -> impl Future<Output = Result<String, Trouble>> + Send;

    /// The child of a fault's detail.
    fn detail(out: &mut Writer, refusal: &Refusal, language: Language);
}
