//! Writes elements into a string. What XML cannot carry becomes U+FFFD; a carriage return is written as a reference, so that it arrives.

use super::is_char;

/// An XML document that grows. Element names come from this crate, values from anywhere.
#[derive(Debug)]
pub(crate) struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// An empty document with its declaration.
    pub(crate) fn new() -> Self {
        Self { text: String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#), open: Vec::new() }
    }

    /// An empty document without one, to stand as a text in another document.
    pub(crate) fn bare() -> Self {
        Self { text: String::new(), open: Vec::new() }
    }

    /// Opens an element; `attributes` are names and values.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> &mut Self {
        self.start(name, attributes);
        self.open.push(name);
        self
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.end(name);
        }
        self
    }

    /// An element with a text.
    pub(crate) fn leaf(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.leaf_with(name, &[], value)
    }

    /// An element with attributes and a text.
    pub(crate) fn leaf_with(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &str)],
        value: &str,
    ) -> &mut Self {
        self.start(name, attributes);
        self.escape(value);
        self.end(name);
        self
    }

    /// An element, if there is a value.
    pub(crate) fn maybe(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.leaf(name, value);
        }
        self
    }

    /// The document, with everything closed that was open.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            self.escape(value);
            self.text.push('"');
        }
        self.text.push('>');
    }

    fn end(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    fn escape(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#13;"),
                c if is_char(c) => self.text.push(c),
                _ => self.text.push('\u{FFFD}'),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Reader};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes() {
        let mut out = Writer::new();
        out.open("a", &[("b", "\"<\"")]).leaf("c", "1 < 2 & ]]>\r\n\u{c}").maybe("d", None);
        let text = out.finish();
        assert_eq!(
            text.split_once("?>").map(|(_, body)| body),
            Some("<a b=\"&quot;&lt;&quot;\"><c>1 &lt; 2 &amp; ]]&gt;&#13;\n\u{FFFD}</c></a>")
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{0,80}") {
            let mut out = Writer::new();
            out.open("a", &[]).leaf("b", &value);
            let text = out.finish();
            let mut reader = Reader::new(&text, Limits { depth: 2, elements: 2, attributes: 0, text: 1000 });
            reader.child().expect("root");
            reader.child().expect("child");
            prop_assert_eq!(reader.text().expect("text"), value);
        }
    }
}
