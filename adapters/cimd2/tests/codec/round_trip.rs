//! decode(encode(x)) = x, encode(decode(b)) = b for what is canonical, and no octets that do harm.

use bytes::{Bytes, BytesMut};
use cimd2::codec::{self, Operation, Packet, Parameter};
use proptest::prelude::*;

/// Any packet that may be written.
pub fn packet() -> impl Strategy<Value = Packet> {
    let octet = any::<u8>().prop_filter("ends something", |octet| !matches!(octet, 0 | 2 | 3 | 9));
    let value = proptest::collection::vec(octet, 0..60).prop_map(Bytes::from);
    let parameter = (0_u16..1000, value).prop_map(|(code, value)| Parameter { code, value });
    (0_u8..100, any::<u8>(), proptest::collection::vec(parameter, 0..12)).prop_map(
        |(operation, number, parameters)| Packet { operation: Operation(operation), number, parameters },
    )
}

/// Its octets.
pub fn frame(packet: &Packet, checksum: bool) -> Bytes {
    let mut out = BytesMut::new();
    codec::encode(packet, checksum, &mut out).unwrap();
    out.freeze()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(packet in packet(), checksum: bool) {
        let octets = frame(&packet, checksum);
        let decoded = codec::decode(&octets).unwrap();
        prop_assert_eq!(decoded.checksum.is_some(), checksum);
        prop_assert_eq!(&decoded.packet, &packet);
        prop_assert_eq!(frame(&decoded.packet, checksum), octets);
    }

    #[test]
    fn noise_does_no_harm(body in proptest::collection::vec(prop_oneof![Just(9_u8), b'0'..=b':', any::<u8>()], 0..80)) {
        let octets = Bytes::from([&[2][..], &body, &[3]].concat());
        if let Ok(decoded) = codec::decode(&octets) {
            let again = frame(&decoded.packet, decoded.checksum.is_some());
            prop_assert_eq!(codec::decode(&again).unwrap().packet, decoded.packet);
        }
    }

    #[test]
    fn a_changed_octet_is_noticed(packet in packet(), at in any::<usize>(), other in any::<u8>()) {
        let mut octets = frame(&packet, true).to_vec();
        let last = octets.len() - 4;
        let at = 1 + at % last;
        prop_assume!(octets[at] != other && !matches!(octets[at], 9) && !matches!(other, 2 | 3 | 9));
        octets[at] = other;
        prop_assert!(codec::decode(&Bytes::from(octets)).is_err());
    }
}
