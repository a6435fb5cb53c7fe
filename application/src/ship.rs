//! From a stored message to what a link sends.

use domain::directory::LinkProfile;
use domain::message::{Incarnation, Message, Parts, WHOLE};
use domain::originator;
use domain::routing::Tries;
use domain::text::Segment;
use ports::driven::{Leased, Shipment};
use std::sync::Arc;

/// The shipment of a new message.
pub(crate) fn fresh(message: Arc<Message>, link: &LinkProfile, lease: Incarnation) -> Shipment {
    ship(message, Parts::default(), Tries::default(), false, link, lease)
}

/// The shipment of a message taken from the queue: only the segments the operator does not have.
pub(crate) fn leased(leased: Leased, link: &LinkProfile, lease: Incarnation) -> Shipment {
    ship(leased.message, leased.parts, leased.tries, leased.possible_duplicate, link, lease)
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
    let (segments, again) = if link.whole && message.segments > 1 && message.recipient.has_receipts() {
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
fn reference(message: &Message, wide: bool) -> u16 {
    let [.., high, low] = message.id.0.to_be_bytes();
    if wide { u16::from_be_bytes([high, low]) } else { u16::from(low) }
}
