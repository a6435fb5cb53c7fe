//! decode(encode(x)) = x, encode(decode(b)) = b, and no octets that do harm.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use smpp::codec::{Pdu, decode, encode};
use smpp::receipt::{self, Detect, ParsedReceipt};
use smpp::time;

use super::generate::{pdu, short_message};

/// The frame of a PDU.
pub fn frame(pdu: &Pdu) -> Bytes {
    let mut out = BytesMut::new();
    encode(pdu, &mut out).expect("generated within the limits");
    out.freeze()
}

/// Reads a frame and everything that can be asked about it.
pub fn look_at(octets: &Bytes) {
    let Ok(decoded) = decode(octets) else { return };
    let _ = format!("{decoded:?}");
    if let smpp::codec::Body::DeliverSm(message) = &decoded.pdu.body {
        let _ = ParsedReceipt::from_deliver(message, Detect::ByText);
    }
    if decoded.warnings.is_empty() {
        assert_eq!(frame(&decoded.pdu), octets, "what is canonical comes back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(pdu in pdu()) {
        let octets = frame(&pdu);
        let decoded = decode(&octets).unwrap();
        prop_assert_eq!(&decoded.warnings, &[]);
        prop_assert_eq!(&decoded.pdu, &pdu);
        prop_assert_eq!(frame(&decoded.pdu), octets);
    }

    #[test]
    fn noise_does_no_harm(id in prop_oneof![0_u32..0x120, 0x8000_0000..0x8000_0120_u32, any::<u32>()],
                          status in prop_oneof![Just(0_u32), any::<u32>()],
                          body in proptest::collection::vec(prop_oneof![Just(0), any::<u8>()], 0..120)) {
        let mut octets = Vec::from(((16 + body.len()) as u32).to_be_bytes());
        octets.extend_from_slice(&id.to_be_bytes());
        octets.extend_from_slice(&status.to_be_bytes());
        octets.extend_from_slice(&[0, 0, 0, 1]);
        octets.extend_from_slice(&body);
        look_at(&Bytes::from(octets));
    }

    #[test]
    fn receipt_texts_do_no_harm(text in proptest::collection::vec(any::<u8>(), 0..80),
                                labelled in "(id:|stat:|text:|err:|done date:| |[a-z0-9]{0,4}){0,12}") {
        receipt::parse(&text);
        let fields = receipt::parse(labelled.as_bytes());
        for value in [fields.id, fields.stat, fields.err, fields.done_date].into_iter().flatten() {
            prop_assert!(!value.contains(&b' '));
            receipt::parse_date(value);
            receipt::id_keys(&String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn any_message_can_be_asked_for_a_receipt(message in short_message()) {
        if let Some(receipt) = ParsedReceipt::from_deliver(&message, Detect::ByClass) {
            prop_assert!(message.is_receipt());
            prop_assert!(receipt.id.is_none_or(|id| !id.is_empty()));
        }
    }

    #[test]
    fn times_are_read_as_written(seconds in 946_684_800_i64..4_102_444_799, quarters in -48_i32..=48,
                                 noise in proptest::collection::vec(any::<u8>(), 0..20)) {
        let _ = time::parse(&noise);
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        let offset = jiff::tz::Offset::from_seconds(quarters * 900).unwrap();
        if let Ok(text) = time::absolute(at, offset) {
            prop_assert_eq!(time::parse(text.as_bytes()), Ok(Some(time::SmppTime::Absolute(at))));
        }
    }
}
