//! A pull reader: the next child of an element, the text of an element, nothing else.
//!
//! It counts as it goes and stops at the first limit that is crossed (depth, elements, attributes, length of a text), at any DOCTYPE and
//! at any entity it does not know. Comments and processing instructions are passed over, and never cut a value in two.

use super::error::{XmlError, shown};
use super::is_char;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{PrefixDeclaration, ResolveResult};
use quick_xml::reader::NsReader;

/// Namespace of `xsi:nil`.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// How large a document may be in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Elements within elements.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Attributes of one element, namespace declarations among them.
    pub attributes: usize,
    /// Octets of one text or attribute, as UTF-8.
    pub text: usize,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    namespace: Option<String>,
    local: String,
    value: String,
}

/// The start of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its namespace; `None` = none.
    pub namespace: Option<String>,
    /// Its name without prefix.
    pub local: String,
    attributes: Vec<Attribute>,
}

impl Element {
    /// Whether it is this element.
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace.as_deref() == Some(namespace)
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, namespace: Option<&str>, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.local == local && a.namespace.as_deref() == namespace);
        found.map(|a| a.value.trim())
    }

    /// Whether it says that it has no value (`xsi:nil`).
    pub(crate) fn is_nil(&self) -> bool {
        matches!(self.attribute(Some(XSI), "nil"), Some("true" | "1"))
    }
}

/// Reads one document. After an error it must not be used any more.
pub(crate) struct Reader<'x> {
    inner: NsReader<&'x [u8]>,
    limits: Limits,
    depth: usize,
    elements: usize,
    begun: bool,
}

impl<'x> Reader<'x> {
    /// A reader of a document.
    pub(crate) fn new(text: &'x str, limits: Limits) -> Self {
        let mut inner = NsReader::from_str(text.trim_start_matches('\u{FEFF}'));
        inner.config_mut().expand_empty_elements = true;
        Self { inner, limits, depth: 0, elements: 0, begun: false }
    }

    /// The next child of the element that was opened last, or `None` at that element's end (which is then passed).
    pub(crate) fn child(&mut self) -> Result<Option<Element>, XmlError> {
        loop {
            match self.inner.read_event()? {
                Event::Start(start) => return self.open(&start).map(Some),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(None);
                }
                Event::Text(text) if is_blank(&text.xml10_content()) => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => return Err(XmlError::StrayText),
                Event::Decl(_) if self.depth == 0 && !self.begun => self.begun = true,
                other => self.pass(&other)?,
            }
        }
    }

    /// The text of the element that was opened last, up to its end.
    pub(crate) fn text(&mut self) -> Result<String, XmlError> {
        self.text_within(self.limits.text)
    }

    /// The same where another length is allowed: `most` octets.
    pub(crate) fn text_within(&mut self, most: usize) -> Result<String, XmlError> {
        let mut text = String::new();
        loop {
            match self.inner.read_event()? {
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return if text.chars().all(is_char) { Ok(text) } else { Err(XmlError::Character) };
                }
                Event::Text(piece) => text.push_str(&piece.xml10_content()),
                Event::CData(piece) => text.push_str(&piece.xml10_content()),
                Event::GeneralRef(reference) => text.push(resolve(&reference)?),
                Event::Start(_) => return Err(XmlError::StrayElement),
                other => self.pass(&other)?,
            }
            if text.len() > most {
                return Err(XmlError::TextTooLong(most));
            }
        }
    }

    /// Passes over everything up to the end of the element that was opened last.
    pub(crate) fn skip(&mut self) -> Result<(), XmlError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            match self.inner.read_event()? {
                Event::Start(start) => drop(self.open(&start)?),
                Event::End(_) => self.depth = self.depth.saturating_sub(1),
                Event::Text(text) if text.len() > self.limits.text => {
                    return Err(XmlError::TextTooLong(self.limits.text));
                }
                Event::Text(_) | Event::CData(_) => {}
                Event::GeneralRef(reference) => drop(resolve(&reference)?),
                other => self.pass(&other)?,
            }
        }
        Ok(())
    }

    /// Makes sure that nothing but comments and blanks follows.
    pub(crate) fn finish(&mut self) -> Result<(), XmlError> {
        loop {
            match self.inner.read_event()? {
                Event::Eof => return Ok(()),
                Event::Text(text) if is_blank(&text.xml10_content()) => {}
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err(XmlError::Doctype),
                _ => return Err(XmlError::Trailing),
            }
        }
    }

    /// What may stand anywhere, and what may stand nowhere.
    fn pass(&mut self, event: &Event<'_>) -> Result<(), XmlError> {
        self.begun = true;
        match event {
            Event::Comment(_) | Event::PI(_) => Ok(()),
            Event::DocType(_) => Err(XmlError::Doctype),
            Event::Eof => Err(XmlError::Truncated),
            _ => Err(XmlError::Syntax("an XML declaration inside the document".into())),
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<Element, XmlError> {
        self.begun = true;
        self.depth += 1;
        self.elements += 1;
        if self.depth > self.limits.depth {
            return Err(XmlError::TooDeep(self.limits.depth));
        }
        if self.elements > self.limits.elements {
            return Err(XmlError::TooManyElements(self.limits.elements));
        }
        let (namespace, local) = self.inner.resolver().resolve_element(start.name());
        let namespace = bound(namespace)?;
        let local = local.as_ref().to_owned();
        let attributes = self.attributes(start)?;
        Ok(Element { namespace, local, attributes })
    }

    fn attributes(&self, start: &BytesStart<'_>) -> Result<Vec<Attribute>, XmlError> {
        let mut attributes = Vec::new();
        for (count, attribute) in start.attributes().enumerate() {
            if count >= self.limits.attributes {
                return Err(XmlError::TooManyAttributes(self.limits.attributes));
            }
            let attribute = attribute.map_err(|error| XmlError::Syntax(shown(&error.to_string())))?;
            if attribute.value.len() > self.limits.text {
                return Err(XmlError::TextTooLong(self.limits.text));
            }
            if let Some(PrefixDeclaration::Default | PrefixDeclaration::Named(_)) =
                attribute.key.as_namespace_binding()
            {
                continue;
            }
            let (namespace, local) = self.inner.resolver().resolve_attribute(attribute.key);
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?.into_owned();
            if !value.chars().all(is_char) {
                return Err(XmlError::Character);
            }
            attributes.push(Attribute {
                namespace: bound(namespace)?,
                local: local.as_ref().to_owned(),
                value,
            });
        }
        Ok(attributes)
    }
}

fn bound(namespace: ResolveResult<'_>) -> Result<Option<String>, XmlError> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(Some(namespace.as_ref().to_owned()).filter(|n| !n.is_empty())),
        ResolveResult::Unbound => Ok(None),
        ResolveResult::Unknown(prefix) => Err(XmlError::Prefix(shown(&prefix))),
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, XmlError> {
    match reference.as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        name => match reference.resolve_char_ref() {
            Ok(Some(c)) if is_char(c) => Ok(c),
            Ok(None) => Err(XmlError::Entity(shown(name))),
            _ => Err(XmlError::Character),
        },
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { depth: 4, elements: 6, attributes: 3, text: 20 };

    /// Root and the texts of its children, in order.
    fn read(text: &str) -> Result<Vec<String>, XmlError> {
        let mut reader = Reader::new(text, LIMITS);
        let root = reader.child()?.ok_or(XmlError::Truncated)?;
        let mut found = vec![format!("{}:{}", root.namespace.as_deref().unwrap_or("-"), root.local)];
        while let Some(child) = reader.child()? {
            if child.local == "skip" {
                reader.skip()?;
            } else {
                found.push(reader.text()?);
            }
        }
        reader.finish()?;
        Ok(found)
    }

    #[test]
    fn values() {
        for (text, expect) in [
            ("<a xmlns='urn:x'><b>c</b></a>", "urn:x:a c"),
            ("<p:a xmlns:p='urn:x'><b>c</b></p:a>", "urn:x:a c"),
            ("<?xml version='1.0'?>\n<!-- x --><a> <b/> <b>c</b></a> <!-- y -->\n", "-:a  c"),
            ("<a><b>ad<!-- cut -->min<?pi x?>!</b></a>", "-:a admin!"),
            ("<a><b>1 &lt; 2 &amp; &#x41;&#66;</b></a>", "-:a 1 < 2 & AB"),
            ("<a><b>x<![CDATA[<b>&amp;]]>y</b></a>", "-:a x<b>&amp;y"),
            ("<a><skip><c>x</c>&lt;<![CDATA[y]]></skip><b>1\r\n2\r3</b></a>", "-:a 1\n2\n3"),
        ] {
            assert_eq!(read(text).map(|found| found.join(" ")), Ok(expect.to_owned()), "{text}");
        }
    }

    #[test]
    fn attacks() {
        let deep = "<a>".repeat(5);
        let many = format!("<a>{}</a>", "<b/>".repeat(6));
        let long = format!("<a><b>{}</b></a>", "x".repeat(21));
        let long_attribute = format!("<a><b c='{}'/></a>", "x".repeat(21));
        for (text, expect) in [
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a><b>&x;</b></a>", XmlError::Doctype),
            ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", XmlError::Doctype),
            ("<a/><!DOCTYPE a>", XmlError::Doctype),
            ("<a><b>&x;</b></a>", XmlError::Entity("x".into())),
            ("<a><b>&#0;</b></a>", XmlError::Character),
            ("<a><b>&#8;</b></a>", XmlError::Character),
            ("<a><b>&#xFFFF;</b></a>", XmlError::Character),
            ("<a><b>&#xD800;</b></a>", XmlError::Character),
            ("<a><b>&#99999999999;</b></a>", XmlError::Character),
            ("<a><b>\u{1}</b></a>", XmlError::Character),
            (&deep, XmlError::StrayElement),
            (&deep.replacen("<a><a>", "<a><skip>", 1), XmlError::TooDeep(4)),
            (&many, XmlError::TooManyElements(6)),
            (&long, XmlError::TextTooLong(20)),
            (&long_attribute, XmlError::TextTooLong(20)),
            ("<a><b c='1' d='2' e='3' f='4'/></a>", XmlError::TooManyAttributes(3)),
            ("<a><b>x<c/></b></a>", XmlError::StrayElement),
            ("<a>x<b/></a>", XmlError::StrayText),
            ("<p:a/>", XmlError::Prefix("p".into())),
            ("<a><b>x", XmlError::Truncated),
            ("", XmlError::Truncated),
            ("<a/><a/>", XmlError::Trailing),
            ("<a/>x", XmlError::Trailing),
        ] {
            assert_eq!(read(text), Err(expect), "{text}");
        }
        for text in [
            "<a></b>",
            "<a b='1' b='2'/>",
            "<a b=1/>",
            "<a><b>&lt</b></a>",
            "<a",
            "<a><?xml version='1.0'?></a>",
            "<a b='&x;'/>",
        ] {
            assert!(matches!(read(text), Err(XmlError::Syntax(_))), "{text} {:?}", read(text));
        }
    }

    #[test]
    fn one_below_each_limit_passes() {
        assert!(read(&format!("<a>{}</a>", "<b/>".repeat(5))).is_ok());
        assert!(read(&format!("<a><b>{}</b></a>", "x".repeat(20))).is_ok());
        assert!(read("<a><b c='1' d='2' e='3'/></a>").is_ok());
        assert!(read("<a><skip><c><d/></c></skip></a>").is_ok());
    }

    proptest! {
        #[test]
        fn never_panics(text in "(<[a/!?]?|[a-c:='\"&;#\\[\\]-]|>|<!\\[CDATA\\[|\\]\\]>|xmlns|&#|<!DOCTYPE|\\PC){0,60}") {
            let _ = read(&text);
        }
    }
}
