//! Which character set a message is in, and its text.
//!
//! RFC 7303 section 3: a byte order mark wins over the media type's `charset`, that over the XML declaration; without any of them it is
//! UTF-8. Accepted are UTF-8, UTF-16 and the Latin sets; octets that do not fit are an error, never a replacement character.

use super::XmlError;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// What may be said to be UTF-8 or to contain nothing else.
const ASCII: [&str; 4] = ["us-ascii", "ascii", "utf8", "utf-8"];
/// The Latin sets; `iso-8859-1` is read as windows-1252, which holds it.
const LATIN: [&str; 6] = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252", "iso-8859-15", "cp1252"];

/// Turns the octets of a message into text. `charset` is the media type's parameter.
pub(crate) fn decode<'b>(octets: &'b [u8], charset: Option<&str>) -> Result<Cow<'b, str>, XmlError> {
    let (encoding, octets) = match Encoding::for_bom(octets) {
        Some((encoding, length)) => (encoding, octets.get(length..).unwrap_or_default()),
        None => (named(octets, charset)?, octets),
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(octets)
        .ok_or_else(|| XmlError::NotInCharset(encoding.name()))
}

fn named(octets: &[u8], charset: Option<&str>) -> Result<&'static Encoding, XmlError> {
    let silent = without_mark(octets);
    let label = match charset {
        Some(label) => label.trim().to_ascii_lowercase(),
        None if silent.is_some() => return Ok(silent.unwrap_or(UTF_8)),
        None => declared(octets).unwrap_or_else(|| "utf-8".into()),
    };
    match label.as_str() {
        // A declaration that could be read octet by octet cannot be in UTF-16: it lies, as .NET string writers do.
        "utf-16" | "utf-16le" | "utf-16be"
            if silent.is_none() && octets.first() == Some(&b'<') && octets.get(1) != Some(&0) =>
        {
            Ok(UTF_8)
        }
        "utf-16" => Ok(silent.unwrap_or(UTF_16BE)),
        "utf-16le" => Ok(UTF_16LE),
        "utf-16be" => Ok(UTF_16BE),
        label if ASCII.contains(&label) => Ok(UTF_8),
        label if LATIN.contains(&label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| XmlError::Charset(label.to_owned()))
        }
        other => Err(XmlError::Charset(other.chars().filter(|c| c.is_ascii_graphic()).take(40).collect())),
    }
}

/// UTF-16 shows itself without a byte order mark: every other octet of `<?` or `<s` is zero.
fn without_mark(octets: &[u8]) -> Option<&'static Encoding> {
    match octets {
        [0, b'<', 0, ..] => Some(UTF_16BE),
        [b'<', 0, _, 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// The `encoding` of an XML declaration whose octets are ASCII.
fn declared(octets: &[u8]) -> Option<String> {
    let head = octets.get(..octets.len().min(200)).unwrap_or_default();
    let head = std::str::from_utf8(head.get(..head.windows(2).position(|pair| pair == b"?>")?)?).ok()?;
    let value =
        head.strip_prefix("<?xml")?.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value.get(1..)?.split_once(quote).map(|(label, _)| label.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn sets_are_recognised() {
        let declared = |name: &str| format!("<?xml version='1.0' encoding=\"{name}\"?><a>å</a>");
        let cases: Vec<(Vec<u8>, Option<&str>)> = vec![
            ("<a>å</a>".into(), None),
            (declared("UTF-8").into(), None),
            ([b"\xEF\xBB\xBF".as_slice(), declared("ISO-8859-1").as_bytes()].concat(), Some("iso-8859-1")),
            (b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE5</a>".to_vec(), None),
            (b"<a>\xE5</a>".to_vec(), Some("ISO-8859-1")),
            (utf16(&declared("UTF-16"), true), None),
            (utf16(&declared("UTF-16"), false), Some("utf-16")),
            ([b"\xFF\xFE".to_vec(), utf16("<a>å</a>", false)].concat(), None),
            ([b"\xFE\xFF".to_vec(), utf16("<a>å</a>", true)].concat(), Some("utf-8")),
            (utf16("<a>å</a>", true), Some("utf-16be")),
            (declared("utf-16").into(), None),
        ];
        for (octets, charset) in cases {
            let text =
                decode(&octets, charset).unwrap_or_else(|error| panic!("{error}: {octets:?} {charset:?}"));
            assert!(text.ends_with("<a>å</a>"), "{text}");
        }
    }

    #[test]
    fn the_rest_is_refused() {
        for (octets, charset) in [
            (b"<?xml version='1.0' encoding='UTF-7'?><a/>".as_slice(), None),
            (b"<a/>", Some("utf-7")),
            (b"<a/>", Some("utf-32")),
            (b"<a/>", Some("ebcdic-cp-se")),
            (b"<a>\xE5</a>", None),
            (b"<a>\xC0\xBC</a>", Some("utf-8")),
            (b"\xFE\xFF\x00", None),
            (b"\xFE\xFF\xD8\x00\x00<", None),
        ] {
            assert!(decode(octets, charset).is_err(), "{octets:?} {charset:?}");
        }
    }
}
