//! What an operator said, in whatever form: JSON, XML, a form, a text. Fields are found by paths: `messages.0.id`,
//! `mobilectrl_response.status`, `sms.@account`, `?id` (a parameter of the URL that was called).

use super::xml::{self, Element};
use crate::media;
use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;

/// In which form something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// A JSON document (RFC 8259).
    Json,
    /// An XML document.
    Xml,
    /// Names and values, percent-encoded.
    Pairs,
    /// Lines of text.
    #[default]
    Text,
}

impl Form {
    /// All of them with their names.
    pub(super) const NAMES: [(&'static str, Self); 4] =
        [("json", Self::Json), ("xml", Self::Xml), ("form", Self::Pairs), ("text", Self::Text)];
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    Json(Value),
    Xml(Element),
    Pairs(Vec<(String, Vec<u8>)>),
    Text(String),
}

/// What was said: a body, and the parameters of the URL where it is a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    body: Body,
    query: Vec<(String, Vec<u8>)>,
    charset: &'static Encoding,
}

impl Document {
    /// Reads a body in this form; one that is not in it has no fields (but its text). `kind` is the media type with its charset.
    pub(super) fn read(form: Form, octets: &[u8], kind: &str, default: &'static Encoding) -> Self {
        let charset = charset_of(kind).unwrap_or(default);
        let text = || charset.decode(octets).0.into_owned();
        let body = match form {
            Form::Json => {
                serde_json::from_slice(unmarked(octets)).map_or_else(|_| Body::Text(text()), Body::Json)
            }
            Form::Xml => {
                let charset = charset_of(kind).or_else(|| xml::declared(octets)).unwrap_or(default);
                let text = charset.decode(octets).0.into_owned();
                xml::read(&text).map_or(Body::Text(text), Body::Xml)
            }
            Form::Pairs => Body::Pairs(pairs(unmarked(octets))),
            Form::Text => Body::Text(text()),
        };
        Self { body, query: Vec::new(), charset }
    }

    /// With the parameters of the URL.
    pub(super) fn with_query(mut self, query: &str) -> Self {
        self.query = pairs(query.as_bytes());
        // A form is sent in either place.
        if let Body::Pairs(body) = &mut self.body
            && body.is_empty()
        {
            body.clone_from(&self.query);
        }
        self
    }

    /// Whether the body was in the form that it was read as.
    pub(super) fn is_in_form(&self) -> bool {
        !matches!(self.body, Body::Text(_))
    }

    /// The body as text; empty when it is structured.
    pub(super) fn text(&self) -> &str {
        if let Body::Text(text) = &self.body { text } else { "" }
    }

    /// A field, as text.
    pub(super) fn one(&self, path: &str) -> Option<String> {
        if let Some(name) = path.strip_prefix('?') {
            return self.pair(&self.query, name);
        }
        match &self.body {
            Body::Json(value) => scalar(json(value, path)?),
            Body::Xml(root) => element(root, path),
            Body::Pairs(all) => self.pair(all, path),
            Body::Text(text) if path == "." => Some(text.trim().to_owned()),
            Body::Text(_) => None,
        }
    }

    /// A field's octets as they came: of a form or a URL before they are taken for text.
    pub(super) fn octets(&self, path: &str) -> Option<Vec<u8>> {
        let (all, name) = match (path.strip_prefix('?'), &self.body) {
            (Some(name), _) => (&self.query, name),
            (None, Body::Pairs(all)) => (all, path),
            _ => return self.one(path).map(String::into_bytes),
        };
        all.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// The entries of a list, each a document; an element or a value that stands alone is a list of one.
    pub(super) fn each(&self, path: &str) -> Vec<Document> {
        let entry = |body| Self { body, query: Vec::new(), charset: self.charset };
        match &self.body {
            Body::Json(value) => match json(value, path) {
                Some(Value::Array(all)) => all.iter().cloned().map(Body::Json).map(entry).collect(),
                Some(Value::Null) | None => Vec::new(),
                Some(one) => vec![entry(Body::Json(one.clone()))],
            },
            Body::Xml(root) => elements(root, path).into_iter().cloned().map(Body::Xml).map(entry).collect(),
            _ => Vec::new(),
        }
    }

    fn pair(&self, all: &[(String, Vec<u8>)], name: &str) -> Option<String> {
        let octets = all.iter().find(|(known, _)| known == name).map(|(_, value)| value)?;
        Some(self.charset.decode_without_bom_handling(octets).0.into_owned())
    }
}

fn pairs(octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let split = octets.split(|octet| *octet == b'&').filter(|pair| !pair.is_empty()).take(1_000);
    split
        .map(|pair| {
            let at = pair.iter().position(|octet| *octet == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(at);
            let name = String::from_utf8_lossy(&unescape(name)).into_owned();
            (name, unescape(value.get(1..).unwrap_or_default()))
        })
        .collect()
}

fn unescape(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|octet| char::from(*octet).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', ..) => out.push(b' '),
            (octet, ..) => out.push(*octet),
        }
    }
    out
}

/// Without the mark of UTF-8 that some programs write before what they say.
fn unmarked(octets: &[u8]) -> &[u8] {
    octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets)
}

fn json<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path == "." || path.is_empty() {
        return Some(value);
    }
    // A key with a dot in it: `flash.sms`.
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(all) => all.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Elements under a path that begins with the root's name; `*` is any name.
fn elements<'e>(root: &'e Element, path: &str) -> Vec<&'e Element> {
    let mut found = vec![];
    let mut steps = path.split('.').filter(|step| !step.is_empty());
    match steps.next() {
        None => return vec![root],
        Some(step) if step == "*" || step == root.name => found.push(root),
        Some(_) => return found,
    }
    for step in steps {
        let of = |e: &'e Element| e.children.iter().filter(move |c| step == "*" || c.name == step);
        found = found.into_iter().flat_map(of).collect();
    }
    found
}

fn element(root: &Element, path: &str) -> Option<String> {
    match path.rsplit_once('@') {
        Some((path, name)) => {
            let found = elements(root, path.trim_end_matches('.')).into_iter().next()?;
            found.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        }
        None => elements(root, path).into_iter().next().map(|found| found.text.clone()),
    }
}

/// The character set of a media type.
fn charset_of(kind: &str) -> Option<&'static Encoding> {
    media::charset(kind).and_then(|label| Encoding::for_label(label.as_bytes()))
}

/// A character set by the name that a profile may use.
pub(super) fn encoding(name: &str) -> Option<&'static Encoding> {
    match name {
        "utf-8" => Some(UTF_8),
        "iso-8859-1" => Some(encoding_rs::WINDOWS_1252),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, text: &str) -> Document {
        Document::read(form, text.as_bytes(), "", UTF_8)
    }

    #[test]
    fn fields_by_path() {
        let json = read(Form::Json, r#"{"messages":[{"id":"a","n":3},{"id":"b"}],"flash.sms":true}"#);
        let xml = read(Form::Xml, "<r><sms account=\"71700\"><m>x</m><m>y</m></sms></r>");
        let form = read(Form::Pairs, "id=s1&text=h%C3%A5+j&x").with_query("id=q&%C3%A5=1");
        let cases = [
            (&json, "messages.1.id", Some("b")),
            (&json, "messages.0.n", Some("3")),
            (&json, "flash.sms", Some("true")),
            (&json, "messages", None),
            (&json, "messages.7.id", None),
            (&xml, "r.sms.m", Some("x")),
            (&xml, "*.sms.@account", Some("71700")),
            (&xml, "q.sms", None),
            (&form, "text", Some("hå j")),
            (&form, "x", Some("")),
            (&form, "?id", Some("q")),
            (&form, "?å", Some("1")),
            (&form, "none", None),
        ];
        for (document, path, expected) in cases {
            assert_eq!(document.one(path).as_deref(), expected, "{path}");
        }
        assert_eq!((json.each("messages").len(), xml.each("r.sms.m").len(), form.each("x").len()), (2, 2, 0));
        assert_eq!(json.each("messages")[1].one("id").as_deref(), Some("b"));
        assert_eq!(xml.each("r.sms.m")[1].one(".").as_deref(), Some("y"));
    }

    #[test]
    fn a_mark_before_what_is_said() {
        for (form, said, path) in [
            (Form::Json, "\u{feff}{\"id\":\"å\"}", "id"),
            (Form::Pairs, "\u{feff}id=%C3%A5", "id"),
            (Form::Xml, "\u{feff}<?xml version=\"1.0\"?><id>å</id>", "id"),
        ] {
            assert_eq!(read(form, said).one(path).as_deref(), Some("å"), "{said}");
        }
    }

    #[test]
    fn character_sets() {
        let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r>\xe5</r>";
        assert_eq!(Document::read(Form::Xml, latin, "text/xml", UTF_8).one("r").as_deref(), Some("å"));
        let said = Document::read(Form::Pairs, b"t=%E5", "x; charset=iso-8859-1", UTF_8);
        assert_eq!((said.one("t").as_deref(), said.octets("t")), (Some("å"), Some(vec![0xe5])));
        assert!(!read(Form::Json, "<html>").is_in_form() && !read(Form::Xml, "{}").is_in_form());
    }
}
