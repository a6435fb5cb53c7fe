//! Parameters of a query string and of a form body, as octets first: what they mean depends on the charset the caller uses.
//!
//! URL standard, `application/x-www-form-urlencoded`. Charsets by their WHATWG labels.

use super::kannel_xml;
use crate::api;
use crate::media;
use axum::body::Body;
use domain::refusal::{Code, Refusal};
use domain::{Words, words};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use http::request::Parts;
use http::{Method, header};
use web_kit::{BodyLimits, read_body};

/// More parameters than anybody has use for.
const MOST: usize = 200;

/// The parameters of a request: those of the query string before those of the body.
pub(super) struct Params {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The charset that a parameter names.
    named: Option<&'static Encoding>,
    /// The one that the Content-Type names.
    in_type: Option<&'static Encoding>,
    kind: Kind,
}

/// How the parameters came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Form,
    /// Kannel's way of posting: the text as it stands, everything else in headers.
    Text,
    /// The same, with octets instead of a text.
    Octets,
    /// Kannel's other way of posting.
    Xml,
}

impl Params {
    /// Reads those of a request. A body must be a form; `charset` may be a parameter or stand in the Content-Type.
    pub(super) async fn read(parts: &Parts, body: Body, limits: BodyLimits) -> Result<Self, Refusal> {
        let mut params = Self { pairs: Vec::new(), named: None, in_type: None, kind: Kind::Form };
        params.add(parts.uri.query().unwrap_or_default().as_bytes())?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if parts.method == Method::POST {
            media::uncompressed(&parts.headers)?;
            let octets = read_body(body, limits).await?;
            params.kind =
                match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                    "" | "application/x-www-form-urlencoded" => Kind::Form,
                    "text/plain" => Kind::Text,
                    "application/octet-stream" => Kind::Octets,
                    "text/xml" => Kind::Xml,
                    _ => {
                        return Err(malformed(
                            "Content-Type ska vara application/x-www-form-urlencoded",
                            "Content-Type must be application/x-www-form-urlencoded",
                        ));
                    }
                };
            match params.kind {
                Kind::Form => params.add(&octets)?,
                Kind::Text | Kind::Octets => params.add_kannel_headers(parts, &octets),
                Kind::Xml => {
                    let charset = media::charset(kind).map(|label| encoding(label.as_bytes())).transpose()?;
                    let posted = Self::of_xml(&octets, charset)?;
                    params.pairs.extend(posted.pairs);
                    // What the type names is the charset of the XML, which is text by now.
                    return Ok(params);
                }
            }
        }
        params.in_type = media::charset(kind).map(|label| encoding(label.as_bytes())).transpose()?;
        params.named = params.named_charset()?;
        Ok(params)
    }

    /// Those of a query string alone.
    pub(super) fn of_form(octets: &[u8]) -> Result<Self, Refusal> {
        let mut params = Self { pairs: Vec::new(), named: None, in_type: None, kind: Kind::Form };
        params.add(octets)?;
        params.named = params.named_charset()?;
        Ok(params)
    }

    /// Those of Kannel's posted XML alone.
    pub(super) fn of_xml(octets: &[u8], charset: Option<&'static Encoding>) -> Result<Self, Refusal> {
        let pairs = kannel_xml::read(octets, charset)
            .map_err(|wrong| Refusal::because(Code::Malformed, words!("XML: {wrong}", "XML: {wrong}")))?;
        Ok(Self { pairs, named: None, in_type: None, kind: Kind::Xml })
    }

    /// The octets of the first of these names that is given.
    pub(super) fn octets(&self, names: &[&str]) -> Option<&[u8]> {
        let given = |name: &&str| self.pairs.iter().find(|(given, _)| given == name.as_bytes());
        names.iter().find_map(given).map(|(_, value)| value.as_slice())
    }

    /// Makes sure that these names, which mean the same, are given no two values: nobody knows which would count.
    pub(super) fn once(&self, names: &[&'static str]) -> Result<(), Refusal> {
        let mut given = self
            .pairs
            .iter()
            .filter(|(given, value)| !value.is_empty() && names.iter().any(|name| given == name.as_bytes()));
        let Some((_, first)) = given.next() else { return Ok(()) };
        let Some((again, _)) = given.find(|(_, value)| value != first) else { return Ok(()) };
        let name =
            names.iter().find(|name| again == name.as_bytes()).or(names.first()).copied().unwrap_or_default();
        Err(Refusal::field(
            Code::InvalidParameter,
            name,
            words!("{name}: angiven mer än en gång", "{name}: given more than once"),
        ))
    }

    /// The text of the first of these names that is given and not empty. Without a charset it is UTF-8, or
    /// ISO-8859-1 when it cannot be that. A charset that is not written in ASCII is meant for the message alone: nobody
    /// writes his own name, or a number, in UTF-16.
    pub(super) fn text(&self, names: &[&str]) -> Result<Option<String>, Refusal> {
        self.decoded(names, self.charset().filter(|charset| charset.is_ascii_compatible()))
    }

    /// The texts of all that is given under these names, in their order: a list may come as one parameter, or as one for each that is in it.
    pub(super) fn texts(&self, names: &[&str]) -> Result<Vec<String>, Refusal> {
        let charset = self.charset().filter(|charset| charset.is_ascii_compatible());
        let given = self.pairs.iter().filter(|(given, _)| names.iter().any(|name| given == name.as_bytes()));
        given.map(|(_, octets)| decoded(octets, charset)).collect()
    }

    /// The message's text, under the first of these names, in the charset that was named whatever it is.
    pub(super) fn message(&self, names: &[&str]) -> Result<Option<String>, Refusal> {
        self.decoded(names, self.charset())
    }

    fn decoded(&self, names: &[&str], charset: Option<&'static Encoding>) -> Result<Option<String>, Refusal> {
        let octets = names.iter().filter_map(|name| self.octets(&[name])).find(|octets| !octets.is_empty());
        octets.map(|octets| decoded(octets, charset)).transpose()
    }

    /// The charset that was named.
    pub(super) fn charset(&self) -> Option<&'static Encoding> {
        self.named.or(self.in_type)
    }

    /// The charset of Kannel's `coding=2`: UTF-16BE unless it is named; in XML it is text already. What the Content-Type of a form says is about the form.
    pub(super) fn charset_of_unicode(&self) -> &'static Encoding {
        if self.kind == Kind::Xml {
            return UTF_8;
        }
        self.named.or(self.in_type.filter(|_| self.kind == Kind::Text)).unwrap_or(UTF_16BE)
    }

    /// Whether the message was posted as octets.
    pub(super) fn is_octets(&self) -> bool {
        self.kind == Kind::Octets
    }

    fn add(&mut self, form: &[u8]) -> Result<(), Refusal> {
        for pair in form.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            if self.pairs.len() == MOST {
                return Err(malformed("för många parametrar", "too many parameters"));
            }
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at_checked(at).unwrap_or((pair, &[]));
            self.pairs.push((unescape(name), unescape(value.get(1..).unwrap_or_default())));
        }
        Ok(())
    }

    fn add_kannel_headers(&mut self, parts: &Parts, body: &[u8]) {
        for (name, value) in &parts.headers {
            if let Some(name) = name.as_str().strip_prefix("x-kannel-") {
                // The header is SMSC, the parameter smsc.
                let value = if name == "udh" { udh(value.as_bytes()) } else { value.as_bytes().to_vec() };
                self.pairs.push((name.as_bytes().to_vec(), value));
            }
        }
        self.pairs.push((b"text".to_vec(), body.to_vec()));
    }

    fn named_charset(&self) -> Result<Option<&'static Encoding>, Refusal> {
        self.octets(&["charset"]).filter(|label| !label.is_empty()).map(encoding).transpose()
    }
}

/// A user data header as it stands in a header of HTTP: in hexadecimal or, as in a parameter, percent-encoded.
pub(super) fn udh(value: &[u8]) -> Vec<u8> {
    let hexadecimal = std::str::from_utf8(value).ok().and_then(|text| api::unhex(text.trim()));
    hexadecimal.unwrap_or_else(|| unescape(value))
}

/// A charset by its label.
fn encoding(label: &[u8]) -> Result<&'static Encoding, Refusal> {
    let unknown = || {
        Refusal::field(
            Code::InvalidParameter,
            "charset",
            Words::new("en teckenkod: UTF-8, ISO-8859-1, UTF-16BE", "a charset: UTF-8, ISO-8859-1, UTF-16BE"),
        )
    };
    alias(label).or_else(|| Encoding::for_label(label)).ok_or_else(unknown)
}

/// Spellings that are in use and not in the standard, and those that it takes for the other byte order than SMS and RFC 2781 do.
fn alias(label: &[u8]) -> Option<&'static Encoding> {
    let label = String::from_utf8_lossy(label).trim().to_ascii_lowercase();
    match label.as_str() {
        "utf16" | "utf-16" | "ucs2" | "ucs-2" | "iso-10646-ucs-2" => Some(UTF_16BE),
        "utf16be" | "utf16-be" | "ucs2be" | "ucs-2be" => Some(UTF_16BE),
        "utf16le" | "utf16-le" | "ucs2le" | "ucs-2le" => Some(UTF_16LE),
        "latin-1" => Some(WINDOWS_1252),
        _ => None,
    }
}

/// Octets as text; `None` when they do not fit the charset that was named.
pub(super) fn decode(octets: &[u8], charset: Option<&'static Encoding>) -> Option<String> {
    if let Some(charset) = charset {
        // A byte order mark knows better than the label, and is no character of the text.
        let marked = Encoding::for_bom(octets)
            .filter(|(of_mark, _)| *of_mark == charset || (is_wide(charset) && is_wide(of_mark)));
        let (charset, length) = marked.unwrap_or((charset, 0));
        let octets = octets.get(length..).unwrap_or_default();
        return charset.decode_without_bom_handling_and_without_replacement(octets).map(String::from);
    }
    let text = UTF_8.decode_without_bom_handling_and_without_replacement(octets).map(String::from);
    text.or_else(|| Some(WINDOWS_1252.decode_without_bom_handling(octets).0.into_owned()))
}

fn is_wide(charset: &'static Encoding) -> bool {
    charset == UTF_16BE || charset == UTF_16LE
}

fn decoded(octets: &[u8], charset: Option<&'static Encoding>) -> Result<String, Refusal> {
    decode(octets, charset).ok_or_else(|| {
        malformed("en parameter passar inte sin teckenkod", "a parameter does not fit its charset")
    })
}

fn malformed(swedish: &'static str, english: &'static str) -> Refusal {
    Refusal::because(Code::Malformed, Words::new(swedish, english))
}

/// `+` is a space, `%XX` an octet; a `%` before anything else is itself.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut octets = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(octet) = text.get(at) {
        let escaped = if *octet == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        match (octet, escaped) {
            (_, Some((high, low))) => {
                octets.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 2;
            }
            (b'+', None) => octets.push(b' '),
            (other, None) => octets.push(*other),
        }
        at += 1;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(query: &str, content_type: &str, body: &'static [u8]) -> Result<Option<String>, Refusal> {
        let builder = http::Request::post(format!("/?{query}")).header(header::CONTENT_TYPE, content_type);
        let (parts, body) = builder.body(Body::from(body)).expect("request").into_parts();
        Params::read(&parts, body, BodyLimits::default()).await?.message(&["text"])
    }

    #[tokio::test]
    async fn charsets() {
        let form = "application/x-www-form-urlencoded";
        let latin_form = "application/x-www-form-urlencoded; charset=ISO-8859-1";
        let cases: [(&str, &str, &'static [u8], Option<&str>); 18] = [
            ("text=Hej%20p%C3%A5+dig", form, b"", Some("Hej på dig")),
            ("text=p%E5", form, b"", Some("på")),
            ("text=p%C3%A5&charset=ISO-8859-1", form, b"", Some("pÃ¥")),
            ("text=p%E5&charset=UTF-8", form, b"", None),
            ("text=%00p%00%E5&charset=UTF-16BE", form, b"", Some("på")),
            ("text=p%00%E5%00&charset=UTF-16LE", form, b"", Some("på")),
            ("text=%00p%00%E5&charset=UCS-2", form, b"", Some("på")),
            ("text=%00p%00%E5&charset=utf-16", form, b"", Some("på")),
            ("text=%FF%FEp%00%E5%00&charset=UTF-16", form, b"", Some("på")),
            ("text=%EF%BB%BFp%C3%A5&charset=UTF-8", form, b"", Some("på")),
            ("", "application/x-www-form-urlencoded; Charset=\"iso-8859-1\"", b"text=p%E5", Some("på")),
            ("text=%D8&charset=UTF-16BE", form, b"", None),
            ("text=x&charset=klingon", form, b"", None),
            ("", latin_form, b"text=p%E5", Some("på")),
            ("", latin_form, b"text=p\xe5", Some("på")),
            ("", "multipart/form-data; boundary=x", b"", None),
            ("text=100%&b=%4", form, b"", Some("100%")),
            ("", form, b"text=%E2%82%AC", Some("€")),
        ];
        for (query, kind, body, expected) in cases {
            let text = read(query, kind, body).await.ok().flatten();
            assert_eq!(text.as_deref(), expected, "{query} {kind}");
        }
        let many = "a=b&".repeat(MOST + 1);
        assert!(read(&many, form, b"").await.is_err());
    }

    #[tokio::test]
    async fn the_first_name_given_counts() {
        let (parts, body) = http::Request::get("/?user=a&username=b&empty=&user=c&bare")
            .body(Body::empty())
            .expect("request")
            .into_parts();
        let params = Params::read(&parts, body, BodyLimits::default()).await.expect("params");
        assert_eq!(params.text(&["username", "user"]), Ok(Some("b".to_owned())));
        assert_eq!(params.text(&["user"]), Ok(Some("a".to_owned())));
        assert_eq!(params.text(&["empty"]), Ok(None));
        assert_eq!(params.octets(&["bare"]), Some(b"".as_slice()));
    }
}
