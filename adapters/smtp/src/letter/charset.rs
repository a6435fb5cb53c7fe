//! Letters of mail that does not say its character set, or says a wrong one: what is no UTF-8 is read as windows-1252, the superset of Latin-1
//! that old devices here write.

use encoding_rs::WINDOWS_1252;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use std::borrow::Cow;

/// What the parser puts for octets that it cannot read.
const LOST: char = '\u{FFFD}';

/// The text of a part; empty when it is none.
pub fn part_text<'a>(message: &Message<'_>, part: &'a MessagePart<'_>) -> Cow<'a, str> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return Cow::Borrowed("") };
    let named = part.content_type().and_then(|kind| kind.attribute("charset"));
    if !text.contains(LOST) || named.is_some_and(|name| !may_be_wrong(name)) {
        return Cow::Borrowed(text);
    }
    let (from, to) = (usize::try_from(part.offset_body), usize::try_from(part.offset_end));
    let raw =
        from.ok().zip(to.ok()).and_then(|(from, to)| message.raw_message.get(from..to)).unwrap_or_default();
    let octets = match part.encoding {
        Encoding::None => Cow::Borrowed(raw),
        Encoding::QuotedPrintable => MessageStream::new(raw).decode_quoted_printable_mime(b"").1,
        Encoding::Base64 => MessageStream::new(raw).decode_base64_mime(b"").1,
    };
    read(&octets).map_or(Cow::Borrowed(text.as_ref()), Cow::Owned)
}

/// The subject of a mail.
pub fn subject(message: &Message<'_>) -> String {
    let text = message.subject().unwrap_or_default();
    if !text.contains(LOST) {
        return text.to_owned();
    }
    let field = message.headers().iter().rev().find(|header| header.name == HeaderName::Subject);
    let raw = field.and_then(|header| {
        let (from, to) =
            (usize::try_from(header.offset_start).ok()?, usize::try_from(header.offset_end).ok()?);
        message.raw_message.get(from..to)
    });
    let again = raw.and_then(|raw| {
        let line = read(raw).unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned());
        let head = format!("Subject:{}\r\n\r\n", with_known_charsets(line.trim_end()));
        MessageParser::default().parse_headers(&head)?.subject().map(str::to_owned)
    });
    again.unwrap_or_else(|| text.to_owned())
}

/// Whether octets of this name may be of another set: UTF-8 is often claimed and not written; a set that nobody knows says nothing.
fn may_be_wrong(name: &str) -> bool {
    is_utf8(name) || is_unknown(name)
}

fn is_utf8(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

fn is_unknown(name: &str) -> bool {
    charset_decoder(name.as_bytes()).is_none() && !is_utf8(name)
}

/// Octets that are no UTF-8, as windows-1252; `None` for those that are, but for a few broken places.
fn read(octets: &[u8]) -> Option<String> {
    let (mut letters, mut wrong) = (0_usize, 0_usize);
    for chunk in octets.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    (wrong > 0 && wrong >= letters).then(|| WINDOWS_1252.decode_without_bom_handling(octets).0.into_owned())
}

/// Encoded words (RFC 2047) whose set nobody knows (`unknown-8bit`), named as windows-1252.
fn with_known_charsets(line: &str) -> String {
    let mut named = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("=?") {
        named.push_str(before);
        named.push_str("=?");
        rest = after;
        let name = after.split_once('?').map_or("", |(name, _)| name);
        let bare = name.split('*').next().unwrap_or_default();
        if (2..=40).contains(&bare.len()) && is_unknown(bare) {
            named.push_str("windows-1252");
            rest = after.get(name.len()..).unwrap_or_default();
        }
    }
    named.push_str(rest);
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_set() {
        assert_eq!(read("Nivå".as_bytes()), None);
        assert_eq!(read(b"Niv\xe5 h\xf6g \x96 SJ\xd6\x94").as_deref(), Some("Nivå hög – SJÖ”"));
        assert_eq!(read(b"H\xc3\xb6g niv\xc3\xa5 i br\xc3"), None, "cut off in a letter");
        assert_eq!(
            with_known_charsets("x =?unknown-8bit*sv?Q?a?= =?UTF-8?Q?b?= =?"),
            "x =?windows-1252?Q?a?= =?UTF-8?Q?b?= =?"
        );
    }
}
