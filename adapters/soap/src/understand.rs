//! Header blocks: whom they are for, and which must be understood (SOAP 1.1 sections 4.2.2 and 4.2.3, SOAP 1.2 part 1 sections 5.2.2 and 5.2.3).

use crate::version::Version;
use crate::xml::Element;

/// "The first to process it", which is us.
const NEXT: [&str; 2] =
    ["http://schemas.xmlsoap.org/soap/actor/next", "http://www.w3.org/2003/05/soap-envelope/role/next"];
/// The one that acts on the Body, which is us.
const LAST: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";

/// The name of a header block, for the fault that says it was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Its namespace, or nothing.
    pub namespace: String,
    /// Its name.
    pub local: String,
}

impl Name {
    /// The name of an element, cut where somebody made it very long.
    pub(crate) fn of(element: &Element) -> Self {
        let cut = |text: &str| text.chars().take(200).collect();
        Self { namespace: cut(element.namespace.as_deref().unwrap_or_default()), local: cut(&element.local) }
    }
}

/// Whether a block is meant for us and not for somebody on the way.
pub(crate) fn is_for_us(block: &Element, version: Version) -> bool {
    let attribute = match version {
        Version::V11 => "actor",
        Version::V12 => "role",
    };
    match block.attribute(Some(version.namespace()), attribute) {
        None | Some("") => true,
        Some(role) => NEXT.contains(&role) || role == LAST,
    }
}

/// Whether a block must be understood or the message refused.
pub(crate) fn must_be(block: &Element, version: Version) -> bool {
    matches!(block.attribute(Some(version.namespace()), "mustUnderstand"), Some("1" | "true"))
}
