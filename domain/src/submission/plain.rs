//! Texts by a link whose operator carries few letters: what he lacks is replaced, and who sends it is told so. Where he carries UCS-2 besides,
//! a text goes in that sooner than it loses something.

use super::Request;
use super::body::{Choice, fits};
use super::plan::Decided;
use super::request::Content;
use crate::directory::{Directory, Letters, LinkId};
use crate::language::Words;
use crate::message::Body;
use crate::refusal::{Code, Refusal};
use crate::text::{Alphabet, Policy, Restricted, restrict, segment};
use crate::trace::Trace;
use crate::words;

/// A text in the letters of the link; `None` for what is no text of ours to change (octets, an own header), or goes as it was decided.
///
/// # Errors
/// `text_not_encodable` when nothing may be changed, or nobody could read what is left; `text_too_long`.
pub(super) fn text(
    letters: &Letters,
    directory: &Directory,
    (request, decided): (&Request, &Decided),
    link: &LinkId,
    trace: &mut Trace,
) -> Result<Option<Choice>, Refusal> {
    let text = match &request.content {
        Content::Text(text) => text,
        Content::Headed { text, udh } if udh.is_empty() => text,
        Content::Headed { .. } | Content::Binary { .. } => return Ok(None),
    };
    let policy = request.policy.unwrap_or(directory.defaults.text);
    let most = directory.defaults.max_segments;
    let mut changes = Vec::new();
    let plain = if letters.ucs2 {
        let Body::Text { text, alphabet: Alphabet::Gsm7, .. } = &decided.body else { return Ok(None) };
        let plain = restrict(text, &letters.all);
        if plain.changes.is_empty() {
            return Ok(None);
        }
        if let Some(segments) = wider(text, &plain, policy, most) {
            trace.note("text", || {
                words!(
                    "vägen {link} saknar några av tecknen: ucs2 i {segments} del(ar)",
                    "link {link} lacks some of the characters: ucs2 in {segments} segment(s)"
                )
            });
            let body = Body::Text { text: text.clone(), alphabet: Alphabet::Ucs2, udh: Vec::new() };
            return Ok(Some(Choice { body, changes: decided.changes.clone(), segments }));
        }
        changes.clone_from(&decided.changes);
        plain
    } else {
        restrict(text, &letters.all)
    };
    readable(&plain, policy, |lacking| {
        words!(
            "vägen {link} bär inte dessa tecken: {lacking}",
            "link {link} does not carry these characters: {lacking}"
        )
    })?;
    let count = segment::count(&plain.text, Alphabet::Gsm7, false);
    let segments = fits(count, most)?;
    trace.note("text", || {
        let changed = plain.changes.len();
        words!(
            "vägen {link} bär bara enkla texter: {changed} tecken ändrade, {segments} del(ar)",
            "link {link} carries plain texts only: {changed} character(s) changed, {segments} part(s)"
        )
    });
    changes.extend(plain.changes);
    let body = Body::Text { text: plain.text, alphabet: Alphabet::Gsm7, udh: Vec::new() };
    Ok(Some(Choice { body, changes, segments }))
}

/// The parts of a text that goes in UCS-2 rather than lose what the policy keeps; where one part is enough, that costs nothing at all.
fn wider(text: &str, plain: &Restricted, policy: Policy, most: u8) -> Option<u8> {
    let segments = u8::try_from(segment::count(text, Alphabet::Ucs2, false)).ok()?;
    let is_wanted = match policy {
        Policy::Keep | Policy::Unicode => segments <= most,
        Policy::Auto => plain.lost > 0 && segments <= most,
        Policy::Fold => plain.lost > 0 && segments == 1,
        Policy::Reject => false,
    };
    is_wanted.then_some(segments)
}

/// What may be sent of a text in fewer letters.
///
/// # Errors
/// `text_not_encodable` when nothing may be changed, or nobody could read what is left; `detail` says who lacks these characters.
pub(super) fn readable(
    plain: &Restricted,
    policy: Policy,
    detail: impl FnOnce(String) -> Words,
) -> Result<(), Refusal> {
    if !plain.is_unreadable && (policy != Policy::Reject || plain.changes.is_empty()) {
        return Ok(());
    }
    let lacking = plain.changes.iter().map(|change| change.from.as_str()).take(5);
    let lacking = lacking.collect::<Vec<_>>().join(" ");
    Err(Refusal::field(Code::TextNotEncodable, "text", detail(lacking)))
}

#[cfg(test)]
mod tests;
