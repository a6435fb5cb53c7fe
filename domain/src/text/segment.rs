//! Cutting a message into segments (3GPP TS 23.040 sections 9.2.3.24.1 and 9.2.3.24.8).
//!
//! Never cuts an escape pair or a surrogate pair, and avoids cutting what a reader sees as one character.
//! It does not choose the alphabet ([`super::choose`] does) and builds no PDU.

use super::alphabet::Alphabet;
use super::udh::Concat;
use super::{gsm7, ucs2};
use unicode_segmentation::UnicodeSegmentation;

/// Segments that one message can have.
pub const MAX_SEGMENTS: usize = 255;

/// The longest sequence, in UTF-16 units, that is moved whole to the next segment.
const KEEP_TOGETHER: usize = 32;

/// One message on the air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The user data header that the caller gave, with its length octet; empty when he gave none.
    pub own_header: Vec<u8>,
    /// Place in the message; `None` when it stands alone.
    pub concat: Option<Concat>,
    /// What it carries after its header.
    pub body: SegmentBody,
}

/// What a segment carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentBody {
    /// Septets, one an octet, escapes as two.
    Gsm7(Vec<u8>),
    /// Big-endian UTF-16.
    Ucs2(Vec<u8>),
    /// Octets.
    Binary(Vec<u8>),
}

/// The message would take more segments than one message can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message takes {segments} segments; at most {MAX_SEGMENTS} are possible")]
pub struct TooLong {
    /// Segments it would take.
    pub segments: usize,
}

impl Segment {
    /// The user data header with its length octet; empty when the segment stands alone and the caller gave none.
    pub fn header(&self) -> Vec<u8> {
        if !self.own_header.is_empty() {
            return self.own_header.clone();
        }
        self.concat.map(|concat| concat.header()).unwrap_or_default()
    }
}

impl SegmentBody {
    /// The alphabet it is coded in.
    pub fn alphabet(&self) -> Alphabet {
        match self {
            Self::Gsm7(_) => Alphabet::Gsm7,
            Self::Ucs2(_) => Alphabet::Ucs2,
            Self::Binary(_) => Alphabet::Binary,
        }
    }

    /// The octets: one a septet, two a UTF-16 unit, or the data.
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Gsm7(octets) | Self::Ucs2(octets) | Self::Binary(octets) => octets,
        }
    }

    /// The readable text; empty for binary.
    pub fn text(&self) -> String {
        match self {
            Self::Gsm7(septets) => gsm7::decode(septets),
            Self::Ucs2(octets) => ucs2::decode(octets),
            Self::Binary(_) => String::new(),
        }
    }
}

/// What one segment holds, in septets, UTF-16 units or octets: alone, or beside a reference of 8 or 16 (`wide`) bits.
pub fn limits(alphabet: Alphabet, wide: bool) -> (usize, usize) {
    match (alphabet, wide) {
        (Alphabet::Gsm7, false) => (gsm7::SINGLE, 153),
        (Alphabet::Gsm7, true) => (gsm7::SINGLE, 152),
        (Alphabet::Ucs2, false) => (ucs2::SINGLE, 67),
        (Alphabet::Ucs2, true) => (ucs2::SINGLE, 66),
        (Alphabet::Binary, false) => (140, 134),
        (Alphabet::Binary, true) => (140, 133),
    }
}

/// Segments that [`split`] would make; it may be more than are possible. An empty text takes one.
///
/// Allocates nothing. A character outside the GSM alphabet counts as `?`; `Binary` counts the text's UTF-8 octets.
pub fn count(text: &str, alphabet: Alphabet, wide: bool) -> usize {
    let (single, each) = limits(alphabet, wide);
    match alphabet {
        Alphabet::Gsm7 => {
            let costs = || text.chars().map(|c| gsm7::char_len(c).unwrap_or(1));
            let septets: usize = costs().sum();
            match septets {
                n if n <= single => 1,
                n if n == text.len() && text.is_ascii() => n.div_ceil(each),
                _ => fill(costs(), each, |_| {}),
            }
        }
        Alphabet::Ucs2 if ucs2::unit_len(text) <= single => 1,
        Alphabet::Ucs2 if text.is_ascii() && !text.contains('\r') => text.len().div_ceil(each),
        Alphabet::Ucs2 => fill(unbroken(text), each, |_| {}),
        Alphabet::Binary if text.len() <= single => 1,
        Alphabet::Binary => text.len().div_ceil(each),
    }
}

/// Cuts `text` into segments that share `reference`.
///
/// The text is expected to be what [`super::choose`] returned with `alphabet`: a character outside the GSM alphabet is
/// sent as `?`, and `Binary` sends the text's UTF-8 octets.
///
/// # Errors
/// [`TooLong`] above 255 segments.
pub fn split(text: &str, alphabet: Alphabet, reference: u16, wide: bool) -> Result<Vec<Segment>, TooLong> {
    let (single, each) = limits(alphabet, wide);
    match alphabet {
        Alphabet::Gsm7 => {
            let septets = gsm7::encode_lossy(text);
            let cuts = if septets.len() <= single { Vec::new() } else { septet_cuts(&septets, each) };
            assemble(&septets, &cuts, reference, wide, SegmentBody::Gsm7)
        }
        Alphabet::Ucs2 => {
            let octets = ucs2::encode(text);
            let mut cuts = Vec::new();
            if octets.len() > single * 2 {
                fill(unbroken(text), each, |unit| cuts.push(unit * 2));
            }
            assemble(&octets, &cuts, reference, wide, SegmentBody::Ucs2)
        }
        Alphabet::Binary => split_binary(text.as_bytes(), reference, wide),
    }
}

/// `text` in one piece, however long. A character outside the GSM alphabet is `?`.
pub fn whole(text: &str, alphabet: Alphabet) -> SegmentBody {
    match alphabet {
        Alphabet::Gsm7 => SegmentBody::Gsm7(gsm7::encode_lossy(text)),
        Alphabet::Ucs2 => SegmentBody::Ucs2(ucs2::encode(text)),
        Alphabet::Binary => SegmentBody::Binary(text.as_bytes().to_vec()),
    }
}

/// Cuts octets into segments that share `reference`; no octets make one empty segment.
///
/// # Errors
/// [`TooLong`] above 255 segments.
pub fn split_binary(data: &[u8], reference: u16, wide: bool) -> Result<Vec<Segment>, TooLong> {
    let (single, each) = limits(Alphabet::Binary, wide);
    let cuts: Vec<usize> =
        if data.len() <= single { Vec::new() } else { (each..data.len()).step_by(each).collect() };
    assemble(data, &cuts, reference, wide, SegmentBody::Binary)
}

/// Fills segments of `limit` with pieces in order; answers how many it took and calls `cut` with the start of each but
/// the first.
fn fill(pieces: impl Iterator<Item = usize>, limit: usize, mut cut: impl FnMut(usize)) -> usize {
    let (mut segments, mut used, mut at) = (1, 0, 0);
    for piece in pieces {
        if used + piece > limit {
            cut(at);
            segments += 1;
            used = 0;
        }
        used += piece;
        at += piece;
    }
    segments
}

fn septet_cuts(septets: &[u8], limit: usize) -> Vec<usize> {
    let mut cuts = Vec::with_capacity(septets.len() / limit);
    let mut at = limit;
    while at < septets.len() {
        // Encoded text has an escape only as the first of a pair.
        if septets[at - 1] == gsm7::ESCAPE {
            at -= 1;
        }
        cuts.push(at);
        at += limit;
    }
    cuts
}

/// UTF-16 lengths of what is kept together: grapheme clusters, or characters where a cluster is too long.
fn unbroken(text: &str) -> impl Iterator<Item = usize> {
    text.graphemes(true).flat_map(|cluster| {
        let units = ucs2::unit_len(cluster);
        let (whole, parts) = if units <= KEEP_TOGETHER { (Some(units), "") } else { (None, cluster) };
        whole.into_iter().chain(parts.chars().map(char::len_utf16))
    })
}

fn assemble(
    octets: &[u8],
    cuts: &[usize],
    reference: u16,
    wide: bool,
    body: fn(Vec<u8>) -> SegmentBody,
) -> Result<Vec<Segment>, TooLong> {
    let segments = cuts.len() + 1;
    let Ok(total) = u8::try_from(segments) else {
        return Err(TooLong { segments });
    };
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([octets.len()]);
    let reference = if wide { reference } else { reference & 0xFF };
    Ok((1..=total)
        .zip(starts.zip(ends))
        .map(|(seq, (start, end))| Segment {
            own_header: Vec::new(),
            concat: (total > 1).then_some(Concat { reference, wide, total, seq }),
            body: body(octets[start..end].to_vec()),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts() {
        use Alphabet::{Binary, Gsm7, Ucs2};
        for (piece, times, alphabet, wide, expect) in [
            ("x", 0, Gsm7, false, 1),
            ("x", 160, Gsm7, false, 1),
            ("x", 161, Gsm7, false, 2),
            ("x", 306, Gsm7, false, 2),
            ("x", 306, Gsm7, true, 3),
            ("x", 459, Gsm7, false, 3),
            ("€", 80, Gsm7, false, 1),
            ("€", 153, Gsm7, false, 3),
            ("å", 307, Gsm7, false, 3),
            ("ő", 70, Ucs2, false, 1),
            ("ő", 134, Ucs2, false, 2),
            ("ő", 201, Ucs2, false, 3),
            ("ő", 133, Ucs2, true, 3),
            ("😀", 35, Ucs2, false, 1),
            ("😀", 66, Ucs2, false, 2),
            ("😀", 67, Ucs2, false, 3),
            ("x", 140, Binary, false, 1),
            ("x", 141, Binary, false, 2),
            ("x", 267, Binary, true, 3),
        ] {
            let text = piece.repeat(times);
            assert_eq!(count(&text, alphabet, wide), expect, "{times} x {piece} {alphabet} {wide}");
            assert_eq!(split(&text, alphabet, 7, wide).unwrap().len(), expect, "{times} x {piece}");
        }
    }

    #[test]
    fn sequences_stay_together_when_they_fit() {
        let text = format!("{}👨‍👩‍👧{}", "x".repeat(65), "y".repeat(30));
        let segments = split(&text, Alphabet::Ucs2, 1, false).unwrap();
        assert_eq!(segments[0].body.text(), "x".repeat(65));
        let zalgo = format!("a{}", "\u{301}".repeat(200));
        assert_eq!(split(&zalgo, Alphabet::Ucs2, 1, false).unwrap().len(), 3);
    }

    #[test]
    fn escapes_are_not_cut() {
        let text = format!("{}€{}", "x".repeat(152), "y".repeat(20));
        let segments = split(&text, Alphabet::Gsm7, 0x1FF, false).unwrap();
        assert_eq!(segments[0].body.octets().len(), 152);
        assert_eq!(segments[1].body.text(), format!("€{}", "y".repeat(20)));
        assert_eq!(segments[1].concat, Some(Concat { reference: 0xFF, wide: false, total: 2, seq: 2 }));
        assert_eq!(segments[1].header(), [5, 0, 3, 0xFF, 2, 2]);
    }

    #[test]
    fn too_long() {
        assert_eq!(split(&"x".repeat(153 * 255), Alphabet::Gsm7, 0, false).map(|s| s.len()), Ok(255));
        assert_eq!(
            split(&"x".repeat(153 * 255 + 1), Alphabet::Gsm7, 0, false),
            Err(TooLong { segments: 256 })
        );
        assert_eq!(split_binary(&[0; 134 * 256], 0, false), Err(TooLong { segments: 256 }));
    }

    proptest! {
        #[test]
        fn every_segment_is_within_its_limit(text in "[a-z€\\[åő😀\u{301}\u{200D}👩\r\n]{0,400}", wide: bool, n in 0usize..3) {
            let alphabet = [Alphabet::Gsm7, Alphabet::Ucs2, Alphabet::Binary][n];
            let (single, each) = limits(alphabet, wide);
            let unit = if alphabet == Alphabet::Ucs2 { 2 } else { 1 };
            let segments = split(&text, alphabet, 1, wide).unwrap();
            prop_assert_eq!(segments.len(), count(&text, alphabet, wide));
            let limit = if segments.len() == 1 { single } else { each };
            for segment in &segments {
                prop_assert!(segment.body.octets().len() <= limit * unit);
                prop_assert!(segment.body.octets().last() != Some(&gsm7::ESCAPE) || alphabet != Alphabet::Gsm7);
                let whole = !segment.body.text().contains(char::REPLACEMENT_CHARACTER);
                prop_assert!(whole);
            }
            if alphabet == Alphabet::Ucs2 {
                let joined: String = segments.iter().map(|s| s.body.text()).collect();
                prop_assert_eq!(joined, text);
            }
        }
    }
}
