//! From a stored message to what a link sends.

use domain::directory::{Directory, LinkProfile};
use domain::message::{Incarnation, Message, Parts, WHOLE};
use domain::originator;
use domain::routing::{self, Question, Route, Tries};
use domain::text::Segment;
use ports::driven::{Leased, Shipment};
use std::sync::Arc;

/// The shipment of a new message.
pub(crate) fn fresh(
    message: Arc<Message>,
    directory: &Directory,
    link: &LinkProfile,
    lease: Incarnation,
) -> Shipment {
    let route = routing::route(directory, &Question::about(&message));
    by(route, ship(message, Parts::default(), Tries::default(), false, link, lease))
}

/// The shipment of a message taken from the queue: only the segments the operator does not have.
pub(crate) fn leased(
    leased: Leased,
    directory: &Directory,
    link: &LinkProfile,
    lease: Incarnation,
) -> Shipment {
    let route = routing::route(directory, &Question::about(&leased.message));
    let Leased { message, parts, tries, possible_duplicate, .. } = leased;
    by(route, ship(message, parts, tries, possible_duplicate, link, lease))
}

/// What the message's route wants of the link: the failures after which it has another for it, and whether it may be sent again.
fn by(route: Option<&Route>, shipment: Shipment) -> Shipment {
    let named = route.filter(|r| !r.fallback_on.is_empty() && r.links().nth(1).is_some());
    let leaves_on = named.map_or_else(Vec::new, |r| r.fallback_on.clone());
    Shipment { leaves_on, once: route.is_some_and(Route::sends_once), ..shipment }
}

fn ship(
    message: Arc<Message>,
    parts: Parts,
    tries: Tries,
    possible_duplicate: bool,
    link: &LinkProfile,
    lease: Incarnation,
) -> Shipment {
    // A pager's pages stay apart, whoever could join them.
    let is_whole =
        message.segments > 1 && link.takes_whole(&message.body) && message.recipient.has_receipts();
    let (segments, again) = if is_whole {
        (whole(&message, &parts), parts.is_begun())
    } else {
        (cut(&message, &parts, link.wide_reference), false)
    };
    let originator = originator::on_link(message.originator.as_ref(), link).cloned();
    Shipment {
        originator,
        segments,
        receipt: link.receipts && message.recipient.has_receipts(),
        possible_duplicate: possible_duplicate || again,
        parts,
        tries,
        lease,
        leaves_on: Vec::new(),
        once: false,
        message,
    }
}

/// All of it, unless the operator has it. Segments that he took before he was to cut it himself go again with it.
fn whole(message: &Message, parts: &Parts) -> Vec<(u8, Segment)> {
    if parts.is_sent(WHOLE) { Vec::new() } else { vec![(WHOLE, message.body.whole())] }
}

/// The segments that the operator does not have.
fn cut(message: &Message, parts: &Parts, wide: bool) -> Vec<(u8, Segment)> {
    let segments = message.parts(reference(message, wide), wide).unwrap_or_default();
    (1_u8..).zip(segments).filter(|(seq, _)| !parts.is_sent(*seq)).collect()
}

/// The number that joins the segments in the phone: the same at each try, different between near messages to one phone.
///
/// The low bits of an id count within a millisecond and say nothing when there is little to do, so all of it is mixed in: one step of the id,
/// and one of its time, goes the golden part of the circle on.
fn reference(message: &Message, wide: bool) -> u16 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let [high, low, ..] = message.id.0.cast_unsigned().wrapping_mul(GOLDEN).to_be_bytes();
    if wide { u16::from_be_bytes([high, low]) } else { u16::from(high) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::message::{Body, MessageId};
    use domain::text::Alphabet;
    use fakes::samples;

    fn shipped(body: Body, segments: u8, (whole, whole_octets): (bool, bool)) -> Vec<(u8, Segment)> {
        let message = Message { body, segments, ..samples::message(7, Timestamp::UNIX_EPOCH) };
        let link = LinkProfile { whole, whole_octets, ..samples::profile("TS0") };
        fresh(Arc::new(message), &Directory::default(), &link, Incarnation(1)).segments
    }

    #[test]
    fn what_the_operator_cuts_goes_whole() {
        let text = || Body::Text { text: "a".repeat(300), alphabet: Alphabet::Gsm7, udh: Vec::new() };
        let octets = || Body::Binary { data: vec![0xA5; 300], udh: Vec::new() };
        let places = |segments: Vec<(u8, Segment)>| segments.iter().map(|(seq, _)| *seq).collect::<Vec<_>>();
        for (cuts, of_text, of_octets) in [
            ((false, false), vec![1, 2], vec![1, 2, 3]),
            ((true, false), vec![WHOLE], vec![1, 2, 3]),
            ((true, true), vec![WHOLE], vec![WHOLE]),
        ] {
            assert_eq!(places(shipped(text(), 2, cuts)), of_text, "{cuts:?}");
            assert_eq!(places(shipped(octets(), 3, cuts)), of_octets, "{cuts:?}");
        }
        for (seq, segment) in shipped(octets(), 3, (true, false)) {
            assert_eq!(segment.header(), [5, 0, 3, 83, 3, seq], "the phone joins them");
        }
    }

    #[test]
    fn near_messages_have_references_of_their_own() {
        let of = |id: i64, wide| {
            reference(&Message { id: MessageId(id), ..samples::message(7, Timestamp::UNIX_EPOCH) }, wide)
        };
        // One in a millisecond, some seconds apart, as on a quiet night; and many in one millisecond.
        let first = 384_879_969_312_112_641_i64;
        for step in [1, 2, 1 << 22, 300 << 22, 1_000 << 22, 2_000 << 22, 60_000 << 22] {
            for wide in [false, true] {
                let near: std::collections::HashSet<u16> =
                    (0..16).map(|n| of(first + n * step, wide)).collect();
                assert!(near.len() >= 14, "{step}: {near:?}");
                assert_eq!(of(first, wide), of(first, wide));
            }
        }
        assert!(of(first, false) < 256);
    }
}
