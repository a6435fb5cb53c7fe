//! Which parts of a mail are its text.

use super::{charset, flowed, html};
use crate::trim::{self, Line};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

/// The text, all parts of it in their order; the HTML when there is no text or it is empty; else what says wrongly what it is, or else the mail that is
/// attached. What has a file's name after the first part is attached and no text.
pub(super) fn body_of(message: &Message<'_>) -> Vec<Line> {
    let body = readable(message);
    if !is_empty(&body) {
        return body;
    }
    let others = message.parts.iter().flat_map(|part| mislabelled(message, part)).collect::<Vec<_>>();
    if !is_empty(&others) {
        return others;
    }
    let inner = message.parts.iter().flat_map(passed_on).collect::<Vec<_>>();
    if is_empty(&inner) { body } else { inner }
}

/// The text of a mail that was passed on as an attachment, without a word to it: the mail is that text, or the subject that stands for it.
fn passed_on(part: &MessagePart<'_>) -> Vec<Line> {
    let PartType::Message(inner) = &part.body else { return Vec::new() };
    let body = body_of(inner);
    if is_empty(&body) { trim::lines(&charset::subject(inner)) } else { body }
}

/// Why nobody here can read the text of a mail, although there is one: by what the mail as a whole is. Its subject alone would look like all of it.
pub(super) fn sealed(message: &Message<'_>, body: &[Line]) -> Option<&'static str> {
    const ENCRYPTED: &str = "the mail is encrypted and nobody here has the key: send it unencrypted";
    let kind = message.root_part().content_type()?;
    let is = |main: &str, sub: &str| {
        let subtype = kind.subtype().unwrap_or_default();
        kind.ctype().eq_ignore_ascii_case(main) && subtype.eq_ignore_ascii_case(sub)
    };
    let first = body.iter().map(|line| line.text.trim()).find(|line| !line.is_empty());
    if is("multipart", "encrypted") || first == Some("-----BEGIN PGP MESSAGE-----") {
        return Some(ENCRYPTED);
    }
    if !is_empty(body) {
        return None;
    }
    if is("application", "ms-tnef") {
        return Some("the text is in winmail.dat, which only Outlook opens: send it as HTML or plain text");
    }
    if !is("application", "pkcs7-mime") && !is("application", "x-pkcs7-mime") {
        return None;
    }
    let signed = kind.attribute("smime-type").is_some_and(|form| form.eq_ignore_ascii_case("signed-data"));
    Some(if signed {
        "the text is inside its signature (S/MIME): sign it as clear text, or not at all"
    } else {
        ENCRYPTED
    })
}

fn readable(message: &Message<'_>) -> Vec<Line> {
    let lines = |parts: &[u32]| {
        let parts = parts.iter().filter_map(|n| message.parts.get(usize::try_from(*n).ok()?));
        let texts = parts.filter(|part| matches!(part.body, PartType::Text(_) | PartType::Html(_)));
        let written = texts.enumerate().filter(|(n, part)| *n == 0 || part.attachment_name().is_none());
        written.flat_map(|(_, part)| lines_of(message, part)).collect::<Vec<_>>()
    };
    let body = lines(&message.text_body);
    if is_empty(&body) { lines(&message.html_body) } else { body }
}

fn is_empty(lines: &[Line]) -> bool {
    lines.iter().all(|line| line.text.trim().is_empty())
}

/// The lines of a part of whose type nobody knows what it is (`text`, `text/plain charset=utf-8`): an alarm system that names it wrongly means
/// plain text (RFC 2045, 5.2; RFC 2046, 4.1.4). So it is with parts that do not end, or whose boundary is another than the mail says.
fn mislabelled(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<Line> {
    const NO_TEXT: [&str; 8] =
        ["calendar", "vcard", "x-vcard", "directory", "css", "javascript", "rtf", "csv"];
    let kind = part.content_type();
    let subtype = kind.and_then(|kind| kind.subtype()).unwrap_or_default().to_ascii_lowercase();
    let attached = part.attachment_name().is_some()
        || part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    if attached || NO_TEXT.contains(&subtype.as_str()) {
        return Vec::new();
    }
    let is = |name: &str| kind.is_some_and(|kind| kind.ctype().eq_ignore_ascii_case(name));
    match &part.body {
        PartType::Text(_) | PartType::Binary(_) if is("multipart") => {
            parts_by_their_own_boundary(charset::raw(message, part))
        }
        PartType::Text(_) | PartType::Html(_) => lines_of(message, part),
        PartType::Binary(octets) if kind.is_some_and(|kind| is_no_type(kind.ctype())) => {
            trim::lines(&charset::loose(octets))
        }
        _ => Vec::new(),
    }
}

/// Whether this is no type of RFC 2046, nor one of those that came after it.
fn is_no_type(kind: &str) -> bool {
    const TYPES: [&str; 10] = [
        "text",
        "image",
        "audio",
        "video",
        "application",
        "multipart",
        "message",
        "font",
        "model",
        "chemical",
    ];
    !TYPES.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// The lines of a multipart of which nobody said, or said wrongly, what parts it: its first line does.
fn parts_by_their_own_boundary(raw: &[u8]) -> Vec<Line> {
    let text = trim::lines(&charset::loose(raw));
    let first = raw.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    let named =
        first.and_then(|line| line.strip_prefix(b"--")).and_then(|name| std::str::from_utf8(name).ok());
    let fit = |name: &&str| !name.is_empty() && name.len() <= 70 && !name.contains(['"', '\\']);
    let Some(boundary) = named.filter(fit) else { return text };
    let mut whole = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n").into_bytes();
    whole.extend_from_slice(raw);
    let found = MessageParser::default().parse(&whole).map(|message| readable(&message)).unwrap_or_default();
    if is_empty(&found) { text } else { found }
}

fn lines_of(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<Line> {
    let text = charset::part_text(message, part);
    let kind = part.content_type();
    let says = |name, value: &str| {
        kind.and_then(|kind| kind.attribute(name)).is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    match part.body {
        PartType::Html(_) => html::lines(&text),
        _ if says("format", "flowed") => flowed::lines(&text, says("delsp", "yes")),
        _ => trim::lines(&text),
    }
}
