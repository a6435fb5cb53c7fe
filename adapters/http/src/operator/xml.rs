//! A small XML document as a tree: what operators answer and call with, what a template is made of, and what
//! Kannel's users post (XML 1.0).
//!
//! Names lose their prefixes. It knows no DOCTYPE and no entity but the five of XML and numbers; depth, elements and octets have limits.

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements within elements.
const DEEPEST: usize = 32;
/// Elements in all.
const MOST: usize = 5_000;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// Its name without prefix.
    pub name: String,
    /// Its attributes by local name; with the prefix where it is `o` (ours).
    pub attributes: Vec<(String, String)>,
    /// Its text, white space around it taken away.
    pub text: String,
    /// Its children.
    pub children: Vec<Element>,
}

/// Why a document cannot be read, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotXml(String);

fn wrong(what: impl ToString) -> NotXml {
    let text = what.to_string();
    NotXml(text.chars().filter(|c| !c.is_control()).take(120).collect())
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Element, NotXml> {
    let mut reader = Reader::from_str(text.trim_start_matches('\u{FEFF}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut count = 0;
    let mut root = None;
    loop {
        match reader.read_event().map_err(wrong)? {
            Event::Start(start) => {
                count += 1;
                if open.len() >= DEEPEST || count > MOST || root.is_some() {
                    return Err(wrong("elements that are too many, too deep or after the end"));
                }
                open.push(element(&start)?);
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else { return Err(wrong("an end without a start")) };
                done.text = done.text.trim().to_owned();
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(piece) => push(&mut open, &piece.xml10_content())?,
            Event::CData(piece) => push(&mut open, &piece.xml10_content())?,
            Event::GeneralRef(reference) => push(&mut open, resolve(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(wrong("a DOCTYPE is not allowed")),
            Event::Eof => return root.ok_or_else(|| wrong("no element, or one without an end")),
            #[allow(unreachable_patterns, reason = "the reader may learn new events")]
            _ => {}
        }
    }
}

/// The `encoding` of an XML declaration.
pub(crate) fn declared(octets: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(octets.get(..octets.len().min(200))?).into_owned();
    let head = head.strip_prefix("<?xml")?.split_once("?>")?.0.split_once("encoding")?.1.to_owned();
    let label = head.trim_start().strip_prefix('=')?.trim_start();
    let quote = label.chars().next()?;
    Encoding::for_label(label.split(quote).nth(1)?.as_bytes()).filter(|e| e.is_ascii_compatible())
}

fn push(open: &mut [Element], text: &str) -> Result<(), NotXml> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(wrong("text outside of the element")),
    }
    Ok(())
}

fn element(start: &BytesStart<'_>) -> Result<Element, NotXml> {
    let mut element = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes().take(MOST) {
        let attribute = attribute.map_err(wrong)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(wrong)?.into_owned();
        let full: &str = attribute.key.as_ref();
        let local = full
            .strip_prefix("o:")
            .map_or_else(|| full.rsplit(':').next().unwrap_or(full).to_owned(), |ours| format!("o:{ours}"));
        if full != "xmlns" && !full.starts_with("xmlns:") {
            element.attributes.push((local, value));
        }
    }
    Ok(element)
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, NotXml> {
    if let Some(c) = reference.resolve_char_ref().map_err(wrong)? {
        return Ok(c);
    }
    let name: &str = reference;
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(wrong(format!("the entity &{other}; is not defined"))),
    }
}

/// Whether XML 1.0 can carry it.
pub(crate) fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Text as it stands between tags or quotes: nothing in it can be read as markup. What XML cannot carry becomes U+FFFD.
pub(crate) fn escape(into: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\r' => into.push_str("&#13;"),
            c if is_char(c) => into.push(c),
            _ => into.push('\u{FFFD}'),
        }
    }
}

/// The same as character data: a `]]>` in it is divided among two sections.
pub(crate) fn character_data(into: &mut String, text: &str) {
    let clean: String = text.chars().map(|c| if is_char(c) { c } else { '\u{FFFD}' }).collect();
    into.push_str("<![CDATA[");
    into.push_str(&clean.replace("]]>", "]]]]><![CDATA[>"));
    into.push_str("]]>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn trees() {
        let text = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a:r x=\"1\" o:when=\"flash\"><m><![CDATA[å<b>]]> &amp; &#x41;</m><e/></a:r>";
        let root = read(text).expect("a document");
        assert_eq!((root.name.as_str(), root.children.len()), ("r", 2));
        assert_eq!(root.children[0].text, "å<b> & A");
        assert_eq!(
            root.attributes,
            [("x".to_owned(), "1".to_owned()), ("o:when".to_owned(), "flash".to_owned())]
        );
        for bad in ["", "x", "<a>", "</a>", "<a/><b/>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "<a b=c/>"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&"<a>".repeat(40)).is_err());
    }

    proptest! {
        #[test]
        fn a_text_never_breaks_out(text in "\\PC*|[\\]>&<\"'\r\n\t]*") {
            let (mut plain, mut data) = (String::from("<a>"), String::from("<a>"));
            escape(&mut plain, &text);
            character_data(&mut data, &text);
            let wanted: String = text.chars().map(|c| if is_char(c) { c } else { '\u{FFFD}' }).collect();
            prop_assert_eq!(read(&(plain + "</a>")).map(|e| e.text), Ok(wanted.trim().to_owned()));
            let read = read(&(data + "</a>")).map(|e| e.children.len());
            prop_assert_eq!(read, Ok(0));
        }
    }
}
