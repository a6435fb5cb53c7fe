//! From a stored message to what a link sends.

use domain::directory::LinkProfile;
use domain::message::{Incarnation, Message, Parts};
use domain::originator;
use domain::routing::Tries;
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
    let reference = reference(&message, link.wide_reference);
    let segments = message.body.segments(reference, link.wide_reference).unwrap_or_default();
    let segments = (1_u8..).zip(segments).filter(|(seq, _)| !parts.is_sent(*seq)).collect();
    let originator = originator::on_link(message.originator.as_ref(), link).cloned();
    Shipment {
        originator,
        segments,
        receipt: link.receipts,
        possible_duplicate,
        parts,
        tries,
        lease,
        message,
    }
}

/// The number that joins the segments in the phone: the same at each try, different between near messages to one phone.
fn reference(message: &Message, wide: bool) -> u16 {
    let [.., high, low] = message.id.0.to_be_bytes();
    if wide { u16::from_be_bytes([high, low]) } else { u16::from(low) }
}
