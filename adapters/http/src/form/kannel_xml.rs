//! Kannel's posted XML as the parameters that it stands for: what its smsbox reads of `<message><submit>`, in the same places.
//!
//! As there, the text is percent-decoded after the markup is (`+` is a space, `2+2` is written `2%2B2`), blanks around values are taken away, and
//! what stands elsewhere is passed over.

use super::params::{udh, unescape};
use crate::api;
use crate::operator::xml::{self, Element, NotXml};
use encoding_rs::{Encoding, UTF_8};

/// Names and values.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Where each parameter stands below `submit`; the first that is given counts.
const PLACES: [(&str, &[&str]); 18] = [
    ("from", &["oa/number"]),
    ("username", &["from/user", "from/username"]),
    ("password", &["from/pass", "from/password"]),
    ("account", &["from/account"]),
    ("smsc", &["to", "smsc"]),
    ("pid", &["pid"]),
    ("rpi", &["rpi"]),
    ("priority", &["priority"]),
    ("mclass", &["dcs/mclass"]),
    ("mwi", &["dcs/mwi"]),
    ("coding", &["dcs/coding"]),
    ("compress", &["dcs/compress"]),
    ("alt-dcs", &["dcs/alt-dcs"]),
    ("validity", &["vp/delay"]),
    ("deferred", &["timing/delay"]),
    ("dlr-mask", &["statusrequest/dlr-mask"]),
    ("dlr-url", &["statusrequest/dlr-url"]),
    ("meta-data", &["meta-data"]),
];

/// Reads them. The charset is `named`, else that of the XML declaration, else UTF-8.
pub(super) fn read(octets: &[u8], named: Option<&'static Encoding>) -> Result<Pairs, NotXml> {
    let charset = named.or_else(|| xml::declared(octets)).unwrap_or(UTF_8);
    let root = xml::read(&charset.decode(octets).0)?;
    let none = Element::default();
    let submit = if root.name == "message" { all(&root, "submit").next() } else { None }.unwrap_or(&none);
    let mut pairs = Vec::new();
    let mut give = |name: &str, value: Vec<u8>| pairs.push((name.as_bytes().to_vec(), value));
    // One element is one number, however it is grouped.
    let numbers: Vec<String> =
        all(submit, "da/number").map(|number| number.text.split_whitespace().collect()).collect();
    if !numbers.is_empty() {
        give("to", numbers.join(" ").into_bytes());
    }
    for (name, places) in PLACES {
        let mut given =
            places.iter().flat_map(|place| all(submit, place)).filter(|found| !found.text.is_empty());
        if let Some(found) = given.next() {
            give(name, found.text.clone().into_bytes());
        }
    }
    if let Some(found) = all(submit, "udh").next() {
        give("udh", udh(found.text.as_bytes()));
    }
    if let Some(found) = all(submit, "ud").next() {
        let binary = found.attributes.iter().any(|(name, value)| name == "type" && value == "binary");
        let octets = if binary { api::unhex(&found.text) } else { None };
        give("text", octets.unwrap_or_else(|| unescape(found.text.as_bytes())));
    }
    Ok(pairs)
}

/// The elements at a path, in their order.
fn all<'a>(from: &'a Element, path: &str) -> Box<dyn Iterator<Item = &'a Element> + 'a> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let (first, rest) = (first.to_owned(), rest.to_owned());
    let found = from.children.iter().filter(move |child| child.name == first);
    if rest.is_empty() { Box::new(found) } else { Box::new(found.flat_map(move |child| all(child, &rest))) }
}
