//! decode(encode(x)) = x, encode(decode(b)) = b, one packet is one frame, and no octets that do harm.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use ucp::codec::{
    EncodeError, Extra, Malformed, Packet, checksum, cut, decode, encode, names, pack_sender, read_time,
    service, services, unpack_sender,
};

fn written(packet: &Packet) -> Bytes {
    let mut out = BytesMut::new();
    encode(packet, &mut out).expect("a packet that can be said");
    out.freeze()
}

fn frames(stream: &[u8]) -> Vec<Bytes> {
    let mut input = BytesMut::from(stream);
    std::iter::from_fn(|| cut(&mut input, &mut 0)).collect()
}

fn packet() -> impl Strategy<Value = Packet> {
    let field = prop_oneof![4 => Just(Bytes::new()), 3 => "[0-9A-F]{0,40}".prop_map(Bytes::from), 1 => "[ -.0-~]{0,20}".prop_map(Bytes::from)];
    let operation = prop_oneof![Just(1_u8), Just(2), Just(3), Just(30), Just(31), 51_u8..=61, 0_u8..100];
    (0_u8..100, any::<bool>(), operation, proptest::collection::vec(field, 33..40))
        .prop_map(|(trn, result, operation, fields)| Packet { trn, result, operation, fields })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(packet in packet()) {
        let octets = written(&packet);
        let found = frames(&octets);
        prop_assert_eq!(found.len(), 1);
        let read = decode(&found[0]).unwrap();
        prop_assert_eq!(&read, &packet);
        prop_assert_eq!(written(&read), octets);
        let _ = names(&read);
    }

    #[test]
    fn a_field_never_breaks_out(noise in proptest::collection::vec(any::<u8>(), 0..40)) {
        let packet = Packet { trn: 7, result: true, operation: 60, fields: vec![Bytes::from(noise.clone())] };
        let mut out = BytesMut::new();
        match encode(&packet, &mut out) {
            Ok(()) => prop_assert_eq!(decode(&frames(&out)[0]).unwrap(), packet),
            Err(error) => {
                prop_assert_eq!(error, EncodeError::Character(0));
                prop_assert!(out.is_empty());
            }
        }
    }

    #[test]
    fn noise_does_no_harm(body in proptest::collection::vec(prop_oneof![Just(b'/'), Just(2), Just(3), b'0'..=b'9', any::<u8>()], 0..200),
                          trn in 0..120_u8, operation in 0..100_u8, kind in "[ORX]") {
        let text = format!("{trn:02}/{:05}/{kind}/{operation:02}/", 14 + body.len() + 3);
        let mut frame = [text.as_bytes(), &body, b"/"].concat();
        let sum = checksum(&frame);
        frame.extend_from_slice(format!("{sum:02X}").as_bytes());
        for octets in [&frame[..], &body[..]] {
            if let Ok(packet) = decode(&Bytes::copy_from_slice(octets)) {
                let _ = (names(&packet), packet.system_message(), packet.error_code());
                for field in &packet.fields {
                    let _ = (services(field), unpack_sender(field), read_time(field), service(field, Extra::Header));
                }
            }
            frames(octets);
        }
    }

    #[test]
    fn one_wrong_octet_is_noticed(packet in packet(), at in 0_usize..4_000, to in prop_oneof![b'0'..=b'9', b'A'..=b'F', Just(b'/')]) {
        let octets = written(&packet);
        let content = frames(&octets).remove(0);
        let mut damaged = content.to_vec();
        let at = at % damaged.len();
        prop_assume!(damaged[at] != to);
        damaged[at] = to;
        let error = decode(&Bytes::from(damaged)).unwrap_err();
        let fields = matches!(error.malformed, Malformed::Fields { .. });
        prop_assert!(!fields);
    }

    #[test]
    fn names_of_senders_come_back(name in "[A-Za-z0-9åäöÅÄÖ .-]{0,11}") {
        prop_assume!(!(name.chars().count() == 8 && name.ends_with('@')));
        let packed = pack_sender(&name).unwrap();
        let unpacked = unpack_sender(packed.as_bytes());
        prop_assert_eq!(unpacked.as_deref(), Some(name.as_str()));
    }
}

#[test]
fn a_refused_frame_is_answered_by_the_book() {
    let damaged = |content: &str| decode(&Bytes::copy_from_slice(content.as_bytes())).unwrap_err();
    let code = |content: &str| {
        damaged(content).answer().map(|answer| (answer.trn, answer.operation, answer.error_code()))
    };
    assert_eq!(code("00/00035/O/31/0234765439845/0139/00"), Some((0, 31, 1)), "checksum");
    assert_eq!(code("00/00034/O/31/0234765439845/0139/9E"), Some((0, 31, 2)), "length");
    assert_eq!(code("00/00019/R/60/A//00"), None, "a result is not answered");
    assert_eq!(code("gibberish"), None);
    let mut short = BytesMut::new();
    encode(&Packet { trn: 5, result: false, operation: 52, fields: vec![Bytes::new(); 32] }, &mut short)
        .unwrap();
    let error = decode(&frames(&short)[0]).unwrap_err();
    assert_eq!(error.malformed, Malformed::Fields { operation: 52, wanted: 33, found: 32 });
    assert_eq!(error.answer().map(|answer| answer.error_code()), Some(2));
}
