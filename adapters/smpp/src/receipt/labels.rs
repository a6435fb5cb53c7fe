//! The text of a receipt (Appendix B): labels in any order and any case, some missing, on octets.
//!
//! The first occurrence of each label counts, so that a label inside the user's text cannot override a field.
//! `text:` runs to the end, except when `id:` or `stat:` has not been seen before it: then it stops there.

use crate::codec::trim_nuls;

/// The fields that stand in the text; None where the label is missing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct LabelledFields<'a> {
    /// `id:`
    pub id: Option<&'a [u8]>,
    /// `sub:` parts submitted.
    pub sub: Option<&'a [u8]>,
    /// `dlvrd:` parts delivered.
    pub dlvrd: Option<&'a [u8]>,
    /// `submit date:`
    pub submit_date: Option<&'a [u8]>,
    /// `done date:`
    pub done_date: Option<&'a [u8]>,
    /// `stat:`
    pub stat: Option<&'a [u8]>,
    /// `err:` as written; digits or letters.
    pub err: Option<&'a [u8]>,
    /// `text:` the beginning of the user's text, as written.
    pub text: Option<&'a [u8]>,
}

/// A label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    Stat,
    Err,
    Text,
}

/// Each label as it is written, with its colon.
const LABELS: [(Label, &[u8]); 8] = [
    (Label::Id, b"id:"),
    (Label::Sub, b"sub:"),
    (Label::Dlvrd, b"dlvrd:"),
    (Label::SubmitDate, b"submit date:"),
    (Label::DoneDate, b"done date:"),
    (Label::Stat, b"stat:"),
    (Label::Err, b"err:"),
    (Label::Text, b"text:"),
];

/// Reads the labelled fields of a receipt text. Text without labels gives no fields. Never fails.
pub fn parse(text: &[u8]) -> LabelledFields<'_> {
    let text = trim_nuls(text);
    let mut fields = LabelledFields::default();
    let mut next = find(text, 0, |_| true);
    while let Some((label, start)) = next {
        let missing = |label| match label {
            Label::Id => fields.id.is_none(),
            Label::Stat => fields.stat.is_none(),
            _ => false,
        };
        next = match label {
            Label::Text => find(text, start, missing),
            _ => find(text, start, |_| true),
        };
        let end = next.map_or(text.len(), |(label, after)| after - written(label).len());
        let value = text.get(start..end).unwrap_or_default();
        fields.set(label, value, next.is_some());
    }
    fields
}

impl<'a> LabelledFields<'a> {
    /// Whether the text looks like a receipt although nothing else says so.
    pub fn looks_like_receipt(&self, text: &[u8]) -> bool {
        self.id.is_some()
            && self.stat.is_some()
            && text.get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"id:"))
    }

    /// Sets a field unless it is set. The user's text is kept as written but for the space before a next label;
    /// all other values are one word.
    fn set(&mut self, label: Label, value: &'a [u8], more: bool) {
        let (field, value) = match label {
            Label::Text if more => (&mut self.text, value.trim_ascii_end()),
            Label::Text => (&mut self.text, value),
            Label::Id => (&mut self.id, word(value)),
            Label::Sub => (&mut self.sub, word(value)),
            Label::Dlvrd => (&mut self.dlvrd, word(value)),
            Label::SubmitDate => (&mut self.submit_date, word(value)),
            Label::DoneDate => (&mut self.done_date, word(value)),
            Label::Stat => (&mut self.stat, word(value)),
            Label::Err => (&mut self.err, word(value)),
        };
        if field.is_none() {
            *field = Some(value);
        }
    }
}

/// The first wanted label at or after `from`, and where its value begins. Looks at what stands before each colon,
/// which is far less than at every letter.
fn find(text: &[u8], from: usize, wanted: impl Fn(Label) -> bool) -> Option<(Label, usize)> {
    let mut at = from;
    while let Some(colon) = text.get(at..)?.iter().position(|octet| *octet == b':') {
        at += colon + 1;
        let before = text.get(from..at)?;
        if let Some(label) = label_at_end(before).filter(|label| wanted(*label)) {
            return Some((label, at));
        }
    }
    None
}

/// The label with which these octets end, if it is a word of its own.
fn label_at_end(octets: &[u8]) -> Option<Label> {
    let (label, _) = LABELS.into_iter().find(|(_, written)| {
        octets.len().checked_sub(written.len()).and_then(|start| octets.split_at_checked(start)).is_some_and(
            |(head, tail)| {
                tail.eq_ignore_ascii_case(written)
                    && head.last().is_none_or(|octet| !octet.is_ascii_alphanumeric())
            },
        )
    })?;
    Some(label)
}

/// How a label is written.
fn written(label: Label) -> &'static [u8] {
    LABELS.iter().find(|(known, _)| *known == label).map_or(b"", |(_, written)| written)
}

/// The first word. Some operators separate the fields by semicolons or commas, which are not part of it; nor is a field that is not known.
fn word(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii_start();
    let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let word = value.get(..end).unwrap_or_default();
    let separates = |octet: &u8| matches!(octet, b';' | b',');
    let ends =
        |at: &usize| word.get(*at..).is_some_and(|rest| rest.contains(&b':') || rest.iter().all(separates));
    let end = word.iter().enumerate().filter(|(_, octet)| separates(octet)).map(|(at, _)| at).find(ends);
    end.map_or(word, |end| word.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields as `label=value`, in the standard's order.
    fn shown(text: &[u8]) -> String {
        let fields = parse(text);
        let all = [
            ("id", fields.id),
            ("sub", fields.sub),
            ("dlvrd", fields.dlvrd),
            ("submit", fields.submit_date),
            ("done", fields.done_date),
            ("stat", fields.stat),
            ("err", fields.err),
            ("text", fields.text),
        ];
        let shown: Vec<String> = all
            .iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?.escape_ascii())))
            .collect();
        shown.join("|")
    }

    #[test]
    fn as_the_standard_has_it() {
        assert_eq!(
            shown(b"id:0123456789 sub:002 dlvrd:001 submit date:1005232039 done date:1005242339 stat:DELIVRD err:012 text:This is a sample mes"),
            "id=0123456789|sub=002|dlvrd=001|submit=1005232039|done=1005242339|stat=DELIVRD|err=012|text=This is a sample mes"
        );
    }

    #[test]
    fn as_it_comes() {
        let check = |text: &[u8], expect: &str| assert_eq!(shown(text), expect);
        check(b"362d9701 2", "");
        check(b"", "");
        check(b"id:1 stat:DELIVRD err:21b Text:Hi", "id=1|stat=DELIVRD|err=21b|text=Hi");
        check(b"ID:A STAT:EXPIRED", "id=A|stat=EXPIRED");
        check(b"stat:UNDELIV id:7", "id=7|stat=UNDELIV");
        check(b"id: 7 stat: DELIVRD", "id=7|stat=DELIVRD");
        check(b"id: sub:001", "id=|sub=001");
        check(b"id:1 foo:bar err:0", "id=1|err=0");
        check(b"id:1 stat:DELIVRD text:", "id=1|stat=DELIVRD|text=");
        check(b"id:1 stat:DELIVRD err:000\0", "id=1|stat=DELIVRD|err=000");
        check(b"id:1 stat:DELIVRD text: \x84A\0\x1b x", "id=1|stat=DELIVRD|text= \\x84A\\x00\\x1b x");
        check(b"mid:1 uid:2", "");
        check(b"id:1,stat:DELIVRD", "id=1|stat=DELIVRD");
        check(b"id:1;stat:DELIVRD;", "id=1|stat=DELIVRD");
        check(
            b"id:1; sub:001; stat:DELIVRD; err:000; text:a; b;",
            "id=1|sub=001|stat=DELIVRD|err=000|text=a; b;",
        );
        check(b"id:1;foo:2;stat:DELIVRD,,err:7", "id=1|stat=DELIVRD|err=7");
        check(b"id:1;2,3 stat:DELIVRD", "id=1;2,3|stat=DELIVRD");
        check(b"id:;stat:DELIVRD", "id=|stat=DELIVRD");
        check(
            b"id:1;submit date:1005232039;done date:1005242339;stat:DELIVRD",
            "id=1|submit=1005232039|done=1005242339|stat=DELIVRD",
        );
    }

    #[test]
    fn the_users_text_overrides_nothing() {
        let check = |text: &[u8], expect: &str| assert_eq!(shown(text), expect);
        check(
            b"id:1 stat:DELIVRD text:id:2 stat:EXPIRED err:9",
            "id=1|stat=DELIVRD|text=id:2 stat:EXPIRED err:9",
        );
        check(b"id:1 id:2 stat:DELIVRD", "id=1|stat=DELIVRD");
        check(b"text:hello there id:1 stat:DELIVRD err:000", "id=1|stat=DELIVRD|err=000|text=hello there");
        check(b"id:1 text:a err:5 stat:DELIVRD err:000", "id=1|stat=DELIVRD|err=000|text=a err:5");
        check(b"text:x id:1 text:y stat:DELIVRD", "id=1|stat=DELIVRD|text=x");
    }
}
