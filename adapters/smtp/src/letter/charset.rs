//! Letters of mail that does not say its character set, or says a wrong one: what is no UTF-8 is read as windows-1252, the superset of Latin-1
//! that old devices here write.

use super::dos;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use std::borrow::Cow;

/// What the parser puts for octets that it cannot read.
const LOST: char = '\u{FFFD}';

/// The longest content of an encoded word that is joined with others.
const LONGEST_WORD: usize = 1_000;

/// Encoded words of a subject that are looked at for whether they say wrongly of which set they are.
const MOST_WORDS: usize = 100;

/// The text of a part; empty when it is none.
pub fn part_text<'a>(message: &Message<'_>, part: &'a MessagePart<'_>) -> Cow<'a, str> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return Cow::Borrowed("") };
    let named = part.content_type().and_then(|kind| kind.attribute("charset"));
    let own = named.and_then(own_decoder);
    if let Some(octets) = damaged_base64(message, part) {
        let decoder = own.or_else(|| named.and_then(|name| charset_decoder(name.as_bytes())));
        return Cow::Owned(decoder.map_or_else(|| loose(&octets), |decoder| decoder(&octets)));
    }
    let in_doubt = if own.is_some() {
        true
    } else if text.contains(LOST) {
        named.is_none_or(may_be_wrong)
    } else {
        named.is_some_and(is_latin) && !text.is_ascii()
    };
    if !in_doubt {
        return Cow::Borrowed(text);
    }
    let raw = raw(message, part);
    let octets = match part.encoding {
        Encoding::None => Cow::Borrowed(raw),
        Encoding::QuotedPrintable => MessageStream::new(raw).decode_quoted_printable_mime(b"").1,
        Encoding::Base64 => MessageStream::new(raw).decode_base64_mime(b"").1,
    };
    if let Some(decoder) = own {
        return Cow::Owned(decoder(&octets));
    }
    let better = if named.is_some_and(is_latin) { utf8_after_all(&octets) } else { read(&octets) };
    better.map_or(Cow::Borrowed(text.as_ref()), Cow::Owned)
}

/// How octets are read of whose set the parser knows less than we do.
fn own_decoder(name: &str) -> Option<fn(&[u8]) -> String> {
    match name {
        name if is_utf16(name) => Some(utf16),
        name if is_utf7(name) => Some(utf7),
        name => dos::decoder(name),
    }
}

/// Octets of a text that says nothing of its letters.
#[must_use]
pub fn loose(octets: &[u8]) -> String {
    read(octets).unwrap_or_else(|| String::from_utf8_lossy(octets).into_owned())
}

/// The octets of a part as they came.
pub fn raw<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> &'a [u8] {
    let (from, to) = (usize::try_from(part.offset_body), usize::try_from(part.offset_end));
    from.ok().zip(to.ok()).and_then(|(from, to)| message.raw_message.get(from..to)).unwrap_or_default()
}

/// What is said to be base64 and cannot be read as such, because of blanks, of what somebody on the way put after it, or because its
/// end is missing: as far as it goes.
fn damaged_base64(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Vec<u8>> {
    let said = part.content_transfer_encoding()?;
    if !said.trim().eq_ignore_ascii_case("base64") {
        return None;
    }
    let raw = raw(message, part);
    let letter = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    let fits = |octet: &u8| letter(octet) || octet.is_ascii_whitespace() || *octet == b'=';
    let lines = raw.split(|octet| *octet == b'\n');
    let letters: Vec<u8> =
        lines.take_while(|line| line.iter().all(fits)).flatten().copied().filter(letter).collect();
    // Without the end that fills it up the parser leaves its last letters out.
    let is_short = !letters.len().is_multiple_of(4) && !raw.contains(&b'=');
    if !part.is_encoding_problem && !is_short {
        return None;
    }
    base64_as_far_as_it_goes(&letters).filter(|octets| !octets.is_empty())
}

fn base64_as_far_as_it_goes(letters: &[u8]) -> Option<Vec<u8>> {
    // One letter is less than an octet.
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    let loose = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, loose).decode(letters.get(..whole)?).ok()
}

/// The subject of a mail.
pub fn subject(message: &Message<'_>) -> String {
    let text = message.subject().unwrap_or_default();
    let field = message.headers().iter().rev().find(|header| header.name == HeaderName::Subject);
    let raw = field.and_then(|header| {
        let (from, to) =
            (usize::try_from(header.offset_start).ok()?, usize::try_from(header.offset_end).ok()?);
        message.raw_message.get(from..to)
    });
    let again = raw.and_then(|raw| {
        let line = read(raw).unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned());
        if !text.contains(LOST) && !has_misread_words(&line) {
            return None;
        }
        let head = format!("Subject:{}\r\n\r\n", joined_words(&with_known_charsets(line.trim_end())));
        MessageParser::default().parse_headers(&head)?.subject().map(str::to_owned)
    });
    again.unwrap_or_else(|| text.to_owned())
}

fn has_misread_words(line: &str) -> bool {
    let words = line.match_indices("=?").filter_map(|(at, _)| {
        let word = line.get(at..)?;
        let (name, octets, after) = encoded_word(word)?;
        let whole = word.get(..word.len() - after.len())?;
        let content = whole.strip_suffix("?=").and_then(|word| word.rsplit_once('?'));
        let is_base64 = whole.contains("?B?") || whole.contains("?b?");
        Some(
            better_word(name, &octets).is_some()
                || (is_base64 && content.is_some_and(|(_, text)| lacks_its_end(text))),
        )
    });
    words.take(MOST_WORDS).any(|is_misread| is_misread)
}

/// What an encoded word says, where the parser would read it as something else.
fn better_word(name: &str, octets: &[u8]) -> Option<String> {
    match name {
        name if is_utf8(name) => read(octets),
        name if is_latin(name) => utf8_after_all(octets),
        name => own_decoder(name).map(|decoder| decoder(octets)),
    }
}

/// Whether octets of this name may be of another set: UTF-8 is often claimed and not written; a set that nobody knows says nothing.
fn may_be_wrong(name: &str) -> bool {
    is_utf8(name) || is_unknown(name)
}

/// UTF-16 whose name does not say which octet comes first.
fn is_utf16(name: &str) -> bool {
    let names = ["utf-16", "utf16", "utf_16", "unicode", "ucs-2", "ucs2", "iso-10646-ucs-2"];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// By its mark; without one, as most letters of a text here have an octet that is zero: the first, as the standard has it (RFC 2781, 4.3), or the second, as
/// Windows writes it.
fn utf16(octets: &[u8]) -> String {
    let zeros = |nth: usize| octets.iter().skip(nth).step_by(2).filter(|octet| **octet == 0).count();
    let usual = if zeros(1) > zeros(0) { UTF_16LE } else { UTF_16BE };
    usual.decode(octets).0.into_owned()
}

fn is_utf7(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-7") || name.eq_ignore_ascii_case("unicode-1-1-utf-7")
}

/// UTF-7 (RFC 2152), for the parser loses what ends a run of base64: a hyphen belongs to the run, everything else to the text.
fn utf7(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|octet| *octet == b'+') {
        let (plain, run) = rest.split_at(at);
        text.push_str(&loose(plain));
        let run = run.get(1..).unwrap_or_default();
        let in_run = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
        let (letters, after) = run.split_at(run.iter().position(|octet| !in_run(octet)).unwrap_or(run.len()));
        match base64_as_far_as_it_goes(letters).filter(|octets| octets.len() > 1) {
            Some(octets) => text.push_str(
                &UTF_16BE.decode_without_bom_handling(octets.get(..octets.len() & !1).unwrap_or_default()).0,
            ),
            None => text.push_str(&format!("+{}", loose(letters))),
        }
        rest = after.strip_prefix(b"-").unwrap_or(after);
    }
    text.push_str(&loose(rest));
    text
}

fn is_utf8(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

fn is_unknown(name: &str) -> bool {
    charset_decoder(name.as_bytes()).is_none() && !is_utf8(name) && own_decoder(name).is_none()
}

fn is_ascii(name: &str) -> bool {
    name.eq_ignore_ascii_case("us-ascii") || name.eq_ignore_ascii_case("ascii")
}

/// What programs say that know of no other set, whatever they write.
fn is_latin(name: &str) -> bool {
    let latin = ["iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252", "iso-8859-15"];
    is_ascii(name) || latin.iter().any(|latin| name.eq_ignore_ascii_case(latin))
}

/// UTF-8 that is said to be Latin-1: only where nobody can have meant the Latin letters (`Ã¥`, `â€“`).
fn utf8_after_all(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let usual = |c| matches!(c, '\u{C0}'..='\u{FF}' | '\u{2000}'..='\u{20CF}' | '\u{10000}'..);
    text.chars().any(usual).then(|| text.to_owned())
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
        let fit = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.:+".contains(&octet);
        if (2..=40).contains(&bare.len()) && bare.bytes().all(fit) && is_unknown(bare) {
            named.push_str("windows-1252");
            rest = after.get(name.len()..).unwrap_or_default();
        }
    }
    named.push_str(rest);
    named
}

/// Encoded words of one set that follow each other, as one: some programs cut them in the middle of a letter.
fn joined_words(line: &str) -> String {
    let mut joined = String::with_capacity(line.len());
    let mut open: Option<(&str, Vec<u8>)> = None;
    let mut rest = line;
    while !rest.is_empty() {
        let gap = rest.len() - rest.trim_start().len();
        if let Some((name, octets, after)) = encoded_word(rest.get(gap..).unwrap_or_default()) {
            match &mut open {
                Some((same, all)) if same.eq_ignore_ascii_case(name) => all.extend(octets),
                _ => {
                    close(&mut joined, open.take());
                    joined.push_str(rest.get(..gap).unwrap_or_default());
                    open = Some((name, octets));
                }
            }
            rest = after;
            continue;
        }
        close(&mut joined, open.take());
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(at, c)| c.is_whitespace() || rest.get(*at..).is_some_and(|tail| tail.starts_with("=?")));
        let (text, after) = rest.split_at(next.map_or(rest.len(), |(at, _)| at));
        joined.push_str(text);
        rest = after;
    }
    close(&mut joined, open);
    joined
}

fn close(line: &mut String, word: Option<(&str, Vec<u8>)>) {
    if let Some((name, octets)) = word {
        let better = better_word(name, &octets).map(String::into_bytes);
        let (name, octets) = better.map_or((name, octets), |better| ("UTF-8", better));
        line.push_str(&format!("=?{name}?B?{}?=", BASE64_STANDARD.encode(octets)));
    }
}

/// Base64 without what fills it up at its end, of which the parser loses the last letters.
fn lacks_its_end(content: &str) -> bool {
    let letter = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    !content.len().is_multiple_of(4) && content.bytes().all(letter)
}

/// The set, the octets and what follows of an encoded word that a text begins with.
fn encoded_word(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let (name, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let name = name.split('*').next().filter(|name| (2..=40).contains(&name.len()))?;
    let (form, rest) = rest.split_once('?')?;
    let most = rest.char_indices().nth(LONGEST_WORD).map_or(rest.len(), |(at, _)| at);
    let content = rest.get(..most)?.split_once("?=")?.0;
    let after = rest.get(content.len() + 2..)?;
    let whole = format!("{content}?=");
    let mut stream = MessageStream::new(whole.as_bytes());
    let octets = match form {
        "q" | "Q" => stream.decode_quoted_printable_word(),
        "b" | "B" if lacks_its_end(content) => base64_as_far_as_it_goes(content.as_bytes()),
        "b" | "B" => stream.decode_base64_word(),
        _ => None,
    };
    Some((name, octets?, after))
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
        let padded = "=?UTF-8?B?SMM=?= =?utf-8?B?tmc=?=";
        assert_eq!(with_known_charsets(padded), padded);
        assert_eq!(utf8_after_all("Nivå – 5 €".as_bytes()).as_deref(), Some("Nivå – 5 €"));
        assert_eq!(utf8_after_all(b"SJ\xd6\x94"), None, "an Ö before a quotation mark");
    }

    #[test]
    fn what_ends_a_run_of_utf_7_stays() {
        assert_eq!(
            utf7(b"Hej p+AOU dig +AOUA5AD2 +IKw.\r\n1 +- 1, +AOU-r"),
            "Hej på dig åäö €.\r\n1 + 1, år"
        );
        assert_eq!(utf7(b"slut p+AOU"), "slut på");
    }

    #[test]
    fn words_cut_in_a_letter() {
        let joined = |line: &str| joined_words(line);
        assert_eq!(joined("=?UTF-8?Q?H=C3?=\r\n =?utf-8*sv?q?=B6g?= x"), "=?UTF-8?B?SMO2Zw==?= x");
        assert_eq!(joined("a =?UTF-8?B?SMM=?= =?UTF-8?B?tmc=?="), "a =?UTF-8?B?SMO2Zw==?=");
        assert_eq!(joined("=?a1?Q?x?= =?b2?Q?y?=z"), "=?a1?B?eA==?= =?b2?B?eQ==?=z");
        assert_eq!(joined("a  b =? c =?x=?=? å="), "a  b =? c =?x=?=? å=");
    }
}
