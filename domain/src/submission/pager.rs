//! Pages: what a message becomes when it goes to a pager (Minicall).
//!
//! Text pagers show seven bits and a few lines; numeric ones show digits and six signs. There is no header that joins parts, so a long
//! text goes in numbered pages; and nothing of it is ever receipted. Pages stand in one text, with a page break (form feed) between them.

use super::body::Choice;
use super::plain;
use super::request::Content;
use crate::address::{PagerId, Recipient};
use crate::directory::Letters;
use crate::language::Words;
use crate::message::Body;
use crate::refusal::{Code, Refusal};
use crate::text::{Alphabet, Change, Policy, Segment, gsm7, restrict};
use crate::trace::Trace;
use crate::words;

/// Between two pages of a text.
pub const PAGE_BREAK: char = '\u{c}';
/// A page that ends at a word may be so much shorter than it could be: a half.
const SHORTER: usize = 2;

/// What a pager shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagerKind {
    /// Letters.
    Text,
    /// `0` to `9`, `-`, space, `U`, `[` and `]`.
    Numeric,
}

/// How pages are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagerRules {
    /// Characters of a page, with its number.
    pub length: usize,
    /// Pages that a message may take.
    pub pages: u8,
    /// Characters that a numeric pager shows.
    pub numeric_length: usize,
    /// Numbers of numeric pagers begin with one of these.
    pub numeric: Vec<String>,
}

impl Default for PagerRules {
    fn default() -> Self {
        Self { length: 80, pages: 5, numeric_length: 20, numeric: Vec::new() }
    }
}

impl PagerRules {
    fn kind(&self, pager: &PagerId) -> PagerKind {
        let numeric = self.numeric.iter().any(|prefix| pager.as_str().starts_with(prefix.as_str()));
        if numeric { PagerKind::Numeric } else { PagerKind::Text }
    }
}

/// The kind that a recipient was written with: `minicall-numeric:0740123456`.
fn kind_asked(input: &str) -> Option<PagerKind> {
    let (scheme, _) = input.trim().split_once(':')?;
    match scheme.trim().to_ascii_lowercase().as_str() {
        "minicall-numeric" => Some(PagerKind::Numeric),
        "minicall-text" => Some(PagerKind::Text),
        _ => None,
    }
}

/// The pages of a message to this recipient; `None` when it is no pager.
///
/// `letters` are those of the link that takes them to the central, where they are few.
///
/// # Errors
/// `pager_text_only`, `pager_digits_only`, `text_too_long`; `text_not_encodable` when nothing may be changed, or nobody could read what is left.
pub(super) fn pages(
    rules: &PagerRules,
    input: &str,
    recipient: &Recipient,
    (content, policy): (&Content, Policy),
    letters: Option<&Letters>,
    trace: &mut Trace,
) -> Result<Option<Choice>, Refusal> {
    let Recipient::Pager(pager) = recipient else { return Ok(None) };
    let Content::Text(text) = content else {
        return Err(Refusal::field(Code::PagerTextOnly, "text", ""));
    };
    let kind = kind_asked(input).unwrap_or_else(|| rules.kind(pager));
    let (pages, changes) = match kind {
        PagerKind::Text => text_pages(rules, &seven_bits(text, letters, policy)?)?,
        PagerKind::Numeric => digits(rules, text)?,
    };
    trace.note("minicall", || {
        let (swedish, english) = match kind {
            PagerKind::Text => ("textpersonsökare", "text pager"),
            PagerKind::Numeric => ("numerisk personsökare", "numeric pager"),
        };
        let count = pages.len();
        Words::new(
            format!("{recipient} är en {swedish}: {count} sida/sidor, inga kvitton"),
            format!("{recipient} is a {english}: {count} page(s), no receipts"),
        )
    });
    let segments = u8::try_from(pages.len()).unwrap_or(u8::MAX);
    let body =
        Body::Text { text: pages.join(&PAGE_BREAK.to_string()), alphabet: Alphabet::Gsm7, udh: Vec::new() };
    Ok(Some(Choice { body, changes, segments }))
}

/// The segments of pages that stand in one text.
#[must_use]
pub fn segments(text: &str) -> Vec<Segment> {
    let page = |page: &str| Segment {
        own_header: Vec::new(),
        concat: None,
        body: crate::text::SegmentBody::Gsm7(gsm7::encode_lossy(page)),
    };
    text.split(PAGE_BREAK).map(page).collect()
}

fn too_long(pages: usize, rules: &PagerRules) -> Refusal {
    let (length, most) = (rules.length, rules.pages);
    let detail = words!(
        "{pages} sidor om {length} tecken, högst {most}",
        "{pages} pages of {length} characters, at most {most}"
    );
    Refusal::field(Code::TextTooLong, "text", detail)
}

/// Seven bits and å ä ö, of which a link may carry fewer: every other character becomes the one that looks like it, and each change is told.
fn seven_bits(
    text: &str,
    letters: Option<&Letters>,
    policy: Policy,
) -> Result<(String, Vec<Change>), Refusal> {
    let carries = |c: &char| letters.is_none_or(|letters| letters.ucs2 || letters.all.contains(c));
    let shown = (' '..='~').chain("åäöÅÄÖ".chars()).filter(carries);
    // Lines are not there on a pager: it breaks them where its display ends.
    let shown: Vec<char> = shown.chain('\0'..' ').collect();
    let plain = restrict(text, &shown);
    plain::readable(&plain, policy, |lacking| {
        words!(
            "personsökaren visar inte dessa tecken: {lacking}",
            "the pager does not show these characters: {lacking}"
        )
    })?;
    let changes = plain.changes.into_iter().filter(|change| !change.from.chars().all(char::is_control));
    let spaced = plain.text.replace(char::is_control, " ");
    Ok((spaced, changes.collect()))
}

fn text_pages(
    rules: &PagerRules,
    (text, changes): &(String, Vec<Change>),
) -> Result<(Vec<String>, Vec<Change>), Refusal> {
    let changes = changes.clone();
    let text = text.trim_end();
    if text.chars().count() <= rules.length {
        return Ok((vec![text.to_owned()], changes));
    }
    let most = usize::from(rules.pages);
    // The number of pages stands in each, and so decides how much room is left: guessed by its digits, then counted.
    for digits in 1..=3_usize {
        let number = 2 * digits + "(/) ".len();
        let room = rules.length.saturating_sub(number).max(1);
        let pages = cut(text, room);
        if pages.len() > most {
            return Err(too_long(pages.len(), rules));
        }
        if pages.len().to_string().len() <= digits {
            let of = pages.len();
            let numbered = (1..).zip(pages).map(|(n, page)| format!("({n}/{of}) {page}"));
            return Ok((numbered.collect(), changes));
        }
    }
    Err(too_long(text.chars().count() / rules.length.max(1), rules))
}

/// Pieces of at most `room` characters, at words where that costs little.
fn cut(text: &str, room: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    let mut pieces = Vec::new();
    while rest.len() > room {
        let (head, _) = rest.split_at(room + 1);
        let word = head.iter().rposition(|c| *c == ' ').filter(|at| *at >= room - room / SHORTER);
        let at = word.unwrap_or(room);
        let (piece, later) = rest.split_at(at);
        pieces.push(piece.iter().collect());
        rest = if word.is_some() { later.get(1..).unwrap_or_default() } else { later };
    }
    pieces.push(rest.iter().collect());
    pieces
}

fn digits(rules: &PagerRules, text: &str) -> Result<(Vec<String>, Vec<Change>), Refusal> {
    let text = text.trim().to_ascii_uppercase();
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_digit() && !"- U[]".contains(*c)) {
        return Err(Refusal::field(Code::PagerDigitsOnly, "text", format!("{bad:?}")));
    }
    if text.chars().count() > rules.numeric_length {
        let (count, most) = (text.chars().count(), rules.numeric_length);
        let detail = words!(
            "{count} tecken, personsökaren visar {most}",
            "{count} characters, the pager shows {most}"
        );
        return Err(Refusal::field(Code::TextTooLong, "text", detail));
    }
    Ok((vec![text], Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ask(input: &str, text: &str) -> Result<(String, u8), Code> {
        let rules = PagerRules { length: 20, numeric: vec!["467400".into()], ..PagerRules::default() };
        let recipient =
            crate::numbering::recipient(input, crate::numbering::Country::SWEDEN, false).expect("a number");
        let content = Content::Text(text.to_owned());
        let choice = pages(&rules, input, &recipient, (&content, Policy::Auto), None, &mut Trace::new())
            .map_err(|r| r.code)?;
        let choice = choice.expect("a pager");
        match choice.body {
            Body::Text { text, .. } => Ok((text, choice.segments)),
            Body::Binary { .. } => unreachable!("a text"),
        }
    }

    #[test]
    fn pages_of_texts_and_digits() {
        let short = |text: &str| Ok((text.to_owned(), 1));
        for (to, text, expect) in [
            ("0741234567", "Brand på “fem” €é", short("Brand på \"fem\" ?e")),
            ("0741234567", "rad ett\nrad två", short("rad ett rad två")),
            (
                "0741234567",
                "Larm från pumpstationen vid ån",
                Ok(("(1/3) Larm från\u{c}(2/3) pumpstationen\u{c}(3/3) vid ån".to_owned(), 3)),
            ),
            ("0741234567", &"x".repeat(71), Err(Code::TextTooLong)),
            ("0741234567", "Пожар", Err(Code::TextNotEncodable)),
            ("0741234567", "🔥", Err(Code::TextNotEncodable)),
            ("0741234567", "Larm 🔥", short("Larm ?")),
            ("0740012345", "0701-2345 u[1]", short("0701-2345 U[1]")),
            ("0740012345", "ring 08", Err(Code::PagerDigitsOnly)),
            ("minicall-text:0740012345", "ring 08", short("ring 08")),
            ("minicall-numeric:0741234567", "ring", Err(Code::PagerDigitsOnly)),
            ("minicall:12345", "hej", short("hej")),
            ("0740012345", "0701234567 0701234567", Err(Code::TextTooLong)),
        ] {
            assert_eq!(ask(to, text), expect, "{to} {text}");
        }
        let pager = Recipient::parse("46741234567").expect("a pager");
        let octets = Content::Binary { data: vec![1], udh: Vec::new() };
        let refused =
            pages(&PagerRules::default(), "", &pager, (&octets, Policy::Auto), None, &mut Trace::new());
        assert_eq!(refused.map_err(|r| r.code), Err(Code::PagerTextOnly));
    }

    #[test]
    fn pages_become_segments() {
        let all = segments("(1/2) ett\u{c}(2/2) två");
        assert_eq!(all.iter().map(|s| s.body.text()).collect::<Vec<_>>(), ["(1/2) ett", "(2/2) två"]);
        assert!(all.iter().all(|segment| segment.concat.is_none()));
    }

    proptest! {
        #[test]
        fn no_page_is_too_long_and_nothing_is_lost(text in "[a-zåäö ]{1,300}", length in 20_usize..100) {
            let rules = PagerRules { length, pages: 99, ..PagerRules::default() };
            let (pages, _) = text_pages(&rules, &(text.clone(), Vec::new())).expect("fits");
            prop_assert!(pages.iter().all(|page| page.chars().count() <= length));
            let joined: String = pages.iter().map(|page| page.split_once(") ").map_or(page.as_str(), |(_, rest)| rest)).collect();
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&joined), letters(&text));
        }
    }
}
