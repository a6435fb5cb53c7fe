//! Another implementation reads what we write: same values, and the same octets when it writes them again.
//!
//! The other one is stricter in what it takes, so texts here are ASCII and times are whole.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::{Command, Pdu as Theirs};
use smpp::codec::{
    Address, Bind, BindResp, Body, MessageResp, Octets, Pdu, ShortMessage, Tlvs, Unsuccessful, decode, tag,
};
use smpp::status::Status;
use tokio_util::codec::{Decoder, Encoder};

use super::round_trip::frame;

fn ascii(limit: usize) -> impl Strategy<Value = Octets> {
    vec(0x20_u8..0x7f, 0..limit).prop_map(Octets::from)
}

fn address() -> impl Strategy<Value = Address> {
    (0_u8..7, 0_u8..10, ascii(21)).prop_map(|(ton, npi, addr)| Address { ton, npi, addr })
}

fn when() -> impl Strategy<Value = Octets> {
    prop_oneof![Just(Octets::EMPTY), Just("000001000000000R".into()), Just("261123120000004+".into())]
}

fn tlvs() -> impl Strategy<Value = Tlvs> {
    (any::<Option<u16>>(), any::<Option<[u8; 4]>>(), any::<Option<u16>>()).prop_map(
        |(payload, sar, reference)| {
            let mut tlvs = Tlvs::default();
            if let Some(reference) = reference {
                tlvs.push_u16(tag::USER_MESSAGE_REFERENCE, reference);
            }
            if let Some([high, low, total, part]) = sar {
                tlvs.push_u16(tag::SAR_MSG_REF_NUM, u16::from_be_bytes([high, low]));
                tlvs.push_u8(tag::SAR_TOTAL_SEGMENTS, total);
                tlvs.push_u8(tag::SAR_SEGMENT_SEQNUM, part);
            }
            if let Some(length) = payload {
                tlvs.push(tag::MESSAGE_PAYLOAD, vec![b'x'; usize::from(length % 2000)]);
            }
            tlvs.push(0x1501, Bytes::from_static(b"vendor"));
            tlvs
        },
    )
}

prop_compose! {
    fn message()(
        source in address(), destination in address(), schedule_delivery_time in when(), validity_period in when(),
        numbers in any::<[u8; 7]>(), short_message in vec(any::<u8>(), 0..255), tlvs in tlvs(),
    ) -> ShortMessage {
        let [esm_class, protocol_id, priority_flag, registered_delivery, replace, data_coding, id] = numbers;
        ShortMessage {
            service_type: "CMT".into(), source, destination, esm_class, protocol_id,
            priority_flag: priority_flag % 4, schedule_delivery_time, validity_period, registered_delivery,
            replace_if_present_flag: replace % 2, data_coding, sm_default_msg_id: id,
            short_message: Bytes::from(short_message), tlvs,
        }
    }
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        message().prop_map(Body::SubmitSm),
        message().prop_map(Body::DeliverSm),
        (ascii(16), ascii(9), ascii(13)).prop_map(|(system_id, password, system_type)| {
            Body::BindTransceiver(Bind {
                system_id,
                password,
                system_type,
                interface_version: 0x34,
                ..Bind::default()
            })
        }),
        ascii(16).prop_map(|system_id| {
            let mut tlvs = Tlvs::default();
            tlvs.push_u8(tag::SC_INTERFACE_VERSION, 0x34);
            Body::BindTransceiverResp(BindResp { system_id: Some(system_id), tlvs })
        }),
        ascii(65).prop_map(|message_id| Body::SubmitSmResp(MessageResp::new(message_id))),
        Just(Body::DeliverSmResp(MessageResp::new(""))),
        Just(Body::EnquireLink(Tlvs::default())),
        Just(Body::EnquireLinkResp(Tlvs::default())),
        Just(Body::Unbind(Tlvs::default())),
        Just(Body::UnbindResp(Tlvs::default())),
        Just(Body::GenericNack(Tlvs::default())),
        (ascii(65), address()).prop_map(|(message_id, address)| {
            let unsuccessful = vec![Unsuccessful { address, error_status_code: 0x0B }];
            let resp = smpp::codec::SubmitMultiResp { message_id, unsuccessful, tlvs: Tlvs::default() };
            Body::SubmitMultiResp(Some(resp))
        }),
    ]
}

/// What the other one makes of our octets.
fn theirs(octets: &Bytes) -> Command {
    let mut source = BytesMut::from(&octets[..]);
    let command = CommandCodec::new().without_max_length().decode(&mut source).expect("read").expect("whole");
    assert!(source.is_empty());
    command
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_and_writes_the_same(body in body(), sequence in 1_u32..0x8000_0000) {
        let octets = frame(&Pdu { status: Status::ESME_ROK, sequence, body: body.clone() });
        let command = theirs(&octets);
        prop_assert_eq!(command.sequence_number(), sequence);
        prop_assert_eq!(u32::from(command.id()), body.command_id().0);
        let mut back = BytesMut::new();
        CommandCodec::new().encode(command, &mut back).unwrap();
        prop_assert_eq!(&back[..], &octets[..]);
        prop_assert_eq!(decode(&back.freeze()).unwrap().pdu.body, body);
    }

    #[test]
    fn sees_the_same_fields(message in message()) {
        let command = theirs(&frame(&Pdu::new(1, Body::SubmitSm(message.clone()))));
        let Some(Theirs::SubmitSm(submit)) = command.pdu() else { panic!("{command:?}") };
        prop_assert_eq!(submit.source_addr.as_str().as_bytes(), message.source.addr.as_bytes());
        prop_assert_eq!(submit.destination_addr.as_str().as_bytes(), message.destination.addr.as_bytes());
        prop_assert_eq!(submit.short_message().as_ref(), &message.short_message[..]);
        prop_assert_eq!(u8::from(submit.data_coding), message.data_coding);
        prop_assert_eq!(submit.protocol_id, message.protocol_id);
        prop_assert_eq!(submit.tlvs().len(), message.tlvs.0.len());
    }
}

#[test]
fn where_the_other_one_loses_the_stream_we_do_not() {
    // A sender in Latin-1, and an id without NUL: both followed by a PDU that must still be there.
    let mut stream = BytesMut::new();
    let message = ShortMessage {
        source: Address::new(5, 0, b"F\xf6retag".to_vec()),
        destination: Address::new(1, 1, "46701234567"),
        ..ShortMessage::default()
    };
    stream.extend_from_slice(&frame(&Pdu::new(1, Body::DeliverSm(message.clone()))));
    stream.extend_from_slice(b"\0\0\0\x13\x80\0\0\x04\0\0\0\0\0\0\0\x02abc");
    stream.extend_from_slice(&frame(&Pdu::new(3, Body::EnquireLink(Tlvs::default()))));
    let mut read = Vec::new();
    while let Some(frame) = smpp::codec::FrameCodec.decode(&mut stream).unwrap() {
        read.push(decode(&frame).unwrap().pdu.body);
    }
    assert_eq!(
        read,
        [
            Body::DeliverSm(message),
            Body::SubmitSmResp(MessageResp::new("abc")),
            Body::EnquireLink(Tlvs::default())
        ]
    );
}
