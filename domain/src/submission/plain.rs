//! Texts by a link whose operator carries few letters and no other alphabet: what he lacks is replaced, and who sends it is told so.

use super::Request;
use super::body::{Choice, fits};
use super::request::Content;
use crate::directory::{Directory, LinkId};
use crate::message::Body;
use crate::refusal::{Code, Refusal};
use crate::text::{Alphabet, Policy, restrict, segment};
use crate::trace::Trace;
use crate::words;

/// A text in the letters of the link; `None` for what is no text of ours to change (octets, an own header).
///
/// # Errors
/// `text_not_encodable` when nothing may be changed, or nobody could read what is left; `text_too_long`.
pub(super) fn text(
    letters: &[char],
    directory: &Directory,
    request: &Request,
    link: &LinkId,
    trace: &mut Trace,
) -> Result<Option<Choice>, Refusal> {
    let text = match &request.content {
        Content::Text(text) => text,
        Content::Headed { text, udh } if udh.is_empty() => text,
        Content::Headed { .. } | Content::Binary { .. } => return Ok(None),
    };
    let plain = restrict(text, letters);
    let may_change = request.policy.unwrap_or(directory.defaults.text) != Policy::Reject;
    if plain.is_unreadable || !may_change && !plain.changes.is_empty() {
        let lacking = plain.changes.iter().map(|change| change.from.as_str()).take(5);
        let lacking = lacking.collect::<Vec<_>>().join(" ");
        let detail = words!(
            "vägen {link} bär inte dessa tecken: {lacking}",
            "link {link} does not carry these characters: {lacking}"
        );
        return Err(Refusal::field(Code::TextNotEncodable, "text", detail));
    }
    let count = segment::count(&plain.text, Alphabet::Gsm7, false);
    let segments = fits(count, directory.defaults.max_segments)?;
    trace.note("text", || {
        let changed = plain.changes.len();
        words!(
            "vägen {link} bär bara enkla texter: {changed} tecken ändrade, {segments} del(ar)",
            "link {link} carries plain texts only: {changed} character(s) changed, {segments} part(s)"
        )
    });
    let body = Body::Text { text: plain.text, alphabet: Alphabet::Gsm7, udh: Vec::new() };
    Ok(Some(Choice { body, changes: plain.changes, segments }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_or_refused() {
        let letters: Vec<char> = (' '..='Z').chain('a'..='z').chain("ÅÄÖåäö".chars()).collect();
        let link = LinkId::parse("TS0").expect("name");
        let ask = |request: &Request| {
            text(&letters, &Directory::default(), request, &link, &mut Trace::new()).map_err(|r| r.code)
        };
        let changed = |said: &str| {
            let choice = ask(&Request::text(["0701234567"], said))?.expect("a text");
            let Body::Text { text, alphabet: Alphabet::Gsm7, .. } = choice.body else { panic!("a text") };
            Ok((text, choice.changes.len(), choice.segments))
        };
        assert_eq!(changed("Brand i Å"), Ok(("Brand i Å".to_owned(), 0, 1)));
        assert_eq!(changed("Å: 5 € 😀"), Ok(("Å: 5 ? ?".to_owned(), 2, 1)));
        assert_eq!(changed(&"Å😀".repeat(80)).map(|(_, _, segments)| segments), Ok(1));
        assert_eq!(changed("Пожар"), Err(Code::TextNotEncodable));
        assert_eq!(changed(&"x".repeat(1540)), Err(Code::TextTooLong));
        let mut strict = Request::text(["0701234567"], "5 €");
        strict.policy = Some(Policy::Reject);
        assert_eq!(ask(&strict), Err(Code::TextNotEncodable));
        let octets = Request { content: Content::Binary { data: vec![1], udh: Vec::new() }, ..strict };
        assert_eq!(ask(&octets), Ok(None));
    }
}
