//! What is sent: the alphabet of a text, its segments, octets with and without a header.

use super::Content;
use crate::language::Words;
use crate::message::Body;
use crate::refusal::{Code, Refusal};
use crate::text::{self, Alphabet, Change, Policy, segment};
use crate::trace::Trace;
use crate::words;

/// A body and what it took to make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The body.
    pub body: Body,
    /// Characters that were changed.
    pub changes: Vec<Change>,
    /// PDUs it takes.
    pub segments: u8,
}

/// Chooses the cheapest alphabet that keeps the text and counts its segments.
///
/// # Errors
/// `no_text`, `text_too_long`, `text_not_encodable`.
pub fn decide_body(
    content: &Content,
    policy: Policy,
    max_segments: u8,
    trace: &mut Trace,
) -> Result<Choice, Refusal> {
    match content {
        Content::Text(text) => decide_text(text, policy, max_segments, trace),
        Content::Headed { text, udh } if udh.is_empty() => decide_text(text, policy, max_segments, trace),
        Content::Headed { text, udh } => decide_headed(text, udh, policy),
        Content::Binary { data, udh } => decide_binary(data, udh, max_segments),
    }
}

/// A header whose first octet is not its length.
fn well_formed(udh: &[u8]) -> Result<(), Refusal> {
    if udh.split_first().is_some_and(|(length, rest)| usize::from(*length) != rest.len()) {
        return Err(Refusal::field(
            Code::InvalidParameter,
            "udh",
            Words::new("dess första oktett är dess längd", "its first octet must be its length"),
        ));
    }
    Ok(())
}

/// One segment with the caller's own header; the text may be empty.
fn decide_headed(text: &str, udh: &[u8], policy: Policy) -> Result<Choice, Refusal> {
    well_formed(udh)?;
    let chosen =
        text::choose(text, policy).map_err(|e| Refusal::field(Code::TextNotEncodable, "text", e.words()))?;
    let body = segment::whole(&chosen.text, chosen.alphabet);
    let room = segment::limits(Alphabet::Binary, false).0.saturating_sub(udh.len());
    let fits = match chosen.alphabet {
        // The text begins at a septet boundary after the header (3GPP TS 23.040 section 9.2.3.24).
        Alphabet::Gsm7 => body.octets().len() <= room * 8 / 7,
        Alphabet::Ucs2 | Alphabet::Binary => body.octets().len() <= room,
    };
    if !fits {
        return Err(Refusal::field(
            Code::TextTooLong,
            "text",
            Words::new(
                "med eget huvud ska det rymmas i en enda del",
                "with an own header it must fit in one segment",
            ),
        ));
    }
    let body = Body::Text { text: chosen.text.into_owned(), alphabet: chosen.alphabet, udh: udh.to_vec() };
    Ok(Choice { body, changes: chosen.changes, segments: 1 })
}

fn decide_text(text: &str, policy: Policy, max_segments: u8, trace: &mut Trace) -> Result<Choice, Refusal> {
    if text.is_empty() {
        return Err(Refusal::field(Code::NoText, "text", ""));
    }
    if text.len() > 255 * 160 * 4 {
        return Err(Refusal::field(
            Code::TextTooLong,
            "text",
            words!("{} oktetter", "{} octets", text.len()),
        ));
    }
    let chosen =
        text::choose(text, policy).map_err(|e| Refusal::field(Code::TextNotEncodable, "text", e.words()))?;
    // Of marks that nobody sees nothing is left.
    if chosen.text.is_empty() {
        return Err(Refusal::field(Code::NoText, "text", ""));
    }
    let count = segment::count(&chosen.text, chosen.alphabet, false);
    let segments = fits(count, max_segments)?;
    trace.note("text", || {
        words!(
            "{} i {segments} del(ar), {} tecken ändrade",
            "{} in {segments} segment(s), {} character(s) changed",
            chosen.alphabet,
            chosen.changes.len()
        )
    });
    let body = Body::Text { text: chosen.text.into_owned(), alphabet: chosen.alphabet, udh: Vec::new() };
    Ok(Choice { body, changes: chosen.changes, segments })
}

fn decide_binary(data: &[u8], udh: &[u8], max_segments: u8) -> Result<Choice, Refusal> {
    if data.is_empty() && udh.is_empty() {
        return Err(Refusal::field(Code::NoText, "text", ""));
    }
    well_formed(udh)?;
    let single = data.len() + udh.len() <= segment::limits(Alphabet::Binary, false).0;
    if !udh.is_empty() && !single {
        return Err(Refusal::field(
            Code::TextTooLong,
            "text",
            Words::new(
                "med eget huvud högst 140 oktetter tillsammans",
                "with an own header at most 140 octets together",
            ),
        ));
    }
    let count = if single { 1 } else { data.len().div_ceil(segment::limits(Alphabet::Binary, false).1) };
    let segments = fits(count, max_segments)?;
    Ok(Choice {
        body: Body::Binary { data: data.to_vec(), udh: udh.to_vec() },
        changes: Vec::new(),
        segments,
    })
}

pub(super) fn fits(count: usize, most: u8) -> Result<u8, Refusal> {
    let fitting = u8::try_from(count).ok().filter(|c| *c <= most);
    fitting.ok_or_else(|| {
        Refusal::field(
            Code::TextTooLong,
            "text",
            words!("{count} delar, högst {most}", "{count} segments, at most {most}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headed(text: &str, udh: &[u8]) -> Result<Choice, Refusal> {
        let content = Content::Headed { text: text.to_owned(), udh: udh.to_vec() };
        decide_body(&content, Policy::Auto, 10, &mut Trace::silent())
    }

    #[test]
    fn a_text_with_a_header_is_one_segment() {
        let udh = [5, 0, 3, 7, 2, 1];
        for (text, alphabet, fits) in [
            ("a".repeat(153), Alphabet::Gsm7, true),
            ("a".repeat(154), Alphabet::Gsm7, false),
            ("日".repeat(67), Alphabet::Ucs2, true),
            ("日".repeat(68), Alphabet::Ucs2, false),
            (String::new(), Alphabet::Gsm7, true),
        ] {
            let choice = headed(&text, &udh);
            let Some(choice) = choice.ok().filter(|_| fits) else {
                assert_eq!(headed(&text, &udh).map_err(|r| r.code), Err(Code::TextTooLong), "{}", text.len());
                continue;
            };
            assert_eq!((choice.body.alphabet(), choice.segments), (alphabet, 1));
            let segments = choice.body.segments(1, false).expect("one");
            assert_eq!((segments.len(), segments[0].header()), (1, udh.to_vec()));
            assert_eq!(segments[0].body.text(), text);
        }
        assert_eq!(headed("Hej", &[9, 0]).map_err(|r| r.code), Err(Code::InvalidParameter));
        assert_eq!(headed(&"a".repeat(300), &[]).map(|choice| choice.segments), Ok(2), "no header at all");
    }
}
