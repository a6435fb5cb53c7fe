//! Joining received parts into one text.
//!
//! Parts of one alphabet are joined as octets and decoded once, because some phones cut an escape or a surrogate pair.
//! Never waits and never decides that a message is complete enough: the caller says when, missing parts get a mark.

use super::{gsm7, latin1, ucs2};

/// Stands where one or more parts in a row are missing.
pub const GAP: &str = "[…]";

/// One received part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its number, from 1.
    pub seq: u8,
    /// How many it said there are.
    pub total: u8,
    /// What it carried after its header.
    pub body: PartBody<'a>,
}

/// What a part carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartBody<'a> {
    /// Septets, one an octet.
    Gsm7(&'a [u8]),
    /// Big-endian UTF-16.
    Ucs2(&'a [u8]),
    /// ISO-8859-1, read as windows-1252 where that differs.
    Latin1(&'a [u8]),
    /// Text that is decoded already.
    Text(&'a str),
}

/// The joined message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The text, with [`GAP`] where parts are missing.
    pub text: String,
    /// Whether every part was there.
    pub complete: bool,
    /// Numbers of the missing parts, in order.
    pub missing: Vec<u8>,
}

/// Joined octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedOctets {
    /// The octets of the parts that were there.
    pub octets: Vec<u8>,
    /// Whether every part was there.
    pub complete: bool,
    /// Numbers of the missing parts, in order.
    pub missing: Vec<u8>,
}

/// Joins parts given in any order. Of parts with the same number the first counts; the total is the largest one claimed.
pub fn join(parts: &[Part<'_>]) -> Joined {
    let (slots, missing) = arrange(parts.iter().map(|part| (part.seq, part.total, part.body)));
    let mut text = String::new();
    let mut run = Run::default();
    let mut in_gap = false;
    for slot in slots {
        match slot {
            Some(body) => run.push(body, &mut text),
            None if in_gap => {}
            None => {
                run.flush(&mut text);
                text.push_str(GAP);
            }
        }
        in_gap = slot.is_none();
    }
    run.flush(&mut text);
    Joined { text, complete: missing.is_empty(), missing }
}

/// Joins binary parts `(seq, total, octets)` given in any order, with nothing where parts are missing.
pub fn join_octets(parts: &[(u8, u8, &[u8])]) -> JoinedOctets {
    let (slots, missing) = arrange(parts.iter().copied());
    let octets = slots.into_iter().flatten().flatten().copied().collect();
    JoinedOctets { octets, complete: missing.is_empty(), missing }
}

fn arrange<T: Copy>(parts: impl Iterator<Item = (u8, u8, T)> + Clone) -> (Vec<Option<T>>, Vec<u8>) {
    let total = parts.clone().map(|(seq, total, _)| seq.max(total)).max().unwrap_or(0);
    let mut slots = vec![None; usize::from(total)];
    for (seq, _, body) in parts {
        // A part without a number can only be the first.
        let slot = &mut slots[usize::from(seq.max(1)) - 1];
        *slot = slot.or(Some(body));
    }
    let missing = (1..=total).zip(&slots).filter(|(_, slot)| slot.is_none()).map(|(seq, _)| seq).collect();
    (slots, missing)
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Coding {
    #[default]
    Gsm7,
    Ucs2,
    Latin1,
}

/// Neighbouring octets of one coding, not decoded yet.
#[derive(Default)]
struct Run {
    coding: Coding,
    octets: Vec<u8>,
}

impl Run {
    fn push(&mut self, body: PartBody<'_>, text: &mut String) {
        let (coding, octets) = match body {
            PartBody::Gsm7(octets) => (Coding::Gsm7, octets),
            PartBody::Ucs2(octets) => (Coding::Ucs2, octets),
            PartBody::Latin1(octets) => (Coding::Latin1, octets),
            PartBody::Text(decoded) => {
                self.flush(text);
                text.push_str(decoded);
                return;
            }
        };
        if coding != self.coding {
            self.flush(text);
            self.coding = coding;
        }
        self.octets.extend_from_slice(octets);
    }

    fn flush(&mut self, text: &mut String) {
        let decoded = match self.coding {
            Coding::Gsm7 => gsm7::decode(&self.octets),
            Coding::Ucs2 => ucs2::decode(&self.octets),
            Coding::Latin1 => latin1::decode_lenient(&self.octets),
        };
        text.push_str(&decoded);
        self.octets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Alphabet, SegmentBody, split, split_binary};
    use super::*;
    use proptest::prelude::*;

    fn part(seq: u8, total: u8, body: PartBody<'_>) -> Part<'_> {
        Part { seq, total, body }
    }

    #[test]
    fn joining() {
        use PartBody::{Gsm7, Latin1, Text, Ucs2};
        for (parts, text, missing) in [
            (vec![], "", vec![]),
            (vec![part(1, 1, Gsm7(b"hej"))], "hej", vec![]),
            (vec![part(2, 2, Gsm7(b"dig")), part(1, 2, Gsm7(b"hej "))], "hej dig", vec![]),
            (vec![part(1, 2, Gsm7(&[0x61, 0x1B])), part(2, 2, Gsm7(&[0x65]))], "a€", vec![]),
            (vec![part(1, 2, Ucs2(&[0xD8, 0x3D])), part(2, 2, Ucs2(&[0xDE, 0]))], "😀", vec![]),
            (vec![part(1, 2, Ucs2(&[0, 0x41, 0])), part(2, 2, Ucs2(&[0x42]))], "AB", vec![]),
            (vec![part(1, 2, Gsm7(&[0])), part(2, 2, Latin1(&[0xE5]))], "@å", vec![]),
            (vec![part(1, 5, Gsm7(b"a")), part(4, 5, Text("d"))], "a[…]d[…]", vec![2, 3, 5]),
            (vec![part(1, 2, Gsm7(b"a")), part(1, 2, Gsm7(b"b"))], "a[…]", vec![2]),
            (vec![part(0, 0, Gsm7(b"a")), part(9, 2, Gsm7(b"z"))], "a[…]z", vec![2, 3, 4, 5, 6, 7, 8]),
        ] {
            let joined = join(&parts);
            assert_eq!((joined.text.as_str(), &joined.missing), (text, &missing));
            assert_eq!(joined.complete, missing.is_empty());
        }
    }

    proptest! {
        #[test]
        fn split_then_join_is_identity(text in "[a-z€\\[åé]{0,700}", more in "[ő😀👩\u{200D}]{0,30}", wide: bool) {
            let alphabet = if more.is_empty() { Alphabet::Gsm7 } else { Alphabet::Ucs2 };
            let text = text + &more;
            let segments = split(&text, alphabet, 5, wide).unwrap();
            let parts: Vec<Part<'_>> = segments
                .iter()
                .rev()
                .map(|segment| Part {
                    seq: segment.concat.map_or(1, |c| c.seq),
                    total: segment.concat.map_or(1, |c| c.total),
                    body: match &segment.body {
                        SegmentBody::Gsm7(octets) => PartBody::Gsm7(octets),
                        SegmentBody::Ucs2(octets) => PartBody::Ucs2(octets),
                        SegmentBody::Binary(octets) => PartBody::Latin1(octets),
                    },
                })
                .collect();
            prop_assert_eq!(join(&parts), Joined { text, complete: true, missing: vec![] });
        }

        #[test]
        fn octets_too(data in proptest::collection::vec(any::<u8>(), 0..600), wide: bool) {
            let segments = split_binary(&data, 5, wide).unwrap();
            let parts: Vec<_> = segments
                .iter()
                .map(|s| (s.concat.map_or(1, |c| c.seq), s.concat.map_or(1, |c| c.total), s.body.octets()))
                .collect();
            prop_assert_eq!(join_octets(&parts).octets, data);
        }

        #[test]
        fn any_parts_join(parts in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<Vec<u8>>(), 0u8..3), 0..20)) {
            let parts: Vec<Part<'_>> = parts
                .iter()
                .map(|(seq, total, octets, coding)| Part {
                    seq: *seq,
                    total: *total,
                    body: match coding {
                        0 => PartBody::Gsm7(octets),
                        1 => PartBody::Ucs2(octets),
                        _ => PartBody::Latin1(octets),
                    },
                })
                .collect();
            let joined = join(&parts);
            prop_assert_eq!(joined.complete, joined.missing.is_empty());
        }
    }
}
