//! Why a document cannot be read, for the person who wrote the client.

use domain::{Words, words};

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub(crate) enum XmlError {
    Charset(String),
    NotInCharset(&'static str),
    Doctype,
    Entity(String),
    Character,
    TooDeep(usize),
    TooManyElements(usize),
    TooManyAttributes(usize),
    TextTooLong(usize),
    StrayText,
    StrayElement,
    Prefix(String),
    Truncated,
    Trailing,
    Syntax(String),
}

impl XmlError {
    /// Whether it is a matter of size.
    pub(crate) fn is_size(&self) -> bool {
        matches!(
            self,
            Self::TooDeep(_) | Self::TooManyElements(_) | Self::TooManyAttributes(_) | Self::TextTooLong(_)
        )
    }

    /// What is wrong.
    pub(crate) fn words(&self) -> Words {
        match self {
            Self::Charset(name) => words!(
                "teckenkoden {name:?} stöds inte; använd UTF-8",
                "the character set {name:?} is not supported; use UTF-8"
            ),
            Self::NotInCharset(name) => words!("oktetter som inte är {name}", "octets that are not {name}"),
            Self::Doctype => Words::new(
                "en dokumenttypsdeklaration (DOCTYPE) är inte tillåten",
                "a document type declaration (DOCTYPE) is not allowed",
            ),
            Self::Entity(name) => {
                words!("entiteten &{name}; är inte definierad", "the entity &{name}; is not defined")
            }
            Self::Character => {
                Words::new("ett tecken som XML inte tillåter", "a character that XML does not allow")
            }
            Self::TooDeep(most) => {
                words!("element djupare nästlade än {most}", "elements nested deeper than {most}")
            }
            Self::TooManyElements(most) => words!("fler än {most} element", "more than {most} elements"),
            Self::TooManyAttributes(most) => {
                words!("fler än {most} attribut på ett element", "more than {most} attributes on an element")
            }
            Self::TextTooLong(most) => {
                words!("en text längre än {most} oktetter", "a text longer than {most} octets")
            }
            Self::StrayText => Words::new("text där ett element ska stå", "text where an element should be"),
            Self::StrayElement => {
                Words::new("ett element där en text ska stå", "an element where a text should be")
            }
            Self::Prefix(name) => words!(
                "prefixet {name:?} är inte bundet till någon namnrymd",
                "the prefix {name:?} is not bound to a namespace"
            ),
            Self::Truncated => Words::new("dokumentet tar slut för tidigt", "the document ends too early"),
            Self::Trailing => {
                Words::new("något följer efter dokumentets slut", "something follows the end of the document")
            }
            Self::Syntax(what) => words!("inte välformad XML: {what}", "not well-formed XML: {what}"),
        }
    }
}

impl From<quick_xml::Error> for XmlError {
    fn from(error: quick_xml::Error) -> Self {
        Self::Syntax(shown(&error.to_string()))
    }
}

/// What a caller sent, cut and cleaned so that it can stand in an answer.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}
